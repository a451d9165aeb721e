"""There and back on the newest generation, where the Central Management Store is lost too."""

from __future__ import annotations

from pathlib import Path

import brought_back
import pytest
from forked_kernel import kernels

from lyncdr_helpers import journal
from lyncdr_helpers.drill import Order, drill
from lyncdr_helpers.drill_score import judge

SUBNETS = range(88, 90)
USERS = 20

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_there_and_back(tmp_path: Path) -> None:
    """Prepare is red for the lost store; the activation stops until the operator has run its commands on the DR server,
    and then brings everybody back. Everybody goes home; the steps, the numbers and the report say so; all is tidied up.
    """
    order = Order(users=USERS, generation="sfb2019", cms="primary", failback=True)
    with kernels():
        score = drill(tmp_path, order, subnets=SUBNETS)
    assert (score.outcome, score.exit_code) == ("done", 0), score.message
    brought_back.in_dr(score.numbers, USERS)
    brought_back.at_home(score.numbers, USERS)
    assert [(one["phase"], one["outcome"], one["exit_code"]) for one in score.phases] == [
        ("prepare", "check failed", 3),
        ("backup", "done", 0),
        ("store brought to DR", "refused", 5),
        ("plan", "refused", 5),
        ("activate", "done", 0),
        ("verify", "done", 0),
        ("plan of the way home", "refused", 5),
        ("failback", "done", 0),
    ]
    lines = journal.read(score.folder.journal)[0]
    assert [line.facts["name"] for line in lines if line.facts.get("state") == "done"] == list(order.steps)
    assert "added at the DR site, and kept" in score.folder.report.read_text(encoding="utf-8")
    assert score.as_facts()["only_on_primary_kept"] == score.numbers["only_on_primary"]
    assert [path.name for path in (score.folder.path / "lab").iterdir()] == ["runs"]
    assert score.rto_seconds
    brought_back.an_audit_tells(score.folder.path / "lab" / "runs", USERS, score.rto_seconds)
    assert brought_back.nothing_runs(tmp_path)


def test_a_loss_on_the_way_home_is_a_loss() -> None:
    """Whatever the activation came to: a drill that lost something on the way home, or did not count, is not done."""
    numbers: dict[str, int | None] = dict.fromkeys(Order(failback=True).numbers, 0)
    assert judge(numbers, "done", 0, "")[:2] == ("done", 0)
    assert judge({**numbers, "failback_lost": 1}, "done", 0, "")[:2] == ("incomplete", 4)
    assert judge({**numbers, "failback_lost": None}, "done", 0, "")[:2] == ("incomplete", 4)
