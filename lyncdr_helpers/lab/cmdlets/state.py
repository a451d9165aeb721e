"""What every cmdlet of the lab stands on: the directory, the pools' stores, and which sites are up.

Nothing is kept but connections to the directory.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path, PureWindowsPath

from lyncdr_helpers.directory import names
from lyncdr_helpers.lab import sites
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.cmdlets.accounts import Account, Accounts
from lyncdr_helpers.lab.cmdlets.lines import DOMAIN_CONTROLLER
from lyncdr_helpers.lab.forest import POOLS, LabPool
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.shell.table import COMMON

FORBIDDEN = frozenset('<>:"|?*')


class State:
    """The lab as one call finds it, for the thread of that call. Use `with`: it closes what was opened."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.blueprint = blueprint
        self.accounts = Accounts(blueprint)
        self._stores: dict[str, PoolStore] = {}

    def __enter__(self) -> State:
        return self

    def __exit__(self, error: object, *details: object) -> None:
        self.accounts.close(hang_up=error is not None)
        for store in self._stores.values():
            store.close()

    @property
    def owners_known(self) -> bool:
        """Whether Response Groups are owned by a pool of their own: from 2013 on."""
        return self.blueprint.generation != "lync2010"

    # -- pools ------------------------------------------------------------------------------------------------------

    @cached_property
    def pools(self) -> dict[str, LabPool]:
        """The pools that the forest has now, by FQDN."""
        hosts = self.accounts.below_rtc_service("msRTCSIP-Pool", "dNSHostName")
        return {pool: POOLS[pool] for pool in sorted(host.lower() for (host,) in hosts) if pool in POOLS}

    def pool(self, fqdn: str) -> LabPool:
        """The pool of that name. Raises CmdletError when the topology does not hold it."""
        found = self.pools.get(fqdn.lower())
        if found is None:
            raise CmdletError(
                f'Cannot find a pool with the FQDN "{fqdn}" in the topology.',
                "ManagementObjectNotFound",
                Category.ObjectNotFound,
                fqdn,
            )
        return found

    def home(self, account: Account) -> LabPool | None:
        """The pool whose service is the account's home; None without one."""
        dn = account.lync("PrimaryHomeServer")
        return self._services.get(names.key(dn)) if dn else None

    def conference_directories(self) -> dict[int, LabPool]:
        """The pool that is home to each conference directory, by the directory's number."""
        homes = {names.key(pool.dn): pool for pool in self.pools.values()}
        found = self.accounts.below_rtc_service(
            "msRTCSIP-ConferenceDirectory",
            "msRTCSIP-ConferenceDirectoryId",
            "msRTCSIP-ConferenceDirectoryHomePool",
        )
        return dict(sorted((int(number), homes[names.key(home)]) for number, home in found))

    @cached_property
    def _services(self) -> dict[names.Key, LabPool]:
        return {names.key(pool.service): pool for pool in self.pools.values()}

    def reachable(self, pool: LabPool) -> bool:
        return sites.read(self.blueprint.folder).reachable(pool.fqdn)

    def require_reachable(self, pool: LabPool) -> None:
        """Raise CmdletError, as of SQL Server, while the pool is down."""
        if not self.reachable(pool):
            raise CmdletError(
                f'Cannot open a connection to SQL Server "{pool.fqdn}\\rtc": the server was not found or is not '
                "accessible.",
                "SqlConnectionException",
                Category.ConnectionError,
                pool.fqdn,
            )

    def store(self, pool: LabPool) -> PoolStore:
        """The pool's database, whether or not the pool is up: ask `require_reachable` first."""
        if pool.fqdn not in self._stores:
            self._stores[pool.fqdn] = PoolStore(self.blueprint.pool_store(pool.fqdn))
        return self._stores[pool.fqdn]

    # -- the Central Management Store -------------------------------------------------------------------------------

    @cached_property
    def cms(self) -> LabPool:
        """The pool that holds the CMS, from the forest's pointer."""
        pointers = self.accounts.below_rtc_service("msRTCSIP-GlobalTopologySetting", "msRTCSIP-BackEndServer")
        if len(pointers) != 1:
            raise CmdletError(f"The forest names {len(pointers)} Central Management Stores.", "CmsPointer")
        return self.pool(pointers[0][0].partition("\\")[0])

    def require_cms(self) -> None:
        """Raise CmdletError while the CMS's pool is down: nothing can be read from it, and nothing changed."""
        self.require_reachable(self.cms)

    # -- what was given ---------------------------------------------------------------------------------------------

    def heed(self, call: Call, *honoured: str) -> None:
        """Raise CmdletError for a parameter that Microsoft's cmdlet takes and the lab's does not act on.

        Ignoring it would look like success.
        """
        known = {name.lower() for name in honoured} | COMMON
        for name in call.parameters:
            if name not in known:
                raise CmdletError(
                    f"The lab's {call.name} does not act on the parameter {name}.",
                    "NotImplemented",
                    Category.NotImplemented,
                    name,
                )
        server = call.get("DomainController")
        if server and server.lower() != DOMAIN_CONTROLLER:
            raise CmdletError(
                f'Cannot contact the domain controller "{server}".',
                "DomainController",
                Category.ConnectionError,
                server,
            )

    def file(self, written: str) -> Path:
        """A file on the management host's drive C. Raises CmdletError for any other place, and for what is no name."""
        path = PureWindowsPath(written)
        inside = path.parts[1:]
        if path.anchor.upper() != "C:\\" or not inside or any(_is_no_name(part) for part in inside):
            raise _no_such_path(written)
        return self.blueprint.drive_c.joinpath(*inside)

    def new_file(self, written: str) -> Path:
        """`file`, in a folder that must exist."""
        place = self.file(written)
        if not place.parent.is_dir():
            raise _no_such_path(written)
        return place


def _no_such_path(written: str) -> CmdletError:
    message = f"Could not find a part of the path '{written}'."
    return CmdletError(message, "DirectoryNotFound", Category.ObjectNotFound, written)


def _is_no_name(part: str) -> bool:
    return part == ".." or not FORBIDDEN.isdisjoint(part)
