"""The cmdlets that move what has a SIP address and is no user, each of them its own kind."""

from __future__ import annotations

from collections.abc import Callable

from lyncdr_helpers.lab import people
from lyncdr_helpers.lab.cmdlets.accounts import CHUNK, Account
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.cmdlets.users import identities_of, not_found, require_no_question
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

ENDPOINT = "Microsoft.Rtc.Management.ADConnect.Schema.OCSADContact"
APPLICATION = "urn:application:"


def move(owner: str, target: str = "Target") -> Callable[[Call, State], None]:
    """-Identity or pipeline input; one error record for each that stays. It asks, unless -Confirm:$false.

    owner: how msRTCSIP-OwnerUrn of its kind begins; empty for those without one. target: the parameter of the pool.
    """

    def cmdlet(call: Call, state: State) -> None:
        state.heed(call, "Identity", target, "Force", "PassThru", "DomainController")
        state.require_cms()
        pool = state.pool(str(call.get(target)))
        require_no_question(call)
        identities = identities_of(call)
        for start in range(0, len(identities), CHUNK):
            _move(call, state, identities[start : start + CHUNK], owner, pool)

    return cmdlet


def _move(call: Call, state: State, identities: list[str], owner: str, pool: LabPool) -> None:
    kind = [one for one in state.accounts.endpoints(identities) if _is_of(one, owner)]
    leaving = list[Account]()
    for identity in identities:
        found = [one for one in kind if one.is_called(identity)]
        if not found:
            call.error(not_found(identity))
        for one in found:
            if why := _obstacle(call, state, one, pool):
                call.error(CmdletError(why, "MoveEndpointFailed", Category.InvalidOperation, identity))
            else:
                leaving.append(one)
    for one, why in state.accounts.rehome(leaving, pool):
        if why:
            call.error(CmdletError(why, "MoveEndpointFailed", Category.WriteError, one.address))
        elif call.switch("PassThru"):
            call.output(ENDPOINT, Identity=one.dn, SipAddress=f"sip:{one.address}", RegistrarPool=pool.fqdn)


def _is_of(account: Account, owner: str) -> bool:
    has = account.lync("OwnerUrn").lower()
    return has.startswith(owner) if owner else not has


def _obstacle(call: Call, state: State, account: Account, target: LabPool) -> str:
    """Why it stays: without -Force both pools must be up."""
    home = state.home(account)
    for pool in (target,) if call.switch("Force") else (home, target):
        if pool and not state.reachable(pool):
            return f'{pool.fqdn} cannot be contacted to move "{account.address}".'
    return ""


ACTS: dict[str, Callable[[Call, State], None]] = {
    "Move-CsApplicationEndpoint": move(APPLICATION, "TargetApplicationPool"),
    "Move-CsCommonAreaPhone": move(people.PHONE),
    "Move-CsAnalogDevice": move(people.ANALOG),
    "Move-CsExUmContact": move(""),
    "Move-CsMeetingRoom": move(people.ROOM),
}
