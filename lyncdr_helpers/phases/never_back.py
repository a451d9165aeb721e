"""What an activation does not bring back: some of it nobody can, some of it a person must. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from lyncdr_helpers.backups.risk import ChangedSince
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.directory.users import Kind
from lyncdr_helpers.params.models import Params

FORCED = "Microsoft: Move-CsUser, example 3: what the user has scheduled is discarded"
GUIDE = "the field guide to site resiliency: what a failover loses"
PROCEDURE = "Microsoft: Front End pool failover procedure (2013)"
NOT_COUNTED = "not counted: only the pool knows"


@dataclass(frozen=True)
class Gone:
    """One thing. how_many: a number in words, or why there is none. meanwhile: what to do instead, or about it."""

    what: str
    how_many: str
    comes_back: str
    meanwhile: str
    source: str


def table(params: Params, changed: ChangedSince | None, inventory: Inventory | None) -> tuple[Gone, ...]:
    """Everything, what is lost for good first.

    changed: the lists that are others than in the newest set. Whatever is None could not be asked, and the row says so.
    """
    target = params.target_pool.fqdn
    lists = changed.text if changed else "unknown: there is no set to count from"
    return (
        Gone("meetings that users of the pool scheduled", NOT_COUNTED, "no", "Schedule them anew.", FORCED),
        Gone("content uploaded into meetings", NOT_COUNTED, "no", "It lies in the lost pool's file store.", GUIDE),
        Gone(
            "contacts changed since the newest set",
            lists,
            "no",
            "Have people look through their lists; back up more often.",
            GUIDE,
        ),
        *_group_chat(params),
        Gone(
            "users of branch appliances",
            _branch(inventory),
            "by hand",
            f"Where their appliance depends on the pool: Move-CsUser -Target {target} -Force, one by one.",
            PROCEDURE,
        ),
    )


def _group_chat(params: Params) -> list[Gone]:
    if params.group_chat is None:
        return []
    what = "Group Chat messages since its database was backed up"
    return [Gone(what, NOT_COUNTED, "no", "The nightly backup is all there is.", GUIDE)]


def _branch(inventory: Inventory | None) -> str:
    if inventory is None:
        return "unknown: the directory could not be asked"
    return f"{sum(one.kind is Kind.BRANCH for one in inventory.users):,}"
