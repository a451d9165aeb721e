"""Backups: is the newest complete set fresh, whole, signed and proven, and can the next one be signed?"""

from __future__ import annotations

import datetime as dt

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import sets, signed
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Check, Checklist, judge
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.session import Session

AREA = "backup"
NEWEST, WHOLE, SIGNED = "newest complete set", "newest complete set is whole", "newest complete set is signed"
REBUILT, LATER, KEY = "last restore check", "later nights", "signing key"
PROOFS = frozenset({WHOLE, SIGNED})
BACK_UP = "Run: lyncdr run backup"


def check(session: Session) -> Checklist:
    """What an activation would restore from, and whether tonight's backup could be signed."""
    checks = Checklist()
    checks.add(_key(session))
    with checks.asking(AREA, NEWEST, "whole and fresh"):
        listed = sets.list_sets(session.store, session.params.deployment)
        found = [one for one in listed if one.purpose == "restore"]
        complete = [one for one in found if one.complete]
        if not complete:
            expected = "one that is complete"
            checks.add(judge(AREA, NEWEST, False, seen="none yet", expected=expected, remedy=BACK_UP, soft=True))
            return checks
        newest = complete[-1]
        checks.add(_age(session, newest), _signature(session, newest), _damage(session, newest))
        checks.add(_restore_check(session, newest), _later(newest, found, session.store.unpublished()))
    return checks


def _age(session: Session, newest: Manifest) -> Check:
    limit, age = session.params.thresholds.export_age_hours, sets.age_hours(newest, session.clock.now())
    seen = f"{newest.name}, {age:.1f} hours old"
    expected = f"at most {limit:g} hours old"
    return judge(AREA, NEWEST, age <= limit, seen=seen, expected=expected, remedy=BACK_UP, soft=True)


def _damage(session: Session, newest: Manifest) -> Check:
    found = sets.damage(session.store, newest)
    seen = "; ".join(found) or f"all {len(newest.parts)} files"
    expected = "every file is what was stored"
    return judge(AREA, WHOLE, not found, seen=seen, expected=expected, remedy=f"An activation refuses it. {BACK_UP}")


def _signature(session: Session, newest: Manifest) -> Check:
    """A set without a signature is as good as whoever may write to the store."""
    keys, expected = session.keys, "by a key that is trusted here"
    digest = files.digest(session.store.read(newest.name, manifests.NAME))
    proof = signed.check(session.store, newest.name, digest, keys)
    if fault := signed.fault(proof, keys):
        remedy = f"An activation refuses it. {BACK_UP}"
        return judge(AREA, SIGNED, False, seen=fault, expected=expected, remedy=remedy)
    remedy = "Have sets signed: lyncdr keys new, and backup.signing_key"
    return judge(AREA, SIGNED, keys.wanted, seen=str(proof.standing), expected=expected, remedy=remedy, soft=True)


def _restore_check(session: Session, newest: Manifest) -> Check:
    """Who was rebuilt from a copy at the DR site, and when the last time."""
    days = session.params.backup.restore_check.period_days
    moments = [user.rebuilt_at for user in newest.users if user.rebuilt_at]
    expected = f"within {days} days"
    remedy = f"Nobody has proven that users can be rebuilt from it. {BACK_UP}"
    if not moments:
        return judge(AREA, REBUILT, False, seen="never", expected=expected, remedy=remedy, soft=True)
    age = session.clock.now() - parse_stamp(max(moments))
    seen = f"{max(moments)}: {len(moments):,} of {len(newest.users):,} users have been rebuilt"
    ok = age <= dt.timedelta(days=days)
    return judge(AREA, REBUILT, ok, seen=seen, expected=expected, remedy=remedy, soft=True)


def _later(newest: Manifest, found: list[Manifest], unpublished: list[str]) -> Check:
    """Nights after the newest complete set that came to nothing, or to less."""
    later = [f"{one.name} is {one.state}" for one in found if one.made_at > newest.made_at and not one.complete]
    later += [f"{name} was never published" for name in unpublished if name > newest.name]
    remedy = "See why: lyncdr backups list"
    seen = "; ".join(later) or "none failed"
    return judge(AREA, LATER, not later, seen=seen, expected="none failed", remedy=remedy, soft=True)


def _key(session: Session) -> Check:
    keys, expected = session.keys, "it can be read"
    if keys.trouble:
        seen = keys.trouble.message
        return judge(AREA, KEY, False, seen=seen, expected=expected, remedy=keys.trouble.remedy)
    remedy = "Have sets signed: lyncdr keys new, and backup.signing_key"
    seen = "it can be read" if keys.signing else "none is named"
    return judge(AREA, KEY, keys.signing is not None, seen=seen, expected=expected, remedy=remedy, soft=True)
