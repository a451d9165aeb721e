"""dbimpexp.exe of the lab: contact lists out of a pool's database and into it. Its words and exit codes are made up.

So is how it writes conference directories: what stands there in a real export is not documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, read_export, write_elements
from lyncdr_helpers.contacts.lists import ContactList, address
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.winrm import CmdletError, ProgramCall

USAGE = (
    "Usage: dbimpexp [/import] /hrxmlfile:<file> [/sqlserver:<fqdn>[\\instance]] [/restype:user|confdir] "
    "[/user:<address>]"
)
OPTIONS = {"/import", "/hrxmlfile", "/sqlserver", "/restype", "/user"}
DONE, FAILED = 0, 1


def main(call: ProgramCall, state: State) -> int:
    """One run; the exit code."""
    try:
        options = _options(call.arguments)
        pool = _pool(options.get("/sqlserver", ""), state)
        state.require_reachable(pool)
        if "/import" in options:
            _import(call, state, pool, options)
        else:
            _export(call, state, pool, options)
    except (CmdletError, InputError) as error:
        call.err(f"Error: {error.message}\r\n")
        return FAILED
    return DONE


def _options(arguments: Sequence[str]) -> Mapping[str, str]:
    options = {}
    for argument in arguments:
        name, _, value = argument.partition(":")
        if name.lower() not in OPTIONS or name.lower() in options:
            raise CmdletError(f"{argument} is not understood. {USAGE}")
        options[name.lower()] = value.strip('"')
    if not options.get("/hrxmlfile") or options.get("/restype", "user") not in ("user", "confdir"):
        raise CmdletError(USAGE)
    return options


def _pool(instance: str, state: State) -> LabPool:
    """The pool whose back end `/sqlserver` names; without it, this machine would have to be one."""
    host, _, name = instance.lower().partition("\\")
    for pool in state.pools.values():
        if host in (pool.fqdn, pool.machine) and name in ("", "rtc"):
            return pool
    raise CmdletError(f'Cannot open a connection to SQL Server "{instance or "(local)"}".')


def _export(call: ProgramCall, state: State, pool: LabPool, options: Mapping[str, str]) -> None:
    user = address(options["/user"]) if "/user" in options else None
    place = state.new_file(options["/hrxmlfile"])
    if options.get("/restype") == "confdir":
        directories = [number for number, home in state.conference_directories().items() if home == pool]
        _write_directories(place, directories, pool)
        call.out(f"Exported {len(directories)} conference directories to {options['/hrxmlfile']}.\r\n")
        return
    elements = list(state.store(pool).elements(user))
    if user and not elements:
        raise CmdletError(f"The user {user} does not exist in the database.")
    write_elements(place, elements)
    call.out(f"Exported {len(elements)} users to {options['/hrxmlfile']}.\r\n")


def _write_directories(place: Path, numbers: Sequence[int], pool: LabPool) -> None:
    elements = "".join(
        f'<ConferenceDirectory Id="{number}" HomePool="{pool.fqdn}"></ConferenceDirectory>\n' for number in numbers
    )
    document = f'<HomedResources xmlns="{NAMESPACE}">\n<ConferenceDirectories>\n{elements}</ConferenceDirectories>\n'
    place.write_bytes(f'<?xml version="1.0" encoding="utf-16"?>\n{document}</HomedResources>\n'.encode("utf-16"))


def _import(call: ProgramCall, state: State, pool: LabPool, options: Mapping[str, str]) -> None:
    """Every user of the file who is homed here; the whole file is read before the first is imported."""
    only = address(options["/user"]) if "/user" in options else None
    lists = [found for found in read_export(state.file(options["/hrxmlfile"])) if only in (None, found.user)]
    if options.get("/restype") == "confdir":
        lists = []
    homed = set(_homed(state, pool, [found.user for found in lists]))
    done = 0
    for found in lists:
        if why := _obstacle(found, homed):
            call.out(f"Skipped {found.user}: {why}.\r\n")
            continue
        state.store(pool).add(found)
        done += 1
    call.out(f"Imported {done} of {len(lists)} users.\r\n")


def _obstacle(found: ContactList, homed: set[str]) -> str:
    if found.user not in homed:
        return "the user is not homed on this pool"
    if any(contact.buddy == found.user for contact in found.contacts):
        return "a user cannot be a contact of themself"
    return ""


def _homed(state: State, pool: LabPool, users: Sequence[str]) -> Iterator[str]:
    for user, accounts in state.accounts.find([f"sip:{user}" for user in users]):
        if any(state.home(account) == pool for account in accounts):
            yield address(user)
