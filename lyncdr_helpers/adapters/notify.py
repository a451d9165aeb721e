"""Messages to people, through apprise: mail, chat, webhooks. Each target is told by itself, all in bounded time."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

import apprise
from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError

Tone = Literal["info", "success", "warning", "failure"]
Outcome = Literal["sent", "failed", "no answer", "bad input"]

CONNECT_SECONDS = 5.0
READ_SECONDS = 8.0
WHOLE_SECONDS = 12.0
"""How long all targets together may take, each in a thread of its own: whatever a server does, the night goes on."""

SHORTEST = 4
"""Parts of a URL that are shorter are looked for as whole words only."""

LONGEST_REASON = 300

REASON = "Socket Exception: "
"""Begins the lines for developers in which apprise says why a server could not be spoken to."""

NOISE = re.compile(r"HTTPS?ConnectionPool\(.*?\): (Max retries exceeded with url: .*? \(Caused by )?")
"""What requests says around the cause."""


@dataclass(frozen=True)
class Delivery:
    """What became of a message at one target.

    target: the reference that its URL is kept under. service: as apprise calls it; empty where the URL is of no use.
    outcome: after `no answer` the message may have arrived. said: why it did not, with nothing of the URL but its host.
    """

    target: str
    service: str
    outcome: Outcome
    said: str = ""

    @property
    def sent(self) -> bool:
        return self.outcome == "sent"

    def __str__(self) -> str:
        service = f" ({self.service})" if self.service else ""
        return f"{self.target}{service}: {self.outcome}" + (f": {self.said}" if self.said else "")


def deliver(
    targets: Sequence[SecretReference], subject: str, body: str, tone: Tone, seconds: float = WHOLE_SECONDS
) -> list[Delivery]:
    """Tell every target at once, in plain text; what became of each, in their order. No target's trouble is raised."""
    until = time.monotonic() + seconds
    with _listening():
        begun = [_begin(target, subject, body, tone) for target in targets]
        return [one.end(until) if isinstance(one, _Sending) else one for one in begun]


def open_target(reference: SecretReference) -> apprise.NotifyBase:
    """The service that the URL kept there leads to. Raises InputError, naming the reference and never the URL."""
    url = reference.reveal()
    # Without a time limit of its own it sends in the thread that asks, and no thread of its keeps the process alive.
    asset = AppriseAsset(app_id="lyncdr", app_desc="lyncdr", app_url="", service_timeout=0)
    service = Apprise.instantiate(url, asset=asset)
    if service is None:
        scheme = re.match(r"[a-z][a-z0-9]{1,15}://", url)
        raise InputError(
            f"What is kept under {reference} is no {scheme[0] + ' ' if scheme else ''}URL that apprise can use.",
            "Write it as apprise's list of services has it, then try it: lyncdr notices test",
        )
    service.socket_connect_timeout = min(service.socket_connect_timeout, CONNECT_SECONDS)
    service.socket_read_timeout = min(service.socket_read_timeout, READ_SECONDS)
    return service


def _begin(reference: SecretReference, subject: str, body: str, tone: Tone) -> _Sending | Delivery:
    try:
        sending = _Sending(reference, open_target(reference), subject, body, tone)
    except InputError as error:
        return Delivery(str(reference), "", "bad input", str(error))
    sending.start()
    return sending


class _Sending(threading.Thread):
    """One message on its way. A daemon: a server that never answers does not keep the process."""

    def __init__(
        self, reference: SecretReference, service: apprise.NotifyBase, subject: str, body: str, tone: Tone
    ) -> None:
        super().__init__(name=f"notice to {reference}", daemon=True)
        self.lines: list[tuple[int, str]] = []
        self._reference = reference
        self._url = reference.reveal()
        self._service = service
        self._message = (subject, body, NotifyType(tone))
        self._sent = False

    def run(self) -> None:
        subject, body, tone = self._message
        notifier = Apprise()
        notifier.add(self._service)
        self._sent = bool(notifier.notify(body, subject, tone, body_format=NotifyFormat.TEXT))

    def end(self, until: float) -> Delivery:
        """Wait until it is over, or that moment is."""
        self.join(max(0.0, until - time.monotonic()))
        name = str(self._service.service_name)
        if self.is_alive():
            return Delivery(str(self._reference), name, "no answer", "it may have arrived")
        if self._sent:
            return Delivery(str(self._reference), name, "sent")
        return Delivery(str(self._reference), name, "failed", self._why())

    def _why(self) -> str:
        """What apprise says, then why. Neither says anything of the URL but its host and its port."""
        said = [text for level, text in self.lines if level >= logging.WARNING]
        reasons = [text.removeprefix(REASON) for _, text in self.lines if text.startswith(REASON)]
        why = ": ".join(part for part in ("; ".join(said), *reasons[-1:]) if part)
        masked: str = self._service.url(privacy=True)  # type: ignore[no-untyped-call]  # apprise leaves it untyped
        host = urlsplit(masked).hostname or ""
        shown = host, str(self._service.port or "")
        safe = without(self._url, NOISE.sub("", why), shown)
        return safe[:LONGEST_REASON] or "apprise does not say why"


def without(url: str, text: str, shown: Sequence[str] = ()) -> str:
    """The text without any part of the URL but those `shown`: users, passwords, tokens in its path or its query."""
    before, _, query = url.partition("://")[2].partition("?")
    parts = {*re.split(r"[/:@,&]+", before), *(value for _, value in parse_qsl(query))}
    parts = {*parts, *map(unquote, parts)} - {"", *shown}
    for part in sorted(parts, key=len, reverse=True):
        edge = "" if len(part) >= SHORTEST else r"\b"
        text = re.sub(f"{edge}{re.escape(part)}{edge}", "...", text)
    return text


@contextmanager
def _listening() -> Iterator[None]:
    """Within it, what apprise logs is kept with the message it is about, and goes nowhere else: it may hold secrets."""
    logger, ear = logging.getLogger("apprise"), _Ear()
    before = logger.level, logger.propagate
    logger.addHandler(ear)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.setLevel(before[0])
        logger.propagate = before[1]
        logger.removeHandler(ear)


class _Ear(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        thread = threading.current_thread()
        if isinstance(thread, _Sending):
            thread.lines.append((record.levelno, record.getMessage()))
