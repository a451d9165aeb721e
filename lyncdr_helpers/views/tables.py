"""Dataframes for the eyes: one function per thing that a notebook shows, columns named in its docstring."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from lyncdr_helpers.backups.manifest import Manifest, UserRecord
from lyncdr_helpers.checks import Check
from lyncdr_helpers.contacts.comparison import Restored
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.verify import Loss
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.runfolder import RunSummary

MARKS = {"pass": "✓ pass", "warn": "! warn", "fail": "✗ FAIL", "unknown": "? unknown"}
"""A verdict is a sign and a word, never a colour alone."""


def checks(*lists: Iterable[Check]) -> pd.DataFrame:
    """Columns: verdict, area, name, seen, expected, remedy. What is not green comes first."""
    order = {verdict: place for place, verdict in enumerate(("fail", "unknown", "warn", "pass"))}
    rows = sorted((check for one in lists for check in one), key=lambda check: order[check.verdict])
    return _frame(
        [(MARKS[check.verdict], check.area, check.name, check.seen, check.expected, check.remedy) for check in rows],
        ["verdict", "area", "name", "seen", "expected", "remedy"],
    )


def population(inventory: Inventory) -> pd.DataFrame:
    """Columns: home, kind, users. Who is homed where, users and all that is not a user."""
    rows = [(home or "(none)", str(kind), count) for (home, kind), count in sorted(inventory.counts().items())]
    return _frame(rows, ["home", "kind", "users"])


def users(inventory: Inventory) -> pd.DataFrame:
    """Columns: address, display_name, kind, enabled, voice, home, moving_to."""
    return _frame(
        [
            (user.address, user.display_name, str(user.kind), user.enabled, user.voice, user.home, user.moving_to)
            for user in inventory.users
        ],
        ["address", "display_name", "kind", "enabled", "voice", "home", "moving_to"],
    )


def contacts(records: Iterable[UserRecord]) -> pd.DataFrame:
    """Columns: address, pool, contacts, groups, digest (its first 12 digits). Longest lists first."""
    rows = sorted(records, key=lambda record: (-record.contacts, record.address))
    return _frame(
        [(one.address, one.pool, one.contacts, one.groups, one.digest[:12]) for one in rows],
        ["address", "pool", "contacts", "groups", "digest"],
    )


def parts(manifest: Manifest) -> pd.DataFrame:
    """Columns: kind, pool, file, size (bytes), sha256 (its first 12 digits)."""
    return _frame(
        [(one.kind, one.pool, one.file, one.size, one.sha256[:12]) for one in manifest.parts],
        ["kind", "pool", "file", "size", "sha256"],
    )


def deployment(params: Params) -> pd.DataFrame:
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
    return _frame(rows, ["what", "value"])


def backup(manifest: Manifest) -> pd.DataFrame:
    """One set in one row; columns as `backups`."""
    return backups([manifest])


def backups(manifests: Iterable[Manifest]) -> pd.DataFrame:
    """Columns: set, state, made_at, users, contacts, response_groups, differences. Newest first."""
    rows = [
        (
            one.name,
            one.state,
            one.made_at,
            len(one.users),
            sum(user.contacts for user in one.users),
            sum(map(len, one.response_groups.values())),
            len(one.differences),
        )
        for one in manifests
    ]
    return _frame(rows[::-1], ["set", "state", "made_at", "users", "contacts", "response_groups", "differences"])


def plan(made: Plan) -> pd.DataFrame:
    """Columns: kind, changes, example. What would change, kind by kind."""
    rows = []
    for kind, count in made.counts().items():
        first = made.of_kind(kind)[0]
        rows.append((kind, count, f"{first.target}: {first.old or '(nothing)'} -> {first.new[:40]}"))
    return _frame(rows, ["kind", "changes", "example"])


def changes(made: Plan) -> pd.DataFrame:
    """Columns: kind, target, old, new. Every change of the plan."""
    return _frame([(one.kind, one.target, one.old, one.new) for one in made.changes], ["kind", "target", "old", "new"])


def tally(*tallies: Tally) -> pd.DataFrame:
    """Columns: act, done, already, withheld, failed."""
    return _frame(
        [(one.act, one.done, one.already, one.withheld, len(one.failed)) for one in tallies],
        ["act", "done", "already", "withheld", "failed"],
    )


def restored(compared: Iterable[Restored]) -> pd.DataFrame:
    """Columns: user, expected, found, missing. Whoever misses most comes first."""
    rows = sorted(compared, key=lambda one: (one.found - one.expected, one.user))
    return _frame(
        [(one.user, one.expected, one.found, ", ".join(one.missing)) for one in rows],
        ["user", "expected", "found", "missing"],
    )


def losses(lost: Iterable[Loss]) -> pd.DataFrame:
    """Columns: kind, owner, what, why. Empty when nothing was lost."""
    return _frame([(one.kind, one.owner, one.what, one.why) for one in lost], ["kind", "owner", "what", "why"])


def runs(summaries: Iterable[RunSummary]) -> pd.DataFrame:
    """Columns: run, phase, mode, outcome, began, by, plan (its first 12 digits). Newest first."""
    rows = [(one.run, one.phase, one.mode, one.outcome, one.began, one.by, one.plan[:12]) for one in summaries]
    return _frame(rows[::-1], ["run", "phase", "mode", "outcome", "began", "by", "plan"])


def _frame(rows: Sequence[tuple[object, ...]], columns: list[str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=columns)
