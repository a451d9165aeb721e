"""RFC 3161 time stamps: the request that a time-stamping authority answers, and what an answer is about."""

from __future__ import annotations

import re
import secrets

SHA256 = bytes.fromhex("0609608648016503040201")
"""The object identifier 2.16.840.1.101.3.4.2.1 in DER."""

GENERALIZED_TIME = re.compile(rb"\x18[\x0f-\x17](\d{14})(?:\.\d+)?Z")


def request(sha256: str) -> bytes:
    """A TimeStampReq over that digest, in DER: version 1, with a nonce, asking for the certificate (section 2.4.1)."""
    imprint = _tagged(0x30, _tagged(0x30, SHA256 + b"\x05\x00") + _tagged(0x04, bytes.fromhex(sha256)))
    nonce = b"\x01" + secrets.token_bytes(8)
    return _tagged(0x30, b"\x02\x01\x01" + imprint + _tagged(0x02, nonce) + b"\x01\x01\xff")


def is_about(answer: bytes, sha256: str) -> bool:
    """Whether a TimeStampResp names that digest. Who signed it is not looked at."""
    return SHA256 + b"\x05\x00\x04\x20" + bytes.fromhex(sha256) in answer or (
        SHA256 + b"\x04\x20" + bytes.fromhex(sha256) in answer
    )


def said_time(answer: bytes) -> str:
    """The time that the answer names, `2026-03-01 02:14:09 UTC`, or empty."""
    found = GENERALIZED_TIME.search(answer)
    if not found:
        return ""
    text = found[1].decode()
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}:{text[12:]} UTC"


def _tagged(tag: int, content: bytes) -> bytes:
    """One DER value; nothing here is longer than 127 bytes."""
    return bytes([tag, len(content)]) + content
