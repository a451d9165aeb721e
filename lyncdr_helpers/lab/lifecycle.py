"""A lab's life: up, status, failing and healing its parts, down."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.errors import InputError, LyncdrError
from lyncdr_helpers.lab import kerberos, loading, members, params, pki, seed, sites
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.claim import Claim
from lyncdr_helpers.lab.endpoints import Endpoint, answers, endpoints
from lyncdr_helpers.lab.sites import Part, Sites

KEPT = "runs"
"""What `down` leaves: the record of what was done here."""

POOLS = (PRIMARY_POOL, DR_POOL)
UP_SECONDS = {"embedded": 60.0, "samba": 300.0}
PART_SECONDS = 10.0
POLL_SECONDS = 0.05
LOG_LINES = 15

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One server as `lab status` shows it. `state`: answers, silent, site lost, dead. `pid`: 0 when dead."""

    server: str
    address: str
    port: int
    pid: int
    state: str


def up(
    blueprint: Blueprint,
    owner_pid: int | None = None,
    on_progress: Progress = lambda _: None,
    claim: Claim | None = None,
) -> None:
    """Bring the lab up; returns when every server answers in its own protocol.

    owner_pid: the lab ends when that process does. claim: the lab's addresses, where somebody claimed them before.
    Raises InputError when its folder or its addresses are somebody else's, LyncdrError when a server does not come up,
    with the end of its log; then nothing of the lab is left.
    """
    _require_combination(blueprint)
    blueprint = replace(blueprint, folder=blueprint.folder.resolve())
    with claim or Claim(blueprint):
        _make_room(blueprint)
        try:
            _bring_up(blueprint, owner_pid, on_progress)
        except BaseException:
            down(blueprint.folder)
            raise


def down(folder: Path) -> None:
    """End the lab's processes and remove its files, but for the runs. Raises InputError when no lab stands there."""
    if not _is_lab(folder):
        raise InputError(f"There is no lab in {folder}.", "Name the folder that `lyncdr lab up` made.")
    members.end(folder)
    for path in folder.iterdir():
        if path.name == KEPT:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def status(folder: Path) -> list[Row]:
    """Every server of the lab and how it is. Raises InputError when no lab stands there."""
    if not _is_lab(folder):
        raise InputError(f"There is no lab in {folder}.", "Start one: lyncdr lab up")
    blueprint = Blueprint.load(folder)
    return [_row(blueprint, endpoint) for endpoint in endpoints(blueprint)]


def environment(folder: Path) -> dict[str, str]:
    """What a process must have in its environment to work on the lab: a fresh ticket with Samba's DNS, else nothing."""
    blueprint = Blueprint.load(folder)
    return kerberos.sign_in(blueprint) if blueprint.dns == "samba" else {}


def fail(folder: Path, part: Part) -> None:
    """Take a site, or the link between the sites, away; returns when its registrars refuse connections."""
    _change(folder, sites.read(folder).failed(part))


def heal(folder: Path, part: Part) -> None:
    """Give it back; returns when every registrar that can be reached answers."""
    _change(folder, sites.read(folder).healed(part))


# -- coming up -------------------------------------------------------------------------------------------------------
def _require_combination(blueprint: Blueprint) -> None:
    if blueprint.dns == "samba" and blueprint.directory != "samba":
        raise InputError("Samba's DNS comes with Samba's directory only.", "Add --directory samba.")


def _make_room(blueprint: Blueprint) -> None:
    """A folder for the lab alone: what a dead lab left goes, what is somebody else's stays."""
    folder = blueprint.folder
    try:
        if _is_lab(folder):
            if members.members(folder):
                raise InputError(f"A lab stands in {folder}.", "Take it down first: lyncdr lab down")
            down(folder)
        elif folder.exists() and any(path.name != KEPT for path in folder.iterdir()):
            raise InputError(f"{folder} holds files that are no lab's.", "Give a folder that is empty or not there.")
        blueprint.save()
    except OSError as cause:
        raise InputError(
            f"The folder {folder} is of no use: {cause.strerror}.", "Give one you may write to."
        ) from cause


def _bring_up(blueprint: Blueprint, owner_pid: int | None, on_progress: Progress) -> None:
    on_progress("certificates and passwords")
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    blueprint.store.mkdir()  # the DR site's share is there before the first backup is
    blueprint.exchange.mkdir(parents=True)
    files.replace(blueprint.params_file, params.render(blueprint, blueprint.folder).encode())
    on_progress(f"a deployment with {blueprint.users} users")
    deployment = seed.generate(blueprint)
    running = {}
    for role, load in loading.steps(blueprint).items():
        on_progress(f"loading: {role}")
        load(deployment)
        running[role] = members.start(blueprint.folder, role, owner_pid)
    for endpoint in endpoints(blueprint):
        _wait_for(blueprint, endpoint, running)
        on_progress(f"{endpoint} answers")


def _wait_for(blueprint: Blueprint, endpoint: Endpoint, running: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Return when it answers. Raises LyncdrError when any of the lab's processes dies, or when it takes too long."""
    until = time.monotonic() + UP_SECONDS[blueprint.directory]
    while not answers(blueprint, endpoint):
        for role, process in running.items():
            if (code := process.poll()) is not None:
                raise _stillborn(blueprint, role, f"the process {role} died with exit code {code}")
        if time.monotonic() > until:
            raise _stillborn(blueprint, endpoint.role, f"the {endpoint} does not answer")
        time.sleep(POLL_SECONDS)


def _stillborn(blueprint: Blueprint, role: str, what: str) -> LyncdrError:
    log = members.log_file(blueprint.folder, role)
    tail = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-LOG_LINES:])
    return LyncdrError(
        f"The lab does not come up: {what}. The end of its log:\n{tail}\n",
        "Put right what it says, then run: lyncdr lab up",
    )


# -- afterwards ------------------------------------------------------------------------------------------------------
def _is_lab(folder: Path) -> bool:
    return (folder / "blueprint.json").exists()


def _row(blueprint: Blueprint, endpoint: Endpoint) -> Row:
    process = members.main_process(blueprint.folder, endpoint.role)
    if process is None:
        state = "dead"
    elif answers(blueprint, endpoint):
        state = "answers"
    elif _lost(sites.read(blueprint.folder), endpoint):
        state = "site lost"
    else:
        state = "silent"
    return Row(endpoint.server, endpoint.address, endpoint.port, process.pid if process else 0, state)


def _lost(up: Sites, endpoint: Endpoint) -> bool:
    return endpoint.server in POOLS and not up.reachable(endpoint.server)


def _change(folder: Path, wanted: Sites) -> None:
    """Write what is up, and wait until the registrars show it."""
    if not _is_lab(folder):
        raise InputError(f"There is no lab in {folder}.", "Start one: lyncdr lab up")
    blueprint = Blueprint.load(folder)
    until = time.monotonic() + PART_SECONDS
    while not _written(folder, wanted) and time.monotonic() < until:
        time.sleep(POLL_SECONDS)
    for registrar in (endpoint for endpoint in endpoints(blueprint) if endpoint.server in POOLS):
        while not _shows(blueprint, registrar, wanted):
            if time.monotonic() > until:
                raise LyncdrError(f"The registrar {registrar} does not follow.", "Look at: lyncdr lab status")
            time.sleep(POLL_SECONDS)


def _written(folder: Path, wanted: Sites) -> bool:
    """False on Windows when a server reads the file at that very moment."""
    try:
        sites.write(folder, wanted)
    except PermissionError:
        return False
    return True


def _shows(blueprint: Blueprint, registrar: Endpoint, wanted: Sites) -> bool:
    if wanted.reachable(registrar.server):
        return answers(blueprint, registrar)
    return not SocketDialer(PART_SECONDS, blueprint.ca_file).knock(registrar.address, registrar.port)
