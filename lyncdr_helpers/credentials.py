"""Secrets by reference. Parameters hold `env:NAME`, `keyring:SERVICE/USER` or `file:PATH`, never the secret itself."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.errors import InputError

KINDS = ("env", "keyring", "file")


@dataclass(frozen=True)
class SecretReference:
    """Where a secret is kept. `base` is the folder that a relative `file:` path starts from."""

    kind: str
    place: str
    base: Path

    @classmethod
    def parse(cls, text: str, base: Path) -> SecretReference:
        """`env:LYNC_PASSWORD` -> a reference. Raises InputError when the text is not a reference."""
        kind, colon, place = text.partition(":")
        if not colon or kind not in KINDS or not place:
            raise InputError(
                "A secret is written into the parameters, or its reference is malformed.",
                "Write where it is kept instead: env:NAME, keyring:SERVICE/USER or file:PATH.",
            )
        return cls(kind, place, base)

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}"

    def reveal(self) -> str:
        """The secret. Raises InputError, naming the reference and never the secret, when nothing is there."""
        secret = {"env": self._from_environment, "keyring": self._from_keyring, "file": self._from_file}[self.kind]()
        if not secret:
            raise InputError(f"The secret {self} is empty or missing.", "Put it there, then run the command again.")
        return secret

    def _from_environment(self) -> str:
        return os.environ.get(self.place, "")

    def _from_file(self) -> str:
        try:
            return (self.base / self.place).expanduser().read_text(encoding="utf-8").strip()
        except OSError as cause:
            raise InputError(
                f"The secret {self} cannot be read: {cause.strerror}.", "Check the path and who may read the file."
            ) from cause

    def _from_keyring(self) -> str:
        try:
            import keyring.errors  # optional: only where a params file refers to it
        except ImportError as cause:
            raise InputError(f"The secret {self} needs the package keyring.", "Run: pip install keyring") from cause
        service, _, user = self.place.partition("/")
        try:
            return keyring.get_password(service, user) or ""
        except keyring.errors.KeyringError as cause:
            raise InputError(
                f"The secret {self} cannot be read: {type(cause).__name__}.",
                "Unlock the keyring, or keep the secret elsewhere: a scheduler's session often has none.",
            ) from cause
