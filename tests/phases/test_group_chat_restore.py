"""Group Chat brought to the standby: what is done is proven, what stands there is kept, whatever breaks goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import management_host, variant
from standby_scene import Standby

from lyncdr_helpers.backups import sets
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.errors import OperationError, Refusal, UnknownOutcome
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import group_chat, lifecycle
from lyncdr_helpers.lab.cmdlets import programs
from lyncdr_helpers.lab.winrm import Executable, ProgramCall
from lyncdr_helpers.lab.winrm.shell import Cut
from lyncdr_helpers.phases import group_chat as sides
from lyncdr_helpers.phases.acts import group_chat as act
from lyncdr_helpers.phases.acts.group_chat_database import MAPPING
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session, open_session

ROWS = len(group_chat.ROOMS) * group_chat.MESSAGES
FILES = group_chat.FILES
DATABASE = "GroupChat on gcsql02.lync.test\\groupchat"
WHOLE = 1 + len(group_chat.LOGINS) + 1
"""Changes: the database, its users, its files."""


@pytest.fixture
def standby(standing: Scene) -> Iterator[Standby]:
    found = Standby(standing)
    yield found
    found.clear()
    assert list(found.dumps.iterdir()) == [], "a dump stays behind where others can see it"


def opened(params: Path, run: str = "new", mode: str = "live") -> Session:
    return open_session("activate", params, mode=mode, run=run)


def backup_of(session: Session) -> Manifest:
    return sets.choose(session.store, session.params.deployment, session.keys, "").manifest


def seen(session: Session) -> list[Change]:
    return act.changes(session, sides.standby(session), act.of_set(session, backup_of(session)))


def bring(session: Session, some: list[Change] | None = None) -> Tally:
    """What the plan says is carried out; by default of what stands there now."""
    wanted = seen(session) if some is None else some
    try:
        return act.restore(session, sides.standby(session), wanted, act.of_set(session, backup_of(session)))
    finally:
        session.close()


def sqlcmd(scene: Scene, meddle: Callable[[str, Executable, ProgramCall], int | None]) -> dict[str, Executable]:
    """sqlcmd that asks `meddle` first, with the statement; an exit code of its own counts."""
    real = programs(scene.blueprint)["sqlcmd.exe"]

    def program(call: ProgramCall) -> int:
        code = meddle(call.arguments[-1], real, call)
        return real(call) if code is None else code

    return {"sqlcmd.exe": program}


def says(start: str, words: str) -> Callable[[str, Executable, ProgramCall], int | None]:
    """The statements that begin so end with these words."""

    def meddle(statement: str, _real: Executable, call: ProgramCall) -> int | None:
        if not statement.startswith(start):
            return None
        call.err(words)
        return 1

    return meddle


def test_group_chat_comes_back(standby: Standby) -> None:
    """Every message, every user with a login, and every file are at the standby; the dump folder is clean again."""
    session = opened(standby.scene.params)
    plan = seen(session)
    assert [(one.kind, one.target, one.old) for one in plan if one.kind != act.USER] == [
        (act.DATABASE, DATABASE, ""),
        (act.FILES, str(standby.repository), ""),
    ]
    assert act.replaced(plan) == []
    tally = bring(session, plan)
    assert (tally.done + tally.already, tally.failed) == (WHOLE, {})
    assert standby.rows() == ROWS
    assert standby.users() == {login: login for login in group_chat.LOGINS}
    assert standby.files() == FILES
    rows = [line.facts for line in session.journal.of_kind("check")]
    assert {row["verdict"] for row in rows} == {"pass"}
    assert f"at least {ROWS + 4 + 4 * 12} in 3 tables" in {row["expected"] for row in rows}


def test_once_more_changes_nothing(standby: Standby) -> None:
    """What is there already is found, in the same run and in a later one; SQL Server is told nothing that writes."""
    bring(opened(standby.scene.params))
    before = standby.server.standing("GroupChat")
    session = opened(standby.scene.params)
    plan = seen(session)
    assert all(one.old == one.new for one in plan)
    tally = bring(session, plan)
    assert (tally.done, tally.already, tally.failed) == (0, WHOLE, {})
    assert standby.server.standing("GroupChat") == before


def test_without_the_primary_site(standby: Standby) -> None:
    """Nothing of it asks the site that is lost."""
    lifecycle.fail(standby.scene.blueprint.folder, "primary")
    try:
        assert bring(opened(standby.scene.params)).failed == {}
    finally:
        lifecycle.heal(standby.scene.blueprint.folder, "primary")


def test_a_rehearsal(standby: Standby) -> None:
    """The dump is verified where it would be restored; the restore, the mapping and the files are withheld."""
    session = opened(standby.scene.params, mode="rehearse")
    tally = bring(session)
    assert (tally.done, tally.withheld, tally.failed) == (0, WHOLE, {})
    assert standby.server.standing("GroupChat") is None
    assert standby.files() == {}
    assert any("RESTORE DATABASE" in line.facts["what"] for line in session.journal.of_kind("withheld"))


# -- what stands there -----------------------------------------------------------------------------------------------


def test_a_database_of_another_origin(standby: Standby) -> None:
    """It is seen, named as what would go, and replaced only by a plan that saw it."""
    session = opened(standby.scene.params)
    empty = seen(session)
    standby.stranger()
    with pytest.raises(Refusal, match="neither as the plan saw them"):
        bring(session, empty)
    assert standby.server.rows("GroupChat") == {}
    session = opened(standby.scene.params)
    plan = seen(session)
    (gone,) = act.replaced(plan)
    assert (gone.target, gone.old.startswith("made there "), gone.old.endswith(", ONLINE")) == (DATABASE, True, True)
    assert bring(session, plan).failed == {}
    assert standby.rows() == ROWS


def test_a_database_that_came_meanwhile(standby: Standby, tmp_path: Path) -> None:
    """One that appears after the last look is kept by SQL Server itself: without a plan to replace it there is none."""

    def meddle(statement: str, _real: Executable, _call: ProgramCall) -> None:
        if statement.startswith("RESTORE DATABASE") and standby.server.standing("GroupChat") is None:
            standby.stranger()

    with (
        management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, meddle)) as params,
        pytest.raises(OperationError, match="Msg 3154"),
    ):
        bring(opened(params))
    assert standby.server.rows("GroupChat") == {}


def test_files_of_another_origin(standby: Standby) -> None:
    """Files that stand there are seen; they stay, and those of the set are put beside them."""
    (standby.repository / "ours.txt").write_text("kept")
    session = opened(standby.scene.params)
    plan = seen(session)
    assert [(one.kind, one.old) for one in act.replaced(plan)] == [(act.FILES, "1 files")]
    assert bring(session, plan).failed == {}
    assert standby.files() == {**FILES, "ours.txt": b"kept"}


def test_files_that_came_meanwhile(standby: Standby) -> None:
    """A share that was empty when the plan was made, and is not any more, is somebody's: nothing is put into it."""
    session = opened(standby.scene.params)
    plan = seen(session)
    (standby.repository / "ours.txt").write_text("kept")
    with pytest.raises(Refusal, match="is 1 files"):
        bring(session, plan)
    assert standby.files() == {"ours.txt": b"kept"}


def test_a_database_that_is_not_online(standby: Standby) -> None:
    """It was restored from this set, and is suspect now: that is not back, and is seen for what it is."""
    bring(opened(standby.scene.params))
    found = standby.server.standing("GroupChat")
    assert found is not None
    standby.server.put("GroupChat", replace(found, state="SUSPECT"))
    session = opened(standby.scene.params)
    (change,) = act.replaced(seen(session))
    session.close()
    assert change.old.startswith(f"restored from {change.new} ")
    assert change.old.endswith(", SUSPECT")


# -- what breaks -----------------------------------------------------------------------------------------------------


def test_a_dump_that_is_damaged_on_its_way(standby: Standby) -> None:
    """What arrives in the dump folder is not what was backed up: nothing is restored from it."""
    session = opened(standby.scene.params)
    content = act.of_set(session, backup_of(session))

    def spoiled(to: Path) -> None:
        content.dump.bring(to)
        to.write_bytes(to.read_bytes()[:-9] + b"x" * 9)

    with pytest.raises(OperationError, match="not what was backed up"):
        act.restore(
            session,
            sides.standby(session),
            seen(session),
            replace(content, dump=replace(content.dump, bring=spoiled)),
        )
    session.close()
    assert standby.server.standing("GroupChat") is None


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("RESTORE VERIFYONLY", "Msg 3189, Level 16\r\nDamage to the backup set was detected.\r\n"),
        ("RESTORE FILELISTONLY", "Msg 3241, Level 16\r\nThe media family on device is incorrectly formed.\r\n"),
        (
            "RESTORE DATABASE",
            "Msg 3257, Level 16\r\nThere is insufficient free space on disk volume 'D:\\' to create the database.\r\n",
        ),
        (
            "RESTORE DATABASE",
            "Msg 3101, Level 16\r\nExclusive access could not be obtained because the database is in use.\r\n",
        ),
    ],
    ids=["VERIFYONLY fails", "no list of files", "disk full", "database in use"],
)
def test_sql_server_says_no(standby: Standby, tmp_path: Path, start: str, words: str) -> None:
    """Its own words are the reason; nothing is there, no user is mapped, and the same run goes on when it is mended."""
    with management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, says(start, words))) as params:
        session = opened(params)
        with pytest.raises(OperationError, match=words.partition(",")[0]):
            bring(session)
    assert standby.server.standing("GroupChat") is None
    assert bring(opened(standby.scene.params, session.folder.run)).failed == {}
    assert standby.rows() == ROWS


def test_an_sqlcmd_that_does_nothing(standby: Standby, tmp_path: Path) -> None:
    """Exit code 0 proves nothing: the database is not there, so it failed."""

    def idle(statement: str, _real: Executable, _call: ProgramCall) -> int | None:
        return 0 if statement.startswith("RESTORE DATABASE") else None

    with (
        management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, idle)) as params,
        pytest.raises(OperationError, match="no error was reported, and it is not there"),
    ):
        bring(opened(params))


def test_no_sqlcmd(standby: Standby) -> None:
    """A management host without sqlcmd cannot even look."""
    params = variant(standby.scene, ("standby_sql:", "sqlcmd: nosuch.exe\n  standby_sql:"))
    session = opened(params)
    with pytest.raises(OperationError, match=r"nosuch\.exe"):
        bring(session)


def test_the_standby_is_down(standby: Standby) -> None:
    """A server that does not answer is not an empty one."""
    session = opened(variant(standby.scene, ("standby_sql: gcsql02", "standby_sql: gcsql03")))
    with pytest.raises(OperationError, match="network-related"):
        bring(session)


def test_no_room_for_the_dump(standby: Standby) -> None:
    """A dump folder that cannot be written to is named, and nothing is restored."""
    params = variant(standby.scene, ("here: sql/gcsql02/d/dumps", "here: lab.yml/dumps"))
    with pytest.raises(OperationError, match=r"cannot (be brought|write)"):
        bring(opened(params))
    assert standby.server.standing("GroupChat") is None


@pytest.mark.parametrize("lacking", [r"LYNC\svc-groupchat", "groupchat_reports"])
def test_a_login_that_is_missing(standby: Standby, lacking: str) -> None:
    """The user whose login the standby has not is named, and everything else comes back. Once the login is made, the
    same run does what is left.
    """
    standby.server.prepare(["sa", *(login for login in group_chat.LOGINS if login != lacking)])
    session = opened(standby.scene.params)
    plan = seen(session)
    tally = bring(session, plan)
    assert list(tally.failed) == [f"{lacking} in {DATABASE}"]
    assert f"has no login {lacking}" in tally.failed[f"{lacking} in {DATABASE}"]
    assert (standby.rows(), standby.files()) == (ROWS, FILES)
    standby.server.prepare(["sa", *group_chat.LOGINS])
    again = opened(standby.scene.params, session.folder.run)
    assert bring(again, plan).failed == {}
    assert standby.users() == {login: login for login in group_chat.LOGINS}


def test_the_release_of_2005(standby: Standby, tmp_path: Path) -> None:
    """SQL Server 2005 maps users by its procedure."""
    sent: list[str] = []

    def meddle(statement: str, _real: Executable, call: ProgramCall) -> int | None:
        sent.append(statement)
        if "'ProductVersion'" not in statement:
            return None
        call.out("Version\r\n-------\r\n9.00.5000.00\r\n\r\n(1 rows affected)\r\n")
        return 0

    with management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, meddle)) as params:
        assert bring(opened(params)).failed == {}
    assert any("sp_change_users_login" in one for one in sent)
    assert not any("ALTER USER" in one for one in sent)
    assert standby.users()["groupchat_reports"] == "groupchat_reports"


# -- cut short -------------------------------------------------------------------------------------------------------


def test_a_lost_answer(standby: Standby, tmp_path: Path) -> None:
    """The restore was sent and its answer is lost: unknown. The same run reads it back, and restores nothing twice."""

    def cut(statement: str, real: Executable, call: ProgramCall) -> int | None:
        if statement.startswith("RESTORE DATABASE"):
            real(call)
            raise Cut
        return None

    with management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, cut)) as params:
        session = opened(params)
        plan = seen(session)
        with pytest.raises(UnknownOutcome):
            bring(session, plan)
    before = standby.server.standing("GroupChat")
    tally = bring(opened(standby.scene.params, session.folder.run), plan)
    assert tally.failed == {}
    assert standby.server.standing("GroupChat") == before
    assert standby.users()["groupchat_reports"] == "groupchat_reports"


class Killed(BaseException):
    """The process is gone: nothing after it runs, and nothing catches it."""


def test_killed_between_restore_and_mapping(standby: Standby, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database is back and nobody is mapped yet: the same run maps, and restores nothing twice."""
    session = opened(standby.scene.params)
    plan = seen(session)
    write = session.journal.write

    def dying(kind: str, **facts: object) -> Line:
        if kind == "intent" and facts["act"] == MAPPING:
            raise Killed
        return write(kind, **facts)

    monkeypatch.setattr(session.journal, "write", dying)
    with pytest.raises(Killed):
        bring(session, plan)
    before = standby.server.standing("GroupChat")
    assert (standby.users()["groupchat_reports"], standby.files()) == ("", {})
    tally = bring(opened(standby.scene.params, session.folder.run), plan)
    assert (tally.done, tally.failed) == (2, {})
    assert standby.server.standing("GroupChat") == before
    assert standby.users()["groupchat_reports"] == "groupchat_reports"
    assert standby.files() == FILES


def test_cut_short_in_the_middle_of_a_restore(standby: Standby, tmp_path: Path) -> None:
    """What a restore of this run left half done is begun again; another run sees it as what stands there."""

    def half(statement: str, real: Executable, call: ProgramCall) -> int | None:
        if not statement.startswith("RESTORE DATABASE"):
            return None
        real(call)
        found = standby.server.standing("GroupChat")
        assert found is not None
        standby.server.put("GroupChat", replace(found, state="RESTORING", restored={}))
        raise Cut

    with management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, half)) as params:
        session = opened(params)
        plan = seen(session)
        with pytest.raises(UnknownOutcome):
            bring(session, plan)
    other = opened(standby.scene.params)
    assert [one.old.endswith(", RESTORING") for one in act.replaced(seen(other))] == [True]
    other.close()
    assert bring(opened(standby.scene.params, session.folder.run), plan).failed == {}
    assert standby.rows() == ROWS


def test_files_cut_short(standby: Standby) -> None:
    """Half of the files are there: the same run puts the rest beside them."""
    session = opened(standby.scene.params)
    plan = seen(session)
    bring(session, plan)
    (standby.repository / "Operations" / "read me.txt").unlink()
    (standby.repository / "Operations" / "Rack plan 2026.txt.lyncdr-part").write_bytes(b"half")
    (standby.repository / "Operations" / "Rack plan 2026.txt").unlink()
    assert bring(opened(standby.scene.params, session.folder.run), plan).failed == {}
    assert standby.files() == FILES


def test_rows_that_are_not_there(standby: Standby) -> None:
    """A table with fewer rows than were recorded is named, with how many are missing, and counts as failed."""
    session = opened(standby.scene.params)
    content = act.of_set(session, backup_of(session))
    more = replace(content, record=content.record.model_copy(update={"rows": {"dbo.message": ROWS + 5, "dbo.x": 2}}))
    tally = act.restore(session, sides.standby(session), seen(session), more)
    session.close()
    assert tally.failed == {
        f"dbo.message in {DATABASE}": "5 rows are missing",
        f"dbo.x in {DATABASE}": "2 rows are missing",
    }
