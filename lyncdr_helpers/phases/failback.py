"""5_failback: go home again, with the contacts that people added meanwhile. Every change stands behind one digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from lyncdr_helpers.answers import Answer, Answers
from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Check, Checklist, count_of, judge, not_green, require
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.contacts.merge import Difference
from lyncdr_helpers.directory.conference_directories import read_conference_directories
from lyncdr_helpers.directory.inventory import Inventory, read_inventory
from lyncdr_helpers.errors import Incomplete, Refusal
from lyncdr_helpers.phases import (
    approval,
    backup,
    exchange,
    failback_exports,
    failback_groups,
    failback_plan,
    failback_proof,
    failed_over,
    group_chat_home,
    homeward_health,
    recorded_records,
    restore_source,
)
from lyncdr_helpers.phases.acts import (
    conference_directories,
    contacts,
    edges,
    endpoints,
    merges,
    moves,
    records,
    response_groups_by_hand,
    response_groups_home,
)
from lyncdr_helpers.phases.acts.loop import Tally, together, what_failed
from lyncdr_helpers.phases.failback_exports import Start
from lyncdr_helpers.phases.failback_groups import Groups
from lyncdr_helpers.phases.failback_lists import Lists
from lyncdr_helpers.phases.failback_plan import MERGE, MOVE, Seen, Travellers
from lyncdr_helpers.phases.failback_proof import Proof
from lyncdr_helpers.phases.guided import Account, GuidedStep
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session, open_session

OLD = "both-pools-age"
PILOT = "move the pilot"


@dataclass(frozen=True)
class Compared:
    """Who goes home, with which lists, and what becomes of Response Groups."""

    inventory: Inventory
    travellers: Travellers
    lists: Lists
    groups: Groups


def begin(
    params_file: str | Path,
    mode: str = "rehearse",
    run: str = "",
    approve: str = "",
    waive: Mapping[str, str] | None = None,
    answers: Answers | None = None,
) -> Session:
    """Begin a fail back, or go on with the one that was cut short. `rehearse` withholds and records every write."""
    return open_session("failback", params_file, mode=mode, run=run, approve=approve, waivers=waive, answers=answers)


def look_back(session: Session, wanted: str = "") -> Start:
    """What the activation did, from its record, and the backup of before the disaster that it restored from.

    Raises Refusal where nobody knows of an activation and no set is named, and for a set that is younger than it.
    """
    with session.step("what happened"):
        before = failed_over.read(session)
        if before.unfinished:
            session.hold(
                "activation-unfinished",
                Refusal(
                    f"The activation {before.unfinished} never came to its end.",
                    'Finish it first. If it is as finished as it will be: --waive activation-unfinished="..."',
                ),
            )
        kept = approval.approved(session)
        wanted = kept.basis["backup"] if kept else wanted or before.backup
        if not wanted:
            raise Refusal(
                "No live activation is on record here, so nobody knows which lists the DR pool began with.",
                "Name the backup of before the disaster: --backup-set",
            )
        base = sets.choose(session.store, session.params.deployment, session.keys, wanted).manifest
        if before.began and parse_stamp(base.made_at) > parse_stamp(before.began):
            raise Refusal(
                f"Set {base.name} is younger than the activation {before.runs[0]}.",
                "Name the backup of before the disaster: --backup-set",
            )
        session.fact("backup", base.name)
        return Start(before, base)


def health(session: Session) -> Checklist:
    """Is the primary fit to take everybody back? A live run stops at whatever is not green."""
    with session.step("health"):
        inventory = read_inventory(session.directory, session.params.directory.base)
        checks = homeward_health.check(session, inventory)
        session.record(*checks)
        if bad := not_green(checks):
            session.hold(
                "primary-not-healthy",
                Refusal(
                    f"The primary is not fit: {'; '.join(f'{one.name}: {one.seen}' for one in bad)}.",
                    f'{bad[0].remedy} To go home all the same, give the reason: --waive primary-not-healthy="..."',
                ),
            )
        return checks


def back_up(session: Session) -> Manifest:
    """Both pools in one COMPLETE set, before anything moves. A rehearsal makes one too: it changes no pool."""
    made = backup.take_both(session)
    with session.step("both pools backed up"):
        made = sets.choose(session.store, session.params.deployment, session.keys, made.name).manifest
        session.fact("backup of both pools", made.name)
        if not made.complete:
            lacking = backup.lacking(made)
            session.stop_at(
                "both-pools-backed-up",
                Refusal(
                    f"Set {made.name} of both pools is INCOMPLETE. {lacking}.",
                    "Nothing moves without it: mend what it names, then begin anew with --run new.",
                ),
            )
        return made


def compare(session: Session, start: Start, both: Manifest) -> Compared:
    """Everybody's list before the disaster, at the DR site, and on the primary: what was added, removed and changed."""
    with session.step("comparison"):
        params = session.params
        inventory = read_inventory(session.directory, params.directory.base)
        known = {*start.base.users_of(params.failed_pool.fqdn), *start.before.moved}
        who = failback_plan.travellers(inventory, params, known)
        lists = failback_exports.lists(session, start, both, [user.address for user in who.users])
        session.record(*_who_stays(who))
        session.keep("three-way", [_row(one) for one in lists.differences])
        return Compared(inventory, who, lists, failback_groups.look(session, start))


def make_plan(
    session: Session, start: Start, both: Manifest, found: Compared, pilot: str = "", groups: str = ""
) -> Plan:
    """What would change, kind by kind. An approved plan is kept.

    groups: `home` or `stay`, for Response Groups of which nobody knows whose they are: phases/failback_groups.py.
    """
    with session.step("plan"):
        if kept := approval.approved(session):
            return kept
        recorded = recorded_records.read(session, start.base, start.before)
        if recorded.disputed:
            session.hold(
                "dns-records-disputed",
                Refusal(
                    f"Backup and activation do not agree on what DNS said before: {'; '.join(recorded.disputed)}.",
                    'The backup\'s values would be taken. If that is right: --waive dns-records-disputed="..."',
                ),
            )
        session.record(*_unknown_records(recorded.unknown))
        seen = Seen(
            found.travellers,
            found.lists,
            found.inventory,
            failback_groups.decide(session, found.groups, groups),
            start.before.came_as,
            frozenset(start.before.endpoints),
            _directories_there(session, start),
            start.before.edges,
            edges.to_change(session) if start.before.edges else {},
            tuple(group_chat_home.changes(session)),
            recorded.values,
            records.seen_now(session),
        )
        basis = {"backup": start.base.name, "both": both.name, "params": session.loaded.digest}
        made = failback_plan.make(session.folder.run, session.params, basis, seen, pilot)
        approval.propose(session, made)
        return made


def approve(session: Session, made: Plan, digest: str, second: str = "") -> str:
    """The gate: the digest of exactly this plan, given by a person. Raises Refusal; a rehearsal goes on.

    second: who else approves it at the same screen, where the parameters ask for two.

    Until somebody has moved, the set of both pools must be young: it is what everybody would be restored from.
    """
    if session.journal.last("intent") is None:
        with session.step("age of the set of both pools"):
            _hold_old(session, sets.read_manifest(session.store, made.basis["both"]))
    return approval.gate(session, made, digest, second)


def move_pilot(session: Session, start: Start, both: Manifest, made: Plan) -> Tally:
    """One user goes first, by a plain move. Unless all of it arrives, the gate is closed before anybody else moves."""
    with session.step(PILOT):
        pilot = made.basis["pilot"]
        failback_exports.keep_dr_lists(session, made)
        tally = moves.move(session, [one for one in made.of_kind(MOVE) if one.target == pilot], act=PILOT, force=False)
        if not tally.withheld:
            checks = failback_exports.arrived(session, failback_exports.lists(session, start, both, [pilot]), pilot)
            session.record(*checks)
            if bad := not_green(checks):
                session.hold(
                    "pilot-not-whole",
                    Refusal(
                        f"The pilot {pilot} did not come home whole, and nobody else was moved. {bad[0].seen}.",
                        "Find out why a plain move does not carry the list. What is lacking is imported later all the "
                        'same; to go on, give the reason: --waive pilot-not-whole="..."',
                    ),
                )
        return tally


def move_users(session: Session, made: Plan) -> Tally:
    """Everybody else, batch by batch, by a plain move: each takes their list and their meetings along."""
    with session.step(moves.ACT):
        rest = [one for one in made.of_kind(MOVE) if one.target != made.basis["pilot"]]
        return moves.move(session, rest, force=False)


def move_endpoints(session: Session, made: Plan) -> Tally:
    """What came from the primary and is no user: phones, devices, contacts of applications, conference directories.

    The contacts of Response Groups come later, with those.
    """
    with session.step(endpoints.ACT):
        moved = endpoints.move(session, endpoints.planned(made, imported=False))
        directories = conference_directories.move(session, made.of_kind(failback_plan.CONFERENCES))
        return together(endpoints.ACT, [moved, directories])


def merge_contacts(session: Session, start: Start, both: Manifest, made: Plan) -> Tally:
    """Every list made whole at home: what only the primary had, and whatever a move did not bring; proven by export."""
    with session.step(merges.ACT):
        changes = made.of_kind(MERGE)
        lists = failback_exports.lists(session, start, both, [one.target for one in changes])
        dr = session.params.target_pool.fqdn
        held = contacts.hold_back(session, session.params.failed_pool, both.users_of(dr))
        left = [one for one in changes if one.target in lists.digests and one.target not in held]
        tally = merges.merge(session, left, lists, restore_source.fetch(session, both, both.part("contacts", dr)))
        return Tally(tally.act, tally.done, tally.already, tally.withheld, {**tally.failed, **held})


def groups_by_hand(session: Session, made: Plan) -> list[GuidedStep]:
    """What a person does where the DR pool keeps Response Groups of its own, for the forms of a notebook."""
    with session.step(response_groups_by_hand.ACT):
        return response_groups_by_hand.steps(session, made.of_kind(failback_plan.RESPONSE_GROUP))


def return_response_groups(session: Session, made: Plan, answers: Mapping[str, Answer] | None = None) -> Tally:
    """The Response Groups back at the primary; the DR pool no longer owns them.

    A person brings them where it has others of its own.
    """
    with session.step(response_groups_home.ACT):
        changes = made.of_kind(failback_plan.RESPONSE_GROUP)
        if response_groups_by_hand.steps(session, changes):
            brought = response_groups_by_hand.bring(session, changes, answers)
        else:
            brought = response_groups_home.bring(session, changes)
        contacts_too = endpoints.move(session, endpoints.planned(made, imported=True))
        return together(response_groups_home.ACT, [brought, contacts_too])


def point_edge(session: Session, made: Plan) -> Tally:
    """The Edges that an activation pointed to DR hand on again to the pool that they did before."""
    with session.step(edges.HOME):
        return edges.point(session, made.of_kind(failback_plan.EDGE), edges.HOME)


def restore_dns(session: Session, made: Plan) -> Tally:
    """Every record as it was before the disaster, and read back from the authoritative server."""
    with session.step(records.ACT):
        return records.repoint(session, made.of_kind(failback_plan.RECORD))


def group_chat_to_stop(session: Session, made: Plan) -> list[GuidedStep]:
    """What a person does before Group Chat comes home, for the forms of a notebook."""
    return group_chat_home.to_stop(session, made)


def stop_group_chat(session: Session, made: Plan, answers: Mapping[str, Answer] | None = None) -> list[Account]:
    """Group Chat's server at the DR site, stopped by hand, when everybody else is home: nobody waits for it."""
    with session.step("stop Group Chat"):
        return group_chat_home.stop(session, made, answers)


def return_group_chat(session: Session, made: Plan) -> Tally:
    """Group Chat's database and files, as they are at the DR site, at the primary; all of it read back."""
    with session.step("return Group Chat"):
        return group_chat_home.bring(session, made)


def group_chat_to_start(session: Session, made: Plan, brought: Tally) -> list[GuidedStep]:
    """What a person does once Group Chat is home, for the forms of a notebook."""
    return group_chat_home.to_start(session, made, brought)


def start_group_chat(
    session: Session, made: Plan, brought: Tally, answers: Mapping[str, Answer] | None = None
) -> list[Account]:
    """Group Chat's server at the primary, started by hand."""
    with session.step("start Group Chat"):
        return group_chat_home.start(session, made, brought, answers)


def prove(session: Session, start: Start, both: Manifest, made: Plan) -> Proof:
    """Everybody and everything is home, as the facts have it. A rehearsal moved nobody: it has nothing to prove."""
    if session.mode == "rehearse":
        session.tell("Rehearsal: nobody was moved, and nothing is proven.")
        return Proof()
    with session.step("proof"):
        users = [one.target for one in made.of_kind(MERGE)]
        return failback_proof.prove(session, made, failback_exports.lists(session, start, both, users))


def finish(session: Session, checks: Sequence[Check], *tallies: Tally) -> str:
    """The last word: done when every change is, and everything is proven home. Raises CheckFailed or Incomplete."""
    exchange.tidy(session)
    with session.step("verdict"):
        if failed := what_failed(tallies):
            raise Incomplete(failed, "Mend what they name, then run the same command again: it does only what is left.")
        require(checks, "Not everything is home")
    outcome = "done" if session.mode == "live" else "rehearsed"
    session.end(outcome, 0)
    told = f"{outcome}: " + "; ".join(tally.text for tally in tallies)
    if outcome == "done":
        told += ". Run a backup now: until then an activation would bring back the lists of before the disaster."
    return told


def _hold_old(session: Session, both: Manifest) -> None:
    """People go on at the DR site while a plan waits to be approved: what was backed up becomes stale."""
    age, limit = sets.age_hours(both, session.clock.now()), session.params.thresholds.export_age_hours
    if age > limit:
        session.hold(
            OLD,
            Refusal(
                f"Set {both.name} of both pools is {age:.1f} hours old; the limit is {limit:g}.",
                "Nobody has moved yet. Begin anew with --run new: it backs both pools up again, and makes a new plan. "
                f'To go on with this one, give the reason: --waive {OLD}="..."',
            ),
        )


def _directories_there(session: Session, start: Start) -> tuple[str, ...]:
    """The conference directories that an activation moved, and that are at the DR pool still."""
    homes = read_conference_directories(session.directory, session.params.directory.base)
    dr = session.params.target_pool.fqdn
    return tuple(sorted(number for number in start.before.directories if homes.get(int(number)) == dr))


# -- rows -------------------------------------------------------------------------------------------------------------
def _row(one: Difference) -> Mapping[str, object]:
    return {**asdict(one), "what": str(one.what)}


def _who_stays(who: Travellers) -> Iterator[Check]:
    """Whoever does not go home although somebody might think so; nobody is held back by it."""
    area, remedy = "users", "Move them by hand if they belong there: Move-CsUser."
    staying = [user.address for user in who.staying]
    for name, some in (("who stay at the DR site", staying), ("who are elsewhere", who.strayed)):
        yield judge(area, name, not some, seen=count_of(some), expected="none", remedy=remedy, soft=True)
    yield judge(area, "who are home already", True, seen=f"{len(who.home):,}", expected="told")


def _unknown_records(keys: Sequence[str]) -> Iterator[Check]:
    for key in keys:
        remedy = "Neither backup nor activation has it: set it by hand."
        yield judge("DNS", key, False, seen="nobody knows what it was", expected="recorded", remedy=remedy, soft=True)
