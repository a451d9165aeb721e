"""The cmdlets that bring the Central Management Store to another pool: on a server of that pool, never from afar."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

INSTANCE = "rtc"


def install_database(call: Call, state: State) -> None:
    """-CentralManagementDatabase: an empty store on the SQL Server of a pool. What is there stays, without -Clean."""
    state.heed(call, "CentralManagementDatabase", "SqlServerFqdn", "SqlInstanceName", "Force")
    if not call.switch("CentralManagementDatabase"):
        raise CmdletError("The lab makes central management databases alone.", "NotImplemented")
    server, instance = str(call.get("SqlServerFqdn", "")), str(call.get("SqlInstanceName", INSTANCE))
    pool = state.pool(server)
    state.require_reachable(pool)
    if instance.lower() != INSTANCE:
        raise CmdletError(f'Cannot find the SQL Server instance "{server}\\{instance}".', "SqlInstanceNotFound")
    database = state.blueprint.central_store(pool.fqdn)
    if not database.exists():
        files.replace_json(database, {"configuration": "", "enabled": False})


def move_server(here: LabPool) -> Callable[[Call, State], None]:
    """Move-CsManagementServer on a server of that pool."""

    def act(call: Call, state: State) -> None:
        state.heed(call, "ConfigurationFileName", "LisConfigurationFileName", "Force")
        state.require_reachable(here)
        database = state.blueprint.central_store(here.fqdn)
        if state.cms == here:
            call.warning("The Central Management Server is on this pool already.")
            return
        if not database.exists():
            raise CmdletError(
                f'There is no Central Management database on "{here.fqdn}\\{INSTANCE}". Run Install-CsDatabase first.',
                "XdsDatabaseMissing",
            )
        database_holds = _imported(call, state, here)
        files.replace_json(database, {"configuration": database_holds, "enabled": False})
        state.accounts.repoint_cms(f"{here.fqdn}\\{INSTANCE}")

    return act


def enable_topology(call: Call, state: State) -> None:
    """Start the master on the pool that the forest names."""
    state.heed(call, "Force")
    state.require_cms()
    database = state.blueprint.central_store(state.cms.fqdn)
    if database.exists():
        files.replace_json(database, {**json.loads(database.read_text(encoding="utf-8")), "enabled": True})


def is_enabled(state: State) -> bool:
    """Whether the store's master works; the first one always did."""
    database = state.blueprint.central_store(state.cms.fqdn)
    return not database.exists() or bool(json.loads(database.read_text(encoding="utf-8"))["enabled"])


def locally(here: LabPool) -> Mapping[str, Callable[[Call, State], None]]:
    """The cmdlets as a server of that pool has them in its own shell."""
    return {
        "Install-CsDatabase": install_database,
        "Move-CsManagementServer": move_server(here),
        "Enable-CsTopology": enable_topology,
    }


def refused(call: Call, _: State) -> None:
    """The same cmdlets in a remote session. In which words the real ones refuse, nobody has published."""
    raise CmdletError(
        f"{call.name} cannot be run in a remote session. Run it in the management shell of the server itself.",
        "RemoteSession",
        Category.PermissionDenied,
    )


def _imported(call: Call, state: State, here: LabPool) -> str:
    """What the new store begins with: a copy of the one that answers, or the files of an export; its digest, or empty.

    Raises CmdletError where there is neither.
    """
    given = {name: call.get(name) for name in ("ConfigurationFileName", "LisConfigurationFileName")}
    if not any(given.values()) and state.reachable(state.cms):
        return ""
    if not call.switch("Force"):
        state.require_cms()
    exports = {name: _export(state, str(written or "")) for name, written in given.items()}
    holds = _entry(exports["ConfigurationFileName"], "Topology.xml")
    _entry(exports["LisConfigurationFileName"], "Lis.xml")
    if here.fqdn not in holds:
        raise CmdletError(f"The configuration file does not hold the pool {here.fqdn}.", "InvalidConfigurationFile")
    return files.digest_file(exports["ConfigurationFileName"])


def _export(state: State, written: str) -> Path:
    place = state.file(written)
    if not place.is_file():
        raise CmdletError(f"Could not find file '{written}'.", "FileNotFound", Category.ObjectNotFound, written)
    return place


def _entry(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(name).decode("utf-8")
    except (zipfile.BadZipFile, KeyError, OSError) as cause:
        raise CmdletError(f"'{path.name}' is not a valid backup file.", "InvalidConfigurationFile") from cause
