"""How long an activation would take, by this deployment's own earlier runs: what a run under way is held against."""

from __future__ import annotations

from collections.abc import Iterable

from lyncdr_helpers.journal import Line
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.phases import activation_plan
from lyncdr_helpers.phases.earlier import durations, recoveries
from lyncdr_helpers.phases.earlier.durations import RecoveryTime


def expected(loaded: LoadedParams, lines: Iterable[Line]) -> RecoveryTime:
    """lines: of the activation's journal; its newest plan says how many users there are."""
    params, plans = loaded.params, [line.facts for line in lines if line.kind == "plan"]
    users = plans[-1].get("counts", {}).get(activation_plan.MOVE) if plans else None
    past = recoveries.read(
        loaded.locate(params.runs_folder), params.deployment, params.failed_pool.fqdn, params.target_pool.fqdn
    )
    return durations.estimate(past, users, params.thresholds.rto_minutes * 60)
