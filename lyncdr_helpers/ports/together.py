"""All ports together: every way to one deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lyncdr_helpers.ports.dialer import Dialer
from lyncdr_helpers.ports.directory import Directory
from lyncdr_helpers.ports.nameserver import Nameserver
from lyncdr_helpers.ports.shell import Shell
from lyncdr_helpers.ports.store import Store


@dataclass(kw_only=True)
class Ports:
    """Every way to the deployment. nameservers and resolvers: by their names in the parameters."""

    directory: Directory
    shell: Shell
    dialer: Dialer
    store: Store
    nameservers: Mapping[str, Nameserver]
    resolvers: Mapping[str, Nameserver]
