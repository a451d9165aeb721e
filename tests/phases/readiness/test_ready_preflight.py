"""Preflight: a cmdlet, a parameter, a program, a version or a folder that would be missed on the night is named now."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, management_host, variant
from ready_scene import remedy

from lyncdr_helpers.lab.cmdlets import cmdlets
from lyncdr_helpers.lab.winrm import Call, CmdletError, ProgramCall
from lyncdr_helpers.phases.readiness.preflight import CMDLETS, FOLDER, LANGUAGE, PARAMETERS, POWERSHELL
from lyncdr_helpers.shell import powershell

ask = partial(ready_scene.ask, steps=("preflight", "standby"))

PROC = Path("/proc")
DBIMPEXP, SQLCMD = "program dbimpexp.exe", "program sqlcmd.exe"


def telling(scene: Scene, change: Callable[[str], str]) -> Callable[[Call], None]:
    """Get-Command with each syntax changed; an empty one is left out."""
    real = cmdlets(scene.blueprint)["Get-Command"]

    def get_command(call: Call) -> None:
        texts: list[str] = []

        class Streams:
            output = staticmethod(texts.append)
            error = warning = staticmethod(lambda _: None)

        real(Call(call.name, call.parameters, call.feed, call.user, Streams()))
        for text in filter(None, map(change, texts)):
            call.text(text)

    return get_command


def answering(expression: str, answer: str) -> Callable[[Call], None]:
    """Invoke-Expression of a host that answers one of the two expressions so, or not at all."""
    right = {powershell.VERSION_EXPRESSION: "2.0", powershell.LANGUAGE_EXPRESSION: "FullLanguage"}
    answers = {**right, expression: answer}
    return lambda call: call.text(answers[call.get("Command")]) if answers[call.get("Command")] else None


def failing(message: str) -> Callable[[Call], None]:
    def cmdlet(call: Call) -> None:
        raise CmdletError(message, "Refused")

    return cmdlet


# -- cmdlets ---------------------------------------------------------------------------------------------------------


def test_a_cmdlet_that_is_not_there(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Each cmdlet that the host does not have is named."""
    get = telling(standing, lambda text: "" if "Move-CsUser" in text or "Export-CsLis" in text else text)
    with management_host(standing, tmp_path, {"Get-Command": get}) as params:
        found = ask(params)
    assert found.changed(ready) == {CMDLETS: "fail"}
    assert found.seen(CMDLETS) == "not there: Export-CsLisConfiguration, Move-CsUser"
    assert found.code == 3


def test_a_parameter_that_is_not_there(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A role that hides parameters, or another generation: what the playbook gives and the host does not take."""
    get = telling(standing, lambda text: text.replace("[-PassThru] ", "").replace("[-Confirm] ", ""))
    with management_host(standing, tmp_path, {"Get-Command": get}) as params:
        found = ask(params)
    assert found.changed(ready) == {PARAMETERS: "fail"}
    assert "Move-CsUser lacks -confirm, -passthru" in found.seen(PARAMETERS)
    assert found.code == 3


@pytest.mark.parametrize("get", [lambda _: None, failing("Get-Command is not allowed.")], ids=["nothing", "refused"])
def test_no_cmdlet_is_there(standing: Scene, ready: Ended, tmp_path: Path, get: Callable[[Call], None]) -> None:
    """A host without Lync's tools says so in one row."""
    with management_host(standing, tmp_path, {"Get-Command": get}) as params:
        found = ask(params)
    assert found.changed(ready) == {CMDLETS: "fail", PARAMETERS: "gone"}


# -- PowerShell ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("version", "verdict"), [("1.0", "fail"), ("5.1.17763.1", None), ("", "unknown")])
def test_a_version_that_is_too_old(
    standing: Scene, ready: Ended, tmp_path: Path, version: str, verdict: str | None
) -> None:
    """PowerShell before the one that the generation was made for is red; a later one is not."""
    get = answering(powershell.VERSION_EXPRESSION, version)
    with management_host(standing, tmp_path, {"Invoke-Expression": get}) as params:
        found = ask(params)
    assert found.changed(ready) == ({POWERSHELL: verdict} if verdict else {})


@pytest.mark.parametrize("mode", ["ConstrainedLanguage", "NoLanguage", ""])
def test_a_language_mode(standing: Scene, ready: Ended, tmp_path: Path, mode: str) -> None:
    """Any mode but FullLanguage warns: cmdlets run in it, but not all of them as they were made to."""
    get = answering(powershell.LANGUAGE_EXPRESSION, mode)
    with management_host(standing, tmp_path, {"Invoke-Expression": get}) as params:
        found = ask(params)
    assert found.changed(ready) == {LANGUAGE: "warn"}
    assert found.code == 0


def test_an_endpoint_without_scripts(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """Where no expression is run, the version is unknown, and what endpoint to take is said."""
    refused = {"Invoke-Expression": failing("The term 'Invoke-Expression' is not recognized.")}
    with management_host(standing, tmp_path, refused) as params:
        found = ask(params)
    assert found.changed(ready) == {POWERSHELL: "unknown", LANGUAGE: "warn"}
    assert "ordinary WinRM endpoint" in remedy(found, LANGUAGE)


# -- programs --------------------------------------------------------------------------------------------------------


def stranger(call: ProgramCall) -> int:
    """A program of that name that is another one; it ends well."""
    call.out("Usage: something else\r\n")
    return 0


def absent(call: ProgramCall) -> int:
    call.err("'x' is not recognized as an internal or external command,\r\n")
    return 1


@pytest.mark.parametrize("program", [stranger, absent])
def test_a_program_that_is_not_there(
    standing: Scene, ready: Ended, tmp_path: Path, program: Callable[[ProgramCall], int]
) -> None:
    """Without dbimpexp no contact list is brought back; its words prove it, not its exit code."""
    with management_host(standing, tmp_path, some_programs={"dbimpexp.exe": program}) as params:
        found = ask(params)
    assert found.changed(ready) == {DBIMPEXP: "fail"}
    assert "DBImpExp.exe" in remedy(found, DBIMPEXP)
    assert found.code == 3


@pytest.mark.parametrize(("needed", "verdict"), [("false", "warn"), ("true", "fail")])
def test_no_sqlcmd(standing: Scene, ready: Ended, tmp_path: Path, needed: str, verdict: str) -> None:
    """Without sqlcmd Group Chat cannot be asked: a must where it must come back, else a should."""
    with management_host(standing, tmp_path, some_programs={"sqlcmd.exe": absent}) as params:
        text = params.read_text(encoding="utf-8")
        params.write_text(f"{text}\nrequirements: {{group_chat: {needed}}}\n", encoding="utf-8")
        found = ask(params)
    gone = dict.fromkeys(["Group Chat standby version", "Group Chat standby logins"], "gone")
    assert found.changed(ready) == {SQLCMD: verdict, "Group Chat standby": "unknown", **gone}
    assert found.code == (3 if needed == "true" else 0)


# -- the exchange folder ---------------------------------------------------------------------------------------------


def test_two_folders_instead_of_one(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """What is written here is not there: every export of the night would be missed."""
    found = ask(variant(standing, ("here: mgmt/c/lyncdr", f"here: {tmp_path}")))
    assert found.changed(ready) == {FOLDER: "fail"}
    assert found.seen(FOLDER).startswith("what is written here is not read there: ")
    assert found.code == 3
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A folder that is missing is red, and is not made."""
    found = ask(variant(standing, ("here: mgmt/c/lyncdr", f"here: {tmp_path / 'none'}")))
    assert found.changed(ready) == {FOLDER: "fail"}
    assert not (tmp_path / "none").exists()


@pytest.mark.skipif(not PROC.is_dir(), reason="Linux has a folder that nobody writes to, not even root")
def test_a_folder_that_we_may_not_write_to(standing: Scene, ready: Ended) -> None:
    """A share that is read-only from here is red."""
    found = ask(variant(standing, ("here: mgmt/c/lyncdr", f"here: {PROC}")))
    assert found.changed(ready) == {FOLDER: "fail"}
    assert found.seen(FOLDER).startswith(f"cannot write to {PROC}: ")


@pytest.mark.parametrize(
    ("replaced", "words"),
    [
        ({"Set-Content": failing("Access to the path is denied.")}, "the management host cannot write: Access"),
        ({"Set-Content": lambda _: None}, "what is written there is not read here: "),
        ({"Get-Content": lambda call: call.text("something else")}, "is not what was written to"),
    ],
    ids=["denied", "elsewhere", "stale"],
)
def test_the_other_side_does_not_share(
    standing: Scene, ready: Ended, tmp_path: Path, replaced: dict[str, Callable[[Call], None]], words: str
) -> None:
    """The host must write what we read and read what we write; each way that fails says which."""
    with management_host(standing, tmp_path, replaced) as params:
        found = ask(params)
    assert found.changed(ready) == {FOLDER: "fail"}
    assert words in found.seen(FOLDER)
    assert not list(standing.blueprint.exchange.iterdir())
