"""Get-CsArchivingConfiguration of a lab that archives nothing, as a deployment is when it is new."""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call


def get_configuration(call: Call, state: State) -> None:
    """Without parameters: the settings of every scope, of which there is the global one alone."""
    state.heed(call)
    state.require_cms()
    call.output(
        "Microsoft.Rtc.Management.WritableConfig.Settings.Archiving.ArchivingSettings",
        Identity="Global",
        EnableArchiving="None",
        BlockOnArchiveFailure=False,
    )
