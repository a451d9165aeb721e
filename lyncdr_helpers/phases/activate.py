"""3_activate: bring service up at the DR site. Whatever changes the deployment stands behind one approved digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lyncdr_helpers.answers import Answer, Answers
from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Checklist, judge
from lyncdr_helpers.directory.conference_directories import read_conference_directories
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.errors import Incomplete, OperationError
from lyncdr_helpers.phases import (
    activation_gates,
    activation_plan,
    approval,
    contacts_way,
    declaration,
    exchange,
    group_chat_in_dr,
    incoming_groups,
    newcomers,
    propagation,
    restore_source,
)
from lyncdr_helpers.phases.acts import (
    archiving,
    central_store,
    conference_directories,
    contacts,
    edges,
    endpoints,
    group_chat,
    moves,
    records,
    response_groups,
    zones_by_hand,
)
from lyncdr_helpers.phases.acts.loop import Tally, together, what_failed
from lyncdr_helpers.phases.evidence import look, look_again
from lyncdr_helpers.phases.guided import Account, GuidedStep
from lyncdr_helpers.phases.propagation import Spread
from lyncdr_helpers.phases.readiness import pairing
from lyncdr_helpers.phases.restorability import Restorable
from lyncdr_helpers.phases.restorability import look as look_at_each
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets


def begin(
    params_file: str | Path,
    mode: str = "rehearse",
    run: str = "",
    approve: str = "",
    waive: Mapping[str, str] | None = None,
    answers: Answers | None = None,
) -> Session:
    """Begin an activation, or go on with the one that was cut short. `rehearse` withholds and records every write."""
    return open_session("activate", params_file, mode=mode, run=run, approve=approve, waivers=waive, answers=answers)


def reach(session: Session) -> Checklist:
    """Everything the activation needs answers and knows us: directory, management host, nameservers, backup store.

    Raises Unreachable, AccessDenied, Untrusted or OperationError of the first that does not, before anybody decides.
    """
    with session.step("reach"):
        params, checks = session.params, Checklist()
        session.directory.read(params.directory.base, ["objectClass"])
        checks.add(judge("reach", "directory", True, seen=params.directory.domain_controller, expected="answers"))
        command = cmdlets.get_pool(params.target_pool.fqdn)
        reply = session.shell.invoke(command)
        if not reply.output and not central_store.is_away(session):
            said = reply.faults[0].message if reply.faults else "no such pool"
            raise OperationError(f"{command}: {said}", "Check failover.to and the published topology.")
        known = f"knows {params.target_pool.fqdn}" if reply.output else "the Central Management Store is not in DR"
        checks.add(judge("reach", "management host", True, seen=known, expected="answers"))
        seen = records.seen_now(session)
        checks.add(judge("reach", "nameservers", True, seen=f"{len(seen)} records read", expected="answer"))
        names = session.store.sets()
        checks.add(judge("reach", "backup store", True, seen=f"{len(names)} sets", expected="answers"))
        session.record(*checks)
        return checks


def declare(session: Session, because: str = "") -> str:
    """Who says that the pool is lost, and why: on record before anything is asked. Raises Refusal, live and without."""
    with session.step("declare"):
        return declaration.declare(session, because)


def evidence(session: Session) -> Checklist:
    """Is the primary gone? From here and from the management host. A pool that serves closes the gate.

    Moving users away from a pool that lives cuts their calls and loses the contacts they changed since the export.
    """
    with session.step("evidence"):
        return look(session)


def find_central_store(session: Session, wanted: str = "") -> central_store.Found:
    """Where the Central Management Store is, and what somebody has to do about it: nothing works without it.

    wanted: the backup set whose exports a lost store is begun anew from.
    """
    with session.step("find the Central Management Store"):
        return central_store.look(session, wanted)


def bring_central_store(
    session: Session, found: central_store.Found, answers: Mapping[str, Answer] | None = None
) -> str:
    """Go on where it is in the DR site, or once somebody has brought it there and that is proven."""
    with session.step("bring the Central Management Store to DR"):
        return central_store.bring(session, found, answers)


def offer_pairing(session: Session) -> str:
    """What pool pairing offers instead, and what it does not do, where there is a sound pair. Runs nothing."""
    with session.step("pairing"):
        return pairing.offer(session) or "Pool pairing is no way here: there is no sound pair of these pools."


def choose_backup(session: Session, wanted: str = "") -> Manifest:
    """The newest complete set in the DR store, proven by its signature and its digests; a run that has a plan keeps
    its set. One that is named may be INCOMPLETE, if somebody signs for it with a reason.
    """
    with session.step("backup"):
        kept = approval.approved(session)
        wanted = kept.basis["backup"] if kept else wanted
        chosen = sets.choose(session.store, session.params.deployment, session.keys, wanted)
        session.fact("backup", chosen.manifest.name)
        activation_gates.hold_incomplete(session, chosen)
        activation_gates.hold_old(session, chosen.manifest)
        return chosen.manifest


def restorability(session: Session, backup: Manifest) -> tuple[Restorable, ...]:
    """Whether each user to be moved gets their contacts back from this set; a run that has a plan looks at its users.

    Whoever does not closes the gate, and is waived by name.
    """
    with session.step("restorability"):
        kept, pool = approval.approved(session), session.params.failed_pool.fqdn
        if kept:
            users = [one.target for one in kept.of_kind(activation_plan.MOVE)]
        else:
            inventory = read_inventory(session.directory, session.params.directory.base)
            users = [one.address for one in inventory.movable(pool)]
        rows = look_at_each(session, backup, users)
        activation_gates.hold_without_export(session, {one.address: one.why_not for one in rows if one.why_not})
        return rows


def make_plan(session: Session, backup: Manifest, groups: str = "", contacts_by: str = "update") -> Plan:
    """What would change, kind by kind. An approved plan is kept.

    groups: what is to become of Response Groups whose names the DR pool has already, and of its settings:
    phases/incoming_groups.py. contacts_by: `update` or `import`, phases/contacts_way.py.
    """
    with session.step("plan"):
        kept = approval.approved(session)
        if kept:
            return kept
        inventory, pool = read_inventory(session.directory, session.params.directory.base), session.params.failed_pool
        homed = inventory.movable(pool.fqdn)
        missing = activation_plan.without_export(homed, backup, pool.fqdn)
        activation_gates.hold_without_export(session, dict.fromkeys(missing, "the backup has no record"))
        made = activation_plan.make(
            session.folder.run,
            session.params,
            session.loaded.digest,
            backup,
            inventory,
            read_conference_directories(session.directory, session.params.directory.base),
            records.seen_now(session),
            group_chat_in_dr.changes(session, backup),
            edges.to_change(session),
            incoming_groups.look(session, backup, groups),
            contacts_way.chosen(session.params, contacts_by),
        )
        approval.propose(session, made)
        return made


def approve(session: Session, made: Plan, digest: str, second: str = "") -> str:
    """The gate: the digest of exactly this plan, given by a person. Raises Refusal; a rehearsal goes on.

    second: who else approves it at the same screen, where the parameters ask for two.
    """
    return approval.gate(session, made, digest, second)


def move_users(session: Session, made: Plan) -> Tally:
    """Forced move of every user of the plan, batch by batch, each read back from the directory.

    The primary is knocked at once more: hours may have passed at the gate.
    """
    with session.step(moves.ACT):
        look_again(session)
        return moves.move(session, made.of_kind(activation_plan.MOVE))


def move_endpoints(session: Session, made: Plan) -> Tally:
    """What a forced move of users leaves behind: phones, devices, rooms, access numbers, contacts of applications.

    Those of Response Groups come later, with their import.
    """
    with session.step(endpoints.ACT):
        return endpoints.move(session, endpoints.planned(made, imported=False))


def move_conference_directories(session: Session, made: Plan) -> Tally:
    """The failed pool's conference directories at the DR pool, so that dial-in by number works there."""
    with session.step(conference_directories.ACT):
        return conference_directories.move(session, made.of_kind(activation_plan.CONFERENCES))


def restore_contacts(session: Session, made: Plan, backup: Manifest) -> Tally:
    """Every contact list of the backup imported at the DR pool, and proven by exporting it again."""
    with session.step(contacts.ACT):
        pool = session.params.failed_pool.fqdn
        export = restore_source.fetch(session, backup, backup.part("contacts", pool))
        way = contacts_way.of_basis(made.basis.get(activation_plan.WAY, ""))
        return contacts.restore(session, made.of_kind(activation_plan.CONTACTS), export, backup.users_of(pool), way)


def restore_response_groups(session: Session, made: Plan, backup: Manifest) -> Tally:
    """The failed pool's Response Groups imported at the DR pool, and read back by name.

    Their contacts come along, as far as anybody says; one that did not is moved afterwards.
    """
    with session.step(response_groups.ACT):
        changes, tallies = made.of_kind(activation_plan.RESPONSE_GROUP), list[Tally]()
        if changes:
            part = backup.part("response-groups", session.params.failed_pool.fqdn)
            export, how = restore_source.fetch(session, backup, part), made.basis.get(activation_plan.GROUPS, "")
            tallies.append(response_groups.restore(session, changes, export, how))
        return together(
            response_groups.ACT, [*tallies, endpoints.move(session, endpoints.planned(made, imported=True))]
        )


def restore_group_chat(session: Session, made: Plan, backup: Manifest) -> Tally:
    """Group Chat's database and files at the standby, its users let in, and all of it read back."""
    with session.step(group_chat.ACT):
        return group_chat_in_dr.restore(session, made, backup)


def archiving_by_hand(session: Session) -> list[GuidedStep]:
    """What a person does where nobody may sign in before archiving works, for the forms of a notebook."""
    with session.step("archiving by hand"):
        return archiving.by_hand(session)


def bring_archiving(session: Session, answers: Mapping[str, Answer] | None = None) -> str:
    """The DR pool archives in its own site before anybody is led there, where the parameters ask for that."""
    with session.step("bring archiving to DR"):
        return archiving.bring(session, answers)


def group_chat_by_hand(session: Session, made: Plan, restored: Tally) -> list[GuidedStep]:
    """What a person does for Group Chat once its database is back, for the forms of a notebook."""
    return group_chat_in_dr.by_hand(session, made, restored)


def install_group_chat(
    session: Session, made: Plan, restored: Tally, answers: Mapping[str, Answer] | None = None
) -> list[Account]:
    """Group Chat's server, by hand, when everything else is done: nobody else waits for it."""
    with session.step("install Group Chat"):
        return group_chat_in_dr.install(session, made, restored, answers)


def dns_by_hand(session: Session, made: Plan) -> list[GuidedStep]:
    """What somebody has to change, in zones that take no updates from here."""
    with session.step("zones by hand"):
        return zones_by_hand.steps(session, zones_by_hand.split(session, made.of_kind(activation_plan.RECORD))[1])


def point_edge(session: Session, made: Plan) -> Tally:
    """The DR site's Edge hands on to the DR pool what comes in from outside, and the topology says so."""
    with session.step(edges.ACT):
        return edges.point(session, made.of_kind(activation_plan.EDGE))


def repoint_dns(session: Session, made: Plan, answers: Mapping[str, Answer] | None = None) -> Tally:
    """Every record of the plan pointed to the DR site, and read back from the authoritative server."""
    with session.step(records.ACT):
        ours, by_hand = zones_by_hand.split(session, made.of_kind(activation_plan.RECORD))
        tallies = [records.repoint(session, ours), zones_by_hand.repoint(session, by_hand, answers)]
        return together(records.ACT, tallies)


def watch_dns(session: Session, seconds: float) -> Spread:
    """Every watched resolver asked until it gives the new answers, or so many seconds are over."""
    with session.step("watch DNS"):
        return propagation.watch(session, seconds)


def finish(session: Session, *tallies: Tally) -> str:
    """The last word: done when every change is, `rehearsed` when all were withheld. Raises Incomplete otherwise.

    Whoever came to the lost pool since the plan was made is named, and moved by no plan but a new one.
    """
    exchange.tidy(session)
    failed = what_failed(tallies)
    with session.step("verdict"):
        came = newcomers.look(session)
        also = newcomers.incomplete(session.params.failed_pool.fqdn, came) if came else None
        if failed:
            raise Incomplete(
                " ".join([failed, *([also.message] if also else [])]),
                "Mend what they name, then run the same command again: it does only what is left. Lists that are held "
                'back may be left as they are, with a reason: --waive contact-stores="..."',
            )
        if also:
            raise also
    outcome = "done" if session.mode == "live" else "rehearsed"
    session.end(outcome, 0)
    return f"{outcome}: " + "; ".join(tally.text for tally in tallies)
