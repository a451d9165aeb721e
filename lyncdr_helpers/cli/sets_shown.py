"""Backup sets on the terminal and as JSON: one row, or one object, for each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lyncdr_helpers.cli.output import table

if TYPE_CHECKING:
    from lyncdr_helpers.backups.calendar import Day
    from lyncdr_helpers.backups.manifest import Manifest
    from lyncdr_helpers.backups.stored import StoredSet
    from lyncdr_helpers.backups.verification import Verified
    from lyncdr_helpers.phases.prune import Decided
    from lyncdr_helpers.signatures import Proof

    Proofs = Mapping[str, Proof]

NAMED = 20
"""How many things of a kind are named on the terminal; --json names all."""


def facts(decided: Decided, proofs: Proofs, now: dt.datetime) -> list[Mapping[str, Any]]:
    """Every set, for --json."""
    return [
        {
            "name": one.name,
            "state": one.state,
            "made_at": one.made_at.isoformat() if one.made_at else None,
            "age_hours": round((now - one.made_at).total_seconds() / 3600, 2) if one.made_at else None,
            "users": one.users,
            "contacts": one.contacts,
            "size": one.size,
            "alarms": one.alarms,
            "signature": proofs[one.name].facts() if one.name in proofs else None,
            "kept": decision.kept,
            "reason": decision.reason,
            "published": one.published,
            "failed": one.reason,
            "trouble": one.trouble,
        }
        for one, decision in decided
    ]


def print_sets(decided: Decided, proofs: Proofs, now: dt.datetime, deployment: str) -> None:
    """A table, and below it why sets failed or cannot be read."""
    if not decided:
        print(f"The store holds no set of {deployment}.")
        return
    head = ("name", "state", "age", "users", "contacts", "size", "alarms", "signed by", "retention")
    rows = [
        (
            one.name,
            one.state,
            _age(one.made_at, now),
            f"{one.users:,}",
            f"{one.contacts:,}",
            _bytes(one.size),
            f"{one.alarms:,}" if one.alarms else "",
            _signer(one, proofs),
            f"keeps it: {decision.reason}" if decision.kept else f"prune removes it: {decision.reason}",
        )
        for one, decision in decided
    ]
    table([head, *rows])
    for one, _ in decided:
        if why := one.trouble or one.reason:
            print(f"{one.name}: {one.state}: {why}")


def print_manifest(manifest: Manifest, proof: Proof) -> None:
    """What a set holds, who made it, whom it cannot bring back, and what looks wrong in it."""
    print(f"Set {manifest.name} of {manifest.deployment}: {manifest.state}")
    if manifest.reason:
        print(f"Why: {manifest.reason}")
    print(f"Made at {manifest.made_at} by {manifest.made_by} with lyncdr {manifest.version}, run {manifest.run}.")
    print(f"Manifest: {proof}")
    for pool in sorted({user.pool for user in manifest.users}):
        print(f"{pool}: {len(manifest.users_of(pool)):,} users, {manifest.contacts_of(pool):,} contacts")
    print()
    parts = [(part.kind, part.pool, part.file, _bytes(part.size), part.sha256) for part in manifest.parts]
    table([("part", "pool", "file", "size", "SHA-256"), *parts])
    lacking = [f"{one.kind} of {one.pool or manifest.deployment}: {one.why}, {one.reason}" for one in manifest.absent]
    print_named("Parts that are not in it", lacking)
    print_named("Users it cannot bring back", [f"{one.address}: {one.reason}" for one in manifest.differences])
    print_named("Exported, and not homed there", [f"{one.address}: {one.reason}" for one in manifest.extra])
    print_named(f"Alarms, beside set {manifest.compared_with}", [f"{one.kind}, {one}" for one in manifest.alarms])


def day_facts(day: Day) -> Mapping[str, Any]:
    """A day of the calendar, for --json."""
    return {
        "date": f"{day.date}",
        "state": day.mark,
        "backups": [
            {
                "name": one.name,
                "moment": one.moment.isoformat(),
                "state": one.mark,
                "text": one.text,
                "users": one.users,
                "contacts": one.contacts,
            }
            for one in day.backups
        ],
    }


def print_verified(one: Verified) -> None:
    """Whole, or what is damaged; of what never became a set, why."""
    if one.state in ("FAILED", "UNFINISHED"):
        print(f"{one.name}: {one.state}: {'; '.join(one.faults)}")
    elif one.whole:
        print(f"{one.name}: whole: {one.files} files, {one.users:,} users ({one.state})")
    else:
        print_named(f"{one.name}: DAMAGED ({one.state})", one.faults)
    print_named(f"{one.name}: also in its folder, and no part of it", one.beside)


def print_named(head: str, lines: Sequence[str]) -> None:
    """The lines below a head that counts them, or nothing."""
    if lines:
        print(f"{head}: {len(lines):,}")
        _print_indented(lines[:NAMED])
    if len(lines) > NAMED:
        print(f"  and {len(lines) - NAMED:,} more; --json names all")


def _signer(one: StoredSet, proofs: Proofs) -> str:
    if not one.published:
        return ""
    return proofs[one.name].brief if one.name in proofs else "?"


def _print_indented(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _age(made_at: dt.datetime | None, now: dt.datetime) -> str:
    if made_at is None:
        return "?"
    hours = (now - made_at).total_seconds() / 3600
    if hours < 0:
        return "future"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"


def _bytes(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}"
        size //= 1000
    return f"{size:,} GB"
