"""The management host itself: shells, and the WS-Management actions on them (MS-WSMV 3.1.4)."""

from __future__ import annotations

import base64
import binascii
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from xml.sax.saxutils import escape

from psrpcore import PSRPCoreError

from lyncdr_helpers.lab.winrm import soap
from lyncdr_helpers.lab.winrm.call import Cmdlet, Executable
from lyncdr_helpers.lab.winrm.faults import Faults
from lyncdr_helpers.lab.winrm.listener import Listener
from lyncdr_helpers.lab.winrm.powershell import PowerShellShell
from lyncdr_helpers.lab.winrm.process import ProcessShell
from lyncdr_helpers.lab.winrm.shell import Cut, Shell
from lyncdr_helpers.lab.winrm.signin import Users
from lyncdr_helpers.lab.winrm.soap import SHELL, TRANSFER, Fault, Request

POWERSHELL = "http://schemas.microsoft.com/powershell/"
COMMAND_SHELL = SHELL + "cmd"


class WinrmServer:
    """A WinRM endpoint, https://address:port/wsman, for as many clients as come.

    certificate: chain and key, PEM. users: `DOMAIN\\name` -> password, for basic and for NTLM; while the server stands,
    a file beside the key holds them too. cmdlets and programs: by name, whatever its case; a program is found by its
    file name in whatever folder. `faults` says what goes wrong next.
    """

    def __init__(
        self,
        address: str,
        port: int,
        certificate: tuple[Path, Path],
        users: Mapping[str, str],
        cmdlets: Mapping[str, Cmdlet],
        programs: Mapping[str, Executable],
    ) -> None:
        self.address = address
        self.port = port
        self.faults = Faults()
        self._certificate = certificate
        self._users = Users(users, certificate[1].parent)
        self._cmdlets = {name.lower(): cmdlet for name, cmdlet in cmdlets.items()}
        self._programs = {name.lower(): program for name, program in programs.items()}
        self._shells: dict[str, Shell] = {}
        self._listener: Listener | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Listen. Raises OSError where the address is taken. Port 0 becomes the port that was free."""
        self._listener = Listener(self.address, self.port, self._certificate, self._users, self._handle)
        self._users.write()
        self.port = self._listener.server_address[1]
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.05,), name=f"winrm {self.address}:{self.port}", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Close the socket, break every connection and end every command; harmless when it does not run."""
        if self._listener is None or self._thread is None:
            return
        self._listener.shutdown()
        self._listener.server_close()
        for shell in list(self._shells.values()):
            shell.close()
        self._listener.hang_up()
        self._thread.join()
        self._shells.clear()
        self._users.remove()
        self._listener = None

    def lose_shells(self) -> None:
        """Forget every shell, as after a restart of the WinRM service."""
        for shell in list(self._shells.values()):
            shell.close()
        self._shells.clear()

    def __enter__(self) -> WinrmServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- WS-Management ----------------------------------------------------------------------------------------------
    def _handle(self, raw: bytes, user: str) -> tuple[int, bytes]:
        message_id = ""
        try:
            request = Request.parse(raw)
            message_id = request.message_id
            return 200, self._act(request, user)
        except Fault as fault:
            return 500, soap.fault_answer(message_id, fault)
        except (binascii.Error, PSRPCoreError, ValueError) as cause:
            return 500, soap.fault_answer(message_id, soap.malformed(f"{type(cause).__name__}: {cause}"))

    def _act(self, request: Request, user: str) -> bytes:
        if request.action == TRANSFER + "Create":
            return self._create(request, user)
        shell = self._shell(request, user)
        try:
            shell.alive()
            if request.action == TRANSFER + "Delete":
                return self._delete(request, shell)
            verb = request.action.removeprefix(SHELL)
            act = {"Command": _command, "Send": _send, "Receive": _receive, "Signal": _signal}.get(verb)
            if act is None:
                raise Fault(2150858817, f"The action {request.action} is not supported.", "a:ActionNotSupported")
            return soap.answer(request, f"{SHELL}{verb}Response", act(request, shell))
        except Cut:
            self._shells.pop(shell.id, None)
            raise

    def _shell(self, request: Request, user: str) -> Shell:
        shell = self._shells.get(request.shell_id)
        if shell is None:
            raise soap.no_shell(request.shell_id)
        if shell.owner != user:
            raise Fault(5, "Access is denied.", "w:AccessDenied")
        return shell

    def _create(self, request: Request, user: str) -> bytes:
        shell_id = (request.attribute("rsp:Shell", "ShellId") or str(uuid.uuid4())).upper()
        shell = self._open(shell_id, request, user)
        self._shells[shell_id] = shell
        resource = escape(request.resource)
        return soap.answer(
            request,
            TRANSFER + "CreateResponse",
            "<x:ResourceCreated><a:Address>https://localhost/wsman</a:Address><a:ReferenceParameters>"
            f'<w:ResourceURI>{resource}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">{escape(shell_id)}'
            "</w:Selector></w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>"
            f"<rsp:Shell><rsp:ShellId>{escape(shell_id)}</rsp:ShellId><rsp:ResourceUri>{resource}</rsp:ResourceUri>"
            f"<rsp:Owner>{escape(user)}</rsp:Owner><rsp:IdleTimeOut>PT7200.000S</rsp:IdleTimeOut></rsp:Shell>",
        )

    def _open(self, shell_id: str, request: Request, user: str) -> Shell:
        size = request.envelope_size
        if request.resource == COMMAND_SHELL:
            return ProcessShell(shell_id, request.resource, user, size, self._programs, self.faults)
        if request.resource.startswith(POWERSHELL):
            shell = PowerShellShell(shell_id, request.resource, user, size, self._cmdlets, self.faults)
            shell.send("", base64.b64decode(request.text(".//pwsh:creationXml")))
            return shell
        raise Fault(2150858811, f"There is no resource {request.resource}.", "a:DestinationUnreachable")

    def _delete(self, request: Request, shell: Shell) -> bytes:
        del self._shells[shell.id]
        shell.close()
        return soap.answer(request, TRANSFER + "DeleteResponse", "")


def _command(request: Request, shell: Shell) -> str:
    command = (request.attribute("rsp:CommandLine", "CommandId") or str(uuid.uuid4())).upper()
    shell.command(
        command, [*request.texts("rsp:CommandLine/rsp:Command"), *request.texts("rsp:CommandLine/rsp:Arguments")]
    )
    return f"<rsp:CommandResponse><rsp:CommandId>{escape(command)}</rsp:CommandId></rsp:CommandResponse>"


def _send(request: Request, shell: Shell) -> str:
    for stream in request.body.iterfind("rsp:Send/rsp:Stream", soap.NAMESPACES):
        shell.send(str(stream.get("CommandId", "")).upper(), base64.b64decode(stream.text or ""))
    return "<rsp:SendResponse/>"


def _receive(request: Request, shell: Shell) -> str:
    command = request.attribute("rsp:Receive/rsp:DesiredStream", "CommandId").upper()
    return shell.receive(command, request.timeout).as_xml(command)


def _signal(request: Request, shell: Shell) -> str:
    shell.stop(request.attribute("rsp:Signal", "CommandId").upper())
    return "<rsp:SignalResponse/>"
