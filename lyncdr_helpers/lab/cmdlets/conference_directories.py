"""Get-CsConferenceDirectory: which pool knows the conferences whose ids begin with a number."""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError


def get(call: Call, state: State) -> None:
    """-Identity, a number, or every conference directory."""
    state.heed(call, "Identity")
    state.require_cms()
    wanted = call.get("Identity")
    found = {
        number: pool
        for number, pool in state.conference_directories().items()
        if wanted is None or str(number) == str(wanted)
    }
    if wanted is not None and not found:
        raise CmdletError(
            f'Cannot find the conference directory "{wanted}".',
            "ManagementObjectNotFound",
            Category.ObjectNotFound,
            str(wanted),
        )
    for number, pool in found.items():
        call.output(
            "Microsoft.Rtc.Management.Xds.DisplayConferenceDirectory",
            Identity=number,
            ServiceId=f"UserServer:{pool.fqdn}",
        )
