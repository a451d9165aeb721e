"""The trend over runs: how ready this deployment was at each readiness check, and how long recoveries took."""

from __future__ import annotations

from dataclasses import dataclass

from lyncdr_helpers.phases.earlier import readiness, recoveries
from lyncdr_helpers.phases.earlier.readiness import Readiness
from lyncdr_helpers.phases.earlier.recoveries import Recovery
from lyncdr_helpers.session import Session


@dataclass(frozen=True)
class Trend:
    """readiness: oldest first, this run last. recoveries: drills and live runs, oldest first. target: in seconds."""

    deployment: str
    readiness: tuple[Readiness, ...]
    recoveries: tuple[Recovery, ...]
    target: float


def look_back(session: Session) -> Trend:
    """Every run of this deployment on this machine, up to now; this one as it stands."""
    params = session.params
    runs_folder = session.loaded.locate(params.runs_folder)
    pools = params.failed_pool.fqdn, params.target_pool.fqdn
    past = recoveries.read(runs_folder, params.deployment, *pools)
    return Trend(
        params.deployment,
        readiness.read(runs_folder, params.deployment, session.folder.run),
        tuple(one for one in past if one.kind != "rehearsal"),
        params.thresholds.rto_minutes * 60,
    )
