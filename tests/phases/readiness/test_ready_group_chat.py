"""Group Chat's standby: not named, silent, too old, without its logins, folders or server, or installed already."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dead_ends import blackhole, says_nothing, served
from dr_scene import Scene
from phase_scene import Ended, management_host, variant
from ready_scene import GROUP_CHAT_NEEDED, remedy

from lyncdr_helpers.lab import group_chat, lifecycle
from lyncdr_helpers.lab.cmdlets import programs
from lyncdr_helpers.lab.winrm import Executable, ProgramCall
from lyncdr_helpers.phases.readiness import group_chat as readiness
from lyncdr_helpers.phases.readiness.group_chat import EMPTY, FOLDERS, LOGINS, SERVER, STANDBY, VERSION, WAY_HOME

ask = partial(ready_scene.ask, steps=("topology", "directory", "requirements", "standby", "preflight"))

MUST = ("\nretention:", "\nrequirements: {group_chat: true}\nretention:")
"""Group Chat must come back."""
severities = pytest.mark.parametrize(("must", "verdict", "code"), [(False, "warn", 0), (True, "fail", 3)])


def rewritten(scene: Scene, change: Callable[[str], str]) -> Executable:
    """sqlcmd whose output is changed."""
    real = programs(scene.blueprint)["sqlcmd.exe"]
    return lambda call: real(ProgramCall(call.arguments, call.user, lambda text: call.out(change(text)), call.err))


@severities
def test_no_standby_is_named(standing: Scene, ready: Ended, must: bool, verdict: str, code: int) -> None:
    """Without a standby there is nothing to restore on: a must where Group Chat must come back."""
    name = group_chat.standby_server(standing.blueprint).name
    found = ask(variant(standing, (f"  standby_sql: {name}\n", ""), *([MUST] if must else [])))
    needed = GROUP_CHAT_NEEDED if must else {}
    assert found.changed(ready) == {STANDBY: verdict, VERSION: "gone", LOGINS: "gone", **needed}
    assert found.code == code


def test_a_standby_that_does_not_answer(standing: Scene, ready: Ended) -> None:
    """A server that is silent is unknown, in sqlcmd's words."""
    found = ask(variant(standing, ("standby_sql: gcsql02", "standby_sql: gcsql03")))
    assert found.changed(ready) == {STANDBY: "unknown", VERSION: "gone", LOGINS: "gone"}
    assert "network-related" in found.seen(STANDBY)


def test_the_primary_does_not_answer(standing: Scene, ready: Ended) -> None:
    """Without the primary's server nobody knows what it takes to restore its dump; the standby itself is there."""
    found = ask(variant(standing, ("sql: gcsql01", "sql: gcsql09")))
    assert found.changed(ready) == {VERSION: "unknown", LOGINS: "unknown"}
    assert found.code == 0


@severities
@pytest.mark.parametrize("version", ["10.50.6000.33", "9.00.5000.00"])
def test_a_standby_that_is_too_old(
    standing: Scene, ready: Ended, tmp_path: Path, version: str, must: bool, verdict: str, code: int
) -> None:
    """SQL Server restores no dump of a later release."""
    old = rewritten(standing, lambda text: text.replace("10.50.6220.0", version))
    with management_host(standing, tmp_path, some_programs={"sqlcmd.exe": old}) as params:
        if must:
            params.write_text(params.read_text(encoding="utf-8").replace(*MUST), encoding="utf-8")
        found = ask(params)
    assert found.changed(ready) == {VERSION: verdict, **(GROUP_CHAT_NEEDED if must else {})}
    assert (found.seen(VERSION), found.code) == (version, code)


@pytest.mark.parametrize(
    ("version", "more"),
    [
        ("10.50.6000.34", {}),
        ("10.50.6000.34.1", {}),
        ("10.51.1.0", {WAY_HOME: "warn"}),
        ("15.0.2.5", {WAY_HOME: "warn"}),
    ],
)
def test_a_standby_that_is_new_enough(
    standing: Scene, ready: Ended, tmp_path: Path, version: str, more: dict[str, str]
) -> None:
    """The same release, or any later one; from a later one there is no way home, which warns and holds nothing back."""
    other = rewritten(standing, lambda text: text.replace("10.50.6220.0", version))
    with management_host(standing, tmp_path, some_programs={"sqlcmd.exe": other}) as params:
        found = ask(params)
    assert (found.code, found.changed(ready)) == (0, more)
    if more:
        assert found.seen(WAY_HOME) == f"{version} is later"
        assert "one release of SQL Server" in remedy(found, WAY_HOME)


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda text: text.replace("10.50.6220.0", "unheard of"), {VERSION: "unknown"}),
        (
            lambda text: text if "usage" in text else "no table\r\n",
            {STANDBY: "unknown", VERSION: "gone", LOGINS: "gone"},
        ),
    ],
    ids=["no version", "no table"],
)
def test_words_that_mean_nothing(
    standing: Scene, ready: Ended, tmp_path: Path, change: Callable[[str], str], changed: dict[str, str]
) -> None:
    """What cannot be read is unknown, never new enough."""
    with management_host(standing, tmp_path, some_programs={"sqlcmd.exe": rewritten(standing, change)}) as params:
        assert ask(params).changed(ready) == changed


def test_a_login_that_is_missing(standing: Scene, ready: Ended) -> None:
    """Each login that the database's users need, and the standby has not, is named; case does not count."""
    standby = group_chat.standby_server(standing.blueprint)
    kept = standby.logins
    standby.prepare(["sa", "lync\\GROUP chat services", "groupchat_reports"])
    try:
        found = ask(standing.params)
    finally:
        standby.prepare(kept)
    assert found.changed(ready) == {LOGINS: "warn"}
    assert found.seen(LOGINS) == "not there: LYNC\\svc-groupchat"


def test_the_standby_without_the_primary_site(standing: Scene, ready: Ended) -> None:
    """It stands in DR: with the primary site away it still answers."""
    lifecycle.fail(standing.blueprint.folder, "primary")
    try:
        found = ask(standing.params)
    finally:
        lifecycle.heal(standing.blueprint.folder, "primary")
    changed = found.changed(ready)
    assert STANDBY not in changed
    assert (changed[VERSION], changed[LOGINS]) == ("unknown", "unknown")


def test_a_deployment_without_group_chat(standing: Scene, ready: Ended) -> None:
    """Where there is no Group Chat nothing is said of it."""
    text = standing.params.read_text(encoding="utf-8")
    block = text[text.index("group_chat:") : text.index("\nretention:")]
    found = ask(variant(standing, (block, "")))
    assert found.changed(ready) == dict.fromkeys(
        [STANDBY, VERSION, LOGINS, FOLDERS, SERVER, EMPTY, "program sqlcmd.exe"], "gone"
    )


# -- its folders and its server --------------------------------------------------------------------------------------


@severities
@pytest.mark.parametrize("key", ["standby_dump", "standby_repository"])
def test_a_folder_that_is_not_there(
    standing: Scene, ready: Ended, key: str, must: bool, verdict: str, code: int
) -> None:
    """A share that nobody made, or nobody named, is told now: without it nothing can be restored."""
    text = standing.params.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith(f"  {key}:"))
    away = (
        line.replace("here: group-chat", "here: nowhere").replace(" group-chat/", " nowhere/").replace("sql", "nosql")
    )
    for new, words in ((away, "there is no "), ("", f"group_chat.{key} is not named")):
        found = ask(variant(standing, (line, new), *([MUST] if must else [])))
        assert found.changed(ready) == {FOLDERS: verdict, **(GROUP_CHAT_NEEDED if must else {})}
        assert words in found.seen(FOLDERS)
        assert found.code == code


@severities
def test_no_server_is_named(standing: Scene, ready: Ended, must: bool, verdict: str, code: int) -> None:
    """Without a machine there is nothing to install Group Chat on."""
    found = ask(variant(standing, (server_line(standing), ""), *([MUST] if must else [])))
    assert found.changed(ready) == {SERVER: verdict, EMPTY: "gone", **(GROUP_CHAT_NEEDED if must else {})}
    assert found.code == code


@severities
def test_a_server_that_has_group_chat(standing: Scene, ready: Ended, must: bool, verdict: str, code: int) -> None:
    """Installed beforehand it would join the topology: somebody who listens where Group Chat does is found."""
    with served(standing.blueprint.group_chat_server, says_nothing) as port:
        listens = (server_line(standing), f"{server_line(standing)}\n  port: {port}")
        found = ask(variant(standing, listens, *([MUST] if must else [])))
    assert found.changed(ready) == {EMPTY: verdict, **(GROUP_CHAT_NEEDED if must else {})}
    assert found.seen(EMPTY) == f"{port} open"
    assert found.code == code


def test_a_server_behind_a_firewall(standing: Scene, ready: Ended) -> None:
    """Where the port is silent nobody can tell whether Group Chat is there; that is unknown, never green."""
    with blackhole(standing.blueprint.group_chat_server) as port:
        found = ask(variant(standing, (server_line(standing), f"{server_line(standing)}\n  port: {port}")))
    assert found.changed(ready) == {EMPTY: "unknown"}
    assert found.code == 0


def test_a_server_that_is_away(standing: Scene, ready: Ended, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that is silent on everything warns, and nothing is said of what is installed on it."""
    with blackhole(standing.blueprint.group_chat_server) as port:
        monkeypatch.setattr(readiness, "SIGNS_OF_LIFE", (port,))
        found = ask(standing.params)
    assert found.changed(ready) == {SERVER: "warn", EMPTY: "gone"}


def server_line(scene: Scene) -> str:
    text = scene.params.read_text(encoding="utf-8")
    return next(line for line in text.splitlines() if line.startswith("  standby_server:"))
