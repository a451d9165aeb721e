"""What an audit shows: the answers in words first, then the tables they rest on; columns in each docstring."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable, Iterator

from lyncdr_helpers.checks import Check, some_of
from lyncdr_helpers.phases import audit
from lyncdr_helpers.phases.audit import Case, Compared, Past
from lyncdr_helpers.phases.earlier import recoveries
from lyncdr_helpers.phases.incidents import decisions as decided
from lyncdr_helpers.phases.incidents import timeline as story
from lyncdr_helpers.phases.incidents.decisions import ByHand, Decision
from lyncdr_helpers.phases.incidents.incident import ACTIVATE, FAILBACK, Incident
from lyncdr_helpers.phases.incidents.service import Outage
from lyncdr_helpers.phases.incidents.told import Told
from lyncdr_helpers.phases.trend import Trend
from lyncdr_helpers.runfolder import DONE, UNFINISHED
from lyncdr_helpers.views import trend
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.nights import Picture
from lyncdr_helpers.views.pictures import spell

NOTHING = "No incident is on record: nobody ever declared this pool lost."
STATES = {
    "home": "✓ everybody is home again",
    "in DR": "! served from the DR site, and proven",
    "not proven": "✗ acted, and service was never proven",
    "acting": "✗ no activation came to its end",
    "nothing changed": "declared, and nothing was changed",
}


# -- in words ----------------------------------------------------------------------------------------------------------
def answers(case: Case) -> Frame:
    """Columns: question, answer. What happened, when, by whom, on what evidence, how long users had no service."""
    return Frame.of(spoken(case), ["question", "answer"], none=NOTHING)


def spoken(case: Case) -> list[tuple[str, str]]:
    """The same as (question, answer); nothing where there never was an incident."""
    incident, outage = case.incident, case.outage
    if incident is None or outage is None:
        return []
    return [
        ("What happened?", "\n".join(_what(incident))),
        ("When?", "\n".join(_when(incident, outage))),
        ("By whom?", "\n".join(_by_whom(incident)) or "Nobody is on record."),
        ("On what evidence?", "\n".join(_evidence(incident))),
        ("How long were users without service?", "\n".join(_how_long(outage))),
        ("What did not come back?", "\n".join(_lost(incident, outage))),
    ]


def _what(incident: Incident) -> Iterator[str]:
    for one in decided.decisions(incident.of_phase(ACTIVATE)):
        if one.what == "declared":
            yield f"{one.about} was given up: {one.said}."
    yield from (f"{one.phase}, {one.run}: {_outcome(one)}." for one in incident.runs)
    yield f"Now: {STATES[incident.state].lstrip('✓✗! ')}."
    if incident.broken:
        names = ", ".join(one.run for one in incident.broken)
        yield f"Part of the story is missing: the record of {names} is broken."


def _outcome(run: Told) -> str:
    said = "; ".join(story.counts(run.facts)) if run.summary.outcome in DONE else ""
    return f"{run.summary.outcome}{f', {said}' if said else ''}"


def _when(incident: Incident, outage: Outage) -> Iterator[str]:
    if outage.alive:
        yield f"{moment(outage.alive.at)}: the last sign of life, {outage.alive.what} ({outage.alive.run})."
    if outage.lost:
        yield f"{moment(outage.lost.at)}: it was lost; this is said by somebody and stands in no journal."
    yield f"{moment(outage.noticed.at)}: {outage.noticed.what}."
    if outage.proven:
        yield f"{moment(outage.proven.at)}: service was proven ({outage.proven.run})."
    if incident.way_home:
        yield f"{moment(incident.way_home.ended)}: everybody was home again ({incident.way_home.run})."


def _by_whom(incident: Incident) -> Iterator[str]:
    for one in decided.decisions(incident.runs):
        names = f", for {len(one.names):,} by name" if one.names else ""
        about = f"{one.about} lost" if one.what == "declared" else one.about
        yield f"{_by(one)} {one.what} {about}: {one.said}{names}."


def _evidence(incident: Incident) -> Iterator[str]:
    found = decided.grounds(incident.runs)
    silent = [check for _, check in found if check.verdict == "pass"]
    yield f"{len(silent):,} of {len(found):,} looks found the primary silent." if found else "Nobody looked."
    yield from (f"{check.name}: {check.seen}." for _, check in found if check.verdict != "pass")
    for one in decided.by_hand(incident.runs):
        if one.evidence:
            yield f"{one.title}: {', '.join(one.evidence)} in {one.run}."


def _how_long(outage: Outage) -> Iterator[str]:
    shares = outage.shares()
    if not shares:
        yield "No user was moved."
        return
    whole = shares[-1]
    if whole.last is not None:
        yield f"All {whole.users:,} users had everything back after {spell(whole.last)}."
    else:
        yield f"{whole.back:,} of {whole.users:,} users had everything back, as the activations tell."
    if whole.half is not None and whole.most is not None and whole.half != whole.last:
        yield f"Half of them had it after {spell(whole.half)}, 95 of 100 after {spell(whole.most)}."
    if outage.until_proven is not None:
        yield f"It was proven for all of them after {spell(outage.until_proven)}."
    else:
        yield "No verification ever proved it."
    yield f"All of this counts from {moment(outage.since.at)}: {outage.since.what}. {_doubt(outage)}".strip()


def _doubt(outage: Outage) -> str:
    if outage.lost:
        return ""
    if math.isnan(outage.doubt):
        return "How long before that it was lost, nothing on record tells."
    return f"It may have been lost up to {spell(outage.doubt)} earlier: that old is its last sign of life."


def _lost(incident: Incident, outage: Outage) -> Iterator[str]:
    lost = next((one.facts["lost"] for one in reversed(incident.runs) if "lost" in one.facts), None)
    if lost is None:
        yield "No verification counted it."
    else:
        yield (
            f"{lost:,} things, as the last verification counted; tables/lost.csv of its run names them."
            if lost
            else ("Nothing that the backup held is missing, as the last verification counted.")
        )
    if outage.never:
        names = some_of([one.user for one in outage.never])
        yield f"{len(outage.never):,} users did not get everything by an activation: {names}."
    if incident.of_phase(FAILBACK):
        home = [one.facts["failback_lost"] for one in incident.of_phase(FAILBACK) if "failback_lost" in one.facts]
        yield f"On the way home {home[-1]:,} things were lost." if home else "The way home was not proven."


# -- runs --------------------------------------------------------------------------------------------------------------
def runs(past: Past, checks: Iterable[Check]) -> Frame:
    """Columns: began (UTC), phase, mode, outcome, record, why, by, plan, took, run. Newest first; broken ones named.

    Last those of which there is no folder here.
    """
    holds = {one.name: one for one in checks}
    rows = [
        (
            moment(one.began),
            one.phase,
            one.summary.mode,
            _signed_outcome(one),
            *_record(holds.get(one.run)),
            one.summary.by,
            one.summary.plan[:12],
            spell(one.seconds) if one.lines else "",
            one.run,
        )
        for one in past.runs
    ]
    here = {one.run for one in past.runs}
    gone = [("", "", "", "", *_record(one), "", "", "", one.name) for one in holds.values() if one.name not in here]
    columns = ["began", "phase", "mode", "outcome", "record", "why", "by", "plan", "took", "run"]
    return Frame.of([*rows[::-1], *gone], columns, rest="lyncdr runs list names them all", none="Nothing was run yet.")


def _signed_outcome(run: Told) -> str:
    outcome = run.summary.outcome
    sign = "✓" if outcome in DONE else "?" if run.is_broken or outcome == UNFINISHED else "✗"
    return f"{sign} {outcome}"


def _record(check: Check | None) -> tuple[str, str]:
    """(whether the record holds, why not)."""
    if check is None:
        return "? not looked at", ""
    signs = {"pass": "✓ holds", "warn": "! in doubt", "fail": "✗ broken"}
    return signs.get(check.verdict, "? unknown"), "" if check.verdict == "pass" else check.seen


def incidents(past: Past) -> Frame:
    """Columns: began (UTC), state, users, proven_after, approved_by, runs, incident (its first run). Newest first."""
    rows = []
    for one in past.incidents:
        outage = audit.case_of(past, one.name).outage
        by = dict.fromkeys(two.user for two in decided.decisions(one.runs) if two.what == "approved")
        users = len(outage.users) if outage else 0
        proven = outage.until_proven if outage else None
        after = "" if proven is None else spell(proven)
        rows.append((moment(one.began), STATES[one.state], users, after, ", ".join(by), len(one.runs), one.name))
    columns = ["began", "state", "users", "proven_after", "approved_by", "runs", "incident"]
    return Frame.of(rows[::-1], columns, none=NOTHING)


# -- one incident ------------------------------------------------------------------------------------------------------
def timeline(case: Case) -> Frame:
    """Columns: at (UTC), what, text, by, phase. Every moment that matters, over all runs of the incident."""
    rows = [(moment(one.at), one.what, one.text, one.by, one.phase) for one in story.events(case.runs)]
    return Frame.of(rows, ["at", "what", "text", "by", "phase"], rest="all are in tables/timeline.csv", none=NOTHING)


def service(case: Case) -> Frame:
    """Columns: what, users, back, half, most (95 of 100), last: how long after the loss was noticed, or known."""
    rows = [
        (one.what, one.users, one.back, _after(one.half), _after(one.most), _after(one.last))
        for one in (case.outage.shares() if case.outage else ())
    ]
    columns = ["what", "users", "back", "half", "95 of 100", "last"]
    return Frame.of(rows, columns, none="No user was moved." if case.incident else NOTHING)


def decisions(case: Case) -> Frame:
    """Columns: at (UTC), what, about, said, names, signed, by (who, on which host), run. Who answered for what."""
    rows = [
        (moment(one.at), one.what, one.about, one.said, some_of(one.names), one.signed, _by(one), one.run)
        for one in decided.decisions(case.runs)
    ]
    return Frame.of(rows, ["at", "what", "about", "said", "names", "signed", "by", "run"], none=NOTHING)


def grounds(case: Case) -> Frame:
    """Columns: name, seen, expected, verdict, run. What was seen of the primary before it was given up."""
    rows = [
        (check.name, check.seen, check.expected, f"{'✓' if check.verdict == 'pass' else '!'} {check.verdict}", run.run)
        for run, check in decided.grounds(case.runs)
    ]
    return Frame.of(rows, ["look", "seen", "expected", "verdict", "run"], none="Nobody looked.")


def by_hand(case: Case) -> Frame:
    """Columns: at (UTC), step, state, said, evidence, by (who, where), run. What people did, and what shows it."""
    rows = [
        (moment(one.at), one.title, one.state, one.said, "\n".join(one.evidence), _by(one), one.run)
        for one in decided.by_hand(case.runs)
    ]
    columns = ["at", "step", "state", "said", "evidence", "by", "run"]
    return Frame.of(rows, columns, none="Nothing was asked of anybody.")


# -- drills, and two runs ----------------------------------------------------------------------------------------------
def drills(past: Past) -> Frame:
    """Columns: began (UTC), outcome, users, rto, lost, lost_on_the_way_home, run. Newest first."""
    rows = [
        (
            moment(one.began),
            _signed_outcome(one),
            one.lines[0].facts.get("users"),
            _after(one.facts.get(recoveries.RTO)),
            one.facts.get("lost"),
            one.facts.get("failback_lost"),
            one.run,
        )
        for one in past.drills
        if one.lines
    ]
    columns = ["began", "outcome", "users", "rto", "lost", "lost_on_the_way_home", "run"]
    return Frame.of(rows[::-1], columns, none="No drill is on record here: lyncdr drill makes one.")


def recovery_picture(past: Past) -> Picture:
    """A bar for each drill and each incident whose service was proven, against what was promised."""
    return trend.recovery_picture(Trend(past.deployment, (), audit.recoveries(past), past.target_seconds))


def differences(found: Compared) -> Frame:
    """Columns: area, what, then one for each of the two runs, by its name."""
    if not found.one or not found.other:
        return Frame.of([], ["area", "what"], none="There are no two runs of a kind yet.")
    rows = [(one.area, one.what, one.one, one.other) for one in found.differences]
    none = f"{found.one.run} and {found.other.run} differ in nothing but time."
    return Frame.of(rows, ["area", "what", found.one.run, found.other.run], none=none)


def paces(found: Compared) -> Frame:
    """Columns: step, then the time in each of the two runs, and how many times as long the second took."""
    if not found.one or not found.other:
        return Frame.of([], ["step"], none="There are no two runs of a kind yet.")
    rows = [(one.step, _after(one.one), _after(one.other), _times(one.one, one.other)) for one in found.paces]
    return Frame.of(rows, ["step", found.one.run, found.other.run, "times"], none="Neither has a step on record.")


# -- pieces ------------------------------------------------------------------------------------------------------------
def moment(at: dt.datetime) -> str:
    """`2026-03-01 02:14:09`, UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S}"


def _by(one: Decision | ByHand) -> str:
    return f"{one.user} on {one.host}"


def _after(seconds: float | None) -> str:
    return "" if seconds is None else spell(seconds)


def _times(one: float | None, other: float | None) -> str:
    return f"{other / one:.1f}" if one and other else ""
