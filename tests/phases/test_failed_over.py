"""Which activations a way home starts from, and whose set is not free until everybody is back."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_scene import done, end, plan, run

from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.phases import failed_over
from lyncdr_helpers.runfolder import all_runs

ACTED = (plan(), *done("move users", 2), end())
REFUSED = (plan(), end("refused", 5))


def away(folder: Path) -> list[str]:
    return [one.run for one in failed_over.since_the_last_way_home(all_runs(folder), "contoso")]


def test_every_activation_since_the_last_way_home(tmp_path: Path) -> None:
    """Those that acted, finished or not; rehearsals, refused ones, and other deployments' are none."""
    run(tmp_path, "activate", *ACTED, days=1)
    run(tmp_path, "failback", *ACTED, days=2)
    first = run(tmp_path, "activate", *ACTED[:-1], end("refused", 5), days=3)
    second = run(tmp_path, "activate", *ACTED, days=4)
    run(tmp_path, "activate", *REFUSED, days=5)
    run(tmp_path, "activate", *ACTED, days=6, mode="rehearse")
    run(tmp_path, "activate", *ACTED, days=7, deployment="fabrikam")
    assert away(tmp_path) == [first.name, second.name]


@pytest.mark.parametrize("ended", [("refused", 5), ("failed", 1)])
def test_a_way_home_that_was_cut_short_is_none(tmp_path: Path, ended: tuple[str, int]) -> None:
    """Somebody is still away."""
    activation = run(tmp_path, "activate", *ACTED, days=1)
    run(tmp_path, "failback", *ACTED[:-1], end(*ended), days=2)
    run(tmp_path, "failback", *ACTED, days=3, mode="rehearse")
    assert away(tmp_path) == [activation.name]


def test_nobody_has_ever_left(tmp_path: Path) -> None:
    """Without an activation there is nothing to come home from."""
    assert away(tmp_path) == []


def test_a_broken_record_is_not_passed_over(tmp_path: Path) -> None:
    """An activation whose journal was edited may be the one that matters: refused with its name."""
    broken = run(tmp_path, "activate", *ACTED)
    journal = broken / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"move users", b"move nobody"))
    with pytest.raises(Refusal, match=f"journal of {broken.name} is broken"):
        list(failed_over.readable(tmp_path))
