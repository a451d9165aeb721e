"""Making contact lists whole at home: what a plain move did not bring is imported, and proven by an export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path

from lyncdr_helpers.contacts.export import write_lists
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.phases import exchange, failback_lists
from lyncdr_helpers.phases.acts import contacts
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.phases.failback_lists import Lists
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session

ACT = "merge contacts"


def merge(session: Session, changes: Sequence[Change], lists: Lists, source: Path) -> Tally:
    """Import exactly what each list at home lacks of the wanted one. Imports add, so nobody loses anything by it.

    source: an export that holds all these users, of the kind that the import takes.
    """
    pool, numbers = session.params.failed_pool, count(1)
    lacking: dict[str, ContactList] = {}

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        now = exchange.export_contacts(session, pool, "home-now")
        found = failback_lists.at_home(now, lists, [one.target for one in some]).lacking
        lacking.update(found)
        return {one.target: one.old if one.target in found else one.new for one in some}

    def do(some: Sequence[Change]) -> Receipt:
        there, here = exchange.place(session, f"merge-{next(numbers)}{source.suffix}")
        write_lists(here, source, {one.target: lacking[one.target] for one in some})
        return contacts.take(session, pool, there)

    return carry_out(session, ACT, changes, see, do, batch=contacts.batch_of(changes), undoable=False)
