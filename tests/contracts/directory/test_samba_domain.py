"""The Samba domain as a lab server: it comes back as it was, leaves nothing running, and serves the zone."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from directory_lab import Lab

from lyncdr_helpers.errors import OperationError, Refusal
from lyncdr_helpers.lab.blueprint import BASE_DN
from lyncdr_helpers.lab.samba import SambaDomain

pytestmark = pytest.mark.real("samba")


SERVE = """
import sys, time
from pathlib import Path
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.samba import SambaDomain
SambaDomain(Blueprint(Path(sys.argv[1]), sys.argv[2], directory="samba")).start()
print("ready", flush=True)
time.sleep(1000)
"""
"""A domain controller owned by a process of its own."""


def running(lab: Lab) -> list[psutil.Process]:
    """Every Samba process that has one of this domain's databases open."""
    folder = str(lab.blueprint.folder)
    found = []
    for process in psutil.process_iter(["name"]):
        try:
            if process.name() in ("samba", "smbd") or "ldap" in process.name():
                opened = [file.path for file in process.open_files()] + [part.path for part in process.memory_maps()]
                found += [process] if any(path.startswith(folder) for path in opened) else []
        except psutil.Error:
            continue
    return found


def test_stopping_ends_every_process_and_starting_brings_everything_back(samba: Lab) -> None:
    """No process and no socket stays; the same entries are served afterwards."""
    assert running(samba)
    samba.control.stop()
    try:
        assert not running(samba)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((samba.blueprint.domain_controller, 636), 1)
    finally:
        samba.control.start()
    directory = samba.directory()
    assert directory.read(f"OU=Lync,{BASE_DN}", ["ou"]) is not None
    directory.close()


def test_it_ends_with_the_process_that_started_it(samba: Lab) -> None:
    """A killed lab leaves no domain controller behind."""
    samba.control.stop()
    try:
        command = [sys.executable, "-c", SERVE, str(samba.blueprint.folder), samba.blueprint.subnet]
        owner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert owner.stdout is not None
        assert owner.stdout.readline() == "ready\n"
        assert running(samba)
        owner.kill()
        owner.wait()
        deadline = time.monotonic() + 10
        while running(samba) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not running(samba)
    finally:
        samba.control.start()


def test_a_taken_address_is_told(samba: Lab) -> None:
    """A second lab on the same address does not start and does not take the first one's answers for its own."""
    with pytest.raises(OperationError, match="is taken"):
        SambaDomain(samba.blueprint).start()


def test_a_second_domain_is_refused_where_one_is(samba: Lab) -> None:
    """Nobody overwrites a domain by mistake."""
    with pytest.raises(Refusal, match="already"):
        samba.control.create([])


@pytest.mark.slow
def test_a_domain_that_cannot_be_made_says_why(samba: Lab, tmp_path: Path) -> None:
    """An entry that the schema refuses is named, and no half-made domain is left to start."""
    blueprint = type(samba.blueprint)(tmp_path, "127.53.22", directory="samba")
    for name in ("directory", "administrator"):
        blueprint.secret(name).parent.mkdir(exist_ok=True)
        blueprint.secret(name).write_text(samba.secret(name))
    domain = SambaDomain(blueprint)
    with pytest.raises(OperationError, match="CN=bad"):
        domain.create([(f"CN=bad,{BASE_DN}", {"objectClass": ["unheardOf"]})])
    domain.stop()
    assert not (blueprint.folder / "samba" / "etc").exists()


def test_the_zone_holds_the_given_records(samba: Lab) -> None:
    """The domain controller's own DNS answers with the lab's records."""
    address = samba.blueprint.domain_controller

    def dig(name: str, kind: str) -> str:
        return subprocess.run(
            ["dig", "+short", f"@{address}", name, kind], capture_output=True, text=True, check=True
        ).stdout.strip()

    assert dig("sip.lync.test", "A") == samba.blueprint.primary_server
    assert dig("_sipinternaltls._tcp.lync.test", "SRV") == "0 0 5061 pool01.lync.test."
    assert dig("dc1.lync.test", "A") == address


def test_nothing_of_it_is_outside_its_folder(samba: Lab) -> None:
    """Its processes keep no file open that lies elsewhere, but for the system's own."""
    folder = str(samba.blueprint.folder)
    system = ("/usr", "/lib", "/dev", "/proc", "/etc", "/run", "/sys")
    outside = {
        file.path for process in running(samba) for file in process.open_files() if not file.path.startswith(system)
    }
    assert all(path.startswith(folder) for path in outside), outside
    assert not list(Path("/run").glob("samba/*lync*"))
