"""sqlcmd.exe of the lab and the SQL Server behind it: what it understands, and that its dumps can be trusted."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from lyncdr_helpers.lab import group_chat, sites
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.cmdlets import programs
from lyncdr_helpers.lab.sites import Sites
from lyncdr_helpers.lab.winrm import ProgramCall
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell import sql

FILE = "D:\\dumps\\chat.bak"
USERS = [f"user{number}@lync.test" for number in range(30)]


@pytest.fixture
def blueprint(tmp_path):
    made = Blueprint(tmp_path / "lab")
    group_chat.fill(made, USERS)
    return made


@pytest.fixture
def server(blueprint):
    return sql.SqlServer(group_chat.sql_server(blueprint).name)


def run(blueprint, program):
    """Exit code, output, errors."""
    out, errors = [], []
    call = ProgramCall(program.arguments, "LYNC\\svc-lyncdr", out.append, errors.append)
    return programs(blueprint)["sqlcmd.exe"](call), "".join(out), "".join(errors)


def back_up(blueprint, server, file=FILE, database="GroupChat"):
    return run(blueprint, sql.back_up_database(server, database, file, "tonight's"))


def dump(blueprint):
    return group_chat.dumps(blueprint) / "chat.bak"


@pytest.mark.parametrize("generation", Generation.__args__)
def test_every_generation(blueprint, generation):
    """sqlcmd is there whatever the pools are."""
    assert "sqlcmd.exe" in programs(replace(blueprint, generation=generation))


def test_a_dump_and_back(blueprint, server):
    """A dump is verified, names what it is of, and has the whole database in it."""
    code, out, errors = back_up(blueprint, server)
    assert (code, out) == (0, "")
    assert "successfully processed" in errors
    assert run(blueprint, sql.verify_dump(server, FILE))[0] == 0
    ((row),) = sql.rows(run(blueprint, sql.dump_header(server, FILE))[1])
    assert (row["BackupName"], row["DatabaseName"]) == ("tonight's", "GroupChat")
    assert row["ServerName"] == server.instance.upper()
    with closing(sqlite3.connect(":memory:")) as restored:
        restored.deserialize(group_chat.sql_server(blueprint).verify(FILE))
        assert {name for (name,) in restored.execute("SELECT name FROM room")} == {name for name, _ in group_chat.ROOMS}
        assert restored.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not restored.execute("PRAGMA foreign_key_check").fetchall()


def test_a_new_message_is_in_the_next_dump(blueprint, server):
    """A dump takes the place of the one before, and has what was said since; its case does not matter."""
    back_up(blueprint, server)
    first = dump(blueprint).read_bytes()
    with closing(sqlite3.connect(group_chat.sql_server(blueprint).database("GroupChat"))) as database, database:
        database.execute("UPDATE message SET text = 'something else' WHERE number = 1")
    assert back_up(blueprint, server, database="groupCHAT")[0] == 0
    assert dump(blueprint).read_bytes() != first
    assert run(blueprint, sql.verify_dump(server, FILE))[0] == 0


def test_every_flipped_bit(blueprint, server):
    """A bit flipped anywhere in a dump is found."""
    back_up(blueprint, server)
    whole = dump(blueprint).read_bytes()
    for place in range(0, len(whole), 997):
        dump(blueprint).write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert run(blueprint, sql.verify_dump(server, FILE))[0] == 1, place


def test_every_length(blueprint, server):
    """A dump cut short anywhere is found."""
    back_up(blueprint, server)
    whole = dump(blueprint).read_bytes()
    for length in range(0, len(whole), 997):
        dump(blueprint).write_bytes(whole[:length])
        assert run(blueprint, sql.verify_dump(server, FILE))[0] == 1, length


def test_a_damaged_database(blueprint, server):
    """A database that is damaged itself is not dumped."""
    path = group_chat.sql_server(blueprint).database("GroupChat")
    path.write_bytes(b"no database at all" * 1000)
    code, _, errors = back_up(blueprint, server)
    assert (code, "Msg 3043" in errors) == (1, True)
    assert not dump(blueprint).exists()


@pytest.mark.parametrize("part", ["primary", "wan"])
def test_the_site_is_lost(blueprint, server, part):
    """The SQL Server stands at the primary site: without that site or the way there, nobody answers."""
    sites.write(blueprint.folder, Sites().failed(part))
    code, out, errors = back_up(blueprint, server)
    assert (code, out) == (1, "")
    assert errors.startswith("HResult 0x2, Level 16, State 1\r\n")
    assert "A network-related or instance-specific error" in errors
    sites.write(blueprint.folder, Sites().failed("dr"))
    assert back_up(blueprint, server)[0] == 0


def test_the_standby_stands_in_dr(blueprint):
    """Another SQL Server, at the DR site: it answers without the primary, and not without its own site."""
    standby = group_chat.standby_server(blueprint)
    server = sql.SqlServer(standby.name)
    sites.write(blueprint.folder, Sites().failed("primary"))
    assert sql.rows(run(blueprint, sql.version(server))[1]) == [{"Version": "10.50.6220.0"}]
    sites.write(blueprint.folder, Sites().failed("dr"))
    assert "network-related" in run(blueprint, sql.version(server))[2]


def test_who_may_sign_in(blueprint, server):
    """The logins of a server, and those that a database's users are known by; a database that is not there has none."""
    rows = sql.rows(run(blueprint, sql.logins(server))[1])
    assert [row["Name"] for row in rows] == sorted([*group_chat.LOGINS, "sa"])
    rows = sql.rows(run(blueprint, sql.database_logins(server, "GroupChat"))[1])
    assert [row["Name"] for row in rows] == sorted(group_chat.LOGINS)
    assert "Msg 911" in run(blueprint, sql.database_logins(server, "mgc"))[2]


def test_how_it_is_called(blueprint):
    """-? alone is answered, whatever servers are up."""
    code, out, errors = run(blueprint, sql.usage("sqlcmd.exe"))
    assert (code, errors, "usage: Sqlcmd" in out) == (0, "", True)


@pytest.mark.parametrize("instance", ["gcsql01.lync.test", "gcsql01.lync.test\\other", "other.lync.test\\groupchat"])
def test_another_instance(blueprint, instance):
    """Nobody answers under another name."""
    assert "network-related" in back_up(blueprint, sql.SqlServer(instance))[2]


@pytest.mark.parametrize(
    ("file", "number"),
    [
        ("D:\\none\\chat.bak", 3201),
        ("C:\\dumps\\chat.bak", 3201),
        ("D:\\dumps\\..\\chat.bak", 3201),
        ("\\\\server\\share\\chat.bak", 3201),
        ("chat.bak", 3201),
        ("D:\\", 3201),
    ],
)
def test_places(blueprint, server, file, number):
    """SQL Server's paths are its own: a place that it does not have is an error, and nothing is written."""
    before = sorted(blueprint.folder.rglob("*"))
    assert f"Msg {number}" in back_up(blueprint, server, file)[2]
    assert sorted(blueprint.folder.rglob("*")) == before
    for statement in (sql.verify_dump, sql.dump_header):
        assert f"Msg {number}" in run(blueprint, statement(server, file))[2]


def test_errors_name_the_server(blueprint, server):
    """An error has number, level and server, as SQL Server writes it, and exit code 1."""
    code, out, errors = back_up(blueprint, server, database="mgc")
    assert (code, out) == (1, "")
    assert errors == (
        "Msg 911, Level 16, State 1, Server GCSQL01.LYNC.TEST\\GROUPCHAT, Line 1\r\n"
        "Database 'mgc' does not exist. Make sure that the name is entered correctly.\r\n"
    )


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        "",
        "DROP DATABASE [GroupChat]",
        f"BACKUP DATABASE [GroupChat] TO DISK = N'{FILE}'",
        f"BACKUP DATABASE GroupChat TO DISK = N'{FILE}' WITH COPY_ONLY, INIT, CHECKSUM, NAME = N'x'",
        f"RESTORE VERIFYONLY FROM DISK = N'{FILE}' WITH CHECKSUM; DROP DATABASE [GroupChat]",
        f"RESTORE VERIFYONLY FROM DISK = N'{FILE}' WITH CHECKSUM\nGO",
        f"RESTORE DATABASE [GroupChat] FROM DISK = N'{FILE}'",
        f"RESTORE DATABASE [GroupChat] FROM DISK = N'{FILE}' WITH REPLACE",
        "USE [GroupChat]; DROP TABLE message",
    ],
)
def test_other_statements(blueprint, server, statement):
    """Anything but the product's own statements is a syntax error."""
    code, out, errors = run(blueprint, server.run(statement))
    assert (code, out) == (1, "")
    assert "Msg 102" in errors


@pytest.mark.parametrize("left_out", ["-E", "-b", "-x", "-r1", "-W"])
def test_needed_options(blueprint, server, left_out):
    """Without an option that a real sqlcmd needs to do the same, the lab's does nothing."""
    program = sql.back_up_database(server, "GroupChat", FILE, "n")
    fewer = replace(program, arguments=tuple(one for one in program.arguments if one != left_out))
    assert run(blueprint, fewer)[0] == 1
    assert not dump(blueprint).exists()


@pytest.mark.parametrize("arguments", [(), ("-Q",), ("-U", "sa"), ("-E", "-E"), ("-S", "x", "-Q", "y", "extra")])
def test_bad_arguments(blueprint, arguments):
    """Arguments that mean nothing end with exit code 1 and a word about it."""
    out, errors = [], []
    call = ProgramCall(arguments, "LYNC\\svc-lyncdr", out.append, errors.append)
    assert programs(blueprint)["sqlcmd.exe"](call) == 1
    assert (out, errors[0].startswith("Sqlcmd: Error:")) == ([], True)


def test_the_same_seed(blueprint, tmp_path):
    """The same blueprint gives the same rooms, messages and files, times included; another seed other messages."""
    twin, other = Blueprint(tmp_path / "twin"), Blueprint(tmp_path / "other", seed=2)
    for one in (twin, other):
        group_chat.fill(one, USERS)

    def said(lab):
        with closing(sqlite3.connect(group_chat.sql_server(lab).database("GroupChat"))) as database:
            return list(database.iterdump())

    assert said(blueprint) == said(twin) != said(other)
    for name, content in group_chat.FILES.items():
        one, two = (group_chat.repository(lab) / name for lab in (blueprint, twin))
        assert one.read_bytes() == two.read_bytes() == content
        assert one.stat().st_mtime == two.stat().st_mtime


def test_what_is_uploaded(blueprint):
    """The repository has names with spaces and of other scripts, folders, and an empty file."""
    names = [path.relative_to(group_chat.repository(blueprint)) for path in group_chat.repository(blueprint).rglob("*")]
    assert any(" " in path.name and path.suffix for path in names)
    assert any(not path.name.isascii() and path.suffix for path in names)
    assert any(len(path.parts) > 1 for path in names)
    assert any((group_chat.repository(blueprint) / path).stat().st_size == 0 for path in names)


# -- the way back ----------------------------------------------------------------------------------------------------

DATABASE = "GroupChat"
MOVES = {"GroupChat": "D:\\data\\GroupChat.mdf", "GroupChat_log": "D:\\log\\GroupChat_log.ldf"}


@pytest.fixture
def standby(blueprint, server):
    """The standby, with a dump of the primary's database in its dump folder."""
    assert back_up(blueprint, server)[0] == 0
    dump(blueprint).replace(group_chat.standby_dumps(blueprint) / "chat.bak")
    return sql.SqlServer(group_chat.standby_server(blueprint).name)


def restore(blueprint, standby, moves=MOVES, database=DATABASE, replace=False):
    return run(blueprint, sql.restore_database(standby, database, FILE, moves, replace=replace))


def state(blueprint, standby, database=DATABASE):
    return sql.rows(run(blueprint, sql.database_state(standby, database))[1])


def counts(blueprint, server):
    rows = sql.rows(run(blueprint, sql.row_counts(server, DATABASE))[1])
    return {row["TableName"]: int(row["Counted"]) for row in rows}


def logins_of(blueprint, server):
    rows = sql.rows(run(blueprint, sql.database_users(server, DATABASE))[1])
    return {row["Person"]: (row["Type"], row["Login"]) for row in rows}


def test_a_restore(blueprint, server, standby):
    """What was dumped at the primary stands at the standby, row by row, and the server knows which dump it was."""
    assert state(blueprint, standby) == []
    code, out, errors = restore(blueprint, standby)
    assert (code, out, "RESTORE DATABASE successfully processed" in errors) == (0, "", True)
    ((found),) = state(blueprint, standby)
    ((header),) = sql.rows(run(blueprint, sql.dump_header(standby, FILE))[1])
    assert (found["State"], found["BackupName"]) == ("ONLINE", "tonight's")
    assert (found["BackupSet"], found["LastLSN"]) == (header["BackupSetGUID"], header["LastLSN"])
    assert counts(blueprint, standby) == counts(blueprint, server)
    assert counts(blueprint, server)["dbo.message"] == len(group_chat.ROOMS) * group_chat.MESSAGES


def test_the_first_database_was_never_restored(blueprint, server):
    """The primary's own comes from no dump."""
    ((found),) = state(blueprint, server, "groupCHAT")
    assert (found["State"], found["BackupName"], found["LastLSN"]) == ("ONLINE", "NULL", "NULL")


def test_what_stands_there_is_not_overwritten(blueprint, standby):
    """Without REPLACE the server keeps what it has: of the same origin, or of another one."""
    restore(blueprint, standby)
    assert "Msg 3159" in restore(blueprint, standby)[2]
    assert restore(blueprint, standby, replace=True)[0] == 0
    server = group_chat.standby_server(blueprint)
    server.put(DATABASE, replace(server.standing(DATABASE), family="another"))
    assert "Msg 3154" in restore(blueprint, standby)[2]


def test_a_restore_that_was_cut_short(blueprint, standby):
    """A database in the middle of a restore cannot be asked, and can be restored again."""
    restore(blueprint, standby)
    server = group_chat.standby_server(blueprint)
    server.put(DATABASE, replace(server.standing(DATABASE), state="RESTORING", restored={}))
    assert "Msg 927" in run(blueprint, sql.row_counts(standby, DATABASE))[2]
    assert "Msg 927" in run(blueprint, sql.back_up_database(standby, DATABASE, FILE, "x"))[2]
    assert [row["State"] for row in state(blueprint, standby)] == ["RESTORING"]
    assert restore(blueprint, standby)[0] == 0


@pytest.mark.parametrize(
    ("moves", "number"),
    [
        ({}, 5133),
        ({**MOVES, "GroupChat": "D:\\none\\GroupChat.mdf"}, 5133),
        ({**MOVES, "GroupChat": "C:\\GroupChat.mdf"}, 5133),
        ({**MOVES, "Other": "D:\\data\\Other.ndf"}, 3234),
    ],
)
def test_files_of_a_restore(blueprint, standby, moves, number):
    """The paths are the server's own; where they were at the primary there is nothing here."""
    assert f"Msg {number}" in restore(blueprint, standby, moves)[2]
    assert state(blueprint, standby) == []


def test_a_damaged_dump_is_not_restored(blueprint, standby):
    """One flipped bit, and nothing is there."""
    path = group_chat.standby_dumps(blueprint) / "chat.bak"
    content = path.read_bytes()
    path.write_bytes(content[:-9] + bytes([content[-9] ^ 1]) + content[-8:])
    assert "Msg 3189" in restore(blueprint, standby)[2]
    assert state(blueprint, standby) == []


@pytest.fixture
def later(monkeypatch):
    """The standby is SQL Server 2012."""
    monkeypatch.setattr(group_chat, "STANDBY_VERSION", "11.0.7001.0")


@pytest.mark.usefixtures("later")
def test_no_way_back_to_an_older_release(blueprint, standby):
    """SQL Server restores no dump of a later release than its own."""
    restore(blueprint, standby)
    assert run(blueprint, sql.back_up_database(standby, DATABASE, FILE, "home"))[0] == 0
    (group_chat.standby_dumps(blueprint) / "chat.bak").replace(dump(blueprint))
    primary = sql.SqlServer(group_chat.sql_server(blueprint).name)
    assert "Msg 3169" in restore(blueprint, primary, replace=True)[2]


@pytest.mark.usefixtures("later")
def test_folders_of_a_release(blueprint, server, standby):
    """SERVERPROPERTY tells the folders from 2012 on; before, they are beside the database master."""
    ((older),) = sql.rows(run(blueprint, sql.default_folders(server))[1])
    ((later),) = sql.rows(run(blueprint, sql.default_folders(standby))[1])
    assert (older["DataFolder"], older["LogFolder"]) == ("NULL", "NULL")
    assert older["MasterData"] == "D:\\data\\master.mdf"
    assert (later["DataFolder"], later["LogFolder"]) == ("D:\\data\\", "D:\\log\\")


@pytest.mark.parametrize("build", [sql.map_user, sql.map_user_by_procedure])
def test_users_and_their_logins(blueprint, server, standby, build):
    """Windows knows its own everywhere; a SQL login of the same name has another SID, until it is mapped."""
    assert logins_of(blueprint, server) == {name: ("U" if "\\" in name else "S", name) for name in group_chat.LOGINS}
    restore(blueprint, standby)
    orphan = "groupchat_reports"
    assert logins_of(blueprint, standby)[orphan] == ("S", "NULL")
    assert [login for _, login in logins_of(blueprint, standby).values()].count("NULL") == 1
    assert "Msg 15151" in run(blueprint, build(standby, DATABASE, "no]b'ody", orphan))[2]
    assert "Msg 15007" in run(blueprint, build(standby, DATABASE, orphan, "no]b'ody"))[2]
    assert run(blueprint, build(standby, DATABASE, orphan, "GroupChat_Reports"))[0] == 0
    assert logins_of(blueprint, standby)[orphan] == ("S", orphan)
