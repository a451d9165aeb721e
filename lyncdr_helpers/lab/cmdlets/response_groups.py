"""Response Groups: a pool's into a file, from a file into a pool, and what there is.

As Microsoft's help has it: a group keeps its owner through an import unless -OverwriteOwner, the service's settings
stay unless -ReplaceExistingRgsSettings, and two objects of one name are an error unless -ResolveNameConflicts. That an
import takes the place of objects with the same identity is the lab's choice, as no source says it.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.response_groups import Kind, ResponseGroup
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

ENTRY = "ResponseGroups.json"
"""What the lab's archive holds; the real one's inside is not documented."""


def export(call: Call, state: State) -> None:
    """-Source's own groups, or with -Owner those it runs for another pool, into a new file."""
    state.heed(call, "Source", "FileName", "Owner", "RemoveExportedConfiguration", "Force")
    source = _pool(state, call.get("Source"))
    owner = _pool(state, call.get("Owner") or call.get("Source"))
    if call.switch("RemoveExportedConfiguration"):
        state.require_cms()
    state.require_reachable(source)
    place = state.new_file(call.get("FileName"))
    store = state.store(source)
    groups = [group for group in store.response_groups() if group.owner == owner.fqdn]
    _write(place, {"groups": [asdict(group) for group in groups], "settings": store.response_group_settings()})
    if call.switch("RemoveExportedConfiguration"):
        store.remove_response_groups(groups)


def import_(call: Call, state: State) -> None:
    """Bring the groups of a file up on -Destination; all or none."""
    state.heed(
        call, "Destination", "FileName", "OverwriteOwner", "ReplaceExistingRgsSettings", "ResolveNameConflicts", "Force"
    )
    state.require_cms()
    pool = _pool(state, call.get("Destination"))
    state.require_reachable(pool)
    content = _read(state.file(call.get("FileName")))
    arriving = [ResponseGroup(**{**group, "refers_to": tuple(group["refers_to"])}) for group in content["groups"]]
    if call.switch("OverwriteOwner") or not state.owners_known:
        arriving = [replace(group, owner=pool.fqdn) for group in arriving]
    store = state.store(pool)
    numbers = {group.number for group in arriving}
    staying = [group for group in store.response_groups() if group.number not in numbers]
    named = list(_named(arriving, staying, resolve=call.switch("ResolveNameConflicts")))
    settings = content["settings"] if call.switch("ReplaceExistingRgsSettings") else {}
    if not call.switch("WhatIf"):
        store.replace_response_groups(named, settings)
        _take_calls(state, named, pool)


def get(kind: Kind) -> Callable[[Call, State], None]:
    """Get-CsRgsWorkflow, -Queue or -AgentGroup: -Identity (a service), -Name, -Owner, -ShowAll.

    Without -Identity a warning names the pools that are down: theirs are not known.
    """

    def cmdlet(call: Call, state: State) -> None:
        state.heed(call, "Identity", "Name", "Owner", "ShowAll")
        if identity := call.get("Identity"):
            wanted = [_pool(state, identity.partition("/")[0])]
            state.require_reachable(wanted[0])
        else:
            wanted = list(state.pools.values())
        for pool in wanted:
            if state.reachable(pool):
                _show(call, state, pool, kind)
            else:
                call.warning(f"The Response Groups of {pool.fqdn} cannot be read: the pool is not accessible.")

    return cmdlet


def _show(call: Call, state: State, pool: LabPool, kind: Kind) -> None:
    owner = _pool(state, call.get("Owner")).fqdn if call.get("Owner") else None
    everything = call.switch("ShowAll") or not state.owners_known
    for group in state.store(pool).response_groups():
        of_owner = group.owner == owner if owner else everything or group.owner == pool.fqdn
        if group.kind == kind and of_owner and group.name == call.get("Name", group.name):
            call.output(
                f"Microsoft.Rtc.Rgs.Management.WritableSettings.{kind}",
                Identity=f"service:ApplicationServer:{pool.fqdn}/{group.number}",
                Name=group.name,
                OwnerPool=group.owner,
                **({"Active": True, "PrimaryUri": f"sip:{group.address}"} if kind == "Workflow" else {}),
            )


def _pool(state: State, identity: str) -> LabPool:
    """The pool of `service:ApplicationServer:pool01.lync.test`, with or without what stands before its name."""
    return state.pool(identity.lower().rpartition(":")[2])


def _named(
    arriving: Iterable[ResponseGroup], staying: Iterable[ResponseGroup], *, resolve: bool
) -> Iterator[ResponseGroup]:
    taken = {(group.kind, group.name) for group in staying}
    for group in arriving:
        name = group.name
        if (group.kind, name) in taken:
            if not resolve:
                raise CmdletError(
                    f'The destination already has a {group.kind} named "{name}".',
                    "NameConflict",
                    Category.ResourceExists,
                    name,
                )
            name = next(spare for number in range(2, 1000) if (group.kind, spare := f"{name} ({number})") not in taken)
        taken.add((group.kind, name))
        yield replace(group, name=name)


def _take_calls(state: State, groups: Iterable[ResponseGroup], pool: LabPool) -> None:
    """The contacts of the workflows are homed where the workflows run now; no source says who sees to that (?)."""
    addresses = {f"sip:{group.address}" for group in groups if group.address}
    if addresses:
        for contact, why in state.accounts.rehome(state.accounts.endpoints(sorted(addresses)), pool):
            if why:
                raise CmdletError(why, "MoveContactFailed", Category.WriteError, contact.address)


def _write(place: Path, content: dict[str, Any]) -> None:
    try:
        with zipfile.ZipFile(place, "x", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(ENTRY, json.dumps(content, ensure_ascii=False, indent=1))
    except FileExistsError as cause:
        raise CmdletError(
            f"The file '{place.name}' already exists.", "FileExists", Category.ResourceExists, place.name
        ) from cause


def _read(place: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(place) as archive:
            content: dict[str, Any] = json.loads(archive.read(ENTRY))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as cause:
        raise CmdletError(
            f"The file '{place.name}' is not a Response Group export: {cause}", "InvalidFile", Category.InvalidData
        ) from cause
    return content
