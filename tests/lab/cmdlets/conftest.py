"""A small lab with a real directory and real registrars, and a way to call its cmdlets as the management host does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from lyncdr_helpers.lab import pki, seed, sites
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.directory import DirectoryServer
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.registrar import Registrar
from lyncdr_helpers.lab.seed import Deployment
from lyncdr_helpers.lab.sites import Part, Sites
from lyncdr_helpers.lab.winrm import Call, CmdletError, ProgramCall


@dataclass
class Said:
    """What one call said, in order. rows: the properties of its objects, or texts. ended: a terminating error."""

    rows: list[Any] = field(default_factory=list)
    errors: list[CmdletError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    ended: CmdletError | None = None

    def output(self, value: Any) -> None:
        self.rows.append(value if isinstance(value, str) else dict(value.properties))

    def error(self, error: CmdletError) -> None:
        self.errors.append(error)

    def warning(self, text: str) -> None:
        self.warnings.append(text)


@dataclass
class Lab:
    """The running lab. Every test finds it as on its first day."""

    blueprint: Blueprint
    deployment: Deployment

    def call(self, cmdlet: str, feed: Sequence[str] = (), **parameters: Any) -> Said:
        said = Said()
        try:
            cmdlets(self.blueprint)[cmdlet](Call(cmdlet, parameters, feed, "LYNC\\svc-lyncdr", said))
        except CmdletError as error:
            said.ended = error
        return said

    def program(self, *arguments: str) -> tuple[int, str, str]:
        """dbimpexp.exe: exit code, output, errors."""
        out: list[str] = []
        errors: list[str] = []
        run = programs(self.blueprint)["dbimpexp.exe"]
        code = run(ProgramCall(arguments, "LYNC\\svc-lyncdr", out.append, errors.append))
        return code, "".join(out), "".join(errors)

    def fail(self, part: Part) -> None:
        sites.write(self.blueprint.folder, sites.read(self.blueprint.folder).failed(part))

    def store(self, pool: str) -> PoolStore:
        return PoolStore(self.blueprint.pool_store(pool))

    def users(self, pool: str = PRIMARY_POOL) -> list[str]:
        """Addresses of the users who were homed there on the first day."""
        return list(self.deployment.homed(pool))

    def home(self, user: str) -> tuple[str, tuple[str, ...]]:
        """What the directory says now: the pool that PrimaryHomeServer names, and the values of UserPolicies."""
        with State(self.blueprint) as state:
            ((_, (account,)),) = state.accounts.find([f"sip:{user}"])
            home = state.home(account)
            return home.fqdn if home else "", account.values["msRTCSIP-UserPolicies"]

    def buddies(self, pool: str, user: str) -> list[str] | None:
        """The user's contacts on that pool; None where it keeps nothing of the user."""
        with self.store(pool) as store:
            lists = list(store.lists(user))
        return [contact.buddy for contact in lists[0].contacts] if lists else None

    def first_day(self) -> None:
        sites.write(self.blueprint.folder, Sites())
        shutil.rmtree(self.stores)
        shutil.copytree(self.stores_of_day_one, self.stores)
        for path in (self.blueprint.drive_c / "lyncdr").iterdir():
            path.unlink()
        self._rehome()

    @property
    def stores(self) -> Path:
        return self.blueprint.pool_store(PRIMARY_POOL).parent

    @property
    def stores_of_day_one(self) -> Path:
        return self.blueprint.folder / "day one"

    def _rehome(self) -> None:
        begun = {person.address: person.pool for person in self.deployment.people if person.pool}
        with State(self.blueprint) as state:
            strays = [
                (account, begun[account.address])
                for account in state.accounts.search()
                if account.address in begun and state.home(account) != POOLS[begun[account.address]]
            ]
            for account, pool in strays:
                ((_, why),) = state.accounts.rehome([account], POOLS[pool])
                assert not why


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    blueprint = Blueprint(tmp_path_factory.mktemp("cmdlets"), subnet="127.53.52", users=40)
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    (blueprint.drive_c / "lyncdr").mkdir(parents=True)
    deployment = seed.generate(blueprint)
    with ExitStack() as servers:
        directory = DirectoryServer(blueprint)
        directory.load(deployment.directory_entries())
        for server in (directory, Registrar(blueprint, PRIMARY_POOL), Registrar(blueprint, DR_POOL)):
            server.start()
            servers.callback(server.stop)
        lab = Lab(blueprint, deployment)
        for pool in POOLS:
            with lab.store(pool) as store:
                store.fill(deployment, pool)
        shutil.copytree(lab.stores, lab.stores_of_day_one)
        yield lab


@pytest.fixture
def lab(running: Lab) -> Lab:
    running.first_day()
    return running
