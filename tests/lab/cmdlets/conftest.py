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
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint, DirectoryKind
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.directory import DirectoryServer
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.registrar import Registrar
from lyncdr_helpers.lab.samba import SambaDomain
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
                for account in (*state.accounts.search(), *state.accounts.endpoints())
                if account.address in begun and state.home(account) != POOLS[begun[account.address]]
            ]
            for account, pool in strays:
                ((_, why),) = state.accounts.rehome([account], POOLS[pool])
                assert not why


def _prepared(folder: Path, subnet: str, directory: DirectoryKind) -> Lab:
    """A lab of 40 users in which no server runs yet."""
    blueprint = Blueprint(folder, subnet=subnet, users=40, contacts=4, directory=directory)
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    (blueprint.drive_c / "lyncdr").mkdir(parents=True)
    lab = Lab(blueprint, seed.generate(blueprint))
    for pool in POOLS:
        with lab.store(pool) as store:
            store.fill(lab.deployment, pool)
    shutil.copytree(lab.stores, lab.stores_of_day_one)
    return lab


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = _prepared(tmp_path_factory.mktemp("embedded"), "127.53.52", "embedded")
    directory = DirectoryServer(lab.blueprint)
    directory.load(lab.deployment.directory_entries())
    with ExitStack() as servers:
        for server in (directory, Registrar(lab.blueprint, PRIMARY_POOL), Registrar(lab.blueprint, DR_POOL)):
            server.start()
            servers.callback(server.stop)
        yield lab


@pytest.fixture(scope="session")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The same lab on a real domain controller; no registrar answers in it."""
    lab = _prepared(tmp_path_factory.mktemp("samba"), "127.53.54", "samba")
    domain = SambaDomain(lab.blueprint)
    domain.create(lab.deployment.directory_entries(), lab.deployment.zone_records())
    domain.start()
    yield lab
    domain.stop()


@pytest.fixture
def lab(embedded: Lab) -> Lab:
    embedded.first_day()
    return embedded
