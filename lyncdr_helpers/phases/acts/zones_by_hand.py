"""Zones that we may not write (update: manual): a person changes them, and the authoritative server proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.checks import Check, Checklist, judge
from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.dns.cutover import ZoneChanges
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.phases import guided
from lyncdr_helpers.phases.acts.loop import Tally, refuse_strangers, together, write_undo
from lyncdr_helpers.phases.guided import GuidedStep, Instruction
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import RecordChange, RecordSet
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import dns_server
from lyncdr_helpers.shell.script import line

ACT = "repoint DNS by hand"
AREA = "DNS"
MANUAL = "manual"


@dataclass(frozen=True)
class Zone:
    """One zone as it is now. left: changes of the plan that are not there yet; already: how many are."""

    zone: ZoneChanges
    left: tuple[Change, ...]
    already: int
    step: GuidedStep


def split(session: Session, changes: Sequence[Change]) -> tuple[list[Change], list[Change]]:
    """(changes of zones that take our updates, changes of those that do not)."""
    by_hand = [one for one in changes if _is_manual(session, one)]
    return [one for one in changes if one not in by_hand], by_hand


def look(session: Session, changes: Sequence[Change]) -> list[Zone]:
    """What is left to be done by hand, zone by zone. Raises Refusal where a record is not as the plan saw it."""
    by_key = {one.target: one for one in changes}
    found = []
    for zone in cutover.by_zone(map(cutover.from_plan, changes), session.params.dns):
        here = [by_key[one.key] for one in zone.changes]
        seen = {one.target: _seen(session, zone, one) for one in here}
        refuse_strangers(ACT, here, seen)
        left = tuple(one for one in here if seen[one.target] != one.new)
        found.append(Zone(zone, left, len(here) - len(left), _step(zone, left)))
    return found


def steps(session: Session, changes: Sequence[Change]) -> list[GuidedStep]:
    """What a person has to do, for the forms of a notebook."""
    return [one.step for one in look(session, changes) if one.left or guided.was_asked(session, one.step.name)]


def repoint(session: Session, changes: Sequence[Change], answers: Mapping[str, Answer] | None = None) -> Tally:
    """Have every zone changed, and read it back. All zones are told before the first missing answer stops the run.

    Raises Refusal until somebody has answered, CheckFailed while the server does not have what was said to be done.
    """
    tallies, closed = list[Tally](), list[Refusal]()
    for zone in look(session, changes):
        try:
            tallies.append(_one(session, zone, (answers or {}).get(zone.step.name)))
        except Refusal as refusal:
            closed.append(refusal)
    if closed:
        raise Refusal(" ".join(one.message for one in closed), " ".join(one.remedy for one in closed))
    return together(ACT, tallies)


def _one(session: Session, zone: Zone, answer: Answer | None) -> Tally:
    wanted = answer or zone.step.name in session.answers or guided.was_asked(session, zone.step.name)
    if not zone.left and not wanted:
        session.journal.write("found", act=ACT, count=zone.already)
        return Tally(ACT, already=zone.already)
    if zone.left and session.mode == "live":
        write_undo(session, zone.left)
    account = guided.guide(session, zone.step, lambda: _proof(session, zone.zone), answer)
    if account.state == guided.WITHHELD:
        return Tally(ACT, already=zone.already, withheld=len(zone.left))
    if account.state == guided.SKIPPED:
        return Tally(ACT, already=zone.already, failed={one.target: f"skipped: {account.said}" for one in zone.left})
    return Tally(ACT, done=len(zone.zone.changes))


def _proof(session: Session, zone: ZoneChanges) -> Iterable[Check]:
    """Each record as the authoritative server has it: its values must be right, its time to live should be."""
    checks = Checklist()
    for change in zone.changes:
        expected = records.as_text(change.new) or "no record"
        with checks.asking(AREA, change.key, expected):
            now = session.nameservers[zone.server.name].ask(*_name(change))
            seen = records.as_text(now) or "no record"
            right = records.same_values(now, change.new)
            remedy = f"Change it on {zone.server.name} ({zone.server.address})."
            checks.add(judge(AREA, change.key, right, seen=seen, expected=expected, remedy=remedy))
            if right and now and change.new and now.ttl != change.new.ttl:
                name, wanted = f"{change.key} time to live", f"{change.new.ttl} s"
                checks.add(judge(AREA, name, False, seen=f"{now.ttl} s", expected=wanted, remedy=remedy, soft=True))
    return checks


def _seen(session: Session, zone: ZoneChanges, change: Change) -> str:
    """The present value; one that differs from the new one in its time to live alone counts as the new one."""
    name, _, kind = change.target.rpartition(" ")
    now = session.nameservers[zone.server.name].ask(name, kind)
    return change.new if _same(now, change) else records.as_text(now)


def _same(now: RecordSet | None, change: Change) -> bool:
    return records.same_values(now, cutover.from_plan(change).new)


def _is_manual(session: Session, change: Change) -> bool:
    server = session.params.dns.server_for(change.target.rpartition(" ")[0])
    return server is not None and server.update == MANUAL


def _name(change: RecordChange) -> tuple[str, str]:
    name, _, kind = change.key.rpartition(" ")
    return name, kind


# -- what a person does --------------------------------------------------------------------------------------------
def _step(zone: ZoneChanges, left: Sequence[Change]) -> GuidedStep:
    server = zone.server
    return GuidedStep(
        name=f"dns-{zone.zone}",
        title=f"Change {len(left)} records of {zone.zone}",
        why=f"The parameters say that a person changes this zone (update: {MANUAL}).",
        where=f"the DNS server {server.name} ({server.address}), or wherever {zone.zone} is kept",
        do=(
            Instruction("Bring these records about:", table(left)),
            Instruction(
                "On a Windows DNS server these commands do it, in PowerShell as an administrator of DNS; elsewhere, "
                "the table says the same.",
                "\n".join(
                    line(one) for change in left for one in dns_server.change(zone.zone, cutover.from_plan(change))
                ),
            ),
        ),
        proof=f"{server.name} itself is asked for every record",
    )


def table(changes: Iterable[Change]) -> str:
    """The plain table: name, type, what stands there, what must stand there; each with its time to live in seconds."""
    head = ("name", "type", "now (TTL, values)", "to be (TTL, values)")
    rows = [head, *((*one.target.rsplit(" ", 1), one.old or "nothing", one.new or "nothing") for one in changes)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
