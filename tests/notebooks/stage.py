"""A folder that looks to the notebooks like the checkout: they stand in it as they are, beside a lab's parameters."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import past

from lyncdr_helpers.lab import life, lifecycle, params
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import Claim
from lyncdr_helpers.runs import runner
from lyncdr_helpers.runs.notebooks import notebooks_folder

USERS = 40
BEFORE_THE_LOSS = ("2_backup", "0_start_here", "1_prepare", "3_activate")
"""In this order, so that the others find a backup. The primary lives: the activation is a rehearsal."""
AFTER_IT = "4_verify"
WAY_HOME = "5_failback"
"""When the primary is well again and people have lived at the DR site. A rehearsal."""
LOOKING_BACK = "6_audit"


@dataclass(frozen=True)
class Stage:
    """`params/lab.yml` in the folder leads to a lab of its own, so the notebooks need no other parameters."""

    folder: Path

    @property
    def params_file(self) -> Path:
        return self.folder / "params" / "lab.yml"

    @property
    def lab(self) -> Path:
        return self.folder / ".lab"

    def notebook(self, name: str) -> Path:
        """A fresh copy of the notebook of that name."""
        return Path(shutil.copy(notebooks_folder() / f"{name}.ipynb", self.folder))

    def lose_and_activate(self) -> None:
        """The primary site is lost and everybody moved, with the approval that the first run asks for."""
        life.before_the_loss(Blueprint.load(self.lab))
        lifecycle.fail(self.lab, "primary")
        refused = runner.run_phase("activate", self.params_file, mode="live", because="the site is gone")
        assert refused.outcome == "refused", refused.message
        done = runner.run_phase("activate", self.params_file, mode="live", approve=refused.plan)
        assert done.outcome == "done", done.message

    def live_there_and_heal(self) -> None:
        """People change their lists at the DR site, and the primary comes back."""
        life.at_the_dr_site(Blueprint.load(self.lab), life.Life())
        lifecycle.heal(self.lab, "primary")


def set_stage(folder: Path, claim: Claim) -> Stage:
    """A stage whose lab has the claimed addresses, some nights behind it, and ends with this process."""
    stage = Stage(folder)
    lifecycle.up(claim.blueprint, owner_pid=os.getpid(), claim=claim)
    stage.params_file.parent.mkdir()
    stage.params_file.write_text(params.render(claim.blueprint, stage.params_file.parent), encoding="utf-8")
    past.live_through(claim.blueprint, stage.params_file)
    return stage


def blueprint(folder: Path) -> Blueprint:
    """The lab of a stage in that folder, on the addresses of params/lab.yml until it is given others."""
    return Blueprint(folder / ".lab", users=USERS)
