"""A TCP connection made on the management host, by a cmdlet and its parameters alone.

PowerShell 2.0 has no Test-NetConnection, and a no-language session takes no script; but the constructor of .NET's
TcpClient connects, and New-Object calls it. Not one byte is sent; the connection ends with the session's memory of it.
Source: Microsoft, New-Object and TcpClient(String, Int32), .NET 2.0 and up. What it answers is inferred (?).
"""

from __future__ import annotations

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.ports import Command, Reply

CONNECTOR = "System.Net.Sockets.TcpClient"
CONSTRUCTOR_FAILED = "ConstructorInvokedThrowException"
"""How the FullyQualifiedErrorId begins when the class was there, and did not connect."""


def connect(address: str, port: int) -> Command:
    """Connect from the management host. A refusal takes it a second or two, silence the system's 21."""
    return Command("New-Object", {"TypeName": CONNECTOR, "ArgumentList": [address, port]})


def refusal(reply: Reply) -> str:
    """Why no connection came about, in that system's own language; empty when one did.

    Raises OperationError where the session may not try: its language mode, or the cmdlets it was given, forbid it.
    """
    if any(row.get("Connected") is True for row in reply.output):
        return ""
    fault = next(iter(reply.faults), None)
    if fault and fault.error_id.startswith(CONSTRUCTOR_FAILED):
        return fault.message or "no connection"
    raise OperationError(
        f"The management host does not try a connection: {fault.message if fault else 'it says nothing'}",
        "Give the url of its ordinary WinRM endpoint, whose language mode is FullLanguage.",
    )
