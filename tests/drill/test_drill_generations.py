"""A drill with a loss, on a later generation: zips instead of dbimpexp, a few users whose contacts are in Exchange."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from forked_kernel import kernels

from lyncdr_helpers.drill import Order, Watcher, drill
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.lab.pools import PoolStore

SUBNETS = range(86, 88)
USERS = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Thief(Watcher):
    """Takes a workflow away after the activation, and keeps what the lab's Exchange holds before the lab goes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lab = Blueprint(folder)

    def ended(self, step: str, outcome: str, seconds: float) -> None:
        if step == "activate":
            (folder,) = self.folder.glob("*-drill-*/lab")
            self.lab = Blueprint.load(folder)
            with PoolStore(self.lab.pool_store(DR_POOL)) as store:
                workflows = [one for one in store.response_groups() if one.kind == "Workflow"]
                store.remove_response_groups(workflows[:1])
        elif step == "verify":
            shutil.copy(self.lab.mailboxes, self.folder / "exchange.sqlite")


def test_lync_2013_and_a_loss(tmp_path: Path) -> None:
    """Every user and every contact that was in Lync comes back; what was in Exchange is there as it was. What is gone
    after the activation is counted, and the drill is not done: exit code 4, no time to recovery.
    """
    thief = Thief(tmp_path)
    with kernels():
        score = drill(tmp_path, Order(users=USERS, generation="lync2013"), thief, SUBNETS)
    assert (score.outcome, score.exit_code) == ("incomplete", 4), score.message
    assert (score.numbers["lost"], score.numbers["response_groups_restored"]) == (1, 8)
    assert score.rto_seconds is None
    assert "✗" in score.folder.report.read_text(encoding="utf-8")

    deployment = seed.generate(thief.lab)
    assert thief.lab.generation == "lync2013"
    assert score.numbers["users_rehomed"] == score.numbers["users_on_failed_pool"] == USERS
    in_lync = sum(len(one.contacts) for one in deployment.contact_lists("pool01.lync.test"))
    assert score.numbers["contacts_restored"] == score.numbers["contacts_expected"] == in_lync
    with Mailboxes(tmp_path / "exchange.sqlite") as mailboxes:
        assert mailboxes.corrupt() == []
        held = [mailboxes.give_back(user) for user in sorted(deployment.in_exchange)]
    assert held == sorted(deployment.lists_in_exchange(), key=lambda one: one.user)
    assert held
