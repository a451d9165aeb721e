"""One remote shell: the commands it runs, and what they have said that no client has fetched yet."""

from __future__ import annotations

import base64
import threading
from abc import ABC, abstractmethod
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

from lyncdr_helpers.lab.winrm.soap import SHELL, no_command, timed_out


class Cut(Exception):
    """The connection breaks here: the client gets no answer at all."""


@dataclass(frozen=True)
class Chunk:
    """A piece of one output stream."""

    stream: str
    data: bytes


@dataclass(frozen=True)
class News:
    """What one Receive brings. exit_code: of a command that is done, once everything it said was fetched."""

    chunks: tuple[Chunk, ...]
    exit_code: int | None

    def as_xml(self, command: str) -> str:
        """The body of a ReceiveResponse (MS-WSMV 2.2.4.26). An empty command means the shell itself."""
        of = f" CommandId={quoteattr(command)}" if command else ""
        streams = "".join(
            f'<rsp:Stream Name="{chunk.stream}"{of}>{base64.b64encode(chunk.data).decode()}</rsp:Stream>'
            for chunk in self.chunks
        )
        return f"<rsp:ReceiveResponse>{streams}{self._state(of) if command else ''}</rsp:ReceiveResponse>"

    def _state(self, of: str) -> str:
        if self.exit_code is None:
            return f'<rsp:CommandState{of} State="{SHELL}CommandState/Running"/>'
        code = f"<rsp:ExitCode>{self.exit_code}</rsp:ExitCode>"
        return f'<rsp:CommandState{of} State="{SHELL}CommandState/Done">{code}</rsp:CommandState>'


class Shell(ABC):
    """A shell that a client opened. Its commands run in threads of their own; clients fetch what they say.

    id, resource: as in WS-Management. owner: who signed in. capacity: bytes of output that fit one answer. Commands are
    named by their id; the empty name is the shell itself.
    """

    def __init__(self, shell_id: str, resource: str, owner: str, envelope_size: int) -> None:
        self.id = shell_id
        self.resource = resource
        self.owner = owner
        self.capacity = (envelope_size - 4096) // 4 * 3
        self.changed = threading.Condition(threading.RLock())
        self._unfetched: dict[str, deque[Chunk]] = defaultdict(deque)
        self._running: set[str] = set()
        self._exit_codes: dict[str, int] = {}
        self._cut = False
        self._closed = False

    @abstractmethod
    def command(self, command: str, words: Sequence[str]) -> None:
        """Start a command: what to run, and its arguments."""

    @abstractmethod
    def send(self, command: str, data: bytes) -> None:
        """Hand input to a command, or to the shell."""

    @abstractmethod
    def stop(self, command: str) -> None:
        """Ask a command to end; harmless when it has."""

    def began(self, command: str) -> None:
        """The command runs from now on."""
        with self.changed:
            self._running.add(command)

    def say(self, command: str, stream: str, data: bytes) -> None:
        """The command wrote something."""
        with self.changed:
            self._unfetched[command].append(Chunk(stream, data))
            self.changed.notify_all()

    def ended(self, command: str, exit_code: int) -> None:
        """The command is done."""
        with self.changed:
            self._exit_codes[command] = exit_code
            self.changed.notify_all()

    def receive(self, command: str, timeout: float) -> News:
        """Wait for news of the command. Raises Fault where there is none in time, and Cut where the line breaks."""
        with self.changed:
            if command and command not in self._running:
                raise no_command(command)
            self.changed.wait_for(lambda: self._has_news(command), timeout)
            self.alive()
            if not self._has_news(command):
                raise timed_out()
            chunks = self._take(command)
            return News(chunks, None if self._unfetched[command] else self._exit_codes.get(command))

    def cut(self) -> None:
        """Break the line of every client of this shell: it is lost to them, whatever its commands do."""
        with self.changed:
            self._cut = True
            self.changed.notify_all()

    def close(self) -> None:
        """End every command, and let the clients that wait for news go."""
        with self.changed:
            self._closed = True
            self.changed.notify_all()
            for command in list(self._running):
                self.stop(command)

    def alive(self) -> None:
        """Raises Cut where the line is broken or the shell closed while the client waited."""
        if self._cut or self._closed:
            raise Cut

    def _has_news(self, command: str) -> bool:
        return bool(self._unfetched[command]) or command in self._exit_codes or self._cut or self._closed

    def _take(self, command: str) -> tuple[Chunk, ...]:
        """As many pieces as fit one answer, and at least one where there is any."""
        waiting, size = self._unfetched[command], 0
        taken: list[Chunk] = []
        while waiting and (not taken or size + len(waiting[0].data) <= self.capacity):
            taken.append(waiting.popleft())
            size += len(taken[-1].data)
        return tuple(taken)
