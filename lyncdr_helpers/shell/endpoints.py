"""The cmdlets that rehome what has a SIP address and is no user, as typed commands: Move-CsUser does not take them.

Each takes addresses by the pipeline, as `sip:desk@domain`, one object each. -Force, because the pool that they leave is
lost; -Confirm:$false, because Move-CsExUmContact asks even so. One bad address must not stop the rest, hence
-ErrorAction Continue: the reply's faults name what stayed. Source of names and parameters: shell/table.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lyncdr_helpers.ports import Command

Move = Callable[[str, str], Command]
"""(pool, domain controller) -> the command that moves there whatever is fed to it."""


def move_application_endpoints(pool: str, domain_controller: str) -> Command:
    """Dial-in access numbers, and the contacts of applications. The application must run at that pool too."""
    return _move("Move-CsApplicationEndpoint", {"TargetApplicationPool": pool}, domain_controller)


def move_common_area_phones(pool: str, domain_controller: str) -> Command:
    """Telephones in lobbies."""
    return _move("Move-CsCommonAreaPhone", {"Target": pool}, domain_controller)


def move_analog_devices(pool: str, domain_controller: str) -> Command:
    """Fax machines, and analog telephones."""
    return _move("Move-CsAnalogDevice", {"Target": pool}, domain_controller)


def move_um_contacts(pool: str, domain_controller: str) -> Command:
    """Exchange UM's subscriber access and auto attendants."""
    return _move("Move-CsExUmContact", {"Target": pool}, domain_controller)


def move_meeting_rooms(pool: str, domain_controller: str) -> Command:
    """Meeting rooms, which Lync 2010 does not know."""
    return _move("Move-CsMeetingRoom", {"Target": pool}, domain_controller)


def _move(cmdlet: str, target: dict[str, Any], domain_controller: str) -> Command:
    how = {"DomainController": domain_controller, "Force": True, "Confirm": False, "ErrorAction": "Continue"}
    return Command(cmdlet, {**target, **how}, writes=True)
