"""Ed25519 (RFC 8032) where no library is installed: whose signature a manifest bears. It verifies, and never signs."""

from __future__ import annotations

import base64
import hashlib

from lyncdr_helpers.verifier.chain import canonical
from lyncdr_helpers.verifier.contents import MANIFEST, SIGNATURE, Files, document_of, sha256_of
from lyncdr_helpers.verifier.findings import Finding

DOMAIN = b"lyncdr signature 1\n"
PURPOSE = "journal head"
KEY = "ed25519:"

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, PRIME) % PRIME
ROOT = pow(2, (PRIME - 1) // 4, PRIME)
"""A square root of -1."""

Point = tuple[int, int, int, int]
"""X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z (section 5.1.4)."""

NEUTRAL: Point = (0, 1, 1, 0)


def signature_of(files: Files, run: str) -> Finding:
    """Whose signature stands beside a run's manifest. Whether that key is to be trusted is for people to say."""
    try:
        found = document_of(files, SIGNATURE)
        public = base64.b64decode(str(found["key"]).removeprefix(KEY), validate=True)
        signed = base64.b64decode(str(found["signature"]), validate=True)
        rest = {name: value for name, value in found.items() if name != "signature"}
        good = verify(public, DOMAIN + canonical(rest), signed)
    except (ValueError, KeyError, TypeError):
        return Finding("signature", "failed", "it cannot be read")
    if not good:
        return Finding("signature", "failed", "it was changed, or its key signed something else")
    if (found["purpose"], found["name"]) != (PURPOSE, run):
        return Finding("signature", "failed", f"it is the signature of {found['purpose']} {found['name']}")
    if found["sha256"] != sha256_of(files, MANIFEST):
        return Finding("signature", "failed", "the manifest was changed after it was signed")
    who = f"{found.get('by')} at {found.get('at')}"
    return Finding("signature", "noted", f"by {who}; ask them for the key's fingerprint: {fingerprint(public)}")


def fingerprint(public: bytes) -> str:
    """As `lyncdr keys show` says it."""
    letters = base64.b32encode(hashlib.sha256(public).digest()[:13]).decode()[:20]
    return "-".join(letters[at : at + 4] for at in range(0, 20, 4))


def verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the key's owner signed the message. Not for keys of small order, for which anybody can sign."""
    key = _point(public)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or len(signature) != 64 or scalar >= ORDER or _spelled(_times(8, key)) == _spelled(NEUTRAL):
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    x, y, z, t = _times(int.from_bytes(digest, "little") % ORDER, key)
    base = _point(bytes([0x58, *[0x66] * 31]))
    assert base is not None, "the base point is a point"
    return _spelled(_add(_times(scalar, base), (-x % PRIME, y, z, -t % PRIME))) == signature[:32]


def _add(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % PRIME
    b = (one[1] + one[0]) * (two[1] + two[0]) % PRIME
    c, d = 2 * one[3] * two[3] * D % PRIME, 2 * one[2] * two[2] % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME


def _times(scalar: int, point: Point) -> Point:
    total = NEUTRAL
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def _spelled(point: Point) -> bytes:
    inverse = pow(point[2], -1, PRIME)
    x, y = point[0] * inverse % PRIME, point[1] * inverse % PRIME
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _point(spelled: bytes) -> Point | None:
    """Section 5.1.3; None for what is no point."""
    value = int.from_bytes(spelled, "little")
    sign, y = value >> 255, value & (1 << 255) - 1
    if len(spelled) != 32 or y >= PRIME:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * ROOT % PRIME
    if (x * x - square) % PRIME or (x == 0 and sign):
        return None
    x = PRIME - x if x & 1 != sign else x
    return x, y, 1, x * y % PRIME
