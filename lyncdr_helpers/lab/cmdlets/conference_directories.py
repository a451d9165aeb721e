"""Get- and Move-CsConferenceDirectory: which pool knows the conferences whose ids begin with a number."""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.cmdlets.users import require_no_question
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError


def get(call: Call, state: State) -> None:
    """-Identity, a number, or every conference directory."""
    state.heed(call, "Identity")
    state.require_cms()
    for number, pool in _found(state, call.get("Identity")).items():
        call.output(
            "Microsoft.Rtc.Management.Xds.DisplayConferenceDirectory",
            Identity=number,
            ServiceId=f"UserServer:{pool.fqdn}",
        )


def move(call: Call, state: State) -> None:
    """-Identity to -TargetPool. Without -Force both pools must be up. It asks, unless -Confirm:$false."""
    state.heed(call, "Identity", "TargetPool", "Force")
    state.require_cms()
    target = state.pool(str(call.get("TargetPool")))
    ((number, home),) = _found(state, call.get("Identity")).items()
    for pool in (target,) if call.switch("Force") else (home, target):
        state.require_reachable(pool)
    require_no_question(call)
    state.accounts.rehome_conference_directory(number, target)


def _found(state: State, wanted: object) -> dict[int, LabPool]:
    """The directories that an -Identity means, all of them where it is None."""
    every = state.conference_directories()
    found = {number: pool for number, pool in every.items() if wanted is None or str(number) == str(wanted)}
    if wanted is not None and not found:
        raise CmdletError(
            f'Cannot find the conference directory "{wanted}".',
            "ManagementObjectNotFound",
            Category.ObjectNotFound,
            str(wanted),
        )
    return found
