"""Get-CsWindowsService: what runs on a machine of the lab."""

from __future__ import annotations

import pytest

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL

MACHINE = {PRIMARY_POOL: "fe01.lync.test", DR_POOL: "drse01.lync.test"}


def status(lab, pool):
    return {row["Name"]: row["Status"] for row in lab.call("Get-CsWindowsService", ComputerName=MACHINE[pool]).rows}


def test_everything_runs(lab):
    """On the first day, on both machines."""
    for pool in MACHINE:
        assert set(status(lab, pool).values()) == {"Running"}
        assert {"RTCSRV", "REPLICA", "RTCRGS"} <= status(lab, pool).keys()


def test_a_stopped_front_end(lab):
    """Stopped at one pool, it is stopped there alone; -Name picks it."""
    with lab.store(PRIMARY_POOL) as store:
        store.stop_front_end()
    assert [name for name, said in status(lab, PRIMARY_POOL).items() if said != "Running"] == ["RTCSRV"]
    assert set(status(lab, DR_POOL).values()) == {"Running"}
    (row,) = lab.call("Get-CsWindowsService", ComputerName=MACHINE[PRIMARY_POOL], Name="rtcsrv").rows
    assert row["Status"] == "Stopped"


@pytest.mark.parametrize("computer", ["fe01.lync.test", "nobody.lync.test"])
def test_a_machine_that_nobody_reaches(lab, computer):
    """A lost one, or one that the topology does not hold: an error, and no service."""
    lab.fail("primary")
    said = lab.call("Get-CsWindowsService", ComputerName=computer)
    assert said.rows == []
    assert computer in said.ended.message
