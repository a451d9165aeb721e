"""Debug-CsUnifiedContactStore: whose contacts are in Exchange.

What it says of one user, SipUri and UcsMode, is what Microsoft's own diagnosis reads (CSSDiagnostics, rule
RDCheckUserUCSStatus); what it says of a pool is in the help.
"""

from __future__ import annotations

from collections import Counter

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

DATA = "Microsoft.Rtc.Management.Presence.Cmdlets.GetUcsFrontEndData"


def debug(call: Call, state: State) -> None:
    """-Identity, one user, or -PoolFqdn, the counts of each of its Front Ends; a pool that is down cannot be asked."""
    state.heed(call, "Identity", "PoolFqdn")
    if call.feed or (call.get("Identity") is None) == (call.get("PoolFqdn") is None):
        raise CmdletError(
            "Parameter set cannot be resolved using the specified named parameters.",
            "AmbiguousParameterSet",
            Category.InvalidArgument,
        )
    with Mailboxes(state.blueprint.mailboxes) as mailboxes:
        if call.get("Identity") is not None:
            _one(call, state, mailboxes)
        else:
            _counts(call, state, mailboxes)


def _one(call: Call, state: State, mailboxes: Mailboxes) -> None:
    identity = str(call.get("Identity"))
    for _, accounts in state.accounts.find([identity]):
        for account in accounts:
            if home := state.home(account):
                state.require_reachable(home)
                mode = mailboxes.modes([account.address])[account.address]
                call.output(DATA, SipUri=account.address, UcsMode=mode)
                return
    raise CmdletError(f'Cannot find the user "{identity}".', "UserNotFound", Category.ObjectNotFound, identity)


def _counts(call: Call, state: State, mailboxes: Mailboxes) -> None:
    pool = state.pool(call.get("PoolFqdn"))
    state.require_reachable(pool)
    users = [account.address for account in state.accounts.search() if state.home(account) == pool]
    modes = Counter(mailboxes.modes(users).values())
    call.output(
        DATA,
        FrontEnd=pool.machine,
        UcsDisabledCount=modes["Disabled"],
        UcsAllowedCount=modes["Ready To Migrate"],
        UcsMigratingCount=modes["Migrating"],
        UcsMigratedCount=modes["Migrated"],
        FailedUserData=None,
    )
