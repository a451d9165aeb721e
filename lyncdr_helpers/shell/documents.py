"""XML documents that cmdlets and programs hand over: read whole, and never believed to be harmless."""

from __future__ import annotations

from typing import Any

from lxml import etree

from lyncdr_helpers.errors import InputError

# libxml2's own limits stay on (no huge_tree): they stop documents that explode.
SAFE = {"resolve_entities": False, "no_network": True, "load_dtd": False}


def read_document(content: bytes, *roots: str) -> Any:
    """The document's root, an lxml element whose local name is one of `roots`; any, where none is given.

    Raises InputError for a document that is not whole, has a document type declaration, or is another one.
    """
    try:
        found = etree.fromstring(content, etree.XMLParser(**SAFE))
    except etree.XMLSyntaxError as cause:
        raise InputError(f"It is not a whole XML document: {cause.msg}.", "Export it again.") from cause
    if found.getroottree().docinfo.internalDTD is not None:
        raise InputError("It holds a document type declaration; none is expected.", "Export it again.")
    if roots and etree.QName(found).localname not in roots:
        raise InputError(f"Its root is {found.tag}, not {' or '.join(roots)}.", "Export it again.")
    return found


def local_names(element: Any, name: str) -> list[Any]:
    """Every element below that has this local name, whatever its namespace."""
    return list(element.iter(f"{{*}}{name}"))
