"""A whole drill on a later generation: zips instead of dbimpexp, and a few users whose contacts are in Exchange."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lyncdr_helpers.drill import Order, Watcher, drill
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.mailboxes import Mailboxes

SUBNETS = range(86, 88)
USERS = 30

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Keeper(Watcher):
    """Keeps what the lab's Exchange holds when the drill is over, before the lab is."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = Blueprint(folder)

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        if step == "verify":
            (folder,) = self.folder.glob("*-drill-*/lab")
            self.lab = Blueprint.load(folder)
            shutil.copy(self.lab.mailboxes, self.folder / "exchange.sqlite")


def test_lync_2013(tmp_path: Path) -> None:
    """Every user and every contact that was in Lync comes back; what was in Exchange is there as it was."""
    keeper = Keeper(tmp_path)
    score = drill(tmp_path, Order(users=USERS, generation="lync2013"), keeper, SUBNETS)
    assert (score.outcome, score.exit_code, score.numbers["lost"]) == ("done", 0, 0), score.message
    deployment = seed.generate(keeper.lab)
    assert keeper.lab.generation == "lync2013"
    assert score.numbers["users_rehomed"] == score.numbers["users_on_failed_pool"] == USERS
    in_lync = sum(len(one.contacts) for one in deployment.contact_lists("pool01.lync.test"))
    assert score.numbers["contacts_restored"] == score.numbers["contacts_expected"] == in_lync
    with Mailboxes(tmp_path / "exchange.sqlite") as mailboxes:
        assert mailboxes.corrupt() == []
        held = [mailboxes.give_back(user) for user in sorted(deployment.in_exchange)]
    assert held == sorted(deployment.lists_in_exchange(), key=lambda one: one.user)
    assert held


def test_the_central_management_store_is_lost_too(tmp_path: Path) -> None:
    """Prepare is red for it; the activation stops until the operator has run its commands on the DR server, and then
    brings everybody back.
    """
    score = drill(tmp_path, Order(users=20, cms="primary"), subnets=SUBNETS)
    assert (score.outcome, score.exit_code, score.numbers["lost"]) == ("done", 0, 0), score.message
    assert [(one["phase"], one["exit_code"]) for one in score.phases] == [
        ("prepare", 3),
        ("backup", 0),
        ("store brought to DR", 5),
        ("plan", 5),
        ("activate", 0),
        ("verify", 0),
    ]
