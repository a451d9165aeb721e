"""Signatures: what one proves, what it never proves, and keys that are none."""

from __future__ import annotations

import base64
import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any, get_args

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from lyncdr_helpers import files
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.signatures import SMALL_ORDER, PublicKey, Purpose, Signature, SigningKey, Standing, verify

WHEN = dt.datetime(2026, 3, 1, 2, 14, 9, 123000, dt.UTC)
CONTENT = files.digest(b"what was backed up")
KEY = SigningKey.new()
STRANGER = SigningKey.new()
NIGHT = "20260301-021409-backup-3f2a"

PEM, PKCS8, TRADITIONAL = (
    serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8,
    serialization.PrivateFormat.TraditionalOpenSSL,
)
PLAIN = serialization.NoEncryption()


def signed(key: SigningKey = KEY, purpose: Purpose = "backup set", name: str = NIGHT) -> bytes:
    return key.sign(CONTENT, purpose=purpose, name=name, by="svc@mgmt02", at=WHEN).spelled()


def standing(document: bytes | None, content: str = CONTENT, trusted: tuple[SigningKey, ...] = (KEY,)) -> Standing:
    keys = {one.public for one in trusted}
    return verify(document, content, keys, purpose="backup set", name=NIGHT).standing


def edited(**changes: Any) -> bytes:
    return json.dumps(json.loads(signed()) | changes).encode()


# -- what a signature proves -------------------------------------------------------------------------------------------
def test_each_outcome_has_its_name() -> None:
    """Trusted, unknown key, bad, unreadable and missing are five answers, and only one of them vouches."""
    assert standing(signed()) is Standing.TRUSTED
    assert standing(signed(), trusted=(STRANGER,)) is Standing.UNKNOWN_KEY
    assert standing(signed(), trusted=()) is Standing.UNKNOWN_KEY
    assert standing(signed(), content=files.digest(b"what was not")) is Standing.BAD
    assert standing(b"") is Standing.UNREADABLE
    assert standing(None) is Standing.MISSING


def test_who_signed_and_when() -> None:
    """A proof says in one line whose key, by whom and when; of a bad signature it says what is wrong instead."""
    proof = verify(signed(), CONTENT, {KEY.public}, purpose="backup set", name=NIGHT)
    assert str(proof) == (
        f"signed by a trusted key, {KEY.public.fingerprint}, by svc@mgmt02 at 2026-03-01T02:14:09.123Z"
    )
    bad = verify(signed(), "0" * 64, {KEY.public}, purpose="backup set", name=NIGHT)
    assert "changed after it was signed" in str(bad)
    assert KEY.public.fingerprint not in str(bad)


@pytest.mark.parametrize("made", get_args(Purpose))
@pytest.mark.parametrize("wanted", get_args(Purpose))
def test_a_signature_stands_for_one_kind_of_thing(made: Purpose, wanted: Purpose) -> None:
    """A signature over a set never passes as one over a waiver or a journal's head, nor the other way round; and
    writing another purpose into the document breaks it.
    """
    document = signed(purpose=made)
    keys = {KEY.public}
    assert (verify(document, CONTENT, keys, purpose=wanted, name=NIGHT).standing is Standing.TRUSTED) is (
        made == wanted
    )
    relabelled = json.dumps(json.loads(document) | {"purpose": wanted}).encode()
    found = verify(relabelled, CONTENT, keys, purpose=wanted, name=NIGHT).standing
    assert found is (Standing.TRUSTED if made == wanted else Standing.BAD)


def test_a_signature_stands_for_one_name() -> None:
    """The signature of one night beside the set of another is bad, though the content be the same."""
    document = signed(name="20260228-021409-backup-0000")
    proof = verify(document, CONTENT, {KEY.public}, purpose="backup set", name=NIGHT)
    assert proof.standing is Standing.BAD
    assert "20260228-021409-backup-0000" in proof.why


@pytest.mark.parametrize(
    "changes",
    [
        {"by": "mallory@mgmt02"},
        {"at": "2026-03-02T02:14:09.123Z"},
        {"sha256": "0" * 64},
        {"name": "another"},
        {"key": str(STRANGER.public), "fingerprint": STRANGER.public.fingerprint},
        {"signature": base64.b64encode(bytes(64)).decode()},
        {"signature": base64.b64encode(b"short").decode()},
        {"signature": ""},
    ],
    ids=str,
)
def test_nothing_in_the_document_can_be_changed(changes: dict[str, Any]) -> None:
    """Who, when, what, the key and the signature itself: a change of any makes it bad, whoever is trusted."""
    assert standing(edited(**changes), trusted=(KEY, STRANGER)) is Standing.BAD


@given(at=st.integers(0, len(signed()) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit(at: int, bit: int) -> None:
    """A document with one bit flipped vouches for nothing, unless the bit was white space."""
    document = bytearray(signed())
    document[at] ^= 1 << bit
    try:
        same = json.loads(document) == json.loads(signed())
    except ValueError:
        same = False
    assert (standing(bytes(document)) is Standing.TRUSTED) is same


@given(st.binary(max_size=200))
def test_any_bytes_are_an_answer(document: bytes) -> None:
    """Whatever lies there as a signature, the answer is a word, not a crash."""
    assert standing(document) is Standing.UNREADABLE


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100_000,
        edited(format=2),
        edited(format="1"),
        edited(algorithm="rsa"),
        edited(purpose="anything"),
        edited(extra=1),
        edited(key="ed25519:AAAA"),
        edited(key="ed25519:" + base64.b64encode(bytes(32)).decode()),
        edited(fingerprint=STRANGER.public.fingerprint),
        edited(signature="*"),
        edited(at="yesterday"),
        edited(at="2026-03-01T02:14:09"),
        edited(by="svc\x1b[31m@mgmt02"),
        edited(name="a\nb"),
        edited(sha256="0" * 64 + "\n"),
        signed().replace(b"svc@mgmt02", rb"\ud800"),
        signed().replace(b"svc@mgmt02", b"\xff"),
    ],
    ids=lambda value: str(value[:60]),
)
def test_what_is_no_signature_document(document: bytes) -> None:
    """Another format, a missing or foreign field, a key that is none, text that would drive a terminal: unreadable."""
    assert standing(document) is Standing.UNREADABLE


def test_openssl_agrees(tmp_path: Path) -> None:
    """Another program proves the same signature over the same bytes, with the public half alone."""
    found = Signature.model_validate_json(signed())
    raw = Ed25519PublicKey.from_public_bytes(KEY.public.raw)
    pem = raw.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "key").write_bytes(pem)
    (tmp_path / "statement").write_bytes(found.statement())
    (tmp_path / "signature").write_bytes(base64.b64decode(found.signature))
    command = ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key", "-sigfile", "signature"]
    done = subprocess.run([*command, "-in", "statement"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in done.stdout, done


# -- keys --------------------------------------------------------------------------------------------------------------
def test_a_key_keeps_its_identity() -> None:
    """Written as PEM and read again it is the same key; two new keys are two."""
    assert SigningKey.from_pem(KEY.pem()).public == KEY.public
    assert PublicKey.parse(str(KEY.public)) == KEY.public
    assert KEY.public != STRANGER.public


def test_a_fingerprint_can_be_read_aloud() -> None:
    """Five groups of four letters and digits, none of which sounds like another; the same key has the same always."""
    key = PublicKey(bytes(range(32)))
    assert key.fingerprint == "MMG4-2KLG-YQZW-NEIS-KREL"
    assert not set("0189") & set("".join(SigningKey.new().public.fingerprint for _ in range(20)))


def test_a_key_shows_itself_to_nobody() -> None:
    """Neither its text nor its representation holds the private half."""
    private = KEY.pem().splitlines()[1]
    assert private not in repr(KEY) + str(KEY) + repr(vars(KEY))


def pem_of(key: Any, form: Any = PKCS8, lock: Any = PLAIN) -> str:
    return key.private_bytes(PEM, form, lock).decode()


RSA = rsa.generate_private_key(65537, 2048)
NO_KEYS: dict[str, tuple[str, str]] = {
    "RSA": (pem_of(RSA), "kind RSA"),
    "RSA, traditional": (pem_of(RSA, TRADITIONAL), "kind RSA"),
    "EC": (pem_of(ec.generate_private_key(ec.SECP256R1())), "kind EC"),
    "X25519": (pem_of(x25519.X25519PrivateKey.generate()), "kind X25519"),
    "encrypted": (pem_of(Ed25519PrivateKey.generate(), lock=serialization.BestAvailableEncryption(b"x")), "encrypted"),
    "public": (
        RSA.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
        "a public key",
    ),
    "OpenSSH": (
        pem_of(Ed25519PrivateKey.generate(), serialization.PrivateFormat.OpenSSH),
        r"PKCS #8",
    ),
    "cut": (KEY.pem()[:70], "no private key"),
    "garbage": ("hunter2", "no private key"),
    "nothing": ("", "no private key"),
    "text of others": ("Grüße \ud83d", "no private key"),
}


@pytest.mark.parametrize("what", NO_KEYS)
def test_what_is_no_signing_key(what: str) -> None:
    """Each is bad input that says what it is instead, with a way out, and not a letter of it."""
    text, said = NO_KEYS[what]
    with pytest.raises(InputError, match=said) as caught:
        SigningKey.from_pem(text, "The signing key env:KEY")
    assert str(caught.value).startswith("The signing key env:KEY ")
    assert caught.value.remedy
    assert not [line for line in text.splitlines() if line in str(caught.value)]


def test_a_key_by_reference(tmp_path: Path) -> None:
    """A reference leads to the key; where it leads nowhere, or to something else, the error names the reference."""
    (tmp_path / "key.pem").write_text(KEY.pem())
    assert SigningKey.kept_at(SecretReference.parse("file:key.pem", tmp_path)).public == KEY.public
    (tmp_path / "key.pem").write_text("hunter2")
    with pytest.raises(InputError, match=r"file:key\.pem") as caught:
        SigningKey.kept_at(SecretReference.parse("file:key.pem", tmp_path))
    assert "hunter2" not in str(caught.value)


NO_PUBLIC_KEYS = {
    "nothing": "",
    "another kind": "rsa:" + base64.b64encode(bytes(range(32))).decode(),
    "no kind": base64.b64encode(bytes(range(32))).decode(),
    "a byte short": "ed25519:" + base64.b64encode(bytes(range(31))).decode(),
    "a byte more": "ed25519:" + base64.b64encode(bytes(range(33))).decode(),
    "no padding": "ed25519:" + base64.b64encode(bytes(range(32))).decode().rstrip("="),
    "loose bits": "ed25519:" + base64.b64encode(bytes(range(32))).decode()[:-2] + "9=",
    "a line's end": str(KEY.public) + "\n",
    "not ASCII": "ed25519:é",
    "a private key": KEY.pem(),
}


@pytest.mark.parametrize("text", NO_PUBLIC_KEYS.values(), ids=NO_PUBLIC_KEYS)
def test_what_is_no_public_key(text: str) -> None:
    """One spelling is a public key, and whatever differs from it is none."""
    with pytest.raises(InputError):
        PublicKey.parse(text)


@pytest.mark.parametrize("y", SMALL_ORDER)
@pytest.mark.parametrize("sign", [0, 1 << 255])
def test_keys_for_which_anybody_can_sign(y: int, sign: int) -> None:
    """All zeros and the other points of small order are refused as keys."""
    with pytest.raises(InputError, match="anybody could sign"):
        PublicKey((y | sign).to_bytes(32, "little"))


def test_why_such_keys_are_refused() -> None:
    """The library itself accepts one signature, made without any private key, for whatever message under such a key."""
    neutral = (1).to_bytes(32, "little")
    for message in (b"restore this set", b"or that one"):
        Ed25519PublicKey.from_public_bytes(neutral).verify(neutral + bytes(32), message)
