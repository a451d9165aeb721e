"""Zips as Export-CsUserData writes them, from the inside of their HomedResources, and zips that are not as they say."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE
from lyncdr_helpers.contacts.userdata import DOCUMENT

OTHER = "[Content_Types].xml"
"""The second document: nobody documents its name."""

LOCAL, CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


def resource(user: str, inside: str = "", namespace: str = NAMESPACE) -> str:
    """A HomedResource of dbimpexp's namespace, of another one, or of none."""
    return f'<HomedResource xmlns="{namespace}" UserAtHost="{user}">{inside}</HomedResource>'


def item(user: str, inside: str | None = None, prefix: str = "urn:lcd:") -> str:
    """A user's DocItem. inside: the HomedResource as text; an empty one is made where there is none."""
    return f'<DocItem Name="{prefix}{user}" Version="7"><Data>{inside or resource(user)}</Data></DocItem>'


def document(*items: str, root: str = '<DocItemSet xmlns="urn:made:up">') -> bytes:
    """DocItemSet.xml."""
    name = root.partition(" ")[0].strip("<>")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{root}{"".join(items)}</{name}>'.encode()


def zipped(path: Path, members: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", method) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def export(path: Path, *items: str) -> Path:
    """A whole export of these items."""
    return zipped(path, {DOCUMENT: document(*items), OTHER: b"<Types><Default/></Types>"})


def patched(path: Path, *, flags: int | None = None, size: int | None = None, name: bytes | None = None) -> Path:
    """The same zip, whose first member now says something else of itself, in both of its headers."""
    content = bytearray(path.read_bytes())
    for magic, flags_at, size_at, name_at in ((LOCAL, 6, 22, 30), (CENTRAL, 8, 24, 46)):
        at = content.index(magic)
        if flags is not None:
            struct.pack_into("<H", content, at + flags_at, flags)
        if size is not None:
            struct.pack_into("<I", content, at + size_at, size)
        if name is not None:
            content[at + name_at : at + name_at + len(name)] = name
    path.write_bytes(content)
    return path
