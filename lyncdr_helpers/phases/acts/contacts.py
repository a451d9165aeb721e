"""Bringing contact lists back: done by dbimpexp's import, proven by an export of the target pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count

from lyncdr_helpers.contacts import comparison
from lyncdr_helpers.contacts.dbimpexp import write_import
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import dbimpexp

ACT = "restore contacts"
BATCH = 1000
"""Users per import: each import is proven by one export of the whole target pool."""


def restore(session: Session, changes: Sequence[Change], backed_up: Mapping[str, ContactList]) -> Tally:
    """Import the list of every user who does not have all of it yet. An import adds, so nobody loses anything by it.

    backed_up: the lists to bring back, by user. A user counts as done when nothing of their list is missing.
    """
    numbers = count(1)

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        export = exchange.export_contacts(session, session.params.target_pool, "target-now.xml")
        now = exchange.lists_of(export)
        wanted = {one.target: backed_up[one.target] for one in some}
        whole = {one.user for one in comparison.compare(wanted, now) if one.whole}
        return {one.target: one.new if one.target in whole else one.old for one in some}

    def do(some: Sequence[Change]) -> Receipt:
        there, here = exchange.place(session, f"import-{next(numbers)}.xml")
        write_import(here, (backed_up[one.target] for one in some))
        host, pool = session.params.management_host, session.params.target_pool
        finished = session.shell.run(dbimpexp.import_contacts(host.dbimpexp, there, exchange.sql_instance(pool)))
        said = (finished.errors or finished.output).strip()[-exchange.SAID :]
        faults = {"": f"dbimpexp ended with {finished.exit_code}: {said}"} if finished.exit_code else {}
        return Receipt(finished.withheld, faults)

    return carry_out(session, ACT, changes, see, do, batch=BATCH)
