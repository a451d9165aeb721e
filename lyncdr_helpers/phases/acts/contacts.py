"""Bringing contact lists back: dbimpexp's import or Update-CsUserData, proven by an export of the target pool."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

from lyncdr_helpers.backups.manifest import UserRecord
from lyncdr_helpers.contacts import comparison
from lyncdr_helpers.contacts.export import ZIP, write_lists
from lyncdr_helpers.contacts.lists import address
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import contact_stores, exchange, waivers
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out, command
from lyncdr_helpers.phases.contacts_way import Way
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets, dbimpexp, user_data

ACT = "restore contacts"
STORES, WITHOUT_EXPORT = "contact-stores", "users-without-export"
"""The gates whose waivers accept, by name, that a list is left as it is."""
BATCH, IMPORTS = 1000, 4
"""The fewest users that are worth an import of their own, and the most imports: each is proven by an export of all that
the target pool has by then, so that their number, and not the users', is what the time grows with."""


def restore(
    session: Session,
    changes: Sequence[Change],
    export: Path,
    recorded: Mapping[str, UserRecord],
    way: Way = "update",
) -> Tally:
    """Import the list of every user who does not have all of it yet. By `update` nobody loses anything by it.

    export: the backup's, of the failed pool. recorded: its users, by address. A user counts as done when nothing of
    their list is missing, and as failed when it is held back (phases/contact_stores.py) or cannot be read, unless
    somebody accepted that by name.
    """
    pool = session.params.target_pool
    held = hold_back(session, pool, recorded)
    asked = {one.target for one in changes} - held.keys()
    backed_up = {one.user: one for one in exchange.read(export) if one.user in asked}
    wanted = asked & backed_up.keys()
    numbers = count(1)

    def see(some: Sequence[Change]) -> Mapping[str, str]:
        expected = {one.target: backed_up[one.target] for one in some}
        now = exchange.lists_of(exchange.export_contacts(session, pool, "target-now"), expected.keys())
        compared = comparison.compare(expected, now)
        whole = {one.user for one in compared if one.whole}
        return {one.target: one.new if one.target in whole else one.old for one in some}

    def do(some: Sequence[Change]) -> Receipt:
        there, here = exchange.place(session, f"import-{next(numbers)}{export.suffix}")
        write_lists(here, export, {one.target: backed_up[one.target] for one in some})
        return _replace(session, pool, there) if way == "import" else take(session, pool, there)

    if way == "import":
        _start(session, pool)  # an earlier run may have been cut off while they were stopped
    lists = [one for one in changes if one.target in wanted]
    tally = carry_out(session, ACT, lists, see, do, batch=batch_of(lists))
    unread = dict.fromkeys(sorted(asked - wanted), "the backup's record of it cannot be read")
    return replace(tally, failed={**tally.failed, **_not_accepted(session, held, unread)})


def _not_accepted(session: Session, held: Mapping[str, str], unread: Mapping[str, str]) -> Mapping[str, str]:
    """The lists that are left out, but for those that a waiver names."""
    accepted = waivers.waived(session, WITHOUT_EXPORT) & unread.keys()
    if held:
        why = f"The contact store of {len(held)} users is another than at the backup; their lists are left as they are."
        accepted |= waivers.accept(session, STORES, held, why)
    if accepted:
        session.tell(f"{len(accepted)} lists are left as they are, as somebody accepted by name.")
    return {user: why for user, why in {**held, **unread}.items() if user not in accepted}


def hold_back(session: Session, pool: Pool, recorded: Mapping[str, UserRecord]) -> Mapping[str, str]:
    """The users of a pool whose list must not be imported, each with the reason, which is on record."""
    compared = contact_stores.compare(session, pool.fqdn, recorded)
    session.record(*compared.checks())
    return compared.held


def batch_of(changes: Sequence[Change]) -> int:
    """How many users an import brings."""
    return max(BATCH, -(-len(changes) // IMPORTS))


def take(session: Session, pool: Pool, there: str) -> Receipt:
    """Have a pool add the lists in a file of the management host's to what it has of its users."""
    return _update(session, pool, there) if there.lower().endswith(ZIP) else _import(session, pool, there)


def _replace(session: Session, pool: Pool, there: str) -> Receipt:
    """Import-CsUserData, with the services of the whole pool stopped before, and started whatever became of it."""
    dc = session.params.directory.domain_controller
    try:
        for server in pool.servers:
            command(session, "stop services", cmdlets.stop_services(server.fqdn))
        reply = session.shell.invoke(user_data.import_user_data(there, pool.fqdn, dc))
    finally:
        _start(session, pool)
    return Receipt(reply.withheld, {"": reply.faults[0].message} if reply.faults else {})


def _start(session: Session, pool: Pool) -> None:
    for server in pool.servers:
        command(session, "start services", cmdlets.start_services(server.fqdn))


def _import(session: Session, pool: Pool, there: str) -> Receipt:
    host = session.params.management_host
    finished = session.shell.run(dbimpexp.import_contacts(host.dbimpexp, there, exchange.sql_instance(pool)))
    said = (finished.errors or finished.output).strip()[-exchange.SAID :]
    faults = {"": f"dbimpexp ended with {finished.exit_code}: {said}"} if finished.exit_code else {}
    return Receipt(finished.withheld, faults)


def _update(session: Session, pool: Pool, there: str) -> Receipt:
    """Update-CsUserData merges, and restarts nothing; Import-CsUserData would take the place of what is there."""
    params = session.params
    command = user_data.update_user_data(there, pool.fqdn, params.directory.domain_controller, params.generation)
    reply = session.shell.invoke(command)
    return Receipt(reply.withheld, {address(fault.target): fault.message for fault in reply.faults})
