"""The Archiving of the lab's two sites, as far as the topology knows it: nothing of it runs.

A lab has none, until `use` says which one the standby pool archives to.
"""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.lab.blueprint import DOMAIN
from lyncdr_helpers.lab.forest import LabPool

ARCHIVES = {
    one.fqdn: one
    for one in (
        LabPool(5, f"arch01.{DOMAIN}", f"arch01.{DOMAIN}", site=1),
        LabPool(6, f"arch02.{DOMAIN}", f"arch02.{DOMAIN}", site=2),
    )
}
FILE = "archiving"


def used(folder: Path) -> str:
    """Where the standby pool archives to; empty where the lab has no Archiving."""
    try:
        return (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def use(folder: Path, archive: str) -> None:
    """Have the standby pool archive to that one."""
    files.replace(folder / FILE, archive.encode())
