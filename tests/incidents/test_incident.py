"""Which runs belong to one incident, as their journals tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from incident_scene import HOUR, MINUTE, activation, backup, edit, everybody, failback, incidents, verification
from journal_scene import end, run

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.incident import choose

FAILED = end("check failed", 3)


def test_from_the_activation_to_the_way_home(tmp_path: Path) -> None:
    """An activation, its verifications and the fail back are one incident; nights, rehearsals and other sites not."""
    backup(tmp_path)
    first = activation(tmp_path, *everybody())
    activation(tmp_path, days=MINUTE, mode="rehearse")
    activation(tmp_path, *everybody(), days=MINUTE, deployment="fabrikam")
    verification(tmp_path, 5 * MINUTE, FAILED)
    proof = verification(tmp_path, 10 * MINUTE)
    backup(tmp_path, HOUR)
    home = failback(tmp_path, 3.0)
    verification(tmp_path, 4.0)
    (one,) = incidents(tmp_path)
    assert (one.name, one.state) == (first.name, "home")
    assert [run.phase for run in one.runs] == ["activate", "verify", "verify", "failback"]
    assert one.proof and one.proof.run == proof.name
    assert one.way_home and one.way_home.run == home.name


def test_a_second_activation_before_the_way_home_goes_on_with_it(tmp_path: Path) -> None:
    """Weeks later, too: nobody has come home yet. After the way home the next loss is another incident."""
    activation(tmp_path, *everybody(), ending=end("incomplete", 4))
    activation(tmp_path, *everybody(), days=20)
    failback(tmp_path, 21, FAILED)
    failback(tmp_path, 22)
    activation(tmp_path, *everybody(), days=30)
    first, second = incidents(tmp_path)
    assert [run.phase for run in first.runs] == ["activate", "activate", "failback", "failback"]
    assert (first.state, second.state) == ("home", "not proven")


@pytest.mark.parametrize(("later", "count"), [(23 * HOUR, 1), (25 * HOUR, 2)])
def test_what_was_declared_and_changed_nothing(tmp_path: Path, later: float, count: int) -> None:
    """It is an incident of its own, unless somebody tries again within a day."""
    activation(tmp_path)
    activation(tmp_path, *everybody(), days=later)
    found = incidents(tmp_path)
    assert len(found) == count
    assert found[-1].state == "not proven"
    assert count == 1 or found[0].state == "nothing changed"


def test_a_run_that_declared_nothing_is_no_incident(tmp_path: Path) -> None:
    """It stopped before anybody said that the site is lost."""
    run(tmp_path, "activate", end("refused", 5))
    verification(tmp_path)
    failback(tmp_path, 1.0)
    assert incidents(tmp_path) == ()


def test_a_broken_run_is_named_and_keeps_nobody_from_the_others(tmp_path: Path) -> None:
    """It belongs to the days that its folder's name says, not to when somebody wrote to it."""
    activation(tmp_path, *everybody())
    edited = edit(verification(tmp_path, 5 * MINUTE))
    failback(tmp_path, 1.0)
    late = verification(tmp_path, 2.0) / "journal.jsonl"
    late.write_bytes(late.read_bytes()[40:])
    (one,) = incidents(tmp_path)
    assert [run.run for run in one.broken] == [edited.name]
    assert [run.run for run in told.read(tmp_path, "contoso") if run.is_broken] == [
        edited.name,
        late.parent.name,
    ]


def test_the_newest_or_the_one_that_is_named(tmp_path: Path) -> None:
    """Any of its runs names an incident."""
    activation(tmp_path, *everybody())
    home = failback(tmp_path, 1.0)
    second = activation(tmp_path, *everybody(), days=9)
    found = incidents(tmp_path)
    assert choose(found, home.name) is found[0]
    assert choose(found) is found[1]
    assert choose([]) is None
    with pytest.raises(InputError, match=rf"No incident has a run 'nobody'.*{second.name}"):
        choose(found, "nobody")
    with pytest.raises(InputError, match="there was none yet"):
        choose([], "nobody")


def test_a_run_by_its_name(tmp_path: Path) -> None:
    """One that is not there, and one that tells nothing, are refused by name."""
    kept = backup(tmp_path)
    broken = backup(tmp_path, 1.0) / "journal.jsonl"
    broken.write_bytes(b"{}\n")
    runs = told.read(tmp_path, "contoso")
    assert told.named(runs, kept.name).run == kept.name
    with pytest.raises(InputError, match="There is no run 'x'"):
        told.named(runs, "x")
    with pytest.raises(InputError, match="is broken"):
        told.named(runs, broken.parent.name)


def test_a_plan_is_read_once(tmp_path: Path) -> None:
    """Whoever draws the bar of a run again and again gets the plan that was read: ten thousand users take a second."""
    activation(tmp_path)
    (first,), (second,) = told.read(tmp_path, "contoso"), told.read(tmp_path, "contoso")
    assert first is not second
    assert first.plan is second.plan is not None


def test_a_plan_that_is_not_the_journals(tmp_path: Path) -> None:
    """plan.json counts only where the journal has its digest: edited, half, or gone, it tells nothing."""
    path = activation(tmp_path, *everybody())
    (one,) = told.read(tmp_path, "contoso")
    assert one.plan and len(one.plan.changes) == 7
    for content in (b"", b"[]", b"{}", (path / "plan.json").read_bytes().replace(b"192.0.2.2", b"192.0.2.3")):
        (path / "plan.json").write_bytes(content)
        (one,) = told.read(tmp_path, "contoso")
        assert one.plan is None
