"""Get-CsUser and Move-CsUser."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from lyncdr_helpers.lab.cmdlets.accounts import CHUNK, Account
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import ON_PREMISES, POOLS, LabPool
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

USER = "Microsoft.Rtc.Management.ADConnect.Schema.OCSADUser"
CLAUSE = re.compile(r"^\s*(\w+)\s+-(eq|ne)\s+[\"']?([^\"']*?)[\"']?\s*$", re.IGNORECASE)


def get_user(call: Call, state: State) -> None:
    """-Identity or pipeline input, -Filter with -eq, -ne and -and, -ResultSize, -DomainController."""
    state.heed(call, "Identity", "Filter", "ResultSize", "DomainController")
    wanted = _filter(call.get("Filter", ""))
    left = int(call.get("ResultSize", 0)) or -1
    for account in _accounts(call, state):
        shown = _properties(account)
        if left and all(_holds(shown, *clause) for clause in wanted):
            left -= 1
            call.output(USER, **shown)


def move_user(call: Call, state: State) -> None:
    """Rehome users, one error record for each that stays.

    Plain: both pools must be up, and contact list and meetings go along. -Force: the target must be up; the account
    moves, and whatever pools hold of the user is gone.
    """
    state.heed(call, "Identity", "Target", "Force", "PassThru", "DomainController")
    state.require_cms()
    target = state.pool(str(call.get("Target")))
    if not call.switch("WhatIf"):
        require_no_question(call)
    leaving = _leaving(call, state, identities_of(call), target)
    while some := list(islice(leaving, CHUNK)):
        if not call.switch("WhatIf"):
            _move(call, state, some, target)


def _leaving(call: Call, state: State, identities: Sequence[str], target: LabPool) -> Iterator[Account]:
    """The accounts that can move; the others are reported, or are there already."""
    for identity, accounts in state.accounts.find(identities):
        if not accounts:
            call.error(not_found(identity))
        for account in accounts:
            if why := _obstacle(call, state, account, target):
                call.error(CmdletError(why, "MoveUserFailed", Category.InvalidOperation, identity))
            elif state.home(account) != target:
                yield account
            elif call.switch("PassThru"):
                call.output(USER, **_properties(account))


def _obstacle(call: Call, state: State, account: Account, target: LabPool) -> str:
    home = state.home(account)
    if account.lync("DeploymentLocator") != ON_PREMISES:
        return f'The user "{account.address}" is homed in the cloud, at {account.lync("DeploymentLocator")}.'
    if home is None:
        return f'The user "{account.address}" has no home pool.'
    needed = (target,) if call.switch("Force") else (home, target)
    for pool in needed:
        if not state.reachable(pool):
            return (
                f"Distributed Component Object Model (DCOM) operation begin move failed: {pool.fqdn} cannot be "
                f'contacted to move the user "{account.address}".'
            )
    return ""


def _move(call: Call, state: State, accounts: Sequence[Account], target: LabPool) -> None:
    """Accounts and data first, words after: a client who hangs up meanwhile leaves nobody half moved."""
    results = list(state.accounts.rehome(accounts, target))
    for account, why in results:
        if not why:
            _take_along(state, account, target, force=call.switch("Force"))
    for account, why in results:
        if why:
            call.error(CmdletError(why, "MoveUserFailed", Category.WriteError, account.address))
        elif call.switch("PassThru"):
            call.output(USER, **{**_properties(account), "RegistrarPool": target.fqdn, "HomeServer": target.service})


def _take_along(state: State, account: Account, target: LabPool, *, force: bool) -> None:
    """The data of a user who has moved. A pool that is down keeps what it has, as it cannot be told."""
    home = state.home(account)
    assert home is not None, "whoever has no home is not moved"
    source, sink = state.store(home), state.store(target)
    if not force:
        source.carry(account.address, sink)
        return
    sink.remove_user(account.address)
    if state.reachable(home):
        source.remove_user(account.address)


# -- what was asked for ---------------------------------------------------------------------------------------------


def identities_of(call: Call) -> list[str]:
    """What -Identity says, or the pipeline."""
    given = call.get("Identity")
    return [given] if given is not None else [str(value) for value in call.feed]


def _accounts(call: Call, state: State) -> Iterator[Account]:
    identities = identities_of(call)
    if not identities:
        yield from state.accounts.search()
    for identity, accounts in state.accounts.find(identities):
        if not accounts:
            call.error(not_found(identity))
        yield from accounts


def not_found(identity: str) -> CmdletError:
    """What every cmdlet says of an identity that means nobody."""
    message = f'Management object not found for identity "{identity}".'
    return CmdletError(message, "Microsoft.Rtc.Management.AD.ManagementException", Category.ObjectNotFound, identity)


def require_no_question(call: Call) -> None:
    """Raise CmdletError where a cmdlet would ask for confirmation, as nobody is there to give it."""
    if call.get("Confirm") is not False:
        raise CmdletError(
            "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
            "InvalidOperation",
            Category.InvalidOperation,
        )


def _filter(text: str) -> list[tuple[str, bool, str]]:
    """`RegistrarPool -eq "x" -and Enabled -ne $true` -> (property, whether it must be equal, value), lower case."""
    parts = re.split(r"\s-and\s", text.strip("{} "), flags=re.IGNORECASE) if text else []
    return [_clause(part) for part in parts]


def _clause(part: str) -> tuple[str, bool, str]:
    found = CLAUSE.match(part)
    if not found:
        raise CmdletError(f"The lab's Get-CsUser cannot read the filter {part!r}.", "Filter", Category.ParserError)
    return found[1].lower(), found[2].lower() == "eq", found[3].lower().removeprefix("$")


def _holds(shown: Mapping[str, Any], name: str, equal: bool, value: str) -> bool:
    have = {key.lower(): str("" if held is None else held).lower() for key, held in shown.items()}
    if name not in have:
        raise CmdletError(f'"{name}" is not a property of a user.', "Filter", Category.InvalidArgument)
    return (have[name] == value) == equal


# -- what is shown --------------------------------------------------------------------------------------------------


def _properties(account: Account) -> dict[str, Any]:
    flags = int(account.lync("OptionFlags") or 0)
    tags = {f"0={pool.tag}": pool.fqdn for pool in POOLS.values()}
    return {
        "Identity": account.dn,
        "DistinguishedName": account.dn,
        "SamAccountName": account.first("sAMAccountName"),
        "UserPrincipalName": account.first("userPrincipalName"),
        "FirstName": account.first("givenName"),
        "DisplayName": account.first("displayName"),
        "WindowsEmailAddress": account.first("mail"),
        "SipAddress": account.lync("PrimaryUserAddress"),
        "Enabled": account.lync("UserEnabled") == "TRUE",
        "RegistrarPool": next((tags[entry] for entry in account.home_entries if entry in tags), None),
        "HomeServer": account.lync("PrimaryHomeServer") or None,
        "TargetServerIfMoving": account.lync("TargetHomeServer") or None,
        "HostingProvider": account.lync("DeploymentLocator"),
        "EnterpriseVoiceEnabled": bool(flags & 128),
        "LineURI": account.lync("Line"),
    }
