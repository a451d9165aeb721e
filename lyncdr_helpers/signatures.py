"""Ed25519 signatures kept beside what they vouch for: who signed it, when, with which key, and as what.

What is signed is one statement: purpose, name, digest of the content, who, when and the key. So nothing in a signature
document can be changed, and a signature over one kind of thing never passes as one over another.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, Self

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from lyncdr_helpers import files
from lyncdr_helpers.clock import parse_stamp, stamp
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError

Purpose = Literal["backup set", "waiver", "journal head"]

PREFIX = "ed25519:"
DOMAIN = b"lyncdr signature 1\n"
"""Begins everything that is signed here: a key that also signs elsewhere cannot be tricked into signing this."""

KEY_BYTES = 32
FINGERPRINT_BYTES = 13
FINGERPRINT_LETTERS = 20

PRIME = 2**255 - 19
ORDER_8 = (
    0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826,
    0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7,
)
SMALL_ORDER = frozenset({0, 1, PRIME - 1, PRIME, PRIME + 1, *ORDER_8})
"""The y coordinates of the eight points for which anybody can make signatures that fit (RFC 8032, section 5.1.7).
A key of nothing but zeros, as placeholders have it, is one of them.
"""

NEW_KEY = "Make one: lyncdr keys new"


@dataclass(frozen=True)
class PublicKey:
    """The half of a key that proves signatures and is no secret. Raises InputError for what is no such key."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != KEY_BYTES:
            raise InputError(f"An Ed25519 public key has {KEY_BYTES} bytes, and this one {len(self.raw)}.", _HOW)
        if int.from_bytes(self.raw, "little") & (2**255 - 1) in SMALL_ORDER:
            raise InputError("With this public key, anybody could sign: it is a placeholder, or a forgery.", _HOW)

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """`ed25519:BASE64` -> the key. Raises InputError for anything else."""
        kind, _, spelled = text.partition(":")
        try:
            raw = base64.b64decode(spelled, validate=True)
        except (binascii.Error, ValueError):
            raw = b""
        if f"{kind}:" != PREFIX or base64.b64encode(raw).decode() != spelled:
            raise InputError(f"A public key is written as {PREFIX}BASE64.", _HOW)
        return cls(raw)

    def __str__(self) -> str:
        return PREFIX + base64.b64encode(self.raw).decode()

    @property
    def fingerprint(self) -> str:
        """100 bits of the key's SHA-256, to be read over the phone: `Q5XK-3TPA-7ZDM-M2QF-LC4R`.

        Base32 has no 0, 1, 8 or 9, so no digit sounds or looks like a letter.
        """
        head = bytes.fromhex(files.digest(self.raw))[:FINGERPRINT_BYTES]
        letters = base64.b32encode(head).decode()[:FINGERPRINT_LETTERS]
        return "-".join(letters[at : at + 4] for at in range(0, FINGERPRINT_LETTERS, 4))

    def fits(self, signature: bytes, message: bytes) -> bool:
        """Whether this key's owner signed the message."""
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True


_HOW = "`lyncdr keys show` prints a key's public half."


class Signature(BaseModel):
    """A signature document. name: what was signed, as its kind is named. by: user@host. at: as `clock.stamp` writes it.

    fingerprint: of the key, for people.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1] = 1
    algorithm: Literal["ed25519"] = "ed25519"
    purpose: Purpose
    name: str
    sha256: str = Field(pattern=r"^[0-9a-f]{64}\z")
    by: str
    at: str
    key: str
    fingerprint: str
    signature: str = ""

    @field_validator("name", "by")
    @classmethod
    def _printable(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("holds characters that no terminal should be sent")
        return text

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        try:
            named = self.public.fingerprint
        except InputError as error:
            raise ValueError(error.message) from error
        if named != self.fingerprint or parse_stamp(self.at).tzinfo is None:
            raise ValueError("the fingerprint is another key's, or the time has no zone")
        return self

    @property
    def public(self) -> PublicKey:
        """The key that is said to have signed."""
        return PublicKey.parse(self.key)

    def statement(self) -> bytes:
        """What is signed: everything but the signature itself."""
        return DOMAIN + files.canonical(self.model_dump(exclude={"signature"}))

    def facts(self) -> dict[str, Any]:
        """As JSON values, for a line of a journal."""
        return self.model_dump()

    def spelled(self) -> bytes:
        """As a file."""
        return self.model_dump_json(indent=1).encode() + b"\n"


class SigningKey:
    """An Ed25519 private key. It shows itself to nobody; `pem` is for the one file it is kept in."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def new(cls) -> SigningKey:
        """A key that never was before."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def kept_at(cls, reference: SecretReference) -> SigningKey:
        """The key that a reference leads to. Raises InputError, naming the reference and never the key."""
        return cls.from_pem(reference.reveal(), f"The signing key {reference}")

    @classmethod
    def from_pem(cls, text: str, what: str = "The signing key") -> SigningKey:
        """An unencrypted PKCS #8 private key in PEM. what: how messages call it.

        Raises InputError that says what it is instead, and never quotes it.
        """
        content = text.encode(errors="replace")  # what is no Unicode is no key either
        try:
            found = serialization.load_pem_private_key(content, password=None)
        except TypeError as cause:
            raise InputError(
                f"{what} is encrypted: no scheduler could give its passphrase.",
                "Keep it unencrypted in a keyring, or in a file that only its user can read.",
            ) from cause
        except (ValueError, UnsupportedAlgorithm) as cause:
            raise InputError(f"{what} is {_instead(content)}.", NEW_KEY) from cause
        if not isinstance(found, Ed25519PrivateKey):
            kind = type(found).__name__.removesuffix("PrivateKey").strip("_")
            raise InputError(f"{what} is no Ed25519 key but one of the kind {kind}.", NEW_KEY)
        return cls(found)

    def pem(self) -> str:
        """The key as `from_pem` reads it."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    @property
    def public(self) -> PublicKey:
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        return PublicKey(raw)

    def sign(self, sha256: str, *, purpose: Purpose, name: str, by: str, at: datetime) -> Signature:
        """Vouch for the content of that digest: as what, of what name, by whom, when."""
        unsigned = Signature(
            purpose=purpose,
            name=name,
            sha256=sha256,
            by=by,
            at=stamp(at),
            key=str(self.public),
            fingerprint=self.public.fingerprint,
        )
        signature = base64.b64encode(self._key.sign(unsigned.statement())).decode()
        return unsigned.model_copy(update={"signature": signature})


def _instead(content: bytes) -> str:
    try:
        serialization.load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        return "no private key in PEM (PKCS #8)"
    return "a public key: signing needs the private one"


class Standing(StrEnum):
    """What a signature is worth. Only TRUSTED vouches for anything."""

    TRUSTED = "signed by a trusted key"
    UNKNOWN_KEY = "signed by an unknown key"
    BAD = "badly signed"
    UNREADABLE = "signature unreadable"
    MISSING = "not signed"


@dataclass(frozen=True)
class Proof:
    """The outcome of one verification. signature: what the document says, also where it is bad; None where it says
    nothing. why: what is wrong, in words, or empty.
    """

    standing: Standing
    signature: Signature | None = None
    why: str = ""

    @property
    def _said(self) -> Signature | None:
        """What the document says, unless it is a lie."""
        return None if self.standing is Standing.BAD else self.signature

    def __str__(self) -> str:
        if said := self._said:
            return f"{self.standing}, {said.fingerprint}, by {said.by} at {said.at}"
        return f"{self.standing}: {self.why}" if self.why else str(self.standing)

    @property
    def brief(self) -> str:
        """Who signed, for a column of a table."""
        if said := self._said:
            return said.by if self.standing is Standing.TRUSTED else f"{said.by}, unknown key"
        return str(self.standing)

    def facts(self) -> dict[str, str]:
        """As JSON values: what it is worth, and by whom, when and with which key, unless that is a lie."""
        said = self._said
        who = {"by": said.by, "at": said.at, "key": said.fingerprint} if said else {}
        return {"standing": str(self.standing), **who, "why": self.why}


def verify(
    document: bytes | None, sha256: str, trusted: Collection[PublicKey], *, purpose: Purpose, name: str
) -> Proof:
    """Does the document vouch for the content of exactly this digest, as this kind of thing of this name? None: there
    is no document.

    Keys are compared whole, never by their fingerprints.
    """
    if document is None:
        return Proof(Standing.MISSING)
    try:
        found = Signature.model_validate_json(document)
        signature = base64.b64decode(found.signature, validate=True)
    except (ValidationError, binascii.Error):
        return Proof(Standing.UNREADABLE, why="it is no signature document of lyncdr")
    if not found.public.fits(signature, found.statement()):
        return Proof(Standing.BAD, found, "the document was changed, or its key signed something else")
    if found.purpose != purpose or found.name != name:
        return Proof(Standing.BAD, found, f"it is the signature of {found.purpose} {found.name}")
    if found.sha256 != sha256:
        return Proof(Standing.BAD, found, "what it vouches for was changed after it was signed")
    return Proof(Standing.TRUSTED if found.public in trusted else Standing.UNKNOWN_KEY, found)
