"""WS-Management messages: what a client asks, what the server answers, and its faults (MS-WSMV, DSP0226)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lxml import etree

NAMESPACES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "a": "http://schemas.xmlsoap.org/ws/2004/08/addressing",
    "w": "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd",
    "x": "http://schemas.xmlsoap.org/ws/2004/09/transfer",
    "rsp": "http://schemas.microsoft.com/wbem/wsman/1/windows/shell",
    "f": "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault",
    "pwsh": "http://schemas.microsoft.com/powershell",
}
TRANSFER = "http://schemas.xmlsoap.org/ws/2004/09/transfer/"
SHELL = NAMESPACES["rsp"] + "/"
FAULT = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"

SMALLEST_ENVELOPE = 153600
"""The MaxEnvelopeSize of clients that do not say, in bytes."""

PATIENCE = 20.0
"""The OperationTimeout of clients that do not say, in seconds."""


class Fault(Exception):
    """What goes wrong in WS-Management, as its answer. code: the Windows error. subcode: the name DSP0226 gives it."""

    def __init__(self, code: int, reason: str, subcode: str = "w:InternalError") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.subcode = subcode


def timed_out() -> Fault:
    """No news within the OperationTimeout; the client asks again."""
    return Fault(2150858793, "The WS-Management service cannot complete the operation in time.", "w:TimedOut")


def no_shell(shell_id: str) -> Fault:
    """The shell was closed, or never was."""
    reason = f"The request for the Windows Remote Shell with ShellId {shell_id} failed: the shell was not found."
    return Fault(2150858843, reason, "w:InvalidSelectors")


def no_command(command_id: str) -> Fault:
    """The shell does not run such a command."""
    return Fault(2150858844, f"The command {command_id} was not found.", "w:InvalidSelectors")


def malformed(reason: str) -> Fault:
    """The request is not what MS-WSMV says it should be."""
    return Fault(2150858752, reason, "w:SchemaValidationError")


@dataclass(frozen=True)
class Request:
    """One question of a client. timeout: seconds it waits for news. `body` is the SOAP body."""

    action: str
    resource: str
    message_id: str
    shell_id: str
    timeout: float
    envelope_size: int
    body: etree._Element

    @classmethod
    def parse(cls, raw: bytes) -> Request:
        """Read one envelope. Raises Fault when it is none."""
        try:
            envelope = etree.fromstring(raw, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        except etree.XMLSyntaxError as cause:
            raise malformed(f"The request is not XML: {cause}.") from cause
        header = envelope.find("s:Header", NAMESPACES)
        body = envelope.find("s:Body", NAMESPACES)
        if header is None or body is None:
            raise malformed("The request is not a SOAP envelope.")
        duration = re.fullmatch(r"PT([\d.]+)S", _text(header, "w:OperationTimeout"))
        return cls(
            action=_text(header, "a:Action"),
            resource=_text(header, "w:ResourceURI"),
            message_id=_text(header, "a:MessageID"),
            shell_id=_text(header, "w:SelectorSet/w:Selector[@Name='ShellId']").upper(),
            timeout=float(duration.group(1)) if duration else PATIENCE,
            envelope_size=int(_text(header, "w:MaxEnvelopeSize") or SMALLEST_ENVELOPE),
            body=body,
        )

    def text(self, path: str) -> str:
        """The text of an element of the body, or an empty string."""
        return _text(self.body, path)

    def texts(self, path: str) -> list[str]:
        """The texts of all such elements."""
        return [element.text or "" for element in self.body.iterfind(path, NAMESPACES)]

    def attribute(self, path: str, name: str) -> str:
        """An attribute of an element of the body, or an empty string."""
        element = self.body.find(path, NAMESPACES)
        return "" if element is None else str(element.get(name, ""))


def answer(request: Request, action: str, body: str) -> bytes:
    """An envelope that answers the request; `body` is XML text with the prefixes of NAMESPACES."""
    return _envelope(action, request.message_id, body)


def fault_answer(message_id: str, fault: Fault) -> bytes:
    """An envelope that carries the fault."""
    reason = escape(fault.reason)
    return _envelope(
        FAULT,
        message_id,
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode>"
        f'</s:Code><s:Reason><s:Text xml:lang="en-US">{reason}</s:Text></s:Reason><s:Detail>'
        f'<f:WSManFault Code="{fault.code}" Machine="localhost"><f:Message>{reason}</f:Message></f:WSManFault>'
        "</s:Detail></s:Fault>",
    )


def _envelope(action: str, relates_to: str, body: str) -> bytes:
    prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in NAMESPACES.items())
    return (
        f"<s:Envelope {prefixes}><s:Header><a:Action>{action}</a:Action><a:MessageID>uuid:{uuid.uuid4()}</a:MessageID>"
        f"<a:RelatesTo>{escape(relates_to)}</a:RelatesTo></s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def _text(element: etree._Element, path: str) -> str:
    return str(element.findtext(path, "", NAMESPACES) or "")
