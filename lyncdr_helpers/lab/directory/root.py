"""What the server says about itself (RFC 4512, 5.1)."""

from __future__ import annotations

from lyncdr_helpers.directory import names
from lyncdr_helpers.lab.directory import site_map
from lyncdr_helpers.lab.directory.paging import PAGED_RESULTS
from lyncdr_helpers.lab.directory.tree import Tree

ACTIVE_DIRECTORY, READ_ONLY = "1.2.840.113556.1.4.800", "1.2.840.113556.1.4.1920"
"""Capabilities: that of every domain controller, and that of one that takes no writes."""


def root_dse(tree: Tree, name: str) -> dict[str, list[bytes]]:
    """The root DSE of a domain controller; anybody may read it. name: the one that it was started with.

    What it says of itself stands in the forest, where it can be made to be another.
    """
    configuration = f"CN=Configuration,{tree.base}"
    read_only = _said(tree, site_map.SETTINGS, "msDS-isRODC") == "TRUE"
    said = {
        "objectClass": ["top"],
        "dnsHostName": [_said(tree, site_map.SERVER, "dNSHostName") or name],
        "serverName": [site_map.SERVER],
        "dsServiceName": [site_map.SETTINGS],
        "supportedCapabilities": [ACTIVE_DIRECTORY, *([READ_ONLY] if read_only else [])],
        "defaultNamingContext": [tree.base],
        "rootDomainNamingContext": [tree.base],
        "configurationNamingContext": [configuration],
        "namingContexts": [tree.base, configuration],
        "supportedLDAPVersion": ["3"],
        "supportedControl": [PAGED_RESULTS],
        "supportedExtension": ["1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.3"],
    }
    return {attribute: [value.encode() for value in values] for attribute, values in said.items()}


def _said(tree: Tree, dn: str, attribute: str) -> str:
    """The first value of an object's attribute, or an empty text."""
    node = tree.node(names.key(dn))
    return next((value.decode() for value in node.values.get(attribute, ())), "") if node else ""
