"""Topology documents from files and from the management host, in whichever of the three shapes they come."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lyncdr_helpers.contacts import archive
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.shell.documents import read_document
from lyncdr_helpers.topology import builder, published
from lyncdr_helpers.topology.assembly import assemble
from lyncdr_helpers.topology.document import SimpleUrl, Topology
from lyncdr_helpers.topology.elements import child, local_name
from lyncdr_helpers.topology.spelled import Spelled

MOST_BYTES = 64 << 20
"""Of one document: 200 pools are about 7 MB."""
MOST_ENTRIES = 10_000
"""Of a configuration's zip: what it is made of is documented nowhere (?)."""

REMEDY = (
    "Give the text of Get-CsTopology -AsXml, a Topology Builder file (.tbxml), or the zip of Export-CsConfiguration."
)
UNREADABLE = "Check the path and who may read it."
BEGINNINGS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe<\x00", b"\xfe\xff\x00<")
"""How an XML document begins: UTF-8 without and with a byte order mark, UTF-16 with one."""


def read_topology(path: Path) -> Topology:
    """The topology in the file.

    Raises InputError, which names the file and says what to do: it cannot be read, is empty or larger than MOST_BYTES,
    no topology, malformed, holds a document type declaration, gives an id twice, or is a zip that is not sound
    (contacts/archive.py) or holds no topology, or several.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as cause:
        raise InputError(f"{path} cannot be read: {cause.strerror}.", UNREADABLE) from cause
    return _from_zip(path) if content.startswith(archive.ZIP_MAGIC) else parse(content, str(path))


def parse(content: bytes, source: str) -> Topology:
    """The topology in a document; `source` is what errors call it, such as Get-CsTopology. Raises InputError."""
    if not content.strip():
        raise InputError(f"{source} is empty.", REMEDY)
    with _called(source):
        return _parsed(_document(content, "Topology", "TopologyBuilder"))


def _parsed(root: Any) -> Topology:
    if local_name(root) == "TopologyBuilder":
        return assemble(builder.read(root), "builder")
    return assemble(published.read(root), "published")


def _document(content: bytes, *roots: str) -> Any:
    if len(content) > MOST_BYTES:
        raise InputError(f"It is larger than {MOST_BYTES >> 20} MB: no topology is.", REMEDY)
    return read_document(content, *roots)


@contextmanager
def _called(source: str) -> Iterator[None]:
    """Errors from within say where they come from."""
    try:
        yield
    except InputError as cause:
        raise InputError(f"{source}: {cause.message}", cause.remedy) from cause


# -- the zip of Export-CsConfiguration ------------------------------------------------------------------------------


def _from_zip(path: Path) -> Topology:
    found: list[Spelled] = []
    urls: list[SimpleUrl] = []
    with archive.opened(path, MOST_ENTRIES) as package:
        for member in package.infolist():
            if _is_document(package, member):
                with _called(f"{path}, {member.filename}"):
                    root = _document(package.read(member))
                    found += (published.read(one) for one in root.iter("{*}Topology") if _is_topology(one))
                    urls += builder.simple_urls(root)
    if len(found) != 1:
        what = f"{len(found)} topologies, and not one" if found else "no topology"
        raise InputError(f"{path} holds {what}.", REMEDY)
    found[0].simple_urls = urls
    with _called(str(path)):
        return assemble(found[0], "configuration")


def _is_document(package: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether an entry begins like XML; their names are documented nowhere (?)."""
    with package.open(member) as file:
        return file.read(4).startswith(BEGINNINGS)


def _is_topology(element: Any) -> bool:
    """Whether an element of that name is the document, and not a setting that is called the same."""
    return child(element, "Clusters") is not None and child(element, "Sites") is not None
