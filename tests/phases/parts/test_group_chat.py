"""Group Chat in a set: a dump that was verified and is tonight's, every file, and a failure that leaves nothing."""

from __future__ import annotations

import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from functools import partial

import pytest

from lyncdr_helpers import files
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.lab import group_chat
from lyncdr_helpers.lab.cmdlets import programs
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.phases import group_chat as phase

THERE = "D:\\dumps\\lyncdr-lab.bak"


def dump_of(scene):
    return group_chat.dumps(scene.blueprint) / "lyncdr-lab.bak"


def statements(scene):
    return [arguments[-1] for _, arguments in scene.calls]


def messages(database):
    with closing(sqlite3.connect(":memory:")) as restored:
        restored.deserialize(database)
        return restored.execute("SELECT room, sender, sent_at, text FROM message ORDER BY number").fetchall()


def refused(scene, *changes):
    """The error that the part ends with; nothing of it stays behind in either folder."""
    with pytest.raises(OperationError) as caught:
        phase.export_database(scene.session(*changes))
    assert scene.left_behind() == []
    return str(caught.value)


def test_the_dump_holds_every_message(scene):
    """What arrives here is the dump of tonight, verified; its database has every message, and the folder is cleared."""
    session = scene.session()
    path = phase.export_database(session)
    assert path.is_relative_to(scene.work / session.folder.run)
    assert scene.left_behind() == [path.name]
    server = group_chat.sql_server(scene.blueprint)
    dump_of(scene).write_bytes(path.read_bytes())
    header = server.header(THERE)
    assert (header.name, header.database) == (session.folder.run, "GroupChat")
    restored = server.verify(THERE)
    original = (server.folder / "GroupChat.sqlite").read_bytes()
    assert len(messages(restored)) == len(group_chat.ROOMS) * group_chat.MESSAGES
    assert messages(restored) == messages(original)


def test_three_statements(scene):
    """SQL Server is asked to dump, then to verify, then for the header, and for nothing else."""
    phase.export_database(session := scene.session())
    options = f"COPY_ONLY, INIT, CHECKSUM, NAME = N'{session.folder.run}'"
    assert statements(scene) == [
        f"BACKUP DATABASE [GroupChat] TO DISK = N'{THERE}' WITH {options}",
        f"RESTORE VERIFYONLY FROM DISK = N'{THERE}' WITH CHECKSUM",
        f"RESTORE HEADERONLY FROM DISK = N'{THERE}'",
    ]


def test_night_after_night(scene):
    """Each night has a dump of its own, also where the last one was cut short and left its dump behind."""
    first = phase.export_database(scene.session())
    dump_of(scene).write_bytes(b"half a dump")
    second = phase.export_database(scene.session())
    assert first != second
    assert files.digest_file(first) != files.digest_file(second)


@pytest.mark.parametrize("part", ["primary", "wan"])
def test_without_the_sql_server(scene, part):
    """With the primary site lost the part fails in sqlcmd's words, before anything else is asked."""
    scene.fail(part)
    assert "network-related or instance-specific error" in refused(scene)
    assert len(scene.calls) == 1


def test_an_unknown_database(scene):
    """A database that is not there fails in SQL Server's words."""
    assert "Msg 911" in refused(scene, ("database: GroupChat", "database: mgc"))


@pytest.mark.parametrize("name", ["x] TO DISK = N'D:\\dumps\\y' --", "'; DROP DATABASE GroupChat --", "$(x)", "a|b"])
def test_a_name_is_a_name(scene, name):
    """Whatever a database is called, sqlcmd is asked about a database of that name, and there is none."""
    quoted = name.replace("'", "''")
    assert "Msg 911" in refused(scene, ("database: GroupChat", f"database: '{quoted}'"))
    assert (group_chat.sql_server(scene.blueprint).folder / "GroupChat.sqlite").exists()


@pytest.mark.parametrize("name", ['"100 %"', '"line\\nGO\\nDROP DATABASE GroupChat"', "'say \"x\"'"])
def test_a_name_that_cannot_be_passed_on(scene, name):
    """What a command line or sqlcmd would read as more than a name is refused here; nothing is sent."""
    assert "cannot be asked" in refused(scene, ("database: GroupChat", f"database: {name}"))
    assert scene.calls == []


def damaging(scene, spoil):
    """An sqlcmd that spoils the dump after it was written."""
    usual = programs(scene.blueprint)["sqlcmd.exe"]

    def sqlcmd(call):
        code = usual(call)
        if call.arguments[-1].startswith("BACKUP"):
            dump_of(scene).write_bytes(spoil(dump_of(scene).read_bytes()))
        return code

    scene.replaced["sqlcmd.exe"] = sqlcmd


@pytest.mark.parametrize(
    ("spoil", "number"),
    [
        (lambda dump: dump[:-1], 3203),
        (lambda dump: dump[:200], 3241),
        (lambda dump: dump[:-100] + bytes([dump[-100] ^ 1]) + dump[-99:], 3189),
        (lambda dump: dump + b"\0", 3189),
        (lambda dump: b"", 3241),
        (lambda dump: dump.replace(b'"database": "GroupChat"', b'"database": "GroupCat"'), 3241),
    ],
    ids=["cut short", "cut in its header", "one bit flipped", "too long", "empty", "another header"],
)
def test_a_damaged_dump(scene, spoil, number):
    """A dump that is not what SQL Server wrote is found by its verification, and never taken."""
    damaging(scene, spoil)
    assert f"Msg {number}" in refused(scene)


def test_an_sqlcmd_that_does_nothing(scene):
    """An sqlcmd that ends with 0 and does nothing backs up nothing."""
    scene.replaced["sqlcmd.exe"] = lambda call: 0
    assert "no table" in refused(scene)


def test_a_dump_of_another_night(scene):
    """A dump that is whole and verified, but not of this run, is not taken for it."""
    usual = programs(scene.blueprint)["sqlcmd.exe"]
    earlier = phase.export_database(scene.session()).read_bytes()

    def sqlcmd(call):
        if call.arguments[-1].startswith("BACKUP"):
            dump_of(scene).write_bytes(earlier)
            return 0
        return usual(call)

    scene.replaced["sqlcmd.exe"] = sqlcmd
    with pytest.raises(OperationError, match="it holds"):
        phase.export_database(scene.session())
    assert not dump_of(scene).exists()


def test_two_folders(scene):
    """Where `here` is not the folder that SQL Server writes to, the part says so; the dump there is not ours to see."""
    (scene.blueprint.folder / "elsewhere").mkdir(exist_ok=True)
    with pytest.raises(OperationError, match="must be the same folder"):
        phase.export_database(scene.session(("here: sql/gcsql01/d/dumps", "here: elsewhere")))


def test_a_dump_that_changes_on_its_way(scene):
    """A dump that does not stand still while it is fetched is not taken."""
    usual, over = programs(scene.blueprint)["sqlcmd.exe"], threading.Event()

    def go_on_writing():
        with dump_of(scene).open("ab", buffering=0) as dump:
            dump.truncate(50_000_000)
            while not over.wait(0.001):
                dump.write(b"x")

    def sqlcmd(call):
        code = usual(call)
        if "HEADERONLY" in call.arguments[-1]:
            writer.start()
        return code

    writer = threading.Thread(target=go_on_writing)
    scene.replaced["sqlcmd.exe"] = sqlcmd
    try:
        assert "arrived otherwise" in refused(scene)
    finally:
        over.set()
        writer.join()


def test_a_dump_that_stays(scene):
    """What cannot be removed from the dump folder is on record as a warning."""
    usual = programs(scene.blueprint)["sqlcmd.exe"]

    def sqlcmd(call):
        code = usual(call)
        if "HEADERONLY" in call.arguments[-1]:
            dump_of(scene).unlink()
            dump_of(scene).mkdir()
        return code

    scene.replaced["sqlcmd.exe"] = sqlcmd
    session = scene.session()
    with pytest.raises(OperationError, match="there is no"):
        phase.export_database(session)
    line = session.journal.last("check")
    assert (line.facts["verdict"], str(dump_of(scene)) in line.facts["seen"]) == ("warn", True)


@pytest.mark.parametrize("kind", ["cut before act", "cut after act"])
def test_the_connection_is_cut(scene, kind):
    """A management host that hangs up in the middle of the dump fails the part, and leaves no dump."""
    scene.faults.once(kind, "sqlcmd.exe")
    assert "does not answer" in refused(scene)


# -- what a set says of it -------------------------------------------------------------------------------------------

ROWS = {"dbo.member": 48, "dbo.message": 240, "dbo.room": 4}


def taken(scene):
    session = scene.session()
    return phase.take_stock(session, partial(phase.export_database, session))


def test_rows_and_logins(scene):
    """A set says how many rows each table has, and who signs in as each user of the database."""
    path, record = taken(scene)
    assert path.is_file()
    assert record.rows == ROWS
    assert record.logins == {login: login for login in group_chat.LOGINS}


def test_a_table_that_people_write_to(scene):
    """What moves while it is dumped is not counted: nobody knows which of its rows are in the dump."""
    usual = programs(scene.blueprint)["sqlcmd.exe"]

    def sqlcmd(call):
        if call.arguments[-1].startswith("BACKUP"):
            with closing(sqlite3.connect(group_chat.sql_server(scene.blueprint).database("GroupChat"))) as chat, chat:
                chat.execute("DELETE FROM message WHERE number = 1")
        return usual(call)

    scene.replaced["sqlcmd.exe"] = sqlcmd
    assert taken(scene)[1].rows == {table: rows for table, rows in ROWS.items() if table != "dbo.message"}


@pytest.mark.parametrize("question", ["TableName", "AS Person"])
def test_nobody_can_count(scene, question):
    """A dump that nobody could count is a dump all the same; what is not known is left out."""
    usual = programs(scene.blueprint)["sqlcmd.exe"]

    def sqlcmd(call):
        if question not in call.arguments[-1]:
            return usual(call)
        call.err("Msg 297, Level 16\r\nThe user does not have permission to perform this action.\r\n")
        return 1

    scene.replaced["sqlcmd.exe"] = sqlcmd
    path, record = taken(scene)
    assert path.is_file()
    assert (record.rows == {}, record.logins == {}) == (question == "TableName", question == "AS Person")


# -- the file repository ---------------------------------------------------------------------------------------------


def test_every_file(scene):
    """Names, contents, times and folders come back from the tar as they were, the empty file too."""
    session = scene.session()
    path = phase.export_files(session)
    with tarfile.open(path) as tar:
        members = {member.name: member for member in tar}
        contents = {name: tar.extractfile(name).read() for name, member in members.items() if member.isfile()}
    assert contents == group_chat.FILES
    assert {name for name, member in members.items() if member.isdir()} == {
        name.rpartition("/")[0] for name in group_chat.FILES
    }
    for name in group_chat.FILES:
        found = (group_chat.repository(scene.blueprint) / name).stat().st_mtime
        assert members[name].mtime == found
    assert next(line.facts["value"] for line in session.journal.lines if line.kind == "fact") == len(group_chat.FILES)


def test_no_repository(scene):
    """A share that is not there fails the part: that is not an empty repository."""
    with pytest.raises(OperationError, match="no file repository"):
        phase.export_files(scene.session(("repository: group-chat/repository", "repository: group-chat/none")))
    assert scene.left_behind() == []


def test_an_empty_repository(scene):
    """A share that is there and holds nothing is an empty tar."""
    shutil.rmtree(group_chat.repository(scene.blueprint))
    group_chat.repository(scene.blueprint).mkdir()
    with tarfile.open(phase.export_files(scene.session())) as tar:
        assert tar.getnames() == []


def test_no_group_chat(scene):
    """A deployment without Group Chat has neither part."""
    text = render(scene.blueprint, scene.blueprint.folder)
    block = text[text.index("group_chat:") : text.index("retention:")]
    for export in (phase.export_database, phase.export_files):
        with pytest.raises(InputError, match="no Group Chat"):
            export(scene.session((block, "")))
