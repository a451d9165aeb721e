"""The Edge Server of the lab's standby site, as far as the topology knows it: nothing of it runs.

A lab has none, until `place` says where it hands on what comes in.
"""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.lab.blueprint import DOMAIN
from lyncdr_helpers.lab.forest import LabPool

EDGE = LabPool(4, f"edge02.{DOMAIN}", f"edge02.{DOMAIN}", site=2)
FILE = "edge-next-hop"


def next_hop(folder: Path) -> str:
    """The pool that takes what comes in; empty where the lab has no Edge."""
    try:
        return (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def place(folder: Path, pool: str) -> None:
    """Have the lab's Edge hand on to that pool."""
    files.replace(folder / FILE, pool.encode())
