"""Dataframes for the eyes: one function per thing that a notebook shows, columns named in its docstring.

Each is a real DataFrame with all rows; frame.py says how it shows itself.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from lyncdr_helpers.backups.manifest import Absence, Manifest, Part, UserRecord
from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.contacts.comparison import Restored
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases import activation_plan, failback_plan
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.history import Changed
from lyncdr_helpers.phases.restorability import Restorable
from lyncdr_helpers.phases.verify import Loss
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.runfolder import RunSummary
from lyncdr_helpers.views.frame import Frame
from lyncdr_helpers.views.grid import Grid

MARKS = {"pass": "✓ pass", "warn": "! warn", "fail": "✗ FAIL", "unknown": "? unknown"}
"""A verdict is a sign and a word, never a colour alone."""

FIRST_NIGHT = "There is no earlier set to compare with."


def checks(*lists: Iterable[Check]) -> Frame:
    """Columns: verdict, severity (of what is not green), area, name, seen, expected, remedy. Greens come last."""
    order = {verdict: place for place, verdict in enumerate(("fail", "unknown", "warn", "pass"))}
    rows = sorted((check for one in lists for check in one), key=lambda check: order[check.verdict])
    return Frame.of(
        [
            (
                MARKS[check.verdict],
                "" if check.verdict is Verdict.PASS else str(check.severity),
                *(check.area, check.name, check.seen, check.expected, check.remedy),
            )
            for check in rows
        ],
        ["verdict", "severity", "area", "name", "seen", "expected", "remedy"],
    )


def population(inventory: Inventory) -> Frame:
    """Columns: home, kind, users. Who is homed where, users and all that is not a user."""
    rows = [(home or "(none)", str(kind), count) for (home, kind), count in sorted(inventory.counts().items())]
    return Frame.of(rows, ["home", "kind", "users"])


def users(inventory: Inventory) -> Grid:
    """Columns: address, display_name, kind, enabled, voice, home, moving_to."""
    return Grid.of(
        [
            (user.address, user.display_name, str(user.kind), user.enabled, user.voice, user.home, user.moving_to)
            for user in inventory.users
        ],
        ["address", "display_name", "kind", "enabled", "voice", "home", "moving_to"],
        rest="all are in inventory/users.csv of the backup set",
        none="Nobody in the directory has a SIP address.",
    )


def contacts(records: Iterable[UserRecord]) -> Grid:
    """Columns: address, pool, contacts, groups, digest (its first 12 digits). Longest lists first."""
    rows = sorted(records, key=lambda record: (-record.contacts, record.address))
    return Grid.of(
        [(one.address, one.pool, one.contacts, one.groups, one.digest[:12]) for one in rows],
        ["address", "pool", "contacts", "groups", "digest"],
        rest="all are in manifest.json of the backup set",
        none="The export holds no user.",
    )


def parts(found: Iterable[Part], absent: Iterable[Absence] = ()) -> Frame:
    """Columns: kind, pool, file, size (bytes), sha256 (its first 12 digits), lacking (why the set has it not)."""
    lacking = [(one.kind, one.pool, "", None, "", f"{one.why}: {one.reason}") for one in absent]
    return Frame.of(
        [*lacking, *((one.kind, one.pool, one.file, one.size, one.sha256[:12], "") for one in found)],
        ["kind", "pool", "file", "size", "sha256", "lacking"],
    )


def deployment(params: Params) -> Frame:
    """Columns: what, value. The deployment in a few lines."""
    failed, target = params.failed_pool, params.target_pool
    rows = [
        ("deployment", f"{params.deployment} ({params.generation})"),
        ("SIP domains", ", ".join(params.sip_domains)),
        ("may be lost", f"{failed.fqdn}, {params.sites.primary.name}"),
        ("takes over", f"{target.fqdn}, {params.sites.dr.name}"),
        ("directory", f"{params.directory.domain_controller} at {params.directory.url}"),
        ("management host", params.management_host.url or params.management_host.transport),
        ("backup store", params.backup.store),
        ("recovery time", f"within {params.thresholds.rto_minutes:g} minutes"),
    ]
    return Frame.of(rows, ["what", "value"])


def backup(made: Manifest) -> Frame:
    """Columns: set, state, made_at (UTC), users, contacts, response_groups, differences. One set, in one row."""
    groups = sum(map(len, made.response_groups.values()))
    moment = _moment(parse_stamp(made.made_at))
    row = (made.name, made.state, moment, len(made.users), made.contacts, groups, len(made.differences))
    return Frame.of([row], ["set", "state", "made_at", "users", "contacts", "response_groups", "differences"])


def backups(found: Iterable[StoredSet]) -> Frame:
    """Columns: set, state, made_at (UTC), users, contacts, differences, alarms, why_not. Newest first."""
    rows = [
        (
            one.name,
            one.state,
            _moment(one.made_at) if one.made_at else "",
            one.users,
            one.contacts,
            one.differences,
            one.alarms,
            one.trouble or one.reason,
        )
        for one in found
    ]
    columns = ["set", "state", "made_at", "users", "contacts", "differences", "alarms", "why_not"]
    return Frame.of(rows[::-1], columns, none="There is no backup set yet.")


def alarms(made: Manifest) -> Frame:
    """Columns: alarm, pool, user, what. What looks wrong in the set beside the nights before."""
    beside = f"Nothing looks wrong beside set {made.compared_with}."
    return Frame.of(
        [(f"! {one.kind}", one.pool, one.address, one.text) for one in made.alarms],
        ["alarm", "pool", "user", "what"],
        rest="lyncdr backups show names them all",
        none=beside if made.compared_with else FIRST_NIGHT,
    )


def changed(found: Changed) -> Grid:
    """Columns: user, pool, what (gone, fewer, new, more), before, now, by (contacts). The greatest change first."""
    return Grid.of(
        [(one.address, one.pool, one.what, one.before, one.now, one.by) for one in found.users],
        ["user", "pool", "what", "before", "now", "by"],
        rest="`.users` has them all",
        none=f"Users and numbers of contacts are as in set {found.since}." if found.since else FIRST_NIGHT,
    )


def restorable(found: Iterable[Restorable]) -> Grid:
    """Columns: user, comes_back, record, contacts, store_then, store_now, age (hours), why_not. Losers come first."""
    rows = sorted(found, key=lambda one: (not one.why_not, one.address))
    return Grid.of(
        [
            (
                one.address,
                MARKS["fail"] if one.why_not else MARKS["pass"],
                one.record,
                one.contacts,
                one.store_then,
                one.store_now,
                one.age_hours,
                one.why_not,
            )
            for one in rows
        ],
        ["user", "comes_back", "record", "contacts", "store_then", "store_now", "age", "why_not"],
        rest="all are in tables/restorability.csv of the run",
        none="Nobody is homed on the lost pool.",
    )


def plan(made: Plan) -> Frame:
    """Columns: kind, changes, example. What would change, kind by kind."""
    rows = []
    for kind, count in made.counts().items():
        first = made.of_kind(kind)[0]
        old, new = spoken(first)
        rows.append((kind, count, f"{first.target}: {old or '(nothing)'} -> {new}"))
    return Frame.of(rows, ["kind", "changes", "example"], none="Nothing would change.")


def basis(made: Plan) -> Frame:
    """Columns: what, value. What the plan rests on, and how it is done: the digest stands for that, too."""
    return Frame.of(sorted(made.basis.items()), ["what", "value"])


def changes(made: Plan) -> Grid:
    """Columns: kind, target, old, new. Every change of the plan; of a contact list its length."""
    return Grid.of(
        [(one.kind, one.target, *spoken(one)) for one in made.changes],
        ["kind", "target", "old", "new"],
        rest="all are in plan.json of the run",
        none="Nothing would change.",
    )


def records(made: Iterable[Change]) -> Frame:
    """Columns: record, now, then. What a cutover would change in DNS."""
    return Frame.of(
        [(one.target, *spoken(one)) for one in made],
        ["record", "now", "then"],
        rest="all are in tables/cutover.csv of the run",
        none="Every record that anybody could be asked about leads to the DR site already.",
    )


def tally(*tallies: Tally) -> Frame:
    """Columns: act, done, already, withheld, failed."""
    return Frame.of(
        [(one.act, one.done, one.already, one.withheld, len(one.failed)) for one in tallies],
        ["act", "done", "already", "withheld", "failed"],
    )


def restored(compared: Iterable[Restored]) -> Grid:
    """Columns: user, expected, found, missing. Whoever misses most comes first."""
    rows = sorted(compared, key=lambda one: (one.found - one.expected, one.user))
    return Grid.of(
        [(one.user, one.expected, one.found, ", ".join(one.missing)) for one in rows],
        ["user", "expected", "found", "missing"],
        none="The backup holds no contact list.",
    )


def losses(lost: Iterable[Loss]) -> Grid:
    """Columns: kind, owner, what, why. Empty when nothing was lost."""
    return Grid.of(
        [(one.kind, one.owner, one.what, one.why) for one in lost],
        ["kind", "owner", "what", "why"],
        rest="all are in tables/lost.csv of the run",
        none="Nothing that the backup holds is missing.",
    )


def runs(summaries: Iterable[RunSummary]) -> Frame:
    """Columns: run, phase, mode, outcome, began (UTC), by, plan (its first 12 digits). Newest first."""
    rows = [
        (one.run, one.phase, one.mode, one.outcome, _moment(parse_stamp(one.began)), one.by, one.plan[:12])
        for one in summaries
    ]
    columns = ["run", "phase", "mode", "outcome", "began", "by", "plan"]
    return Frame.of(rows[::-1], columns, rest="lyncdr runs list names them all", none="Nothing was run yet.")


def spoken(change: Change) -> tuple[str, str]:
    """Old and new value in a reader's words: a contact list's is a digest, a record's begins with its time to live."""
    if change.kind == failback_plan.MERGE:
        merged = int(change.detail["merged"])
        return "", f"{change.detail['contacts']} contacts" + (f", {merged:,} pieces merged in" if merged else "")
    if change.kind == activation_plan.CONTACTS:
        return "", f"{change.detail['contacts']} contacts"
    if change.kind == activation_plan.RECORD:
        records = cutover.from_plan(change)
        return _record(records.old), _record(records.new)
    return change.old, change.new


def _record(records: RecordSet | None) -> str:
    return f"{' | '.join(records.values)}, TTL {records.ttl} s" if records else ""


def _moment(at: dt.datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
