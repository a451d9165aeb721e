"""PowerShell's own cmdlets on the lab's management host, test users, and pools that are not paired."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import pytest

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import ACTS, cmdlets
from lyncdr_helpers.lab.people import TEST_USERS
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell import catalogue, powershell


def invoke(lab, command):
    return lab.call(command.cmdlet, **command.parameters)


@pytest.mark.parametrize("generation", get_args(Generation))
def test_syntax_of_everything_that_is_needed(lab, generation):
    """Every generation's host tells of every cmdlet and parameter that the playbook uses."""
    needed = catalogue.needed(generation)
    texts = []

    class Streams:
        output = staticmethod(texts.append)
        error = warning = staticmethod(lambda _: None)

    command = powershell.get_syntax(needed)
    host = cmdlets(replace(lab.blueprint, generation=generation))
    host["Get-Command"](Call("Get-Command", command.parameters, (), "LYNC\\svc-lyncdr", Streams()))
    found = powershell.syntax({"Value": text} for text in texts)
    assert found.keys() == {name.lower() for name in needed}
    assert all(parameters <= found[name.lower()] for name, parameters in needed.items())


def test_a_cmdlet_that_is_not_there(lab):
    """It is left out, or an error where errors are wanted; one of another generation is not there either."""
    said = invoke(lab, powershell.get_syntax(["Get-CsPool", "Get-CsNothing", "Export-CsUserData"]))
    assert (len(said.rows), said.errors) == (1, [])
    said = lab.call("Get-Command", Name=["Get-CsNothing"], Syntax=True)
    assert "is not recognized" in said.errors[0].message


def test_get_command_without_syntax(lab):
    """What the lab does not do, it does not seem to do."""
    assert lab.call("Get-Command", Name=["Get-CsPool"]).ended is not None
    assert lab.call("Get-Command", Name=["Get-CsPool"], Syntax=True, Module="Lync").ended is not None


def test_expressions(lab):
    """Version and language mode are told; any other expression is a script, and the lab runs none."""
    assert invoke(lab, powershell.get_version()).rows == ["2.0"]
    assert invoke(lab, powershell.get_language_mode()).rows == ["FullLanguage"]
    assert lab.call("Invoke-Expression", Command="Get-Date").ended is not None
    assert lab.call("Invoke-Expression").ended is not None


def test_a_file_there_and_back(lab):
    """What is written is read, and both sides see one file."""
    assert invoke(lab, powershell.set_content(r"C:\lyncdr\x.txt", "token")).ended is None
    assert (lab.blueprint.exchange / "x.txt").read_bytes() == b"token\r\n"
    assert invoke(lab, powershell.get_content(r"C:\lyncdr\x.txt")).rows == ["token"]


@pytest.mark.parametrize("file", [r"C:\lyncdr\none.txt", r"D:\x.txt", r"C:\none\x.txt", r"C:\lyncdr\..\..\x"])
def test_a_file_that_is_not_there(lab, file):
    """A missing file is an error; so is a place that the host does not have."""
    assert isinstance(invoke(lab, powershell.get_content(file)).ended, CmdletError)


@pytest.mark.parametrize("file", [r"D:\x.txt", r"C:\none\x.txt", r"C:\lyncdr\..\..\x"])
def test_a_place_that_is_not_there(lab, file):
    """Nothing is written outside the drive, or into a folder that does not exist."""
    assert isinstance(invoke(lab, powershell.set_content(file, "x")).ended, CmdletError)


def test_test_users(lab):
    """The DR pool has two; the primary none, which is an error; without a name, every pool that has some."""
    (row,) = lab.call("Get-CsHealthMonitoringConfiguration", Identity=DR_POOL.upper()).rows
    assert (row["FirstTestUserSipUri"], row["SecondTestUserSipUri"]) == tuple(f"sip:{one}" for one in TEST_USERS)
    assert lab.call("Get-CsHealthMonitoringConfiguration").rows == [row]
    assert lab.call("Get-CsHealthMonitoringConfiguration", Identity=PRIMARY_POOL).ended is not None


def test_no_pairing(lab):
    """Lync 2010 has no such cmdlet; later, a lab's pools are not paired."""
    for cmdlet in ("Get-CsPoolBackupRelationship", "Get-CsBackupServiceStatus"):
        assert cmdlet in ACTS
        assert "is not recognized" in lab.call(cmdlet, PoolFqdn=PRIMARY_POOL).ended.message


def test_since_when_a_replica_is_stale(lab):
    """A machine that is away reported the last time before it went."""
    lab.fail("primary")
    first, second = ({row["ReplicaFqdn"]: row["LastStatusReport"] for row in rows(lab)} for _ in range(2))
    assert first["fe01.lync.test"] == second["fe01.lync.test"]
    assert first[DR_POOL] <= second[DR_POOL]


def rows(lab):
    return lab.call("Get-CsManagementStoreReplicationStatus").rows
