"""Group Chat goes home: what was written at the DR site is at the primary, and nothing of it is lost on the way."""

from __future__ import annotations

import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import management_host, variant
from standby_scene import Standby
from test_group_chat_restore import Killed, bring, opened, says, sqlcmd

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.errors import CheckFailed, OperationError, Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.sql_server import LabSqlServer
from lyncdr_helpers.lab.winrm import Executable, ProgramCall
from lyncdr_helpers.phases import group_chat_home as home
from lyncdr_helpers.phases.acts import group_chat as act
from lyncdr_helpers.phases.acts.group_chat_database import MAPPING
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session, open_session

PRIMARY = "GroupChat on gcsql01.lync.test\\groupchat"
WRITTEN = "written at the DR site"


def execute(server: LabSqlServer, statement: str) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(server.database("GroupChat"))) as database, database:
        return database.execute(statement).fetchall()


@pytest.fixture
def away(standing: Scene, tmp_path: Path) -> Iterator[Standby]:
    """Group Chat lives at the DR site; a message and a file are new there, and one message is gone."""
    lab = standing.blueprint
    kept = {path: tmp_path / path.name for path in (group_chat.sql_server(lab).folder, group_chat.repository(lab))}
    for path, copy in kept.items():
        shutil.copytree(path, copy)
    found = Standby(standing)
    bring(opened(standing.params))
    execute(found.server, f"UPDATE message SET text = '{WRITTEN}' WHERE number = 7")
    execute(found.server, "DELETE FROM message WHERE number = 9")
    (found.repository / "Operations" / "new.txt").write_bytes(b"new")
    yield found
    found.clear()
    group_chat.stopped(lab).unlink(missing_ok=True)
    for path, copy in kept.items():
        shutil.rmtree(path)
        shutil.copytree(copy, path)


def primary(scene: Scene) -> LabSqlServer:
    return group_chat.sql_server(scene.blueprint)


def going(
    params: Path,
    run: str = "new",
    mode: str = "live",
    waive: Mapping[str, str] | None = None,
    answers: Answers | None = None,
) -> Session:
    return open_session("failback", params, mode=mode, run=run, waivers=waive, answers=answers)


def plan_of(session: Session) -> Plan:
    return Plan.of(session.folder.run, "lab", "home", {}, home.changes(session))


def left_behind(scene: Scene) -> list[str]:
    """Dumps and archives that anybody could still read."""
    lab = scene.blueprint
    places = (group_chat.dumps(lab), group_chat.standby_dumps(lab), lab.folder / "work")
    return sorted(path.name for place in places for path in place.rglob("*") if path.is_file())


def messages(server: LabSqlServer) -> list[tuple[str, ...]]:
    return execute(server, "SELECT * FROM message ORDER BY number")


def test_what_was_written_comes_home(away: Standby) -> None:
    """Every message as it is at the DR site, every user with a login, the new file; nothing stays on the way."""
    session = going(away.scene.params)
    plan = plan_of(session)
    (database,) = plan.of_kind(act.DATABASE)
    assert (database.target, database.new) == (PRIMARY, session.folder.run)
    assert database.old.startswith("made there ")
    tally = home.bring(session, plan)
    session.close()
    assert (tally.failed, tally.withheld) == ({}, 0)
    server = primary(away.scene)
    assert messages(server) == messages(away.server)
    assert WRITTEN in {text for *_, text in messages(server)}
    assert {user: login for user, _, login in server.users("GroupChat")} == {one: one for one in group_chat.LOGINS}
    assert (group_chat.repository(away.scene.blueprint) / "Operations" / "new.txt").read_bytes() == b"new"
    assert left_behind(away.scene) == []


def test_a_rehearsal(away: Standby) -> None:
    """The dump is made and verified; the primary is left as it is."""
    before = messages(primary(away.scene))
    session = going(away.scene.params, mode="rehearse")
    tally = home.bring(session, plan_of(session))
    session.close()
    assert (tally.done, tally.failed, tally.withheld > 0) == (0, {}, True)
    assert messages(primary(away.scene)) == before
    assert left_behind(away.scene) == []


def test_killed_after_the_restore(away: Standby, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Restored and nobody mapped yet: the same run does the rest, with no second dump and no second restore."""
    session = going(away.scene.params)
    plan = plan_of(session)
    write = session.journal.write

    def dying(kind: str, **facts: object) -> Line:
        if kind == "intent" and facts["act"] == MAPPING:
            raise Killed
        return write(kind, **facts)

    monkeypatch.setattr(session.journal, "write", dying)
    with pytest.raises(Killed):
        home.bring(session, plan)
    session.close()
    before = primary(away.scene).standing("GroupChat")
    no_more = says("BACKUP DATABASE", "Msg 3013, Level 16\r\nBACKUP DATABASE is terminating abnormally.\r\n")
    with management_host(away.scene, tmp_path, some_programs=sqlcmd(away.scene, no_more)) as params:
        again = going(params, session.folder.run)
        assert home.bring(again, plan).failed == {}
        again.close()
    assert primary(away.scene).standing("GroupChat") == before
    assert {login for _, _, login in primary(away.scene).users("GroupChat")} == set(group_chat.LOGINS)


def test_the_primary_is_in_use(away: Standby, tmp_path: Path) -> None:
    """SQL Server replaces no database that somebody uses: it stays, and its words are the reason."""
    before = messages(primary(away.scene))
    busy = says("RESTORE DATABASE", "Msg 3101, Level 16\r\nExclusive access could not be obtained.\r\n")
    with management_host(away.scene, tmp_path, some_programs=sqlcmd(away.scene, busy)) as params:
        session = going(params)
        with pytest.raises(OperationError, match="Msg 3101"):
            home.bring(session, plan_of(session))
        session.close()
    assert messages(primary(away.scene)) == before
    assert left_behind(away.scene) == []


def test_somebody_restored_another_one_meanwhile(away: Standby) -> None:
    """What the plan did not see is not replaced."""
    session = going(away.scene.params)
    plan = plan_of(session)
    found = primary(away.scene).standing("GroupChat")
    assert found is not None
    primary(away.scene).put("GroupChat", replace(found, created="2026-01-01T00:00:00"))
    with pytest.raises(Refusal, match="neither as the plan saw them"):
        home.bring(session, plan)
    session.close()


def test_a_primary_of_an_earlier_release(away: Standby, tmp_path: Path) -> None:
    """A DR site of a later release has no way home: refused before anything is approved, or left out with a reason."""

    def later(statement: str, real: Executable, call: ProgramCall) -> int | None:
        if "'ProductVersion'" not in statement:
            return None
        return real(ProgramCall(call.arguments, call.user, lambda text: call.out(newer(text)), call.err))

    def newer(text: str) -> str:
        return text.replace(group_chat.STANDBY_VERSION, "11.0.7001.0")

    with management_host(away.scene, tmp_path, some_programs=sqlcmd(away.scene, later)) as params:
        session = going(params)
        with pytest.raises(Refusal, match="earlier release"):
            home.changes(session)
        session.close()
        session = going(params, waive={home.GATE: "it stays in DR"})
        assert home.changes(session) == []
        session.close()


def test_nothing_to_bring_home(standing: Scene) -> None:
    """Where nobody restored it at the DR site, or it has no place there, nothing is planned and nothing is asked of
    anybody.
    """
    for params in (standing.params, variant(standing, ("  standby_sql: gcsql02.lync.test\\groupchat\n", ""))):
        session = going(params)
        plan = plan_of(session)
        assert plan.changes == ()
        tally = home.bring(session, plan)
        assert (tally.done, home.stop(session, plan), home.start(session, plan, tally)) == (0, [], [])
        session.close()


def test_both_servers_are_a_persons(away: Standby) -> None:
    """At the DR site it must have stopped, as its port shows; at the primary somebody says that it runs."""
    waits = time.monotonic() + 10
    session = going(away.scene.params)
    plan = plan_of(session)
    with pytest.raises(Refusal, match="--did group-chat-stop="):
        home.stop(session, plan)
    said = Answers(did={home.STOP: "stopped", home.START: "a message is read"})
    session = going(away.scene.params, session.folder.run, answers=said)
    with pytest.raises(CheckFailed, match="expected no answer"):
        home.stop(session, plan)
    group_chat.stopped(away.scene.blueprint).touch()
    address = away.scene.blueprint.group_chat_server, away.scene.blueprint.group_chat_port
    while session.dialer.knock(*address) and time.monotonic() < waits:
        time.sleep(0.05)
    (account,) = home.stop(session, plan)
    assert account.state == "done"
    tally = home.bring(session, plan)
    (account,) = home.start(session, plan, tally)
    assert account.state == "done"
    session.close()
