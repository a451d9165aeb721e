"""A session: parameters and mode become ports, and whatever cannot be is said before anything begins."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lyncdr_helpers.adapters.local_shell import LocalShell
from lyncdr_helpers.adapters.rehearse import RehearsedNameserver, RehearsedShell
from lyncdr_helpers.adapters.script_shell import ScriptShell
from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.checks import judge
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.session import PARAMS, Session, found, open_session


@pytest.fixture
def params(tmp_path: Path) -> Path:
    """A lab's parameters, certificates and secrets, and no lab: adapters dial when they are asked, not before."""
    blueprint = Blueprint(tmp_path / "lab")
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    blueprint.params_file.write_text(lab_params.render(blueprint, blueprint.folder), encoding="utf-8")
    return blueprint.params_file


def test_a_rehearsal_wraps_whatever_writes(params: Path) -> None:
    """Rehearse: shell and nameservers are wrapped. Live: they are not."""
    rehearsal = open_session("activate", params, mode="rehearse", run="new")
    assert isinstance(rehearsal.shell, RehearsedShell)
    assert all(isinstance(one, RehearsedNameserver) for one in rehearsal.nameservers.values())
    rehearsal.close()
    live = open_session("activate", params, mode="live", run="new")
    assert not isinstance(live.shell, RehearsedShell)
    assert not any(isinstance(one, RehearsedNameserver) for one in live.nameservers.values())
    live.close()


@pytest.mark.parametrize(("transport", "kind"), [("winrm", WinrmShell), ("local", LocalShell), ("script", ScriptShell)])
def test_the_way_to_the_management_host(params: Path, transport: str, kind: type) -> None:
    """The parameters choose it; nothing is dialled, started or written before the first command."""
    params.write_text(params.read_text(encoding="utf-8").replace("transport: winrm", f"transport: {transport}"))
    session = open_session("prepare", params, run="new")
    session.close()
    assert isinstance(session.shell, kind)
    assert not list(params.parent.rglob("*.ps1"))


def test_a_mode_that_is_none(params: Path) -> None:
    """A misspelt mode is bad input: it neither acts nor rehearses."""
    with pytest.raises(InputError, match="rehearse, live"):
        open_session("activate", params, mode="Live")


def test_a_run_of_another_phase_is_not_continued(params: Path) -> None:
    """Naming a backup's run for an activation is bad input, and the run's journal stays as it was."""
    backup = open_session("backup", params, run="new")
    backup.end("done", 0)
    before = backup.journal.path.read_bytes()
    with pytest.raises(InputError, match="is a backup of lab"):
        open_session("activate", params, mode="live", run=backup.folder.run)
    assert backup.journal.path.read_bytes() == before


def test_a_gate_and_its_waiver(params: Path) -> None:
    """A closed gate stops a live run; a reason passes it and is on record with who gave it; blanks are no reason."""
    waived = open_session("activate", params, mode="live", run="new", waivers={"backup-age": "share was down"})
    waived.hold("backup-age", Refusal("too old"))
    line = waived.journal.last("waiver")
    assert line is not None
    assert (line.facts["reason"], line.facts["waived"]) == ("share was down", "too old")
    waived.close()
    blank = open_session("activate", params, mode="live", run="new", waivers={"backup-age": "  "})
    with pytest.raises(Refusal, match="too old"):
        blank.hold("backup-age", Refusal("too old"))
    blank.close()


def test_a_notebook_goes_on_after_a_closed_gate(params: Path) -> None:
    """A cell that refused ended the run; the next cell takes the lock again and says that the run resumes."""
    session = open_session("activate", params, mode="live", run="new")
    with pytest.raises(Refusal), session.step("approval"):
        raise Refusal("closed")
    with session.step("approval"):
        session.record(judge("gate", "approval", True, seen="given", expected="given"))
    session.close()
    kinds = [line.kind for line in session.journal.lines]
    assert kinds == ["begin", "step", "end", "resume", "step", "check", "step"]


def test_an_unexpected_error_ends_the_run_too(params: Path) -> None:
    """A bug is on record as `failed`, exit 1, with its class; it is not dressed up as anything else."""
    session = open_session("verify", params, run="new", locked=False)
    with pytest.raises(ZeroDivisionError), session.step("users"):
        print(1 / 0)
    end = session.journal.last("end")
    assert end is not None
    assert (end.facts["outcome"], end.facts["exit_code"], end.facts["error"]) == ("failed", 1, "ZeroDivisionError")


def test_a_step_that_was_done_says_so(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever runs a cell again, in this process or in a later one, reads when it was done and by whom."""
    session = open_session("verify", params, run="new", locked=False)
    with session.step("users"):
        assert "already done" not in capsys.readouterr().out
    with session.step("users"):
        pass
    session.close()
    again = open_session("verify", params, run=session.folder.run, locked=False)
    with again.step("users"), pytest.raises(ZeroDivisionError), again.step("contacts"):
        print(1 / 0)
    with again.step("contacts"):
        again.close()
    who = session.journal.lines[0].facts["who"]
    said = rf"users: already done at \d\d:\d\d UTC by {who['user']}@{who['host']}; it is looked at once more\."
    told = capsys.readouterr().out
    assert len(re.findall(said, told)) == 2
    assert "contacts: already" not in told


class Witness:
    """Eyes that remember what they were shown, and what the journal held by then."""

    def __init__(self, session: Session) -> None:
        self.seen: list[tuple[str, ...]] = []
        self._journal = session.journal

    def stepped(self, name: str, state: str) -> None:
        self.seen.append((name, state, self._journal.lines[-1].kind))

    def paced(self, about: str, text: str) -> None:
        self.seen.append((about, text))


def test_whoever_shows_a_run_is_told_after_the_journal(params: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown is on record already; how far a step is goes to them, and to the terminal where nobody shows it."""
    session = open_session("verify", params, run="new", locked=False)
    session.pace("users", "users: 1 of 2")
    assert "users: 1 of 2" in capsys.readouterr().out
    session.eyes = eyes = Witness(session)
    with session.step("users"):
        session.pace("users", "users: 2 of 2")
    session.end("done", 0)
    assert "users: 2 of 2" not in capsys.readouterr().out
    assert eyes.seen == [
        ("users", "started", "step"),
        ("users", "users: 2 of 2"),
        ("users", "done", "step"),
        ("", "done", "end"),
    ]


def test_an_empty_name_is_what_the_console_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`lyncdr console --params` tells its notebooks by the environment; without it they are about the lab."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(PARAMS, raising=False)
    assert found("").as_posix().endswith("params/lab.yml")
    monkeypatch.setenv(PARAMS, "here/contoso.yml")
    assert found("") == Path("here/contoso.yml")
    assert found("params/other.yml") == Path("params/other.yml")
