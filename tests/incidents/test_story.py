"""The story of an incident, who answered for what in it, and how two runs differ."""

from __future__ import annotations

from pathlib import Path

from incident_scene import (
    MINUTE,
    USERS,
    acted,
    activation,
    everybody,
    failback,
    incidents,
    look,
    made,
    verification,
)
from journal_scene import WHO, check, end, fact, run, step

from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.decisions import by_hand, decisions, grounds
from lyncdr_helpers.phases.incidents.differences import Difference, Pace, between, paces
from lyncdr_helpers.phases.incidents.timeline import events

WAIVER = {"gate": "backup-age", "reason": "there is no other", "waived": "it is old", "by": WHO}


def test_every_moment_that_matters(tmp_path: Path) -> None:
    """In the order in which it happened, over all runs, with who did it."""
    activation(tmp_path, *everybody())
    verification(tmp_path)
    failback(tmp_path, 1.0)
    (one,) = incidents(tmp_path)
    told_ = events(one.runs)
    assert [event.what for event in told_] == [
        *("began", "declared", "evidence", "backup", "plan", "gate", "ended", "goes on", "approved"),
        *("done", "done", "done", "ended", "began", "ended", "began", "done", "ended"),
    ]
    texts = [event.text for event in told_]
    assert "pool01.example.org is lost: the building burns" in texts
    assert "1 of 1 looks found the primary silent" in texts
    assert "move users: 3 done in 0.0 s" in texts
    assert "verify done: 3 of 3 users" in texts
    assert told_[1].by == "meier on mgmt02"
    assert [event.at for event in told_] == sorted(event.at for event in told_)


def test_what_did_not_go_well_is_told_in_its_own_words(tmp_path: Path) -> None:
    """A look that found it alive, a change that failed, an answer that was lost, a run that was refused."""
    lost = ("unknown", {"act": "repoint DNS", "intent": 1, "message": "the line broke"}, 0.0)
    activation(
        tmp_path,
        *step("evidence", 1.0, look("it accepts connections", "fail")),
        *step("move users", 2.0, *acted("move users", USERS, failed=USERS[:1])),
        lost,
        ending=end("unknown", 6, message="A person must look."),
    )
    (one,) = incidents(tmp_path)
    texts = [event.text for event in events(one.runs)]
    assert "0 of 1 looks found the primary silent; fe01 port 5061 from here: it accepts connections" in texts
    assert "move users: 2 done, 1 FAILED in 2.0 s" in texts
    assert "repoint DNS: nobody knows what became of it: the line broke" in texts
    assert texts[-1] == "activate unknown: A person must look."


def test_what_resolvers_said_after_the_cutover(tmp_path: Path) -> None:
    """All of them, or how many are late."""
    activation(tmp_path, *everybody(), fact("resolvers_late", 0))
    activation(tmp_path, *everybody(), fact("resolvers_late", 2), days=MINUTE)
    (one,) = incidents(tmp_path)
    assert [event.text for event in events(one.runs) if event.what == "DNS"] == [
        "every watched resolver gives the new answers",
        "2 watched resolvers still give the old ones",
    ]


def test_who_decided_what(tmp_path: Path) -> None:
    """Declaration, waiver with its names and its signature, approval with its plan: who, and from which host."""
    signed = ("waiver", {**WAIVER, "names": ["set x"], "signature": {"key": "night shift"}}, 0.0)
    activation(tmp_path, ("waiver", WAIVER, 0.0), signed, *everybody())
    (one,) = incidents(tmp_path)
    found = decisions(one.runs)
    assert [(one.what, one.about, one.said) for one in found] == [
        ("declared", "pool01.example.org", "the building burns"),
        ("approved", made().short, "pool01.example.org -> drse01.example.org, 100 users"),
        ("waived", "backup-age", "there is no other"),
        ("waived", "backup-age", "there is no other"),
    ]
    assert {(one.user, one.host) for one in found} == {("meier", "mgmt02")}
    assert [(one.names, one.signed) for one in found[2:]] == [((), ""), (("set x",), "night shift")]
    assert [(run.phase, check.seen) for run, check in grounds(one.runs)] == [("activate", "no answer")]


def test_what_was_done_by_hand(tmp_path: Path) -> None:
    """Each answer with its evidence; what was asked for and never answered is there, too."""
    kept = [{"file": "evidence/zone/ab-x.png", "sha256": "ab", "size": 3}]
    lines = [
        {"step": "zone", "title": "Change a zone", "state": "asked"},
        {"step": "zone", "state": "done", "said": "nslookup shows it", "evidence": kept},
        {"step": "edge", "title": "Point the Edge", "state": "asked"},
    ]
    activation(tmp_path, *(("guided", {**facts, "by": WHO}, 1.0) for facts in lines), *everybody())
    (one,) = incidents(tmp_path)
    zone, edge = by_hand(one.runs)
    assert (zone.title, zone.state, zone.said, zone.evidence) == (
        *("Change a zone", "done", "nslookup shows it"),
        ("evidence/zone/ab-x.png",),
    )
    assert (edge.step, edge.state, edge.user) == ("edge", "asked", "meier")


def test_what_two_runs_differ_in(tmp_path: Path) -> None:
    """Outcome, plan and its changes, verdicts, numbers, results; what is the same is not said."""
    activation(tmp_path, check("a", "pass"), check("b"), fact("x", 3), fact("late", []), *everybody())
    other = made(USERS[:2], USERS, ["meet.example.org A"])
    activation(
        tmp_path, check("a", "fail"), check("b"), fact("x", 4), *acted("move users", USERS[:2]),
        days=MINUTE, plan=other, ending=end("incomplete", 4, error="Incomplete", message="One is left."),
    )  # fmt: skip
    found = between(*told.read(tmp_path, "contoso"))
    assert Difference("run", "outcome", "done", "incomplete") in found
    assert Difference("run", "message", "", "Incomplete: One is left.") in found
    assert Difference("plan", "move-user changes", "3", "2") in found
    moved = f"move-user {USERS[2]}"
    assert Difference("change", moved, "pool01.example.org -> drse01.example.org", "") in found
    assert Difference("change", "dns-record meet.example.org A", "", "60 192.0.2.1 -> 60 192.0.2.2") in found
    assert Difference("check", "DNS: a", "pass", "fail") in found
    assert Difference("number", "x", "3", "4") in found
    assert Difference("result", "move users", "3 done, 0 failed", "2 done, 0 failed") in found
    assert not [one for one in found if one.what in ("DNS: b", "by", "phase", "late")]


def test_a_run_differs_from_itself_in_nothing(tmp_path: Path) -> None:
    activation(tmp_path, *everybody())
    (one,) = told.read(tmp_path, "contoso")
    assert between(one, one) == ()


def test_how_long_each_step_took(tmp_path: Path) -> None:
    """Step by step, side by side; a step that one of them has not is a gap and no zero."""
    run(tmp_path, "verify", *step("users", 3.0), *step("DNS", 1.0), end())
    run(tmp_path, "verify", *step("users", 9.0), *step("service", 2.0), end(), days=MINUTE)
    one, other = told.read(tmp_path, "contoso")
    assert paces(one, other) == (Pace("users", 3.0, 9.0), Pace("DNS", 1.0, None), Pace("service", None, 2.0))
