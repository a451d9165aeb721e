"""Bringing the Central Management Store to the DR pool: refused from afar, done on its server, and only in order."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab import local_shell
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import LOCAL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell import cmdlets, management_server
from lyncdr_helpers.shell.script import line
from lyncdr_helpers.shell.table import Table

INSTALL = line(management_server.make_store(DR_POOL, "rtc"))
RESCUE = line(management_server.rescue("C:\\lyncdr\\configuration.zip", "C:\\lyncdr\\lis.zip"))
TAKE_OVER, ENABLE = line(management_server.take_over()), line(management_server.enable())
STATUS = line(cmdlets.central_management_status())


class Away:
    """A lab whose store is on the primary pool."""

    def __init__(self, lab: Any) -> None:
        self.lab = lab

    @property
    def home(self) -> str:
        with State(self.lab.blueprint) as state:
            return state.cms.fqdn

    def put(self, pool: str) -> None:
        with State(self.lab.blueprint) as state:
            state.accounts.repoint_cms(f"{pool}\\rtc")

    def local(self, command: str) -> list[str]:
        """The errors of a command on the DR server."""
        return [error.message for error in local_shell.run(self.lab.blueprint, command).errors]

    def masters(self) -> list[str]:
        return [row["ActiveMasterFqdn"] for row in local_shell.run(self.lab.blueprint, STATUS).output]

    def export(self) -> None:
        """The two files, made while the store still answers."""
        assert self.lab.call("Export-CsConfiguration", FileName="C:\\lyncdr\\configuration.zip").ended is None
        assert self.lab.call("Export-CsLisConfiguration", FileName="C:\\lyncdr\\lis.zip").ended is None


@pytest.fixture
def away(lab: Any) -> Iterator[Away]:
    made = Away(lab)
    made.put(PRIMARY_POOL)
    yield made
    made.put(DR_POOL)


@pytest.mark.parametrize("cmdlet", sorted(LOCAL))
def test_a_remote_session_is_refused(away: Away, cmdlet: str) -> None:
    """None of them works over WinRM, whatever it is given, and nothing happens."""
    given = {"Install-CsDatabase": {"CentralManagementDatabase": True, "SqlServerFqdn": DR_POOL}}.get(cmdlet, {})
    ended = away.lab.call(cmdlet, **given).ended
    assert ended is not None
    assert ended.error_id == "RemoteSession"
    assert away.home == PRIMARY_POOL


def test_the_rescue(away: Away) -> None:
    """The primary is lost, the files are there: made, moved, enabled, and the DR pool's machine is the one master."""
    away.export()
    away.lab.fail("primary")
    assert away.lab.call("Get-CsPool").ended is not None
    assert away.local(INSTALL) == []
    assert away.local(RESCUE) == []
    assert (away.home, away.masters()) == (DR_POOL, [])
    assert away.local(ENABLE) == []
    assert (away.home, away.masters()) == (DR_POOL, [DR_POOL])
    assert away.lab.call("Get-CsPool").ended is None


def test_taking_over_a_store_that_answers(away: Away) -> None:
    """Both sites up: no file and no -Force are needed."""
    assert away.local(INSTALL) == []
    assert away.local(TAKE_OVER) == []
    assert away.local(ENABLE) == []
    assert away.masters() == [DR_POOL]


def test_without_a_database(away: Away) -> None:
    """Moved before it was made: refused, and the store stays where it is."""
    away.export()
    (said,) = away.local(RESCUE)
    assert "Run Install-CsDatabase first" in said
    assert away.home == PRIMARY_POOL


def test_a_lost_store_is_not_taken_over(away: Away) -> None:
    """Without files, or without -Force, a store that does not answer stays where it is."""
    away.export()
    away.lab.fail("primary")
    away.local(INSTALL)
    for command in (TAKE_OVER, RESCUE.replace(" -Force", "")):
        (said,) = away.local(command)
        assert "Cannot open a connection" in said
    assert away.home == PRIMARY_POOL


@pytest.mark.parametrize("wrong", ["missing", "no zip", "the other file", "another deployment"])
def test_files_that_are_of_no_use(away: Away, wrong: str) -> None:
    """A file that is not there, is no export, is the other export, or of another deployment: refused."""
    away.export()
    file = away.lab.blueprint.exchange / "configuration.zip"
    if wrong == "missing":
        file.unlink()
    elif wrong == "no zip":
        file.write_bytes(b"PK")
    elif wrong == "the other file":
        file.write_bytes((away.lab.blueprint.exchange / "lis.zip").read_bytes())
    else:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("Topology.xml", "<Topology/>")
    away.lab.fail("primary")
    away.local(INSTALL)
    assert len(away.local(RESCUE)) == 1
    assert away.home == PRIMARY_POOL


def test_a_server_that_is_down_runs_nothing(away: Away) -> None:
    """Nobody stands in front of a machine that is off."""
    away.lab.fail("dr")
    with pytest.raises(LyncdrError, match="is down"):
        away.local(INSTALL)


@pytest.mark.parametrize(
    "command",
    [
        *(
            "",
            "'x'",
            "Enable-CsTopology | Out-Null",
            "Enable-CsTopology; x",
            "Get-CsPool $pool",
            "Get-CsPool -Identity $x",
        ),
        *("Get-CsPool x", "Get-CsPool -Identity 'open", 'Get-CsPool -Identity "x"', "Get-CsPool -Identity a b"),
    ],
)
def test_what_the_lab_does_not_read(away: Away, command: str) -> None:
    """Pipelines, variables, expressions and loose words are no printed command: bad input, and nothing runs."""
    with pytest.raises(InputError):
        away.local(command)


def test_a_wrong_parameter(away: Away) -> None:
    """The help's table holds here too."""
    (said,) = away.local("Enable-CsTopology -Fast")
    assert "'fast'" in said.lower()
    (said,) = away.local("Enable-Topology")
    assert "not recognized" in said


@pytest.mark.parametrize("generation", get_args(Generation))
def test_the_help_has_nothing_against_them(generation: Generation) -> None:
    """Every generation has these cmdlets with these parameters; that of paired pools came with the pairing, in 2013."""
    built = [
        management_server.make_store(DR_POOL, "rtc"),
        management_server.rescue("a", "b"),
        management_server.take_over(),
        management_server.enable(),
    ]
    table = Table.load()
    assert [table.faults(one.cmdlet, one.parameters, generation) for one in built] == [[], [], [], []]
    paired = management_server.fail_over(DR_POOL, "rtc")
    assert bool(table.faults(paired.cmdlet, paired.parameters, generation)) == (generation == "lync2010")
