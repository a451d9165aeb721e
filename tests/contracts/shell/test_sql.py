"""The T-SQL that the product can say: a few statements, and whatever name they carry, never another one."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lyncdr_helpers.adapters.winrm_tasks import quote
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.winrm.process import split_command_line
from lyncdr_helpers.ports import Program
from lyncdr_helpers.shell import sql

SERVER = sql.SqlServer("gcsql01.example.org\\groupchat", "C:\\Program Files\\sqlcmd.exe")
FILE = "D:\\dumps\\chat.bak"

TOKEN = re.compile(
    r"\s+|(?P<name>\[(?:[^\]]|\]\])*\])|(?P<text>N'(?:[^']|'')*')|(?P<word>\w+|'\w+')|(?P<sign>[=,.();<>+])"
)

BACKUP = "BACKUP DATABASE name TO DISK = text WITH COPY_ONLY , INIT , CHECKSUM , NAME = text"
VERIFY = "RESTORE VERIFYONLY FROM DISK = text WITH CHECKSUM"
HEADER = "RESTORE HEADERONLY FROM DISK = text"
BEHIND = (
    "SELECT login . name AS Name FROM name . sys . database_principals AS person JOIN sys . server_principals AS login "
    "ON login . sid = person . sid WHERE login . type IN ( 'S' , 'U' , 'G' )"
)

lines = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=60)
"""Whatever a name can hold: quotes, brackets, comments, letters of any script."""

nasty = (
    example("x] TO DISK = N'\\\\evil\\share' --"),
    example("x]; DROP DATABASE master; --"),
    example("'; EXEC xp_cmdshell 'format c:' --"),
    example("]]"),
    example("''"),
    example("[]'"),
    example("$(PATH)"),
    example("/* */"),
)


def tokens(statement: str) -> Iterator[tuple[str, str]]:
    """(kind, value) as SQL Server's own lexer tells them apart: names and texts by their delimiters, undoubled."""
    place = 0
    while place < len(statement):
        found = TOKEN.match(statement, place)
        assert found, f"no T-SQL of ours: {statement[place:]}"
        place = found.end()
        kind = found.lastgroup
        if kind == "name":
            yield kind, found[kind][1:-1].replace("]]", "]")
        elif kind == "text":
            yield kind, found[kind][2:-1].replace("''", "'")
        elif kind:
            yield kind, found[kind]


def shape(statement: str) -> tuple[str, list[str]]:
    """The statement with its names and texts taken out, and those."""
    found = list(tokens(statement))
    quoted = [value for kind, value in found if kind in ("name", "text")]
    return " ".join(kind if kind in ("name", "text") else value for kind, value in found), quoted


def statement(program: Program) -> str:
    assert program.arguments[-2] == "-Q"
    return program.arguments[-1]


def with_examples(test: Callable[..., None]) -> Callable[..., None]:
    for one in nasty:
        test = one(test)
    return test


@given(lines)
@with_examples
def test_a_database_is_a_name(text: str) -> None:
    """A database's name is one quoted identifier, whatever it is."""
    assert shape(statement(sql.back_up_database(SERVER, text, FILE, "tonight"))) == (BACKUP, [text, FILE, "tonight"])
    assert shape(statement(sql.database_logins(SERVER, text))) == (BEHIND, [text])


@given(lines)
@with_examples
def test_a_file_is_a_text(text: str) -> None:
    """A path is one literal, in every statement."""
    assert shape(statement(sql.back_up_database(SERVER, "x", text, text))) == (BACKUP, ["x", text, text])
    assert shape(statement(sql.verify_dump(SERVER, text))) == (VERIFY, [text])
    assert shape(statement(sql.dump_header(SERVER, text))) == (HEADER, [text])
    assert shape(statement(sql.dump_files(SERVER, text))) == (HEADER.replace("HEADER", "FILELIST"), [text])


QUESTIONS = (sql.database_logins, sql.database_state, sql.row_counts, sql.database_users)
"""What is asked of one database."""


@given(lines)
@with_examples
def test_every_statement_of_one_database(text: str) -> None:
    """Whatever the name, the statement says the same; the name stands in it as it is, once or more."""
    for build in QUESTIONS:
        plain, names = shape(statement(build(SERVER, "x")))
        said, found = shape(statement(build(SERVER, text)))
        assert said == plain
        assert found == [text if name == "x" else name for name in names]
        assert text in found


@given(lines)
@with_examples
def test_a_restore_is_one_statement(text: str) -> None:
    """The database, the dump and every path are names and texts of one RESTORE; REPLACE is there when asked for."""
    moves = {text: text, "log": "D:\\log.ldf"}
    said = "RESTORE DATABASE name FROM DISK = text WITH MOVE text TO text , MOVE text TO text , "
    for over, word in ((True, "REPLACE , "), (False, "")):
        program = sql.restore_database(SERVER, text, text, moves, replace=over)
        assert shape(statement(program)) == (
            f"{said}{word}RECOVERY , CHECKSUM",
            [text, text, text, text, "log", "D:\\log.ldf"],
        )
        assert program.writes


@given(lines)
@with_examples
def test_a_user_is_mapped(text: str) -> None:
    """A database, a user and a login, each one name; both ways of it change something."""
    programs = (sql.map_user(SERVER, text, text, text), sql.map_user_by_procedure(SERVER, text, text, text))
    assert [shape(statement(one)) for one in programs] == [
        ("USE name ; ALTER USER name WITH LOGIN = name", [text] * 3),
        ("EXEC name . sys . sp_change_users_login text , text , text", [text, "Update_One", text, text]),
    ]
    assert all(one.writes for one in programs)


@given(lines)
@with_examples
def test_the_command_line_carries_it(text: str) -> None:
    """What leaves through WinRM is what sqlcmd's main gets, or it does not leave."""
    program = sql.back_up_database(SERVER, text, FILE, "tonight")
    words = [program.path, *program.arguments]
    if '"' in text or "%" in text:
        with pytest.raises(InputError):
            [quote(word) for word in words]
    else:
        assert split_command_line(" ".join(map(quote, words))) == words


@pytest.mark.parametrize("letter", ["\n", "\r", "\0", "\x1a", "\x85", "\u2028", "\u2029", "\ud800"])
def test_one_line(letter: str) -> None:
    """sqlcmd reads by the line: a name that breaks it could end the batch and begin another."""
    text = f"x{letter}GO{letter}DROP DATABASE y"
    for build in (
        lambda: sql.back_up_database(SERVER, text, FILE, "n"),
        lambda: sql.back_up_database(SERVER, "x", text, "n"),
        lambda: sql.back_up_database(SERVER, "x", FILE, text),
        lambda: sql.verify_dump(SERVER, text),
        lambda: sql.dump_header(SERVER, text),
        *(partial(build, SERVER, text) for build in QUESTIONS),
        lambda: sql.dump_files(SERVER, text),
        lambda: sql.restore_database(SERVER, text, FILE, {}, replace=False),
        lambda: sql.restore_database(SERVER, "x", text, {}, replace=False),
        lambda: sql.restore_database(SERVER, "x", FILE, {text: FILE}, replace=False),
        lambda: sql.restore_database(SERVER, "x", FILE, {"x": text}, replace=False),
        *(
            partial(build, SERVER, *names)
            for build in (sql.map_user, sql.map_user_by_procedure)
            for names in ((text, "x", "x"), ("x", text, "x"), ("x", "x", text))
        ),
        lambda: sql.verify_dump(sql.SqlServer(f"host{letter}"), FILE),
    ):
        with pytest.raises(InputError):
            build()


def test_no_name() -> None:
    """A database without a name is none."""
    with pytest.raises(InputError):
        sql.back_up_database(SERVER, "", FILE, "n")


@pytest.mark.parametrize("instance", ["", "-Usa", "/x", "-"])
def test_an_instance_is_no_option(instance: str) -> None:
    """What sqlcmd would read as an option, or as nothing, is refused."""
    with pytest.raises(InputError):
        sql.verify_dump(sql.SqlServer(instance), FILE)


def test_how_sqlcmd_is_run() -> None:
    """Signed in as the account, ended by the first error, no variables, rows alone on stdout; it changes nothing."""
    program = sql.verify_dump(SERVER, FILE)
    assert program.path == SERVER.program
    assert not program.writes
    for option in ("-E", "-b", "-x", "-r1"):
        assert option in program.arguments
    assert program.arguments[program.arguments.index("-S") + 1] == SERVER.instance


def test_a_dump_leaves_the_administrators_chain_alone() -> None:
    """Without COPY_ONLY, the next differential backup would hang on a dump that is gone in the morning."""
    assert "COPY_ONLY" in statement(sql.back_up_database(SERVER, "x", FILE, "n"))


def test_no_builder_is_left_out() -> None:
    """A statement that somebody adds must be added above, or it is not checked."""
    functions = inspect.getmembers(sql, lambda one: inspect.isfunction(one) and one.__module__ == sql.__name__)
    public = {name for name, _ in functions if not name.startswith("_")}
    statements = {"back_up_database", "verify_dump", "dump_header", "dump_files", "restore_database"}
    statements |= {"map_user", "map_user_by_procedure", "version", "logins", "default_folders"}
    statements |= {build.__name__ for build in QUESTIONS}
    assert public == {*statements, "usage", "identifier", "literal", "rows"}


def test_what_asks_changes_nothing() -> None:
    """What a standby is asked begins with SELECT, and asking sqlcmd how it is called asks no server."""
    asked = [build(SERVER, "GroupChat") for build in QUESTIONS]
    for program in (sql.version(SERVER), sql.logins(SERVER), sql.default_folders(SERVER), *asked):
        assert statement(program).startswith("SELECT ")
        assert not program.writes
    assert sql.usage("sqlcmd.exe") == Program("sqlcmd.exe", ("-?",))


# -- what sqlcmd wrote ------------------------------------------------------------------------------------------------

TABLE = "A|B\r\n-|-\r\n1|NULL\r\n x | y \r\n\r\n(2 rows affected)\r\n"


def test_rows() -> None:
    """Each row by its columns; what frames them is no row."""
    assert sql.rows(TABLE) == [{"A": "1", "B": "NULL"}, {"A": " x ", "B": " y "}]
    assert sql.rows("A|B\n-|-\n\n(0 rows affected)\n") == []


@pytest.mark.parametrize(
    "output",
    [
        "",
        "\r\n",
        "(0 rows affected)\r\n",
        "A|B\r\n",
        "A|B\r\n1|2\r\n",
        "Changed database context.\r\n",
        TABLE.replace("1|NULL", "1"),
        TABLE.replace("1|NULL", "1|2|3"),
        "Msg 102, Level 15\r\nIncorrect syntax\r\n",
    ],
)
def test_no_rows(output: str) -> None:
    """What is no table is an error, never a table without rows."""
    with pytest.raises(InputError):
        sql.rows(output)
