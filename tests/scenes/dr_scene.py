"""A lab whose primary can be lost, and the real command line to run on it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from command_line import lyncdr

from lyncdr_helpers.adapters.dns import resolver
from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.journal import Line, read
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL, Blueprint, CmsHome
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import backup
from lyncdr_helpers.runfolder import RunFolder, RunSummary, all_runs

USERS, CONTACTS = 40, 4
"""And contacts a user, in the median: enough for every kind of list, and fast to read over and over."""


@dataclass(frozen=True)
class Scene:
    """A lab with one backup of it, and what its deployment holds now."""

    blueprint: Blueprint

    @property
    def params(self) -> Path:
        return self.blueprint.params_file

    def lose_primary(self) -> None:
        lifecycle.fail(self.blueprint.folder, "primary")

    def _command(self, *arguments: str) -> list[str]:
        return ["run", *arguments, "--params", str(self.params), "--json"]

    def run(self, *arguments: str) -> tuple[int, dict[str, Any], str]:
        """`lyncdr run ...`: exit code, the JSON line, and what stood on stderr."""
        done = lyncdr(*self._command(*arguments))
        return done.returncode, json.loads(done.stdout.splitlines()[-1]), done.stderr

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """The same in a process group of its own, to be killed with everything it started."""
        return subprocess.Popen(
            [sys.executable, "-m", "lyncdr_helpers", *self._command(*arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def runs(self) -> list[RunSummary]:
        return all_runs(self.blueprint.folder / "runs")

    def lines(self, run: str) -> list[Line]:
        return read(RunFolder(self.blueprint.folder / "runs" / run).journal)[0]

    def homes(self) -> dict[str, str]:
        loaded = read_params(self.params)
        directory = LdapDirectory(loaded.params.directory, loaded.folder)
        try:
            inventory = read_inventory(directory, loaded.params.directory.base)
        finally:
            directory.close()
        return {user.address: user.home for user in inventory.users}

    def lists(self, pool: str = DR_POOL) -> dict[str, ContactList]:
        return {one.user: one for one in PoolStore(self.blueprint.pool_store(pool)).lists()}

    def state(self) -> dict[str, Any]:
        """Everything an activation may change, in one value that two labs of the same seed can be compared by."""
        lists = {user: sorted(contact.buddy for contact in one.contacts) for user, one in self.lists().items()}
        return {"homes": self.homes(), "contacts": lists, "zone": self.zone()}

    def zone(self) -> dict[str, tuple[str, ...]]:
        params = read_params(self.params).params
        asked = resolver(params.dns.resolvers[0])
        found = {record.name: asked.ask(record.name, record.type) for record in params.dns.records}
        prefix = self.blueprint.subnet
        return {
            name: tuple(value.replace(prefix, "SUBNET") for value in one.values) if one else ()
            for name, one in found.items()
        }


def make_scene(
    folder: Path, users: int = USERS, batch: int = 10, generation: Generation = "lync2010", cms: CmsHome = "dr"
) -> Scene:
    """A lab of its own addresses that ends with this process, with one complete backup."""
    blueprint = Blueprint(folder, users=users, contacts=CONTACTS, generation=generation, cms=cms)
    claim = claim_subnet(blueprint)
    lifecycle.up(claim.blueprint, owner_pid=os.getpid(), claim=claim)
    scene = Scene(claim.blueprint)
    text = scene.params.read_text(encoding="utf-8").replace("batch_users: 100", f"batch_users: {batch}")
    scene.params.write_text(text, encoding="utf-8")
    session = backup.begin(scene.params)
    night = backup.take_inventory(session)
    backup.export_contacts(session, night)
    backup.export_settings(session, night)
    backup.copy_to_dr(session, night)
    backup.check_restore(session, night)
    backup.finish(session, backup.seal(session, night))
    return scene
