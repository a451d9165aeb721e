"""What DNS said before the disaster: by the backup of the night before, and by the activation that changed it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.phases import dns_snapshot, restore_source
from lyncdr_helpers.phases.failed_over import FailedOver
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.session import Session


@dataclass(frozen=True)
class Recorded:
    """values: what each record is to be again, by key; None where there was none.

    disputed: records of which backup and activation say different things, in words. unknown: records of the parameters
    that neither tells of; they stay as they are.
    """

    values: Mapping[str, RecordSet | None] = field(default_factory=dict)
    disputed: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


def read(session: Session, base: Manifest, before: FailedOver) -> Recorded:
    """base: a set of before the disaster. Raises Refusal where its snapshot is damaged."""
    changed = {key: records.from_text(key, change.old) for key, change in before.records.items()}
    kept = _snapshot(session, base)
    keys = [cutover.wanted(one).key for one in session.params.dns.records]
    disputed = [
        key for key in keys if key in changed and key in kept and not records.same_values(changed[key], kept[key])
    ]
    return Recorded(
        {key: kept[key] if key in kept else changed[key] for key in keys if key in kept or key in changed},
        tuple(f"{key}: {_text(kept[key])} by the backup, {_text(changed[key])} by the activation" for key in disputed),
        tuple(key for key in keys if key not in kept and key not in changed),
    )


def _snapshot(session: Session, base: Manifest) -> dict[str, RecordSet | None]:
    """By key; empty where the set holds none."""
    if not any(part.kind == "dns" for part in base.parts):
        return {}
    snapshot = dns_snapshot.read(restore_source.fetch(session, base, base.part("dns")))
    return {f"{one.name} {one.type}": one.record for one in snapshot.records}


def _text(found: RecordSet | None) -> str:
    return records.BETWEEN.join(found.values) if found else "no record"
