"""A lab's life, with the product's own adapters as its clients."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.adapters.dns import authoritative
from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab import lifecycle, members
from lyncdr_helpers.lab.blueprint import DOMAIN, DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.claim import Taken, claim_subnet
from lyncdr_helpers.lab.endpoints import endpoints
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import Command, RecordChange

USERS = 20


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blueprint]:
    """An embedded lab that stands for all tests of this module; each leaves it whole."""
    blueprint = Blueprint(tmp_path_factory.mktemp("lab"), subnet="127.53.65", users=USERS)
    lifecycle.up(blueprint, owner_pid=os.getpid())
    yield blueprint
    lifecycle.down(blueprint.folder)


def states(folder: Path) -> dict[str, str]:
    return {row.server: row.state for row in lifecycle.status(folder)}


def listens(address: str, port: int) -> bool:
    return SocketDialer(1.0, None).knock(address, port)


def until(condition) -> bool:
    """Whether it becomes true within ten seconds."""
    for _ in range(200):
        if condition():
            return True
        time.sleep(0.05)
    return False


# -- up ---------------------------------------------------------------------------------------------------------------
def test_status(lab):
    """Every server answers in its own protocol, from a living process that is not this one."""
    rows = lifecycle.status(lab.folder)
    assert [row.server for row in rows] == ["directory", "nameserver", "management host", PRIMARY_POOL, DR_POOL]
    assert {row.state for row in rows} == {"answers"}
    assert all(psutil.pid_exists(row.pid) and row.pid != os.getpid() for row in rows)


def test_the_product_works_on_it(lab):
    """Directory, nameserver, management host and registrars answer the product's adapters, with its own parameters."""
    loaded = read_params(lab.params_file)
    params, base = loaded.params, loaded.folder
    directory = LdapDirectory(params.directory, base)
    users = list(directory.search(params.directory.base, "(msRTCSIP-PrimaryUserAddress=*)", ["cn"]))
    directory.close()
    assert len(users) >= USERS
    record = authoritative(params.dns.servers[0], base).ask(f"sip.{DOMAIN}", "A")
    assert record is not None
    assert record.values == (lab.primary_server,)
    shell = WinrmShell(params.management_host, base, SystemClock())
    reply = shell.invoke(Command("Get-CsPool", {"Identity": DR_POOL}))
    shell.close()
    assert not reply.faults
    assert reply.output
    dialer = SocketDialer(2.0, loaded.locate(params.management_host.ca_file))
    for pool in (params.failed_pool, params.target_pool):
        answers = dialer.sip(pool.servers[0].address, pool.sip_port, DOMAIN, pool.fqdn)
        assert [answer.status for answer in answers] == [200, 401]


def test_twice_in_one_folder(lab):
    """A lab that stands is not touched by a second `up` in its folder, on whatever subnet."""
    with pytest.raises(InputError, match="A lab stands in"):
        lifecycle.up(Blueprint(lab.folder, subnet="127.53.66"))
    assert set(states(lab.folder).values()) == {"answers"}


def test_twice_on_one_subnet(lab, tmp_path):
    """Addresses that a lab has are named, and the second lab leaves nothing."""
    with pytest.raises(Taken, match=r"127\.53\.65\.10:6360 is in use by process \d+"):
        lifecycle.up(Blueprint(tmp_path / "second", subnet=lab.subnet))
    assert not (tmp_path / "second").exists()


def test_a_folder_with_something_in_it(tmp_path):
    """A folder with files of somebody else is refused and left as it is."""
    (tmp_path / "thesis.txt").write_text("years of work")
    for act in (lambda: lifecycle.up(Blueprint(tmp_path, subnet="127.53.66")), lambda: lifecycle.down(tmp_path)):
        with pytest.raises(InputError):
            act()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_sambas_dns_wants_sambas_directory(tmp_path):
    """A combination that cannot be is refused before anything is made."""
    with pytest.raises(InputError, match="Samba's directory"):
        lifecycle.up(Blueprint(tmp_path / "lab", subnet="127.53.66", dns="samba"))
    assert not (tmp_path / "lab").exists()


# -- failing and healing ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("part", "lost"), [("primary", PRIMARY_POOL), ("wan", PRIMARY_POOL), ("dr", DR_POOL)])
def test_fail_and_heal(lab, part, lost):
    """A lost site refuses connections and cuts those it had, the other one goes on; healed, it answers again."""
    endpoint = next(one for one in endpoints(lab) if one.server == lost)
    with socket.create_connection((endpoint.address, endpoint.port), 2) as before:
        lifecycle.fail(lab.folder, part)
        try:
            assert not listens(endpoint.address, endpoint.port)
            assert before.recv(1) == b""
            others = {server: state for server, state in states(lab.folder).items() if server != lost}
            assert states(lab.folder)[lost] == "site lost"
            assert set(others.values()) == {"answers"}
        finally:
            lifecycle.heal(lab.folder, part)
    assert set(states(lab.folder).values()) == {"answers"}


def test_two_failures(lab):
    """Healing the link does not bring back a site that is lost for itself."""
    lifecycle.fail(lab.folder, "primary")
    lifecycle.fail(lab.folder, "wan")
    lifecycle.heal(lab.folder, "wan")
    assert states(lab.folder)[PRIMARY_POOL] == "site lost"
    lifecycle.heal(lab.folder, "primary")
    assert states(lab.folder)[PRIMARY_POOL] == "answers"


# -- down -------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Blueprint]]:
    """Labs that came up in the same moment, on any free subnets; the tests that follow take them down."""
    folder = tmp_path_factory.mktemp("two")

    def bring_up(name: str) -> Blueprint:
        claim = claim_subnet(Blueprint(folder / name, users=USERS), range(66, 68))
        lifecycle.up(claim.blueprint, owner_pid=os.getpid(), claim=claim)
        return claim.blueprint

    with ThreadPoolExecutor(2) as pool:
        labs = list(pool.map(bring_up, ["a", "b"]))
    yield labs
    for blueprint in labs:
        if members.members(blueprint.folder):
            lifecycle.down(blueprint.folder)


def test_two_labs_that_come_up_at_once(two):
    """Labs that start in the same moment and on any free subnet stand on two, and both answer."""
    assert {blueprint.subnet for blueprint in two} == {"127.53.66", "127.53.67"}
    for blueprint in two:
        assert set(states(blueprint.folder).values()) == {"answers"}


def test_down_leaves_nothing_but_the_runs(two):
    """No process, no listening socket and no file but the runs stay, and the other lab goes on."""
    second, other = two
    (second.folder / "runs").mkdir()
    lifecycle.down(second.folder)
    assert not members.members(second.folder)
    assert not any(listens(one.address, one.port) for one in endpoints(second))
    assert [path.name for path in second.folder.iterdir()] == ["runs"]
    assert set(states(other.folder).values()) == {"answers"}
    with pytest.raises(InputError, match="no lab"):
        lifecycle.status(second.folder)


def test_a_dead_server_is_reported(two):
    """A killed server is dead in the status, the others answer, and `down` ends what is left."""
    _, blueprint = two
    dns = members.main_process(blueprint.folder, "dns")
    assert dns is not None
    dns.kill()
    assert until(lambda: states(blueprint.folder)["nameserver"] == "dead")
    assert states(blueprint.folder)["directory"] == "answers"
    lifecycle.down(blueprint.folder)
    assert not blueprint.folder.exists()


def test_a_lab_goes_with_its_owner(tmp_path):
    """A killed owner takes its lab along; what it left does not keep the next lab from the folder."""
    folder = tmp_path / "lab"
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    lifecycle.up(Blueprint(folder, subnet="127.53.66", users=USERS), owner_pid=owner.pid)
    owner.kill()  # and not waited for: it stays a zombie, as under a parent that is busy
    try:
        assert until(lambda: not members.members(folder))
        assert set(states(folder).values()) == {"dead"}
        lifecycle.up(Blueprint(folder, subnet="127.53.66", users=USERS))
        lifecycle.down(folder)
    finally:
        owner.wait()


def test_a_server_that_does_not_come_up(tmp_path):
    """A server that dies at its start is named with the end of its log, and nothing of the lab stays."""
    blueprint = Blueprint(tmp_path / "lab", subnet="127.53.67", users=USERS)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind((blueprint.nameserver, blueprint.dns_port))
        with pytest.raises(LyncdrError, match=r"(?s)process dns died with exit code 1.*cannot listen"):
            lifecycle.up(blueprint)
    assert not blueprint.folder.exists()
    assert not any(listens(one.address, one.port) for one in endpoints(blueprint))


# -- real servers ------------------------------------------------------------------------------------------------------
@pytest.mark.real("bind")
def test_on_bind(tmp_path):
    """The same lab on BIND answers, and leaves no process."""
    blueprint = Blueprint(tmp_path / "lab", subnet="127.53.67", users=USERS, dns="bind")
    lifecycle.up(blueprint, owner_pid=os.getpid())
    names = {process.name() for process in members.members(blueprint.folder)}
    record = authoritative(read_params(blueprint.params_file).params.dns.servers[0], blueprint.folder).ask(
        DOMAIN, "SOA"
    )
    lifecycle.down(blueprint.folder)
    assert "named" in names
    assert record is not None
    assert not blueprint.folder.exists()


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.real("samba")
def test_on_samba(tmp_path, monkeypatch):
    """The same lab on Samba takes an update with its own ticket; Samba ends though the process above it was killed."""
    blueprint = Blueprint(tmp_path / "lab", subnet="127.53.69", users=USERS, directory="samba", dns="samba")
    lifecycle.up(blueprint, owner_pid=os.getpid())
    try:
        assert set(states(blueprint.folder).values()) == {"answers"}
        for name, value in lifecycle.environment(blueprint.folder).items():
            monkeypatch.setenv(name, value)
        server = authoritative(read_params(blueprint.params_file).params.dns.servers[0], blueprint.folder)
        old = server.ask(f"sip.{DOMAIN}", "A")
        assert old is not None
        assert old.values == (blueprint.primary_server,)
        assert server.update(DOMAIN, [RecordChange(old, replace(old, values=(blueprint.dr_server,)))])
        above = members.main_process(blueprint.folder, "directory")
        assert above is not None
        above.kill()
    finally:
        lifecycle.down(blueprint.folder)
    assert not members.members(blueprint.folder)
    assert not any(listens(one.address, one.port) for one in endpoints(blueprint))


def test_a_stubborn_process_is_made_to_end(tmp_path, monkeypatch):
    """What ignores the stop file and SIGTERM is killed; a stranger who merely has its number is not."""
    monkeypatch.setattr(members, "END_SECONDS", 0.3)
    deaf = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    )
    ours, stranger = (
        subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE, env={**os.environ, **extra})
        for extra in ({members.LAB: str(tmp_path.resolve()), members.ROLE: "dns"}, {})
    )
    try:
        for process in (ours, stranger):
            assert process.stdout
            process.stdout.readline()
        members.end(tmp_path)
        assert ours.wait(5) != 0
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()
            process.stdout.close()
