"""A lab in which anything can be made to go wrong between lyncdr and the servers, and the activation that meets it.

The management host, the way to the domain controller and the way to the nameserver stand in the test's own process, in
front of the lab's; what a test makes go wrong there, the activation meets on real sockets.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.tsig
from dr_scene import Scene, make_scene
from phase_scene import Ended, activated, run
from rewind import Moment, everything, remember

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import MANAGEMENT_USER, TSIG_KEY, Blueprint
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.dns import signatures
from lyncdr_helpers.lab.dns.sockets import DnsSockets, read_message, write_message
from lyncdr_helpers.lab.winrm import WinrmServer
from lyncdr_helpers.phases import activate
from lyncdr_helpers.session import Session

HOST, CONTROLLER, NAMES = 30, 31, 32
"""The last byte of the addresses in front of the lab's own."""
OPCODE, UPDATE = 0x78, 5 << 3
"""Of a DNS message's third byte (RFC 1035, 4.1.1; RFC 2136, 1.3)."""
SOON = 2.0


class Killed(BaseException):
    """The process is gone: nothing after it is written."""


@dataclass(frozen=True)
class Point:
    """A moment of a run: its first line of that kind about that subject. before: when it is not on disk yet.

    Before a result is after its act: a result that was only read back for an earlier run is another moment.
    """

    kind: str
    subject: str
    before: bool = False

    def reached(self, kind: str, facts: Mapping[str, Any]) -> bool:
        read_back = kind == "result" and self.before and facts.get("read_back")
        return not read_back and (kind, subject(kind, facts)) == (self.kind, self.subject)


@dataclass(frozen=True)
class Hit:
    """The moment after something has come about: the first line that is due then. before: when it is not on disk."""

    come: Callable[[], bool]
    before: bool

    def reached(self, _kind: str, _facts: Mapping[str, Any]) -> bool:
        return self.come()


def subject(line: str, facts: Mapping[str, Any]) -> str:
    """The act that a line is about, where it tells how far the act has come; of other kinds any line is as good."""
    return str(facts["act"]) if line in ("intent", "result") else ""


def points(lines: list[Line]) -> list[Point]:
    """Every intent and every result that a run wrote, the moments between the two, and every other kind once; in order.

    One after the other, each is the first of its run: what lies before it is done. The run's first line is written
    before anything is done; its last one ends it.
    """
    every, known = list[Point](), set[str]()
    for line in lines[1:-1]:
        about = subject(line.kind, line.facts)
        if about or line.kind not in known:
            every += [
                Point(line.kind, about, before) for before in ((True, False) if line.kind == "result" else (False,))
            ]
        known.add(line.kind)
    return [*every, Point(lines[-1].kind, "", before=True)]


class Meddling:
    """What happens the next time a cmdlet, a program or a DNS update comes, in place of what it does."""

    def __init__(self) -> None:
        self._waiting: dict[str, Callable[..., Any]] = {}

    def once(self, name: str, instead: Callable[..., Any]) -> None:
        """instead: called with what came, and with what it would have met."""
        self._waiting[name] = instead

    @property
    def met(self) -> bool:
        """Whether everything that was to happen has happened."""
        return not self._waiting

    def forget(self) -> None:
        self._waiting.clear()

    def around(self, name: str, act: Callable[[Any], Any]) -> Callable[[Any], Any]:
        def meet(call: Any) -> Any:
            instead = self._waiting.pop(name, None)
            return instead(call, act) if instead else act(call)

        return meet


class Relay:
    """A way to a server that can be cut: then its address refuses connections, and those that stood are closed."""

    def __init__(self, address: str, port: int, to: str) -> None:
        self._here, self._there = (address, port), (to, port)
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()

    def join(self) -> None:
        if self._listener is None:
            self._listener = socket.create_server(self._here)
            threading.Thread(target=self._accept, args=[self._listener], daemon=True).start()

    def cut(self) -> None:
        listener, self._listener = self._listener, None
        for one in (*self._open, *([listener] if listener else [])):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
        self._open.clear()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._there)
                self._open |= {client, server}
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=ends, daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(65536):
            sink.sendall(piece)
    for one in (source, sink):
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)


class NamesFront:
    """A nameserver that hands every message on to the lab's, but for an update that meets something else."""

    def __init__(self, lab: Blueprint, meddling: Meddling) -> None:
        self._lab = lab
        self._sockets = DnsSockets(f"{lab.subnet}.{NAMES}", lab.dns_port, self._respond)
        self._update = meddling.around("update", self._hand_on)
        self.start, self.stop = self._sockets.start, self._sockets.stop

    def _respond(self, wire: bytes, *, datagram: bool) -> bytes | None:
        return self._update(wire) if wire[2] & OPCODE == UPDATE else self._hand_on(wire)

    def _hand_on(self, wire: bytes) -> bytes:
        with socket.create_connection((self._lab.nameserver, self._lab.dns_port)) as connection:
            write_message(connection, wire)
            return read_message(connection)

    def refuse(self, wire: bytes, _act: object) -> bytes:
        """What a server says that does not let this key change anything, signed."""
        secret = self._lab.secret("tsig").read_text(encoding="ascii").strip()
        answer = dns.message.make_response(signatures.read(wire, dns.tsig.Key(TSIG_KEY, secret)))
        answer.set_rcode(dns.rcode.REFUSED)
        return answer.to_wire()


class Hasty(SystemClock):
    """A clock whose waits take no time; what happens meanwhile happens at once."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        self._meanwhile = meanwhile

    def sleep(self, seconds: float) -> None:
        self._meanwhile()


@dataclass
class Fire:
    """The lab, and what stands before it. begun: where `rewind` goes back to. looked_for: the kinds of lines that the
    runs so far have looked for in their journals.
    """

    scene: Scene
    meddling: Meddling
    controller: Relay
    names: NamesFront
    begun: Moment = field(init=False)
    looked_for: set[str] = field(default_factory=set)

    def rewind(self) -> None:
        self.meddling.forget()
        self.controller.join()
        self.begun.rewind()

    def activate(
        self,
        digest: str | None = None,
        meanwhile: Callable[[], object] = lambda: None,
        killed: Point | Hit | None = None,
        params: Path | None = None,
    ) -> Ended:
        """The same command each time. digest: of the plan that is approved; None, and whoever sits there approves it.

        killed: where the process ends, so that nothing of it is written any more.
        """
        session = activate.begin(params or self.scene.params, "live", approve=digest or "")
        session.clock = Hasty(meanwhile)
        session.store = open_store(session.params.backup, session.loaded, session.clock)
        _listen(session, self.looked_for)
        if killed:
            _die(session, killed)
        try:
            return run(session, partial(activated, digest=digest))
        except Killed:
            return Ended(session.folder, -9, "killed")

    def state(self) -> dict[str, Any]:
        return everything(self.scene)

    @property
    def lines(self) -> list[Line]:
        """Of every activation there was, oldest first."""
        return [line for one in self.scene.runs() if one.phase == "activate" for line in self.scene.lines(one.run)]


def _listen(session: Session, looked_for: set[str]) -> None:
    """Note which kinds of lines the session's run looks for in its journal.

    When a step was done before is only told to people: these runs do not look.
    """
    session._done_before = lambda _: ""  # type: ignore[method-assign]
    of_kind, last = session.journal.of_kind, session.journal.last

    def all_of(*kinds: str) -> Iterator[Line]:
        looked_for.update(kinds)
        return of_kind(*kinds)

    def newest(*kinds: str) -> Line | None:
        looked_for.update(kinds)
        return last(*kinds)

    session.journal.of_kind, session.journal.last = all_of, newest  # type: ignore[method-assign]


def _die(session: Session, point: Point | Hit) -> None:
    """Have the session's process end there, as far as anybody can tell."""
    write, dead = session.journal.write, False

    def dying(kind: str, **facts: Any) -> Line:
        nonlocal dead
        if dead:
            raise Killed
        dead = point.reached(kind, facts)
        if dead and point.before:
            raise Killed
        line = write(kind, **facts)
        if dead:
            raise Killed
        return line

    session.journal.write = dying  # type: ignore[method-assign]


@contextmanager
def on_fire(folder: Path, users: int = 24, batch: int = 8) -> Iterator[Fire]:
    """A lab whose primary is lost, with one complete backup."""
    scene = make_scene(folder / "lab", users=users, batch=batch)
    lab, meddling = scene.blueprint, Meddling()
    host = _management_host(lab, folder / "host", meddling)
    relay = Relay(f"{lab.subnet}.{CONTROLLER}", lab.ldaps_port, lab.domain_controller)
    names = NamesFront(lab, meddling)
    with ExitStack() as ending:
        ending.callback(lifecycle.down, lab.folder)
        for start, stop in ((host.start, host.stop), (relay.join, relay.cut), (names.start, names.stop)):
            start()
            ending.callback(stop)
        _lead_there(scene)
        scene.lose_primary()
        fire = Fire(scene, meddling, relay, names)
        fire.begun = remember(scene, folder / "kept")
        yield fire


def _management_host(lab: Blueprint, folder: Path, meddling: Meddling) -> WinrmServer:
    for path in lab.certificate("mgmt"):
        files.replace(folder / path.name, path.read_bytes())
    chain, key = (folder / path.name for path in lab.certificate("mgmt"))
    password = lab.secret("management").read_text(encoding="utf-8").strip()
    return WinrmServer(
        f"{lab.subnet}.{HOST}",
        lab.winrm_port,
        (chain, key),
        {MANAGEMENT_USER: password},
        {name: meddling.around(name, act) for name, act in cmdlets(lab).items()},
        {name: meddling.around(name, act) for name, act in programs(lab).items()},
    )


def _lead_there(scene: Scene) -> None:
    """The parameters name what stands before the lab's servers, and not them."""
    lab, text = scene.blueprint, scene.params.read_text(encoding="utf-8")
    for old, new in (
        (f"https://{lab.management_host}:", f"https://{lab.subnet}.{HOST}:"),
        (f"ldaps://{lab.domain_controller}:", f"ldaps://{lab.subnet}.{CONTROLLER}:"),
        (f"address: {lab.nameserver}\n", f"address: {lab.subnet}.{NAMES}\n"),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    scene.params.write_text(text, encoding="utf-8")


# -- what a record must say ------------------------------------------------------------------------------------------
def moved_twice(lines: list[Line]) -> list[str]:
    """Users whom two results claim to have moved."""
    results = [line.facts for line in lines if line.kind == "result" and line.facts["act"] == "move users"]
    moved = Counter(target for facts in results for target in facts.get("done", ()))
    return [target for target, times in moved.items() if times > 1]


def unanswered(lines: list[Line]) -> list[Line]:
    """Intents of one run without a result."""
    answered = {line.facts["intent"] for line in lines if line.kind == "result"}
    return [line for line in lines if line.kind == "intent" and line.n not in answered]


def not_read_back(lines: list[Line]) -> list[Line]:
    """Unknown outcomes of one run after which it went on, or which nobody looked at before it did."""
    read_back = {line.facts["intent"] for line in lines if line.kind == "result" and line.facts.get("read_back")}
    return [
        line
        for line, after in pairwise(line for line in lines if line.kind != "kept")
        if line.kind == "unknown" and not (line.facts["intent"] in read_back and _is_over(after))
    ]


def _is_over(line: Line) -> bool:
    """Whether the line says that the run before it has stopped, by its end or because it was killed before that."""
    return line.kind == "resume" or (line.kind == "end" and line.facts["exit_code"] == 6)
