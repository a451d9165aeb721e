"""Two people for one plan: who counts as two, what is on record, and that nothing opens for one alone."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

import filelock
import pytest

from lyncdr_helpers import cli, files, runfolder
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import InputError, Locked, Refusal
from lyncdr_helpers.journal import read
from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.phases import activate, approval
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session, open_session

ANNA, BERT = "anna", "bert"


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Blueprint:
    """A lab's certificates and secrets, and no lab: nobody is asked here."""
    blueprint = Blueprint(tmp_path_factory.mktemp("approvals"))
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    return blueprint


@pytest.fixture
def params(certified: Blueprint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A deployment that asks for two people; anna sits at it."""
    monkeypatch.setenv("LOGNAME", ANNA)
    text = lab_params.render(certified, certified.folder) + "approval: {second_approver: true}\n"
    path = certified.folder / f"{tmp_path.name}.yml"
    path.write_text(text.replace("runs_folder: runs", f"runs_folder: {tmp_path / 'runs'}"), encoding="utf-8")
    return path


class Night:
    """Anna's run, which stands at its gate with a plan."""

    def __init__(self, params: Path, *, mode: str = "live") -> None:
        self.params = params
        self.session = open_session("activate", params, mode=mode, run="new")
        self.run = self.session.folder.run
        move = Change("move-user", "ann@lync.test", "pool01.lync.test", "drse01.lync.test")
        self.plan = Plan.of(self.run, "lab", "pool01.lync.test -> drse01.lync.test, 1 users", {}, [move])
        approval.propose(self.session, self.plan)

    def at_gate(self, digest: str = "", second: str = "", session: Session | None = None) -> str:
        """What the gate says: the text of the refusal where it is closed."""
        try:
            return activate.approve(session or self.session, self.plan, digest, second)
        except Refusal as refusal:
            return str(refusal)

    def given(self) -> list[tuple[str, str]]:
        """(name, account) of every approval on record."""
        lines = read(self.session.folder.journal)[0]
        return [(one.facts["name"], one.facts["by"]["user"]) for one in lines if one.kind == "approval"]


def as_somebody(monkeypatch: pytest.MonkeyPatch, who: str) -> None:
    monkeypatch.setenv("LOGNAME", who)


def test_one_is_not_enough(params: Path) -> None:
    """The first approval is kept, and the refusal says by whom, and exactly what a second person runs."""
    night = Night(params)
    said = night.at_gate(night.plan.short)
    assert "waits for a second person" in said
    assert "Approved by anna on " in said
    assert f"lyncdr approve {night.run} {night.plan.short} --params {params}" in said
    assert night.given() == [(ANNA, ANNA)]
    assert approval.approved(night.session) is None


def test_the_second_from_another_account(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lyncdr approve` by somebody else opens it; the notebook that stood at the gate goes on; both are on record."""
    night = Night(params)
    night.at_gate(night.plan.short)
    as_somebody(monkeypatch, BERT)
    _, standing = approval.give(params, night.run, night.plan.short)
    assert standing.whole
    as_somebody(monkeypatch, ANNA)
    said = night.at_gate(night.plan.short)
    assert said.startswith("Approved already by anna on ")
    assert " and bert on " in said
    assert night.given() == [(ANNA, ANNA), (BERT, BERT)]
    read(night.session.folder.journal)  # raises where the two writers broke the chain


def test_the_command(params: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """`lyncdr approve` says who approved what; from the first one's account it is refused, with exit code 5."""
    night = Night(params)
    night.at_gate(night.plan.short)
    command = ["lyncdr", "approve", night.run, night.plan.short, "--params", str(params), "--json"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as refused:
        cli.main()
    assert refused.value.code == 5
    assert "Somebody else must approve it" in json.loads(capsys.readouterr().out.splitlines()[-1])["message"]
    as_somebody(monkeypatch, BERT)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert not ended.value.code
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert said == {"run": night.run, "plan": night.plan.digest, "needed": 2, "by": [ANNA, BERT]}


def test_the_second_may_come_first(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whichever order they come."""
    night = Night(params)
    night.at_gate()
    as_somebody(monkeypatch, BERT)
    approval.give(params, night.run, night.plan.digest)
    as_somebody(monkeypatch, ANNA)
    assert "waits for approval" in night.at_gate()
    assert night.at_gate(night.plan.short).startswith("Approved by bert on ")


def test_the_same_command_by_somebody_else(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever goes on with the run by its digest, as another account, is the second person."""
    night = Night(params)
    night.at_gate(night.plan.short)
    as_somebody(monkeypatch, BERT)
    session = open_session("activate", params, mode="live", approve=night.plan.short)
    assert session.folder.run == night.run
    assert night.at_gate(night.plan.short, session=session).startswith("Approved by anna on ")
    session.close()


def test_a_name_typed_at_the_first_ones_screen(params: Path) -> None:
    """It counts as a second person, and the record says at whose screen it was typed."""
    night = Night(params)
    said = night.at_gate(night.plan.short, "Berta Alm")
    assert "Berta Alm, named by anna on " in said
    assert night.given() == [(ANNA, ANNA), ("Berta Alm", ANNA)]


@pytest.mark.parametrize("name", [ANNA, " Anna ", "ANNA"])
def test_nobody_is_two_people(params: Path, name: str) -> None:
    """One's own name, in capitals or not, is no second one; by command neither, however often."""
    night = Night(params)
    assert "it must be somebody else" in night.at_gate(night.plan.short, name)
    with pytest.raises(Refusal, match="was approved by anna"):
        approval.give(params, night.run, night.plan.short)
    assert night.given() == [(ANNA, ANNA)]


def test_another_digest_is_no_approval(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second person, too, approves exactly one plan, by 12 digits or more."""
    night = Night(params)
    night.at_gate(night.plan.short)
    as_somebody(monkeypatch, BERT)
    for wrong in ("0" * 12, night.plan.short[:-1], ""):
        with pytest.raises(Refusal):
            approval.give(params, night.run, wrong)
    assert night.given() == [(ANNA, ANNA)]


def test_a_plan_made_anew_is_approved_anew(params: Path) -> None:
    """An approval stands for one digest: other facts make another plan, and nobody has approved that."""
    night = Night(params)
    night.at_gate(night.plan.short)
    night.plan = Plan.of(night.run, "lab", "pool01.lync.test -> drse01.lync.test, 0 users", {}, [])
    with night.session.step("plan"):
        approval.propose(night.session, night.plan)
    assert "waits for approval" in night.at_gate()
    assert "Approved by anna" in night.at_gate(night.plan.short)
    assert approval.approved(night.session) is None


def test_a_restarted_kernel_finds_what_was_approved(params: Path) -> None:
    """The same night, without naming run or digest; twelve hours later it is another run, with a plan of its own."""
    night = Night(params)
    night.at_gate(night.plan.short)
    runs, clock = night.session.folder.path.parent, SystemClock()
    assert runfolder.choose(runs, "activate", "lab", "live", "", clock).run == night.run
    assert runfolder.choose(runs, "activate", "lab", "live", "", Later()).run != night.run


class Later(SystemClock):
    def now(self) -> dt.datetime:
        return super().now() + dt.timedelta(hours=runfolder.APPROVAL_HOURS, seconds=1)


def test_a_run_that_is_at_work_is_left_alone(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two writers would break the chain: whoever approves waits until the run stands at its gate."""
    monkeypatch.setattr(files, "PATIENCE", 0.1)
    night = Night(params)
    night.session.close()
    with (
        filelock.FileLock(night.session.folder.path.parent / "activate.lock", is_singleton=False),
        pytest.raises(Locked),
    ):
        approval.give(params, night.run, night.plan.short)


def test_what_waits_for_nobody(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rehearsal, a run without a plan, one that is done, one that is not there: each is refused in words."""
    rehearsed = Night(params, mode="rehearse")
    rehearsed.session.close()
    as_somebody(monkeypatch, BERT)
    with pytest.raises(Refusal, match="waits for nobody: rehearse"):
        approval.give(params, rehearsed.run, rehearsed.plan.short)
    done = Night(params)
    done.session.end("done", 0)
    with pytest.raises(Refusal, match="waits for nobody: live, done"):
        approval.give(params, done.run, done.plan.short)
    empty = open_session("activate", params, mode="live", run="new")
    empty.close()
    with pytest.raises(InputError, match="has no plan"):
        approval.give(params, empty.folder.run, "0" * 12)
    with pytest.raises(InputError, match="no run"):
        approval.give(params, "nowhere", "0" * 12)


def test_a_plan_that_was_edited(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody approves a plan.json that is not the plan on record."""
    night = Night(params)
    night.at_gate(night.plan.short)
    kept = night.session.folder.plan
    kept.write_text(kept.read_text(encoding="utf-8").replace("ann@lync.test", "eve@lync.test"), encoding="utf-8")
    as_somebody(monkeypatch, BERT)
    with pytest.raises(Refusal, match="changed after it was made"):
        approval.give(params, night.run, night.plan.short)


def test_a_notebook_left_open_after_others_finished(params: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody else went on with the run elsewhere and finished it: the old notebook says so, and writes nothing."""
    night = Night(params)
    night.at_gate(night.plan.short, "Berta Alm")
    night.session.end("refused", 5)
    as_somebody(monkeypatch, BERT)
    other = open_session("activate", params, mode="live", approve=night.plan.short)
    other.end("done", 0)
    before = night.session.folder.journal.read_bytes()
    as_somebody(monkeypatch, ANNA)
    with pytest.raises(Refusal, match=r"Already done at .* by bert on "), night.session.step("move users"):
        raise AssertionError("it must not get here")
    assert night.session.folder.journal.read_bytes() == before
    again = open_session("activate", params, mode="live", run="new")  # the lock is free again
    again.close()
