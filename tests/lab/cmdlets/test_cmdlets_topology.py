"""What the Central Management Store says, what it exports, and what fails while its pool is down."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from typing import get_args

import pytest
from lxml import etree

from lyncdr_helpers.lab import topology
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import ACTS
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.shell.table import Table

T = f"{{{topology.NAMESPACE}}}"


def test_pools(lab):
    """Every pool of the forest is shown with its machine, site and services; one by name."""
    rows = {row["Identity"]: row for row in lab.call("Get-CsPool").rows}
    assert set(rows) == {PRIMARY_POOL, DR_POOL, BRANCH_POOL}
    (one,) = lab.call("Get-CsPool", Identity=PRIMARY_POOL.upper()).rows
    assert one == rows[PRIMARY_POOL]
    assert (one["Computers"], one["Site"]) == (["fe01.lync.test"], "Site:Head office")
    assert f"Registrar:{PRIMARY_POOL}" in one["Services"]


def test_unknown_pool(lab):
    """A pool that is not in the topology is an error."""
    assert lab.call("Get-CsPool", Identity="pool9.lync.test").ended is not None
    assert lab.call("Get-CsService", PoolFqdn="pool9.lync.test").ended is not None


def test_services(lab):
    """Services come by pool, by role and by identity; the Central Management Store is on the DR pool."""
    assert {row["PoolFqdn"] for row in lab.call("Get-CsService", PoolFqdn=PRIMARY_POOL).rows} == {PRIMARY_POOL}
    registrars = [row["Identity"] for row in lab.call("Get-CsService", Registrar=True).rows]
    assert sorted(registrars) == [f"Registrar:{pool}" for pool in (DR_POOL, PRIMARY_POOL, BRANCH_POOL)]
    (cms,) = lab.call("Get-CsService", CentralManagement=True).rows
    assert (cms["Identity"], cms["Active"]) == (f"CentralManagement:{DR_POOL}", True)
    (one,) = lab.call("Get-CsService", Identity=f"service:Registrar:{PRIMARY_POOL}").rows
    assert one["Version"] == 5
    assert lab.call("Get-CsService", Identity="Registrar:none").ended is not None


def test_document(lab):
    """The published topology is one XML document in which every reference leads somewhere."""
    (text,) = lab.call("Get-CsTopology", AsXml=True).rows
    root = etree.fromstring(text)
    assert root.tag == f"{T}Topology"
    assert {one.get("Fqdn") for one in root.iter(f"{T}Cluster")} == set(POOLS)
    sites = {one.get("SiteId") for one in root.iter(f"{T}CentralSite")}
    clusters = {tuple(one.attrib.values()) for one in root.iterfind(f"{T}Clusters/{T}Cluster/{T}ClusterId")}
    services = {tuple(one.attrib.values()) for one in root.iterfind(f"{T}Services/{T}Service/{T}ServiceId")}
    assert {one.get("SiteId") for one in root.iter(f"{T}ClusterId", f"{T}ServiceId")} <= sites
    assert {tuple(one.attrib.values()) for one in root.iter(f"{T}ClusterId")} <= clusters
    assert {tuple(one.attrib.values()) for one in root.iter(f"{T}ServiceId")} <= services
    (cms,) = root.iter(f"{{{topology.ROLES}}}CentralMgmtService")
    (where,) = cms.getparent().iterfind(f"{T}InstalledOn/{T}ClusterId")
    assert (where.get("SiteId"), where.get("Number")) == ("2", "2")


def test_topology_in_words(lab):
    """Without -AsXml, the topology is one object."""
    (row,) = lab.call("Get-CsTopology").rows
    assert set(row["Clusters"]) == set(POOLS)


def test_conference_directories(lab):
    """Every conference directory is shown with the user services of its pool; one by number."""
    rows = lab.call("Get-CsConferenceDirectory").rows
    assert {row["Identity"]: row["ServiceId"] for row in rows} == {
        1: f"UserServer:{PRIMARY_POOL}",
        2: f"UserServer:{DR_POOL}",
        3: f"UserServer:{PRIMARY_POOL}",
    }
    assert lab.call("Get-CsConferenceDirectory", Identity=3).rows == rows[2:]
    assert lab.call("Get-CsConferenceDirectory", Identity=4).ended is not None


@pytest.mark.real("samba")
def test_conference_directories_on_a_domain_controller(samba):
    """A real directory takes the objects, and gives the same answer."""
    assert [row["Identity"] for row in samba.call("Get-CsConferenceDirectory").rows] == [1, 2, 3]


def test_replication(lab):
    """Each machine's replica is up to date as long as it can be reached, and the master is the DR pool's machine."""
    assert {row["ReplicaFqdn"]: row["UpToDate"] for row in lab.call("Get-CsManagementStoreReplicationStatus").rows} == {
        "fe01.lync.test": True,
        DR_POOL: True,
        BRANCH_POOL: True,
    }
    (one,) = lab.call("Get-CsManagementStoreReplicationStatus", ReplicaFqdn="fe01.lync.test").rows
    assert one["LastUpdateCreation"] < one["LastStatusReport"]
    (status,) = lab.call("Get-CsManagementStoreReplicationStatus", CentralManagementStoreStatus=True).rows
    assert (status["ActiveMasterFqdn"], status["ActiveFileTransferAgents"]) == (DR_POOL, [DR_POOL])


def test_replication_without_the_primary(lab):
    """A machine of a lost site is not up to date."""
    lab.fail("primary")
    rows = {row["ReplicaFqdn"]: row["UpToDate"] for row in lab.call("Get-CsManagementStoreReplicationStatus").rows}
    assert rows == {"fe01.lync.test": False, DR_POOL: True, BRANCH_POOL: False}


def test_update_user_database(lab):
    """The User Replicator of a pool that is up runs without a word; that of one that is down does not."""
    assert lab.call("Update-CsUserDatabase", Fqdn=DR_POOL, Confirm=False).ended is None
    lab.fail("wan")
    assert lab.call("Update-CsUserDatabase", Fqdn=DR_POOL, Confirm=False).ended is None
    assert lab.call("Update-CsUserDatabase", Fqdn=PRIMARY_POOL, Confirm=False).ended is not None


@pytest.mark.parametrize("cmdlet", ["Export-CsConfiguration", "Export-CsLisConfiguration"])
def test_exports(lab, cmdlet):
    """An export is a zip of well-formed documents; that of the configuration holds the topology."""
    assert lab.call(cmdlet, FileName=r"C:\lyncdr\out.zip").ended is None
    with zipfile.ZipFile(lab.blueprint.drive_c / "lyncdr" / "out.zip") as archive:
        roots = [etree.fromstring(archive.read(name)) for name in archive.namelist()]
    assert roots
    topologies = [found for root in roots for found in root.iter(f"{T}Topology")]
    assert len(topologies) == (cmdlet == "Export-CsConfiguration")


@pytest.mark.parametrize(
    "place",
    [
        r"C:\none\out.zip",
        r"C:\lyncdr\..\out.zip",
        r"D:\out.zip",
        r"\\server\share\out.zip",
        "out.zip",
        "C:out.zip",
        "C:\\",
        r"C:\lyncdr\a:b.zip",
        "",
    ],
)
def test_places_outside(lab, place):
    """A path that is not below the lab's drive C, climbs, or is no name at all is refused, and nothing is written."""
    before = sorted(lab.blueprint.folder.rglob("*.zip"))
    assert lab.call("Export-CsConfiguration", FileName=place).ended is not None
    assert sorted(lab.blueprint.folder.rglob("*.zip")) == before


NEED_THE_CMS = {
    "Move-CsUser": {"Identity": "newcomer@lync.test", "Target": PRIMARY_POOL, "Force": True, "Confirm": False},
    "Update-CsUserDatabase": {"Fqdn": PRIMARY_POOL},
    "Import-CsRgsConfiguration": {"Destination": PRIMARY_POOL, "FileName": r"C:\lyncdr\rgs.zip"},
    "Export-CsConfiguration": {"FileName": r"C:\lyncdr\out.zip"},
    "Export-CsLisConfiguration": {"FileName": r"C:\lyncdr\out.zip"},
    "Get-CsPool": {},
    "Get-CsService": {},
    "Get-CsTopology": {"AsXml": True},
    "Get-CsConferenceDirectory": {},
    "Get-CsManagementStoreReplicationStatus": {},
}


@pytest.mark.parametrize("cmdlet", NEED_THE_CMS)
def test_cms_down(lab, cmdlet):
    """While the pool of the Central Management Store is down, nothing can be changed in it or read from it."""
    lab.fail("dr")
    said = lab.call(cmdlet, **NEED_THE_CMS[cmdlet])
    assert said.ended is not None
    assert DR_POOL in said.ended.message
    assert said.rows == []
    assert list((lab.blueprint.drive_c / "lyncdr").iterdir()) == []


def test_the_table(lab):
    """Every cmdlet of the lab is in Microsoft's help for some generation; each refuses what the help does not list."""
    table = Table.load()
    generations = get_args(Generation)
    assert all(any(table.find(name, generation) for generation in generations) for name in ACTS)
    for generation in generations:
        later = replace(lab, blueprint=replace(lab.blueprint, generation=generation))
        for name in ACTS:
            ended = later.call(name, NoSuchParameter=1).ended
            assert ended is not None
            known = table.find(name, generation)
            assert ended.error_id == (f"NamedParameterNotFound,{name}" if known else "CommandNotFoundException")
