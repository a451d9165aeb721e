"""The cmdlets that rehome what has a SIP address and is no user, as typed commands: Move-CsUser does not take them.

People run them after an activation, so they ask before they write. -Force, because the pool that they leave is lost.
Source of names and parameters: shell/table.py.
"""

from __future__ import annotations

from collections.abc import Callable

from lyncdr_helpers.ports import Command

Move = Callable[[str, str], Command]
"""(address without `sip:`, pool) -> the command that moves it there."""


def move_application_endpoint(address: str, pool: str) -> Command:
    """A dial-in access number, or the contact of a trusted application."""
    parameters = {"Identity": f"sip:{address}", "TargetApplicationPool": pool, "Force": True}
    return Command("Move-CsApplicationEndpoint", parameters, writes=True)


def move_common_area_phone(address: str, pool: str) -> Command:
    """A telephone in a lobby."""
    return _move("Move-CsCommonAreaPhone", address, pool)


def move_analog_device(address: str, pool: str) -> Command:
    """A fax, or an analog telephone."""
    return _move("Move-CsAnalogDevice", address, pool)


def move_um_contact(address: str, pool: str) -> Command:
    """Exchange UM's subscriber access or auto attendant. It asks, even with -Force."""
    return _move("Move-CsExUmContact", address, pool)


def _move(cmdlet: str, address: str, pool: str) -> Command:
    return Command(cmdlet, {"Identity": f"sip:{address}", "Target": pool, "Force": True}, writes=True)
