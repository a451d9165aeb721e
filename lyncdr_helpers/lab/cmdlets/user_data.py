"""Export-CsUserData, Update-CsUserData and Import-CsUserData: contact lists out of a pool and into it.

As Microsoft's help has it: a contact whose address holds a slash of either kind ends the export, which leaves what it
had written; an import wants the Front End services stopped. Namespaces, and the name and content of the second document
in the zip, are the lab's guess.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from lyncdr_helpers.contacts.lists import ContactList, address
from lyncdr_helpers.contacts.userdata import DOCUMENT, USER, read_export
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.cmdlets.users import require_no_question
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

NAMESPACE = "urn:schema:Microsoft.Rtc.Management.Xds.AppLayer.2008"
OTHER = "[Content_Types].xml"
OTHER_CONTENT = """<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="xml" ContentType="text/xml" /></Types>
"""
HEAD = f'<?xml version="1.0" encoding="utf-8"?>\n<DocItemSet xmlns="{NAMESPACE}">\n'


def export(call: Call, state: State) -> None:
    """-PoolFqdn, -FileName, -UserFilter, -DomainController. Users whose contacts are in Exchange are not in it."""
    state.heed(call, "PoolFqdn", "FileName", "UserFilter", "DomainController")
    pool = state.pool(_required(call, "PoolFqdn"))
    state.require_reachable(pool)
    only = address(str(call.get("UserFilter"))) if call.get("UserFilter") else None
    place = state.new_file(_required(call, "FileName"))
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(DOCUMENT, "w", force_zip64=True) as document:
            document.write(HEAD.encode())
            unwritable = ""
            for found in state.store(pool).lists(only):
                if unwritable := _no_urn(found):
                    break
                document.write(_item(found))
            document.write(b"</DocItemSet>\n")
        archive.writestr(OTHER, OTHER_CONTENT)
    if unwritable:
        raise CmdletError(
            f'"{unwritable}" is not a valid uniform resource name',
            "System.UriFormatException,Microsoft.Rtc.Management.BlobStore.ExportUserData",
            Category.NotSpecified,
        )


def update(call: Call, state: State) -> None:
    """-FileName, -UserFilter, -TargetPoolFqdn, -DomainController: merge into each user's pool; errors user by user."""
    state.heed(call, "FileName", "UserFilter", "TargetPoolFqdn", "DomainController")
    if not call.switch("WhatIf"):
        require_no_question(call)
    wanted = state.pool(call.get("TargetPoolFqdn")) if call.get("TargetPoolFqdn") else None
    lists = _lists(call, state)
    homes = dict(_homes(state, [found.user for found in lists]))
    with Mailboxes(state.blueprint.mailboxes) as mailboxes:
        for found in lists:
            home = homes.get(found.user)
            if home is None or (wanted and home != wanted) or not state.reachable(home):
                call.error(_left_out(found.user, home))
            elif not call.switch("WhatIf"):
                state.store(home).add(found)
                mailboxes.meddle(found.user)


def import_(call: Call, state: State) -> None:
    """-PoolFqdn, -FileName, -UserFilter, -DomainController: in the place of what the pool holds of these users."""
    state.heed(call, "PoolFqdn", "FileName", "UserFilter", "DomainController")
    pool = state.pool(_required(call, "PoolFqdn"))
    state.require_reachable(pool)
    store = state.store(pool)
    if store.front_end_runs:
        raise CmdletError(
            f"The Front End services of {pool.fqdn} run: they would not see what is imported.",
            "ServicesRunning",
            Category.InvalidOperation,
            pool.fqdn,
        )
    with Mailboxes(state.blueprint.mailboxes) as mailboxes:
        for found in _lists(call, state):
            store.put(found)
            mailboxes.meddle(found.user)


def _required(call: Call, name: str) -> str:
    value = call.get(name)
    if not value:
        raise CmdletError(
            f"Cannot process command because of one or more missing mandatory parameters: {name}.",
            f"MissingMandatoryParameter,{call.name}",
            Category.InvalidArgument,
        )
    return str(value)


def _item(found: ContactList) -> bytes:
    start = f'<DocItem Name={quoteattr(USER + found.user)} Version="1"><Data>'
    return start.encode() + found.element + b"</Data></DocItem>\n"


def _no_urn(found: ContactList) -> str:
    """The first contact's name that is none, or an empty text."""
    return next((f"urn:hcd:{one.buddy}" for one in found.contacts if "/" in one.buddy or "\\" in one.buddy), "")


def _lists(call: Call, state: State) -> list[ContactList]:
    """The file's users; it is read to its end before anything is done."""
    place: Path = state.file(_required(call, "FileName"))
    only = address(str(call.get("UserFilter"))) if call.get("UserFilter") else None
    try:
        return [found for found in read_export(place) if only in (None, found.user)]
    except InputError as cause:
        raise CmdletError(cause.message, "InvalidFile", Category.InvalidData, place.name) from cause


def _homes(state: State, users: Sequence[str]) -> Iterator[tuple[str, LabPool]]:
    for identity, accounts in state.accounts.find([f"sip:{user}" for user in users]):
        for account in accounts:
            if home := state.home(account):
                yield address(identity), home


def _left_out(user: str, home: LabPool | None) -> CmdletError:
    why = f"is homed on {home.fqdn}, which is not the target or does not answer" if home else "has no home pool"
    return CmdletError(f'The user "{user}" {why}.', "UpdateUserDataFailed", Category.InvalidOperation, user)
