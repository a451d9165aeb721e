"""The cmdlets that only a fail back needs, as typed commands; see shell/cmdlets.py."""

from __future__ import annotations

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command


def get_windows_services(computer: str) -> Command:
    """One machine's Lync services: Name and Status, Running or another."""
    return Command("Get-CsWindowsService", {"ComputerName": computer, "ErrorAction": "Stop"})


def export_owned_response_groups(pool: str, file: str, generation: Generation) -> Command:
    """The Response Groups that a pool runs and owns, as a zip that must not exist yet. 2010 knows no owner."""
    return Command("Export-CsRgsConfiguration", {**_owned(pool, file, generation), "ErrorAction": "Stop"})


def remove_response_groups(pool: str, file: str, generation: Generation) -> Command:
    """The same, and then they are no longer on the pool: once another one runs them. -Force, as it has no -Confirm."""
    return Command(
        "Export-CsRgsConfiguration",
        {
            **_owned(pool, file, generation),
            "RemoveExportedConfiguration": True,
            "Force": True,
            "ErrorAction": "Stop",
        },
        writes=True,
    )


def _owned(pool: str, file: str, generation: Generation) -> dict[str, object]:
    service = f"service:ApplicationServer:{pool}"
    owner = {} if generation == "lync2010" else {"Owner": service}
    return {"Source": service, "FileName": file, **owner}
