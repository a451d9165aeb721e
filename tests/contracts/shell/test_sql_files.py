"""Where the files of a restored database go: where the server would put a new one, each under a name of its own."""

from __future__ import annotations

import pytest

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.shell import sql_files

OLD = {"DataFolder": "NULL", "LogFolder": "NULL", "MasterData": "C:\\SQL\\DATA\\master.mdf"}
OLD["MasterLog"] = "D:\\Logs\\mastlog.ldf"


def file(name: str, path: str, kind: str = "D") -> dict[str, str]:
    return {"LogicalName": name, "PhysicalName": path, "Type": kind}


LOG = file("chat_log", "F:\\logs\\chat_log.ldf", "L")
WHERE = sql_files.folders([OLD])


def test_a_release_that_tells() -> None:
    """What the server says of itself counts, with or without a backslash at its end."""
    for end in ("", "\\"):
        told = sql_files.folders([{**OLD, "DataFolder": f"E:\\data{end}", "LogFolder": f"F:\\log{end}"}])
        assert (str(told.data), str(told.log)) == ("E:\\data", "F:\\log")


def test_a_release_that_does_not_tell() -> None:
    """SQL Server 2008 R2 says nothing: beside the files of master. Each of the two on its own."""
    assert (str(WHERE.data), str(WHERE.log)) == ("C:\\SQL\\DATA", "D:\\Logs")
    told = sql_files.folders([{**OLD, "LogFolder": "F:\\log"}])
    assert (str(told.data), str(told.log)) == ("C:\\SQL\\DATA", "F:\\log")


@pytest.mark.parametrize("found", [[], [OLD, OLD], [{}], [{**OLD, "MasterData": "NULL"}], [{**OLD, "MasterLog": "x"}]])
def test_a_server_that_says_nothing(found: list[dict[str, str]]) -> None:
    """No place is guessed."""
    with pytest.raises(InputError):
        sql_files.folders(found)


def test_data_and_log() -> None:
    """Each file keeps its name; logs go to the logs, anything else to the data."""
    dumped = [file("chat", "E:\\old\\chat.mdf"), LOG, file("blobs", "G:\\stream", "S")]
    assert sql_files.moves(dumped, WHERE) == {
        "chat": "C:\\SQL\\DATA\\chat.mdf",
        "chat_log": "D:\\Logs\\chat_log.ldf",
        "blobs": "C:\\SQL\\DATA\\stream",
    }


def test_one_name_twice() -> None:
    """Files that stood in different folders under one name are told apart, whatever the case."""
    dumped = [file("chat", "E:\\one\\chat.mdf"), file("more", "F:\\two\\CHAT.mdf"), LOG]
    found = sql_files.moves(dumped, WHERE)
    assert found["more"] == "C:\\SQL\\DATA\\CHAT_2.mdf"
    assert len({path.lower() for path in found.values()}) == 3


@pytest.mark.parametrize("dumped", [[], [LOG], [file("chat", "E:\\chat.mdf")], [{"LogicalName": "chat"}, LOG]], ids=str)
def test_no_whole_database(dumped: list[dict[str, str]]) -> None:
    """A list without a data file, without a log, or without its columns is refused."""
    with pytest.raises(InputError):
        sql_files.moves(dumped, WHERE)
