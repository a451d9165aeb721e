"""A keyring that gives the secret, has none, is locked, or is not installed: each is an answer, none a crash."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError

Keyring = Callable[[str], SecretReference]

ERRORS = "class KeyringError(Exception): ...\nclass KeyringLocked(KeyringError): ...\n"


@pytest.fixture
def keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Keyring]:
    """A package of that name whose get_password does as told, and a reference into it."""

    def make(get_password: str) -> SecretReference:
        package = tmp_path / "keyring"
        package.mkdir()
        (package / "errors.py").write_text(ERRORS)
        (package / "__init__.py").write_text(f"def get_password(service, user):\n    {get_password}\n")
        return SecretReference.parse("keyring:lyncdr/mail", tmp_path)

    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("keyring", "keyring.errors"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield make
    for name in ("keyring", "keyring.errors"):
        sys.modules.pop(name, None)


def test_a_secret_of_several_lines(keyring: Keyring) -> None:
    """A key in PEM comes back with its lines."""
    assert keyring("return 'a\\nb' if (service, user) == ('lyncdr', 'mail') else ''").reveal() == "a\nb"


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("return None", "is empty or missing"),
        ("from keyring.errors import KeyringLocked; raise KeyringLocked('of anna')", "cannot be read: KeyringLocked"),
    ],
)
def test_a_keyring_without_the_secret(keyring: Keyring, does: str, said: str) -> None:
    """Bad input, with the reference and a way out."""
    with pytest.raises(InputError, match=said) as caught:
        keyring(does).reveal()
    assert "keyring:lyncdr/mail" in caught.value.message
    assert caught.value.remedy
