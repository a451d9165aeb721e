"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyncdr_helpers.lab.blueprint import CmsHome, DirectoryKind, DnsKind
from lyncdr_helpers.params.generation import Generation as Release

Params = Annotated[Path, typer.Option("--params", help="The deployment's parameters, such as params/contoso.yml.")]
AsJson = Annotated[bool, typer.Option("--json", help="End with one JSON line on stdout; progress goes to stderr.")]
LabFolder = Annotated[Path, typer.Option("--folder", help="The lab's folder: all of its state, nothing elsewhere.")]
Subnet = Annotated[str, typer.Option("--subnet", help="The first three bytes of its loopback addresses.")]
Users = Annotated[int, typer.Option("--users", min=20, max=100_000, help="How many users the lab has.")]
Generation = Annotated[
    Release, typer.Option("--generation", help="Of the pools. Contact lists: 2010 by dbimpexp, later in zips.")
]
Directory = Annotated[
    DirectoryKind, typer.Option("--directory", help="samba: a real Samba AD domain controller; Linux, root.")
]
Dns = Annotated[
    DnsKind, typer.Option("--dns", help="bind: a real BIND; Linux. samba: the directory's own, with --directory samba.")
]
Cms = Annotated[CmsHome, typer.Option("--cms", help="Where the Central Management Store is; primary: it is lost too.")]
