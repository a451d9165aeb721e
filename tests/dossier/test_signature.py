"""The verifier's own Ed25519 says what the library says, of good signatures and of bad ones."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st
from journal_scene import START
from sealed_runs import sealed

from lyncdr_helpers import files
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.runs import bundle
from lyncdr_helpers.signatures import SMALL_ORDER, SigningKey
from lyncdr_helpers.verifier import main, signature
from lyncdr_helpers.verifier.contents import Folder

RFC = (
    # RFC 8032, section 7.1, TEST 2: public key, message, signature
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
)


def library(public: bytes, message: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def test_the_rfcs_own_example() -> None:
    """And none of it with another message."""
    public, message, signed = map(bytes.fromhex, RFC)
    assert signature.verify(public, message, signed)
    assert not signature.verify(public, b"", signed)


@settings(max_examples=25, deadline=None)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=80), place=st.integers(0, 511))
def test_it_says_what_the_library_says(seed: bytes, message: bytes, place: int) -> None:
    """Of what was signed, and of the same with any one bit of the signature changed."""
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signed = key.public_key().public_bytes_raw(), key.sign(message)
    assert signature.verify(public, message, signed)
    bent = (int.from_bytes(signed, "little") ^ 1 << place).to_bytes(64, "little")
    assert signature.verify(public, message, bent) is library(public, message, bent) is False
    assert not signature.verify(public, message, signed[:-1])
    again = int.from_bytes(signed[32:], "little") + signature.ORDER  # the same, spelled otherwise
    assert not signature.verify(public, message, signed[:32] + again.to_bytes(32, "little"))


@pytest.mark.parametrize("y", sorted(SMALL_ORDER))
def test_keys_for_which_anybody_signs(y: int) -> None:
    """They vouch for nothing: not with the neutral signature, and not with nothing but zeros."""
    public = y.to_bytes(32, "little")
    for signed in (bytes(64), (1).to_bytes(32, "little") + bytes(32), public + bytes(32)):
        assert not signature.verify(public, b"x", signed)


@pytest.fixture
def signed(tmp_path: Path) -> tuple[RunFolder, SigningKey]:
    (tmp_path / "store").mkdir()
    key = SigningKey.new()
    return sealed(tmp_path / "runs", tmp_path / "store", Keys(key, frozenset({key.public}))), key


def test_whose_signature_a_bundle_bears(
    signed: tuple[RunFolder, SigningKey], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stranger sees who signed, when, and with which key; that the key is theirs is said over the phone."""
    folder, key = signed
    bundle.export([folder], {}, tmp_path / "x.zip", "full", SetClock(START))
    assert main.main([str(tmp_path / "x.zip")], tmp_path) == 0
    said = capsys.readouterr().out
    assert "noted     signature: by " in said
    assert key.public.fingerprint in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"by": "eve@h"}, "its key signed something else"),
        ({"signature": "x"}, "cannot be read"),
        ({"key": "ed25519:" + base64.b64encode(bytes(32)).decode()}, "its key signed something else"),
    ],
)
def test_a_bad_signature(signed: tuple[RunFolder, SigningKey], change: dict[str, str], said: str) -> None:
    """Whatever is changed in it, it is found."""
    path = signed[0].path / "manifest.sig"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), **change}))
    found = signature.signature_of(Folder(signed[0].path), signed[0].run)
    assert found.state == "failed"
    assert said in found.said


def test_a_signature_over_something_else(signed: tuple[RunFolder, SigningKey]) -> None:
    """One of another run, or of a backup set, is no signature of this record; nor is one of another manifest."""
    folder, key = signed
    sha256 = files.digest_file(folder.path / "manifest.json")
    for purpose, name, digest in (
        ("backup set", folder.run, sha256),
        ("journal head", "another", sha256),
        ("journal head", folder.run, "0" * 64),
    ):
        made = key.sign(digest, purpose=purpose, name=name, by="a@b", at=START)  # type: ignore[arg-type]
        (folder.path / "manifest.sig").write_bytes(made.spelled())
        assert signature.signature_of(Folder(folder.path), folder.run).state == "failed"
