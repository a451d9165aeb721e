"""What the server says about itself (RFC 4512, 5.1)."""

from __future__ import annotations

from lyncdr_helpers.lab.directory.paging import PAGED_RESULTS
from lyncdr_helpers.lab.directory.tree import Tree


def root_dse(tree: Tree, name: str) -> dict[str, list[bytes]]:
    """The root DSE of a domain controller of that name; anybody may read it."""
    configuration = f"CN=Configuration,{tree.base}"
    said = {
        "objectClass": ["top"],
        "dnsHostName": [name],
        "defaultNamingContext": [tree.base],
        "rootDomainNamingContext": [tree.base],
        "configurationNamingContext": [configuration],
        "namingContexts": [tree.base, configuration],
        "supportedLDAPVersion": ["3"],
        "supportedControl": [PAGED_RESULTS],
        "supportedExtension": ["1.3.6.1.4.1.1466.20037", "1.3.6.1.4.1.4203.1.11.3"],
    }
    return {attribute: [value.encode() for value in values] for attribute, values in said.items()}
