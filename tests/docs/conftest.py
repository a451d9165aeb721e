"""One lab for every command of the handbook."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from handbook import ROOT
from typist import USERS, Operator, in_this_process

from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.runs import runner


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """In a checkout's place, beside a lab whose two sites are up."""
    place = tmp_path_factory.mktemp("handbook")
    (place / "params").mkdir()
    shutil.copyfile(ROOT / "params" / "example.yml", place / "params" / "example.yml")
    claim = claim_subnet(Blueprint(place / ".lab", users=USERS))
    lifecycle.up(claim.blueprint, owner_pid=os.getpid(), claim=claim)
    try:
        with contextlib.chdir(place), pytest.MonkeyPatch.context() as patch:
            patch.setattr(runner, "_in_kernel", in_this_process)
            yield Operator(claim.blueprint)
    finally:
        lifecycle.down(claim.blueprint.folder)
