"""Get-CsWindowsService: the Windows services of a machine of the lab. Only the Front End can be stopped here."""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.pools import FRONT_END
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

SERVICES = ("REPLICA", "RTCATS", "RTCAVMCU", "RTCDATAMCU", "RTCIMMCU", "RTCMEETINGMCU", "RTCRGS")
"""Beside the Front End, in the names that Windows has for them."""


def get(call: Call, state: State) -> None:
    """-ComputerName, a machine of a pool; -Name."""
    state.heed(call, "ComputerName", "Name", "ExcludeActivityLevel")
    computer = str(call.get("ComputerName", "")).lower()
    pool = next((one for one in state.pools.values() if computer in (one.machine, one.fqdn)), None)
    if pool is None or not state.reachable(pool):
        raise CmdletError(
            f"Cannot open Service Control Manager on computer '{computer}'. This operation might require other "
            "privileges.",
            "System.InvalidOperationException",
            Category.ConnectionError,
            computer,
        )
    front_end = "Running" if state.store(pool).front_end_runs else "Stopped"
    for name, status in sorted({FRONT_END: front_end, **dict.fromkeys(SERVICES, "Running")}.items()):
        if str(call.get("Name", name)).upper() == name:
            call.output(
                "Microsoft.Rtc.Management.Deployment.Core.NTService", Name=name, Status=status, ActivityLevel=""
            )
