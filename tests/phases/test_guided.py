"""Steps that a person does by hand: told, answered, proven, and asked once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from offline import NOON, make_params, open_offline

from lyncdr_helpers.answers import Answer, Answers, Attachment
from lyncdr_helpers.checks import Check, judge, unknown
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.errors import CheckFailed, InputError, LyncdrError, Refusal
from lyncdr_helpers.phases.guided import Account, GuidedStep, Instruction, See, guide
from lyncdr_helpers.runfolder import choose
from lyncdr_helpers.session import Session
from lyncdr_helpers.views import report_guided
from lyncdr_helpers.views.report import write_report

STEP = GuidedStep(
    name="cable",
    title="Move the cable",
    why="no program can",
    where="the rack of the DR site",
    do=(Instruction("Pull it."), Instruction("Plug it in again, then run:", "Test-Cable -Port 1\nTest-Cable -Port 2")),
    proof="the lamp is green",
)
DID = Answers(did={"cable": "the lamp went green"})
SKIP = Answers(skip={"cable": "no cable in this building"})


class Lamp:
    """A fact that can be read back, and how often it was."""

    def __init__(self, *, green: bool) -> None:
        self.green = green
        self.looks = 0

    def see(self) -> list[Check]:
        self.looks += 1
        return [
            judge("rack", "lamp", self.green, seen="green" if self.green else "red", expected="green", remedy="Push")
        ]


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_params(tmp_path_factory.mktemp("guided") / "lab")


class Desk:
    """Sessions of one run, one after the other, as somebody comes back to the same command."""

    def __init__(self, params: Path) -> None:
        self.params = params
        self.run = "new"
        self.session: Session | None = None

    def ask(
        self,
        answers: Answers | None = None,
        see: See | None = None,
        step: GuidedStep = STEP,
        mode: str = "live",
        answer: Answer | None = None,
    ) -> Account:
        self.close()
        self.session = open_offline(self.params, mode, self.run, answers)
        self.run = self.session.folder.run
        with self.session.step("by hand"):
            return guide(self.session, step, see, answer)

    def refused(self, *given: Any, **named: Any) -> LyncdrError:
        with pytest.raises(LyncdrError) as caught:
            self.ask(*given, **named)
        return caught.value

    @property
    def states(self) -> list[str]:
        assert self.session is not None
        return [line.facts["state"] for line in self.session.journal.of_kind("guided")]

    def last(self) -> dict[str, Any]:
        assert self.session is not None
        line = self.session.journal.last("guided")
        assert line is not None
        return dict(line.facts)

    def close(self) -> None:
        if self.session:
            self.session.close()


@pytest.fixture
def desk(params: Path) -> Iterator[Desk]:
    made = Desk(params)
    yield made
    made.close()


def test_nobody_has_answered(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Without an answer a live run stops with exit 5: what to do is printed and on record, and so is how to answer."""
    error = desk.refused()
    assert (type(error), error.exit_code) == (Refusal, 5)
    assert '--did cable="what was seen"' in error.remedy
    assert '--skip cable="the reason"' in error.remedy
    said = capsys.readouterr().out
    for words in (
        "Move the cable",
        "the rack of the DR site",
        "1. Pull it.",
        "Test-Cable -Port 2",
        "the lamp is green",
    ):
        assert words in said
    asked = desk.last()
    assert (asked["state"], asked["where"], asked["do"][1]["command"]) == ("asked", STEP.where, STEP.do[1].command)
    assert desk.session is not None
    gate = desk.session.journal.last("gate")
    assert gate is not None
    assert gate.facts["gate"] == "by hand: cable"


def test_asking_again_is_on_record_once(desk: Desk) -> None:
    """A command that is run again without an answer stops again, and its journal does not grow by the same words."""
    desk.refused()
    desk.refused()
    assert desk.states == ["asked"]


def test_a_step_that_changed_is_asked_anew(desk: Desk) -> None:
    """Other commands are another thing to do: they are on record as they were told."""
    desk.refused()
    desk.refused(step=replace(STEP, do=(Instruction("Burn it."),)))
    assert desk.states == ["asked", "asked"]


def test_done(desk: Desk) -> None:
    """Who says so, when, and what was seen are on record, and the run goes on."""
    desk.refused()
    account = desk.ask(DID)
    assert (account.state, account.said, account.holds) == ("done", "the lamp went green", True)
    assert account.by.count("@") == 1
    assert account.at.startswith("2026-03-01T12:00")
    assert desk.states == ["asked", "done"]


def test_it_is_not_asked_again(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Answered once in this run, it is shown as such, with or without the same answer given again."""
    desk.ask(DID)
    for answers in (None, DID):
        assert desk.ask(answers).state == "done"
        assert "Already on record: cable: done by" in capsys.readouterr().out
    assert desk.states == ["done"]


def test_skipped(desk: Desk) -> None:
    """A reason passes it; the step does not hold for that, and who skipped it is on record."""
    account = desk.ask(SKIP)
    assert (account.state, account.said, account.holds) == ("skipped", "no cable in this building", False)
    assert desk.ask().state == "skipped"
    assert desk.states == ["skipped"]


def test_skipped_and_done_after_all(desk: Desk) -> None:
    """Whoever does it later says so: the last word counts."""
    desk.ask(SKIP)
    assert desk.ask(DID).state == "done"
    assert desk.ask(SKIP).state == "done"


def test_what_cannot_be_skipped(desk: Desk) -> None:
    """Where everything rests on a step, no reason is enough, and none is asked for."""
    error = desk.refused(SKIP, step=replace(STEP, skippable=False))
    assert (error.exit_code, "cannot be skipped" in error.message, "--skip" in error.remedy) == (5, True, False)
    assert desk.states == ["asked"]


def test_an_answer_for_another_step(desk: Desk) -> None:
    """A name that is not this step's is no answer to it."""
    assert desk.refused(Answers(did={"kable": "green"})).exit_code == 5


def test_a_form_is_as_good_as_a_parameter(desk: Desk) -> None:
    """What the form gives counts, before what the parameters say."""
    assert desk.ask(SKIP, answer=Answer("seen in the form")).said == "seen in the form"


def test_it_is_so_already(desk: Desk) -> None:
    """Where the facts are there, nobody is asked and nobody has to say it."""
    account = desk.ask(see=Lamp(green=True).see)
    assert (account.state, account.said, account.holds) == ("found", "lamp: green", True)
    assert desk.ask(SKIP, Lamp(green=True).see).state == "found"


def test_done_and_proven(desk: Desk) -> None:
    """With an answer and the facts, both are on record."""
    desk.refused(see=Lamp(green=False).see)
    assert desk.ask(DID, Lamp(green=True).see).state == "done"
    assert desk.session is not None
    rows = [line.facts["verdict"] for line in desk.session.journal.of_kind("check")]
    assert rows == ["fail", "pass"]


@pytest.mark.parametrize("verdict", ["fail", "unknown"])
def test_done_and_not_proven(desk: Desk, verdict: str) -> None:
    """Somebody says it is done and the facts say otherwise, or cannot be read: exit 3, the answer is on record as
    unproven, and the next run asks the facts again.
    """
    lamp = Lamp(green=False)
    see = lamp.see if verdict == "fail" else lambda: [unknown("rack", "lamp", seen="dark", expected="green")]
    error = desk.refused(DID, see)
    assert (type(error), error.exit_code) == (CheckFailed, 3)
    assert "lamp" in error.message
    assert desk.states == ["unproven"]
    assert desk.refused(see=see).exit_code == 5
    assert desk.ask(DID, Lamp(green=True).see).state == "done"


def test_done_and_undone_since(desk: Desk) -> None:
    """What was proven once and is not so any more is asked for again: facts outweigh the record."""
    desk.ask(DID, Lamp(green=True).see)
    assert desk.refused(see=Lamp(green=False).see).exit_code == 5


def test_soft_checks_hold_nothing_back(desk: Desk) -> None:
    """A warning beside the proof is told, and does not close the step."""
    see = [*Lamp(green=True).see(), judge("rack", "dust", False, seen="some", expected="none", soft=True)]
    assert desk.ask(see=lambda: see).state == "found"


def test_no_check_made_is_no_proof(desk: Desk) -> None:
    """Reading back nothing proves nothing."""
    assert desk.refused(see=list).exit_code == 5


@pytest.mark.parametrize("answers", [None, DID, SKIP])
def test_a_rehearsal_tells_and_withholds(
    desk: Desk, answers: Answers | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a rehearsal the step is told and on record as withheld, whatever is said; nothing is taken as done."""
    account = desk.ask(answers, mode="rehearse", see=Lamp(green=False).see)
    assert (account.state, account.holds) == ("withheld", False)
    assert "Test-Cable -Port 1" in capsys.readouterr().out
    assert desk.session is not None
    withheld = desk.session.journal.last("withheld")
    assert withheld is not None
    assert withheld.facts["what"] == "by hand: Move the cable"


def test_evidence_is_kept_with_its_digest(desk: Desk, tmp_path: Path) -> None:
    """A file is copied into the run folder at once, and its digest is in the journal; the original may go."""
    shot = tmp_path / "lamp 1.png"
    shot.write_bytes(b"\x89PNG green")
    desk.ask(Answers(did={"cable": "green"}, evidence={"cable": str(shot)}))
    shot.unlink()
    (kept,) = desk.last()["evidence"]
    assert desk.session is not None
    content = (desk.session.folder.path / kept["file"]).read_bytes()
    assert content == b"\x89PNG green"
    assert (kept["sha256"], kept["size"]) == (hashlib.sha256(content).hexdigest(), len(content))
    assert kept["file"].startswith("evidence/cable/")


@pytest.mark.parametrize("name", ["../../journal.jsonl", "..\\..\\x.png", "C:\\x.png", "con\x00.png", "...", "a" * 90])
def test_an_attached_name_stays_in_its_folder(desk: Desk, name: str) -> None:
    """Whatever a browser calls a file, it is kept below the step's own folder."""
    desk.ask(answer=Answer("green", attached=(Attachment(name, b"x"), Attachment(name, b"y"))))
    assert desk.session is not None
    folder = desk.session.folder.path / "evidence" / "cable"
    assert sorted(path.read_bytes() for path in folder.iterdir()) == [b"x", b"y"]
    assert {one["file"] for one in desk.last()["evidence"]} == {
        f"evidence/cable/{path.name}" for path in folder.iterdir()
    }


def test_a_secret_in_a_form_does_not_get_into_the_record(desk: Desk, params: Path) -> None:
    """An answer that holds a password of the deployment is refused as bad input, and nothing of it is written."""
    secret = params.with_name("secrets").joinpath("management").read_text(encoding="utf-8").strip()
    for answer in (
        Answer(f"signed in with {secret}"),
        Answer("", f"{secret} is wrong"),
        Answer("see the log", attached=(Attachment("log.txt", f"x{secret}x".encode("utf-16")),)),
    ):
        with pytest.raises(InputError, match="file:secrets/management") as caught:
            desk.ask(answer=answer)
        assert secret not in str(caught.value)
    assert desk.session is not None
    kept = [path for path in desk.session.folder.path.rglob("*") if path.is_file()]
    assert not [path for path in kept if secret.encode() in path.read_bytes()]
    assert not (desk.session.folder.path / "evidence").exists()


def test_a_run_that_waits_for_a_person_is_continued(tmp_path: Path) -> None:
    """The same command goes on with the run that asked, also before any plan; a rehearsal is never gone on with."""
    params = make_params(tmp_path / "lab")
    rehearsal, live = Desk(params), Desk(params)
    rehearsal.ask(mode="rehearse")
    live.refused()
    for desk in (rehearsal, live):
        desk.close()
    clock, runs = SetClock(NOON), params.with_name("runs")
    assert choose(runs, "activate", "lab", "live", "", clock).run == live.run
    assert choose(runs, "activate", "lab", "rehearse", "", clock).run not in (rehearsal.run, live.run)


def test_the_report_has_who_when_and_what(desk: Desk, tmp_path: Path) -> None:
    """A reader finds what was asked, who answered when and with what, and the evidence with its digest."""
    shot = tmp_path / "lamp.png"
    shot.write_bytes(b"green")
    desk.refused()
    desk.ask(Answers(did={"cable": "the <b>lamp</b>"}, evidence={"cable": [str(shot)]}))
    assert desk.session is not None
    write_report([desk.session.folder], tmp_path / "report.html", "x")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    for words in ("Done by hand", "Move the cable (cable)", "the &lt;b&gt;lamp&lt;/b&gt;", "2026-03-01 12:00:00"):
        assert words in html
    assert hashlib.sha256(b"green").hexdigest() in html
    assert "Test-Cable -Port 2" in html
    said = list(report_guided.rows(desk.session.journal.lines))
    assert len(said) == 2
    assert said[0].startswith("cable: done by ")
