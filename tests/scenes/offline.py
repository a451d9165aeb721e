"""Sessions on a deployment that nobody dials: for what stands on the journal and the run folder alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.session import Session, open_session

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def make_params(folder: Path) -> Path:
    """A lab's parameters, certificates and secrets, and no lab."""
    blueprint = Blueprint(folder)
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    blueprint.params_file.write_text(lab_params.render(blueprint, blueprint.folder), encoding="utf-8")
    return blueprint.params_file


def open_offline(params: Path, mode: str = "live", run: str = "new", answers: Answers | None = None) -> Session:
    return open_session("activate", params, mode=mode, run=run, answers=answers, clock=SetClock(NOON))
