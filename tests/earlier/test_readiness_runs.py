"""How ready a deployment was, run by run: counted from journals, and a run cut short proves nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_scene import check, end, run

from lyncdr_helpers import journal
from lyncdr_helpers.checks import Check, Severity, Verdict, not_green
from lyncdr_helpers.phases.earlier import readiness

FAILED_RUN = end("check failed", 3, step="verdict", error="CheckFailed")


def test_runs_by_verdict(tmp_path: Path) -> None:
    """Each run with its counts, its must-haves that failed by name, and its state; oldest first."""
    run(tmp_path, "prepare", check("a"), check("b", "fail"), check("c", "unknown"), FAILED_RUN)
    run(tmp_path, "prepare", check("a"), check("b", "warn", "should"), check("c", "unknown", "should"), end(), days=1)
    first, second = readiness.read(tmp_path, "contoso")
    assert dict(first.tally.verdicts) == {"pass": 1, "warn": 0, "fail": 1, "unknown": 1}
    assert (first.tally.failed, first.state) == (("DNS: b", "DNS: c"), "not ready")
    assert dict(second.tally.verdicts) == {"pass": 1, "warn": 1, "fail": 0, "unknown": 1}
    assert (second.tally.failed, second.state) == ((), "ready")


def test_a_run_cut_short_is_not_ready(tmp_path: Path) -> None:
    """All green so far is no verdict: killed, or stopped by an error in a later step."""
    run(tmp_path, "prepare", check("a"))
    run(tmp_path, "prepare", check("a"), end("failed", 1, step="DNS"), days=1)
    assert [one.state for one in readiness.read(tmp_path, "contoso")] == ["cut short", "cut short"]


def test_the_present_run_counts_as_it_stands(tmp_path: Path) -> None:
    """It has no end yet, and its checks are made."""
    present = run(tmp_path, "prepare", check("a"))
    (one,) = readiness.read(tmp_path, "contoso", present.name)
    assert one.state == "ready"


def test_a_check_made_again(tmp_path: Path) -> None:
    """A run that was taken up again counts each check once, as it was last made."""
    path = run(tmp_path, "prepare", check("a", "fail"), check("b"), FAILED_RUN, ("resume", {}, 0.0), check("a"), end())
    (one,) = readiness.read(tmp_path, "contoso")
    assert (one.tally.total, one.tally.failed, one.state) == (2, (), "ready")
    assert [made.name for made in readiness.checks_of(journal.read(path / "journal.jsonl")[0])] == ["a", "b"]


def test_others_are_left_out(tmp_path: Path) -> None:
    """Other deployments, other phases, runs without a check, and journals that somebody changed."""
    run(tmp_path, "prepare", check("a"), end(), deployment="lab")
    run(tmp_path, "verify", check("a"), end())
    run(tmp_path, "prepare", end("failed", 1), days=1)
    path = run(tmp_path, "prepare", check("a", "fail"), FAILED_RUN, days=2) / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b'"verdict":"fail"', b'"verdict":"pass"'))
    assert readiness.read(tmp_path, "contoso") == ()


def test_since_when(tmp_path: Path) -> None:
    """The newest unbroken row of one state, and its first run."""
    for day, verdict in enumerate(("pass", "fail", "pass", "pass")):
        run(tmp_path, "prepare", check("a", verdict), end() if verdict == "pass" else FAILED_RUN, days=day)
    runs = readiness.read(tmp_path, "contoso")
    assert readiness.since(runs) is runs[2]
    assert readiness.since(()) is None


def test_old_and_strange_checks(tmp_path: Path) -> None:
    """A check of before there were severities was a must; a verdict that nobody knows proves nothing."""
    facts = {"area": "DNS", "seen": "", "expected": "", "remedy": ""}
    run(tmp_path, "prepare", ("check", {**facts, "name": "old", "verdict": "unknown"}, 0.0), check("x", "splendid"))
    (one,) = readiness.read(tmp_path, "contoso")
    assert (one.tally.failed, one.tally.verdicts["unknown"]) == (("DNS: old", "DNS: x"), 2)


checks = st.builds(
    Check,
    st.sampled_from(["DNS", "directory"]),
    st.text(max_size=3),
    st.sampled_from(Verdict),
    st.just(""),
    st.just(""),
    st.just(""),
    st.sampled_from(Severity),
)


@given(st.lists(checks))
def test_every_check_is_counted_once(made: list[Check]) -> None:
    """The counts add up, and the names are those of whatever holds a phase back."""
    counted = readiness.tally(made)
    assert counted.total == len(made)
    assert len(counted.failed) == len(not_green(made))
    assert list(counted.verdicts) == ["pass", "warn", "fail", "unknown"]


@pytest.mark.parametrize(("verdicts", "text"), [([], "0 pass, 0 warn, 0 fail, 0 unknown"), (["fail"], "1 fail")])
def test_in_words(verdicts: list[str], text: str) -> None:
    """What the terminal shows names every verdict."""
    made = [Check("DNS", "a", Verdict(verdict), "", "") for verdict in verdicts]
    assert text in readiness.tally(made).text
