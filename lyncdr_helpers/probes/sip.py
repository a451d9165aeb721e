"""SIP as bytes and as facts: the questions a probe asks, and what a registrar's answers prove (RFC 3261)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lyncdr_helpers.checks import Check, Verdict, judge
from lyncdr_helpers.ports import SipAnswer

LIMIT = 64 * 1024
"""No SIP message of a probe or a registrar comes near this many bytes."""

REALM = "SIP Communications Service"
SCHEMES = frozenset({"NTLM", "Kerberos", "TLS-DSK"})
"""How a Lync registrar lets clients sign in; a probe sees at least one of them."""

COMPACT = {"f": "from", "i": "call-id", "l": "content-length", "m": "contact", "t": "to", "v": "via"}
"""The short header names that matter here (RFC 3261, 7.3.3)."""

STATUS_LINE = re.compile(r"SIP/2\.0 ([1-6]\d\d)(?: (.*))?$")
PARAMETER = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))')


@dataclass(frozen=True)
class Message:
    """One request or answer. `headers` in their order, names in lower case and never compact."""

    start: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of the header."""
        return tuple(value for have, value in self.headers if have == name)

    def first(self, name: str) -> str:
        """The header's first value, or an empty string."""
        return next(iter(self.all(name)), "")


class Stream:
    """Messages out of the bytes of a connection, however they are cut (RFC 3261, 18.3)."""

    def __init__(self) -> None:
        self._bytes = b""

    def feed(self, more: bytes) -> list[Message]:
        """The messages that are now complete. Raises ValueError when this is no SIP, or a message is too long."""
        self._bytes += more
        found = []
        while message := self._next():
            found.append(message)
        if len(self._bytes) > LIMIT:
            raise ValueError(f"a message of more than {LIMIT} bytes")
        return found

    def _next(self) -> Message | None:
        # Empty lines before a message are keep-alives (RFC 3261, 7.5).
        self._bytes = self._bytes.lstrip(b"\r\n")
        head, end, rest = self._bytes.partition(b"\r\n\r\n")
        if not end:
            _require_text(head)
            return None
        message = parse_head(head)
        length = _content_length(message)
        if len(rest) < length:
            return None
        self._bytes = rest[length:]
        return Message(message.start, message.headers, rest[:length])


def _require_text(head: bytes) -> None:
    """Bytes that cannot be the beginning of SIP are told at once instead of waiting for an end that never comes."""
    first = head.partition(b"\r\n")[0]
    if any(byte < 0x20 and byte != 0x09 for byte in first.rstrip(b"\r")):
        raise ValueError("bytes that are no text")


def parse_head(head: bytes) -> Message:
    """The start line and headers of a message, without its body. Raises ValueError when it is no SIP."""
    try:
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8")).split("\r\n")
    except UnicodeDecodeError as cause:
        raise ValueError("bytes that are no text") from cause
    if not (lines[0].startswith("SIP/2.0 ") or re.search(r" SIP/\d\.\d$", lines[0])):
        raise ValueError(f"the line {lines[0][:60]!r}")
    return Message(lines[0], tuple(_header(line) for line in lines[1:]))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.strip().lower()
    if not colon or not name:
        raise ValueError(f"the header line {line[:60]!r}")
    return COMPACT.get(name, name), value.strip()


def _content_length(message: Message) -> int:
    text = message.first("content-length") or "0"
    if not text.isdecimal() or int(text) > LIMIT:
        raise ValueError(f"the content length {text[:20]!r}")
    return int(text)


def request(method: str, domain: str, local: tuple[str, int], token: str) -> bytes:
    """An OPTIONS or REGISTER as a client would send it over TLS, with nothing in it that signs in or changes anything.

    local: the address and port it leaves from. token: letters and digits that nobody used before; answers carry it.
    The user `lyncdr-probe` need not exist: a registrar asks for credentials before it looks.
    """
    host = f"[{local[0]}]" if ":" in local[0] else local[0]
    user = f"<sip:lyncdr-probe@{domain}>"
    lines = [
        f"{method} sip:{domain} SIP/2.0",
        f"Via: SIP/2.0/TLS {host}:{local[1]};branch=z9hG4bK{token}{method.lower()}",
        "Max-Forwards: 70",
        f"From: {user};tag={token[:10]};epid={token[-10:]}",
        f"To: {user}",
        f"Call-ID: {call_id(method, token)}",
        f"CSeq: 1 {method}",
        f"Contact: <sip:{host}:{local[1]};transport=tls>",
        "User-Agent: lyncdr",
        # Nothing is registered without credentials; should a server take it all the same, it ends at once.
        *(["Expires: 0"] if method == "REGISTER" else []),
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def call_id(method: str, token: str) -> str:
    """The Call-ID of that request: how its answer is known."""
    return f"{token}{method.lower()}"


def answer(message: Message, method: str) -> SipAnswer:
    """What an answer to the method says. Raises ValueError when the message is no answer."""
    found = STATUS_LINE.match(message.start)
    if not found:
        raise ValueError(f"the line {message.start[:60]!r} instead of an answer")
    headers = message.all("www-authenticate") + message.all("proxy-authenticate")
    challenges = dict(parse_challenge(header) for header in headers)
    return SipAnswer(method, int(found[1]), found[2] or "", message.first("server"), challenges)


def parse_challenge(header: str) -> tuple[str, dict[str, str]]:
    """`NTLM realm="...", version=4` -> ("NTLM", {"realm": "...", "version": "4"})."""
    scheme, _, rest = header.partition(" ")
    pairs = {name.lower(): re.sub(r"\\(.)", r"\1", quoted) or bare for name, quoted, bare in PARAMETER.findall(rest)}
    return scheme, pairs


def judge_registrar(answers: Sequence[SipAnswer], name: str = "registrar answers") -> Check:
    """Whether these answers are those of a living Lync registrar; they do not tell where a user is homed.

    Proof is a REGISTER answered with 401 and at least one of Lync's own challenges.
    """
    registers = [answer for answer in answers if answer.method == "REGISTER"]
    expected = f"REGISTER answered with 401 and one of {', '.join(sorted(SCHEMES))}"
    remedy = "Look at the Front End service on that server: Get-CsWindowsService."
    if not registers:
        return Check("sip", name, Verdict.UNKNOWN, "REGISTER was not asked", expected, remedy)
    asks = _lync_challenges(registers[-1])
    return judge("sip", name, bool(asks), seen=_describe(registers[-1]), expected=expected, remedy=remedy)


def _lync_challenges(register: SipAnswer) -> list[str]:
    if register.status != 401:
        return []
    return [name for name, pairs in register.challenges.items() if name in SCHEMES and pairs.get("realm") == REALM]


def _describe(register: SipAnswer) -> str:
    parts = [f"{register.status} {register.reason}".strip(), ", ".join(register.challenges), register.server]
    return "; ".join(part for part in parts if part)
