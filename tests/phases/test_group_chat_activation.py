"""Group Chat in an activation: planned from what is seen, refused or left out by its requirement, installed by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import Ended, activated, management_host, run, variant, verified
from standby_scene import Standby
from test_group_chat_restore import says, sqlcmd

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.errors import CheckFailed, OperationError, Refusal
from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.phases import group_chat_in_dr as in_dr
from lyncdr_helpers.phases.acts import group_chat as act
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.session import Session

ROWS = len(group_chat.ROOMS) * (1 + 12 + group_chat.MESSAGES)
MUST = ("\nretention:", "\nrequirements: {group_chat: true}\nretention:")
NO_PLACE = ("  standby_sql: gcsql02.lync.test\\groupchat\n", "")
NO_DUMP = ("  standby_dump: {there: 'D:\\dumps', here: sql/gcsql02/d/dumps}\n", "")
SILENT = ("standby_sql: gcsql02", "standby_sql: gcsql03")


@pytest.fixture
def standby(standing: Scene) -> Iterator[Standby]:
    found = Standby(standing)
    yield found
    found.clear()


def session_of(
    params: Path, mode: str = "live", waive: Mapping[str, str] | None = None, answers: Answers | None = None
) -> Session:
    return activate.begin(params, mode, "new", waive=waive, answers=answers)


def plan_of(session: Session, *, without: str = "") -> Plan:
    """without: a kind of part that the set lacks."""
    backup = activate.choose_backup(session)
    parts = tuple(one for one in backup.parts if one.kind != without)
    return activate.make_plan(session, backup.model_copy(update={"parts": parts}))


def of_group_chat(plan: Plan) -> dict[str, int]:
    return {kind: count for kind, count in plan.counts().items() if kind in act.KINDS}


# -- the whole of it -------------------------------------------------------------------------------------------------


def test_an_activation_brings_it_back(scene: Scene) -> None:
    """With the primary site lost, every row and file is at the standby, its server answers, and nothing is lost."""
    scene.lose_primary()
    done = run(session_of(scene.params), activated)
    assert (done.code, done.text) == (0, "")
    assert [line.facts["state"] for line in done.kinds("guided")] == ["found"]
    seen = run(verify.begin(scene.params), verified)
    assert (seen.code, seen.text) == (0, "")
    expected = ROWS + len(group_chat.FILES)
    assert (seen.fact("group_chat_expected"), seen.fact("group_chat_restored")) == (expected, expected)
    assert seen.fact("lost") == 0
    assert Standby(scene).files() == group_chat.FILES


# -- the plan --------------------------------------------------------------------------------------------------------


def test_what_is_planned(standby: Standby) -> None:
    """The database, each of its users, and its files, from what stands at the standby."""
    session = session_of(standby.scene.params)
    assert of_group_chat(plan_of(session)) == {act.DATABASE: 1, act.USER: len(group_chat.LOGINS), act.FILES: 1}
    session.close()


LACKING: Mapping[str, tuple[tuple[tuple[str, str], ...], str, str]] = {
    "no standby": ((NO_PLACE,), "", r"group_chat\.standby_sql is not given"),
    "no dump folder": ((NO_DUMP,), "", r"group_chat\.standby_dump is not given"),
    "the standby is down": ((SILENT,), "", "network-related"),
    "no sqlcmd": ((("  standby_sql:", "  sqlcmd: nosuch.exe\n  standby_sql:"),), "", r"nosuch\.exe"),
    "the set has no dump": ((), "group-chat-database", "holds no group-chat-database"),
}


@pytest.mark.parametrize(("changes", "without", "said"), LACKING.values(), ids=LACKING)
def test_it_cannot_come_back(standby: Standby, changes: tuple[tuple[str, str], ...], without: str, said: str) -> None:
    """Where it need not work again the activation goes on without it, and says so; where it must, it is refused, until
    somebody gives a reason.
    """
    session = session_of(variant(standby.scene, *changes))
    assert of_group_chat(plan_of(session, without=without)) == {}
    warned = [line.facts for line in session.journal.of_kind("check") if line.facts["area"] == act.AREA]
    assert [(row["name"], row["verdict"]) for row in warned] == [("restore", "warn")]
    session.close()

    session = session_of(variant(standby.scene, *changes, MUST))
    with pytest.raises(Refusal, match=said):
        plan_of(session, without=without)
    session = session_of(variant(standby.scene, *changes, MUST), waive={"group-chat": "mail does until tomorrow"})
    assert of_group_chat(plan_of(session, without=without)) == {}
    assert [line.facts["gate"] for line in session.journal.of_kind("waiver")] == ["group-chat"]
    session.close()


@pytest.mark.parametrize(
    ("changes", "without"),
    [
        ((("  standby_repository: group-chat/standby-repository\n", ""),), ""),
        ((), "group-chat-files"),
    ],
    ids=["no share", "the set has no files"],
)
def test_its_files_cannot_come_back(standby: Standby, changes: tuple[tuple[str, str], ...], without: str) -> None:
    """The database comes back without them; it is said before the approval, and counted afterwards."""
    params = variant(standby.scene, *changes)
    session = session_of(params)
    assert act.FILES not in of_group_chat(plan_of(session, without=without))
    warned = [line.facts["name"] for line in session.journal.of_kind("check") if line.facts["verdict"] == "warn"]
    assert warned == ["files"]
    if changes:
        brought_back(session)
        found = looked_at(params)
        assert found.fact("group_chat_restored") == found.fact("group_chat_expected") - len(group_chat.FILES)
        assert "the file repository" in found.seen("rows and files of Group Chat at the DR site")
    session.close()


def test_a_deployment_without_group_chat(standby: Standby) -> None:
    """Nothing is planned, asked or counted."""
    text = standby.scene.params.read_text(encoding="utf-8")
    block = text[text.index("group_chat:") : text.index("\nretention:")]
    session = session_of(variant(standby.scene, (block, "")))
    plan = plan_of(session)
    assert of_group_chat(plan) == {}
    assert activate.install_group_chat(session, plan, Tally(act.ACT)) == []
    assert not [line for line in session.journal.of_kind("check") if line.facts["area"] == act.AREA]
    session.close()


def test_something_stands_there(standby: Standby) -> None:
    """A database of another origin closes a gate that only a reason opens; the plan then shows what goes."""
    standby.stranger()
    session = session_of(standby.scene.params)
    with pytest.raises(Refusal, match=r"GroupChat on gcsql02.*made there"):
        plan_of(session)
    session = session_of(standby.scene.params, waive={"group-chat-in-place": "the rest of a test"})
    (change,) = plan_of(session).of_kind(act.DATABASE)
    assert change.old.startswith("made there ")
    session.close()


# -- what fails ------------------------------------------------------------------------------------------------------

FULL = says("RESTORE DATABASE", "Msg 3257, Level 16\r\nThere is insufficient free space on disk volume 'D:\\'.\r\n")


def test_what_fails_holds_nothing_else_up(standby: Standby, tmp_path: Path) -> None:
    """Where it need not work again its failure is a result by name; where it must, the run stops there."""
    with management_host(standby.scene, tmp_path, some_programs=sqlcmd(standby.scene, FULL)) as params:
        session = session_of(params)
        backup = activate.choose_backup(session)
        plan = activate.make_plan(session, backup)
        tally = activate.restore_group_chat(session, plan, backup)
        assert ["Msg 3257" in why for why in tally.failed.values()] == [True]
        assert activate.install_group_chat(session, plan, tally) == []
        session.close()
        params.write_text(params.read_text(encoding="utf-8").replace(*MUST), encoding="utf-8")
        session = session_of(params)
        with pytest.raises(OperationError, match="Msg 3257"):
            activate.restore_group_chat(session, plan, backup)


# -- by hand ---------------------------------------------------------------------------------------------------------


def nobody(scene: Scene) -> tuple[str, str]:
    """Its machine is another one, where nothing listens."""
    address = scene.blueprint.group_chat_server
    return (f"address: {address}", f"address: {scene.blueprint.subnet}.99")


def brought_back(session: Session) -> tuple[Plan, Tally]:
    backup = activate.choose_backup(session)
    plan = activate.make_plan(session, backup)
    return plan, activate.restore_group_chat(session, plan, backup)


def test_the_server_waits_for_a_person(standby: Standby, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody has said that it is installed: refused, with every step to do, the database and the machine by name."""
    session = session_of(variant(standby.scene, nobody(standby.scene)))
    plan, tally = brought_back(session)
    with pytest.raises(Refusal, match="--did group-chat-server="):
        activate.install_group_chat(session, plan, tally)
    told = capsys.readouterr().out
    for words in ("gc02.lync.test", "gcsql02.lync.test\\groupchat", "existing database GroupChat", "findstr :5041"):
        assert words in told


def test_said_to_be_done(standby: Standby) -> None:
    """Somebody says that it is installed, and nothing listens there: not believed."""
    said = Answers(did={"group-chat-server": "the services run"})
    session = session_of(variant(standby.scene, nobody(standby.scene)), answers=said)
    plan, tally = brought_back(session)
    with pytest.raises(CheckFailed, match="port 5041"):
        activate.install_group_chat(session, plan, tally)


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (Answers(did={"group-chat-server": "an old message is read"}), "done"),
        (Answers(skip={"group-chat-server": "tomorrow"}), "skipped"),
    ],
)
def test_without_a_machine_in_the_parameters(standby: Standby, answers: Answers, state: str) -> None:
    """Where nobody can look, what somebody says is on record."""
    line = f"  standby_server: {{fqdn: gc02.lync.test, address: {standby.scene.blueprint.group_chat_server}}}\n"
    session = session_of(variant(standby.scene, (line, "")), answers=answers)
    (account,) = activate.install_group_chat(session, *brought_back(session))
    assert account.state == state
    session.close()


def test_later_generations_are_told_of_topology_builder(standby: Standby) -> None:
    """From 2013 its pool stands in the topology."""
    session = session_of(variant(standby.scene, ("generation: lync2010", "generation: lync2013")), mode="rehearse")
    plan = Plan.of("x", "lab", "x", {}, act.changes(session, in_dr.group_chat.standby(session), of_set(session)))
    (step,) = activate.group_chat_by_hand(session, plan, Tally(act.ACT))
    assert "Topology Builder" in step.text
    session.close()


def of_set(session: Session) -> act.Content:
    return act.of_set(session, activate.choose_backup(session))


# -- verified --------------------------------------------------------------------------------------------------------


def looked_at(params: Path) -> Ended:
    return run(verify.begin(params), lambda session: verify.group_chat(session, verify.expectation(session)))


def test_what_is_lost_is_counted(standby: Standby) -> None:
    """Nothing there; rows gone; a file changed: each is counted, and named. More rows than there were are no loss."""
    whole = ROWS + len(group_chat.FILES)
    nothing = looked_at(standby.scene.params)
    assert (nothing.fact("group_chat_expected"), nothing.fact("group_chat_restored")) == (whole, 0)
    session = session_of(standby.scene.params)
    brought_back(session)
    session.close()
    with closing(sqlite3.connect(standby.server.database("GroupChat"))) as database, database:
        database.execute("DELETE FROM message WHERE number <= 3")
        database.execute("INSERT INTO room VALUES ('new', 'New', 'made since')")
    (standby.repository / "Operations" / "read me.txt").write_bytes(b"changed")
    some = looked_at(standby.scene.params)
    assert some.fact("group_chat_restored") == whole - 4
    assert some.rows["rows and files of Group Chat at the DR site"] == "fail"
    assert "dbo.message in GroupChat" in some.seen("rows and files of Group Chat at the DR site")
    assert "Operations/read me.txt" in some.seen("rows and files of Group Chat at the DR site")


def test_no_place_is_no_expectation(standby: Standby) -> None:
    """Where it has no place at the DR site and need not work again, nothing is expected; where it must, all is."""
    some = looked_at(variant(standby.scene, NO_PLACE))
    assert (some.fact("group_chat_expected"), some.fact("group_chat_restored"), some.rows) == (0, 0, {})
    all_of_it = looked_at(variant(standby.scene, NO_PLACE, MUST))
    assert all_of_it.fact("group_chat_restored") == 0
    assert all_of_it.rows["rows and files of Group Chat at the DR site"] == "fail"


def test_a_standby_that_cannot_be_asked(standby: Standby) -> None:
    """Unknown is not lost, and not back: nothing is counted."""
    some = looked_at(variant(standby.scene, SILENT))
    assert some.rows["rows and files of Group Chat at the DR site"] == "unknown"
    assert not [line for line in some.kinds("fact") if line.facts["name"].startswith("group_chat")]
