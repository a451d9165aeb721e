"""Distinguished names as values: taken apart, compared and put into filters (RFC 4514, RFC 4515)."""

from __future__ import annotations

import re

Key = tuple[str, ...]
"""A DN spelled one way, the root first: `("dc=test", "dc=lync", "ou=lync")`. A child's key begins with its parent's."""

_RDN = re.compile(r"((?:[^,\\]|\\.)+)(?:,|$)", re.DOTALL)
_ESCAPED = re.compile(rb"\\([0-9a-fA-F]{2})|\\(.)", re.DOTALL)
_TRAILING = re.compile(r"(?<!\\) +$")


def split(dn: str) -> tuple[str, ...]:
    r"""`CN=Doe\, Jane,OU=Lync` -> its parts as written, the object itself first. Raises ValueError."""
    parts = tuple(_RDN.findall(dn))
    if not parts or not all("=" in part for part in parts) or len(",".join(parts)) != len(dn):
        raise ValueError(f"{dn!r} is not a distinguished name")
    return parts


def key(dn: str) -> Key:
    """The same key for every spelling of one DN: case, spaces after commas and kinds of escapes do not count."""
    return tuple(_spell(part) for part in reversed(split(dn)))


def rdn(dn: str) -> tuple[str, str]:
    r"""`CN=Doe\, Jane,OU=Lync` -> `("CN", "Doe, Jane")`."""
    return _take_apart(split(dn)[0])


def escaped(value: str) -> str:
    """The value, fit to stand in a filter (RFC 4515, 3)."""
    return re.sub(r"[\\*()\0]", lambda found: f"\\{ord(found.group()):02x}", value)


def _spell(part: str) -> str:
    attribute, value = _take_apart(part)
    return f"{attribute}={value}".lower()


def _take_apart(part: str) -> tuple[str, str]:
    attribute, _, value = part.partition("=")
    bare = _TRAILING.sub("", value.lstrip(" ")).encode(errors="surrogateescape")
    plain = _ESCAPED.sub(lambda found: bytes.fromhex(found[1].decode()) if found[1] else found[2], bare)
    return attribute.strip(), plain.decode(errors="surrogateescape")
