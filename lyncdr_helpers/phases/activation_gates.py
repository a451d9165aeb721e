"""The gates of an activation's backup: is it whole, is it fresh, does it bring everybody's contacts back?"""

from __future__ import annotations

from collections.abc import Mapping

from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.backups.sets import Chosen
from lyncdr_helpers.checks import some_of
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.phases.acts.contacts import WITHOUT_EXPORT
from lyncdr_helpers.phases.waivers import hold_for
from lyncdr_helpers.session import Session

INCOMPLETE_BACKUP = "incomplete-backup"


def hold_incomplete(session: Session, chosen: Chosen) -> None:
    """Only a signed waiver lets a set through that cannot bring everybody back: without a key, nobody can sign one."""
    manifest = chosen.manifest
    if manifest.complete:
        return
    lacks = [f"{one.kind} of {one.pool}".removesuffix(" of ") for one in manifest.failed_parts]
    parts = f", and it lacks {', '.join(lacks)}" if lacks else ""
    what = f"Set {manifest.name} is INCOMPLETE: {len(manifest.differences)} users are not in it{parts}."
    if session.keys.to_sign() is None:
        session.stop_at(
            INCOMPLETE_BACKUP,
            Refusal(
                f"{what} Only a signed waiver lets it through, and there is no key to sign with.",
                "Name a complete set with --backup-set. Or make a key: `lyncdr keys new`, put it into "
                'backup.signing_key, and give the reason: --waive incomplete-backup="..."',
            ),
        )
        return
    hold_for(
        session,
        INCOMPLETE_BACKUP,
        [f"set {manifest.name}", *(one.address for one in manifest.differences), *lacks],
        Refusal(
            what,
            "Name a complete set with --backup-set, or give the reason, which is signed: "
            f'--backup-set {manifest.name} --waive incomplete-backup="..."',
        ),
        set=manifest.name,
        manifest=chosen.digest,
    )


def hold_old(session: Session, backup: Manifest) -> None:
    age = sets.age_hours(backup, session.clock.now())
    session.fact("backup_age_hours", round(age, 2))
    limit = session.params.thresholds.export_age_hours
    if age > limit:
        session.hold(
            "backup-age",
            Refusal(
                f"Set {backup.name} is {age:.1f} hours old; the limit is {limit:g}.",
                'Contacts changed since then are lost. To go on, give the reason: --waive backup-age="..."',
            ),
        )


def hold_without_export(session: Session, users: Mapping[str, str]) -> None:
    """users: who would lose their contacts -> why."""
    if users:
        session.keep("users-without-export", [{"address": user, "why": why} for user, why in users.items()])
        named = some_of([f"{user}: {why}" for user, why in users.items()], "; ")
        hold_for(
            session,
            WITHOUT_EXPORT,
            users,
            Refusal(
                f"{len(users)} users of the pool would lose their contacts. {named}.",
                'Choose another set, or give the reason for exactly these: --waive users-without-export="..."',
            ),
        )
