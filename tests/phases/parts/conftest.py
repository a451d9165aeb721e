"""A small lab in this process: its directory, nameserver and management host, and a backup session on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lyncdr_helpers import files
from lyncdr_helpers.lab import group_chat, loading, pki, seed, sites
from lyncdr_helpers.lab.blueprint import MANAGEMENT_USER, Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.directory import DirectoryServer
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.lab.sites import Part, Sites
from lyncdr_helpers.lab.winrm import Call, Cmdlet, Executable, ProgramCall, WinrmServer
from lyncdr_helpers.lab.winrm.faults import Faults
from lyncdr_helpers.session import Session, open_session

FOLDERS = ("sql", "group-chat")
"""What belongs to Group Chat in the lab's folder."""


@dataclass
class Scene:
    """The lab. Every test finds it as on its first day. replaced: cmdlets and programs that a test put there, by name.

    calls: every run of a program, as its name and arguments.
    """

    blueprint: Blueprint
    replaced: dict[str, Cmdlet | Executable] = field(default_factory=dict)
    calls: list[tuple[str, list[str]]] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    servers: list[WinrmServer] = field(default_factory=list)

    @property
    def faults(self) -> Faults:
        """What goes wrong next on the management host."""
        return self.servers[0].faults

    @property
    def params(self) -> Path:
        return self.blueprint.params_file

    @property
    def work(self) -> Path:
        return self.blueprint.folder / "work"

    def session(self, *changes: tuple[str, str]) -> Session:
        """A backup of its own; changes: texts in the parameters, and what they become."""
        text = render(self.blueprint, self.blueprint.folder)
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.params.write_text(text, encoding="utf-8")
        session = open_session("backup", self.params, run="new", locked=False)
        self.sessions.append(session)
        return session

    def fail(self, part: Part) -> None:
        sites.write(self.blueprint.folder, sites.read(self.blueprint.folder).failed(part))

    def first_day(self) -> None:
        sites.write(self.blueprint.folder, Sites())
        self.replaced.clear()
        self.calls.clear()
        for name in FOLDERS:
            shutil.rmtree(self.blueprint.folder / name, ignore_errors=True)
        shutil.rmtree(self.work, ignore_errors=True)
        group_chat.fill(self.blueprint, [f"user{number}@lync.test" for number in range(20)])

    def left_behind(self) -> list[str]:
        """The files in the work folder and in the dump folder."""
        places = (self.work, group_chat.dumps(self.blueprint))
        return sorted(path.name for place in places for path in place.rglob("*") if path.is_file())

    def cmdlets(self) -> dict[str, Cmdlet]:
        def one(name: str, usual: Cmdlet) -> Cmdlet:
            def cmdlet(call: Call) -> None:
                self.replaced.get(name, usual)(call)

            return cmdlet

        return {name: one(name, usual) for name, usual in cmdlets(self.blueprint).items()}

    def programs(self) -> dict[str, Executable]:
        def one(name: str, usual: Executable) -> Executable:
            def program(call: ProgramCall) -> int:
                self.calls.append((name, call.arguments))
                return self.replaced.get(name, usual)(call)

            return program

        return {name: one(name, usual) for name, usual in programs(self.blueprint).items()}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with claim_subnet(Blueprint(tmp_path_factory.mktemp("parts") / "lab", users=12, contacts=4)) as claim:
        blueprint = claim.blueprint
        blueprint.folder.mkdir()
        pki.issue(blueprint)
        pki.make_secrets(blueprint)
        blueprint.store.mkdir()
        deployment = seed.generate(blueprint)
        for load in loading.steps(blueprint).values():
            load(deployment)
        (blueprint.drive_c / "lyncdr").mkdir(parents=True, exist_ok=True)
        files.replace(blueprint.params_file, render(blueprint, blueprint.folder).encode())
        scene = Scene(blueprint)
        password = blueprint.secret("management").read_text(encoding="utf-8").strip()
        management_host = WinrmServer(
            blueprint.management_host,
            blueprint.winrm_port,
            blueprint.certificate("mgmt"),
            {MANAGEMENT_USER: password},
            scene.cmdlets(),
            scene.programs(),
        )
        scene.servers.append(management_host)
        with ExitStack() as servers:
            for server in (DirectoryServer(blueprint), ZoneServer(blueprint), management_host):
                server.start()
                servers.callback(server.stop)
            yield scene


@pytest.fixture
def scene(running: Scene) -> Iterator[Scene]:
    running.first_day()
    yield running
    for session in running.sessions:
        session.close()
    running.sessions.clear()
