"""Get-, Stop- and Start-CsWindowsService: the Windows services of a machine of the lab.

Only the Front End can be stopped here.
"""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.cmdlets.users import require_no_question
from lyncdr_helpers.lab.forest import LabPool
from lyncdr_helpers.lab.pools import FRONT_END
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError

SERVICES = ("REPLICA", "RTCATS", "RTCAVMCU", "RTCDATAMCU", "RTCIMMCU", "RTCMEETINGMCU", "RTCRGS")
"""Beside the Front End, in the names that Windows has for them."""


def get(call: Call, state: State) -> None:
    """-ComputerName, a machine of a pool; -Name."""
    state.heed(call, "ComputerName", "Name", "ExcludeActivityLevel")
    pool = _pool(call, state)
    front_end = "Running" if state.store(pool).front_end_runs else "Stopped"
    for name, status in sorted({FRONT_END: front_end, **dict.fromkeys(SERVICES, "Running")}.items()):
        if str(call.get("Name", name)).upper() == name:
            call.output(
                "Microsoft.Rtc.Management.Deployment.Core.NTService", Name=name, Status=status, ActivityLevel=""
            )


def stop(call: Call, state: State) -> None:
    """-ComputerName: its Front End stops. It asks, unless -Confirm:$false."""
    state.heed(call, "ComputerName", "Graceful")
    pool = _pool(call, state)
    require_no_question(call)
    state.store(pool).stop_front_end()


def start(call: Call, state: State) -> None:
    """-ComputerName: whatever was stopped runs again."""
    state.heed(call, "ComputerName")
    pool = _pool(call, state)
    require_no_question(call)
    state.store(pool).start_front_end()


def _pool(call: Call, state: State) -> LabPool:
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
    return pool
