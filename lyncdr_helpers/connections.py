"""Parameters and mode -> the ports of a session, with the adapters behind them; each connects when it is first used."""

from __future__ import annotations

from functools import partial

from lyncdr_helpers import files
from lyncdr_helpers.adapters.dialer import SocketDialer
from lyncdr_helpers.adapters.dns import authoritative, resolver
from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.adapters.local_shell import LocalShell
from lyncdr_helpers.adapters.rehearse import RehearsedNameserver, RehearsedShell
from lyncdr_helpers.adapters.script_shell import ScriptShell
from lyncdr_helpers.adapters.scripts import RESULT, Script
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.adapters.winrm import WinrmShell
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.ports import Nameserver, Ports, Shell
from lyncdr_helpers.runfolder import RunFolder

DIAL_SECONDS = 5.0


def connections(loaded: LoadedParams, folder: RunFolder, journal: Journal, clock: Clock, *, rehearsed: bool) -> Ports:
    """The ports of one run. A rehearsal wraps whatever writes."""
    params, base = loaded.params, loaded.folder
    shell = _shell(loaded, folder, journal, clock)
    nameservers: dict[str, Nameserver] = {server.name: authoritative(server, base) for server in params.dns.servers}
    if rehearsed:
        shell = RehearsedShell(shell, journal)
        nameservers = {name: RehearsedNameserver(server, journal) for name, server in nameservers.items()}
    ca_file = params.management_host.ca_file
    return Ports(
        directory=LdapDirectory(params.directory, base),
        shell=shell,
        dialer=SocketDialer(DIAL_SECONDS, loaded.locate(ca_file) if ca_file else None),
        store=open_store(params.backup, loaded, clock),
        nameservers=nameservers,
        resolvers={one.name: resolver(one) for one in params.dns.resolvers},
    )


def _shell(loaded: LoadedParams, folder: RunFolder, journal: Journal, clock: Clock) -> Shell:
    """The way to the management host that the parameters choose."""
    host, base = loaded.params.management_host, loaded.folder
    match host.transport:
        case "winrm":
            return WinrmShell(host, base, clock)
        case "local":
            return LocalShell(host, base, clock, folder.run)
    return ScriptShell(host, base, clock, folder.run, partial(_witness, journal, folder))


def _witness(journal: Journal, folder: RunFolder, state: str, script: Script, **facts: str) -> None:
    """Put a script on record and tell who runs it; it is kept with its result, for they say what was done."""
    journal.write(
        "script", state=state, file=script.here.name, command=script.order.line, sha256=script.sha256, **facts
    )
    if state == "written":
        print(f"Run this on the management host: {facts['how']}", flush=True)
    for path in (script.here, script.here.with_suffix(RESULT)):
        if path.is_file():
            files.replace(folder.path / "scripts" / path.name, path.read_bytes())
