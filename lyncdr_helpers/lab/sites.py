"""Which parts of the lab are up: the one fact that `lab fail` and `lab heal` change and every lab server watches."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lyncdr_helpers import files
from lyncdr_helpers.lab.blueprint import DR_POOL

Part = Literal["primary", "wan", "dr"]


@dataclass(frozen=True)
class Sites:
    """True where the site, or the link between the sites, is up. The management host and the DC stay."""

    primary: bool = True
    wan: bool = True
    dr: bool = True

    def failed(self, part: Part) -> Sites:
        return replace(self, **{part: False})

    def healed(self, part: Part) -> Sites:
        return replace(self, **{part: True})

    def reachable(self, pool: str) -> bool:
        """Whether the pool can be reached from the DR site. The branch appliance stands behind the same link."""
        return self.dr if pool == DR_POOL else self.primary and self.wan


def read(folder: Path) -> Sites:
    """What is up in the lab of that folder; everything, where nothing was ever failed."""
    try:
        return Sites(**json.loads((folder / "sites.json").read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Sites()


def changed_at(folder: Path) -> dt.datetime | None:
    """When something was last failed or healed in that lab; None where nothing ever was."""
    try:
        return dt.datetime.fromtimestamp((folder / "sites.json").stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return None


def write(folder: Path, sites: Sites) -> None:
    files.replace_json(folder / "sites.json", sites.__dict__)
