"""New-Object on the management host, as far as the product asks for it: a TcpClient, whose constructor connects."""

from __future__ import annotations

import socket

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.shell.sockets import CONNECTOR, CONSTRUCTOR_FAILED

WINDOWS_SECONDS = 21
"""How long Windows tries: three times, after 3, 6 and 12 seconds."""

WHERE = "Microsoft.PowerShell.Commands.NewObjectCommand"
REFUSED = "No connection could be made because the target machine actively refused it"
SILENT = (
    "A connection attempt failed because the connected party did not properly respond after a period of time, or "
    "established connection failed because connected host has failed to respond"
)


def new_object(call: Call, state: State) -> None:
    """-TypeName, -ArgumentList: an address and a port."""
    state.heed(call, "TypeName", "ArgumentList")
    if call.get("TypeName") != CONNECTOR:
        message = f"Cannot find type [{call.get('TypeName')}]: make sure the assembly containing this type is loaded."
        raise CmdletError(message, f"TypeNotFound,{WHERE}", Category.InvalidType)
    address, port = call.get("ArgumentList")
    try:
        with socket.create_connection((address, port), WINDOWS_SECONDS):
            call.output(CONNECTOR, Available=0, Connected=True, ExclusiveAddressUse=False, NoDelay=False)
    except OSError as cause:
        why = SILENT if isinstance(cause, TimeoutError) else REFUSED
        raise CmdletError(
            f'Exception calling ".ctor" with "2" argument(s): "{why} {address}:{port}"',
            f"{CONSTRUCTOR_FAILED},{WHERE}",
            Category.InvalidOperation,
        ) from cause
