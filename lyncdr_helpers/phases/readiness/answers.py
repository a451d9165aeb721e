"""What every DNS server says of every record: many questions at once, and a dead server is asked but one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.errors import OperationError, Unreachable
from lyncdr_helpers.params.dns import DnsServer, in_zone
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

AT_ONCE = 32
"""Questions under way at the same time."""
PATIENCE = 3.0
"""Seconds for one question, asked twice. Answers come in milliseconds, a resolver's first one in a second or so."""
AUTHORITATIVE, RESOLVER = "server", "resolver"


@dataclass(frozen=True)
class Server:
    """One server that is asked. kind: AUTHORITATIVE or RESOLVER."""

    kind: str
    name: str
    nameserver: Nameserver = field(compare=False)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


Answer = RecordSet | OperationError | None
Question = tuple[Server, str]
"""A server, and the key of a record: `sip.lync.test A`."""


@dataclass
class Answers:
    """What every server said of every record. dead: servers that were silent, and how; they are asked no further."""

    said: dict[Question, Answer] = field(default_factory=dict)
    dead: dict[Server, OperationError] = field(default_factory=dict)

    def ask(self, questions: Sequence[Question]) -> None:
        """Each server is asked one question, which tells who is dead, and then all the others, many at once."""
        first = list({question[0]: question for question in reversed(questions)}.values())
        for some in (first, [question for question in questions if question not in first]):
            self.said |= dict(zip(some, ask_all(some, self._answer, AT_ONCE), strict=True))

    def of(self, server: Server, key: str) -> Answer:
        """What a server that was asked said; None where it has no such record."""
        asked = (server, key)
        return self.said[asked] if asked in self.said else self.dead.get(server)

    def found(self, key: str) -> list[tuple[Server, RecordSet]]:
        """Who has the record, and how; authoritative servers first."""
        having = [
            (one, said) for (one, asked), said in self.said.items() if asked == key and isinstance(said, RecordSet)
        ]
        return sorted(having, key=lambda one: (one[0].kind != AUTHORITATIVE, one[0].name))

    def _answer(self, question: Question) -> Answer:
        server, key = question
        if server in self.dead:
            return self.dead[server]
        name, _, kind = key.partition(" ")
        try:
            return server.nameserver.ask(name, kind)
        except OperationError as error:
            if isinstance(error, Unreachable):
                self.dead[server] = error
            return error


def authoritative(session: Session, key: str) -> Server | None:
    """The server that an activation would change the record on."""
    server = session.params.dns.server_for(_name(key))
    return as_server(session, server) if server else None


def as_server(session: Session, server: DnsServer) -> Server:
    """An authoritative server of the parameters."""
    return Server(AUTHORITATIVE, server.name, session.nameservers[server.name].within(PATIENCE))


def watchers(session: Session) -> list[Server]:
    """Every resolver, and every authoritative server that is not the one for all that it holds."""
    others = [
        as_server(session, one)
        for one in session.params.dns.servers
        if any(session.params.dns.server_for(zone) is not one for zone in one.zones)
    ]
    return [*others, *(Server(RESOLVER, name, one.within(PATIENCE)) for name, one in session.resolvers.items())]


def _asks(session: Session, key: str) -> list[Server]:
    """Who is asked for a record: whoever is authoritative for it, and who clients ask."""
    name = _name(key)
    holds = {one.name for one in session.params.dns.servers if any(in_zone(name, zone) for zone in one.zones)}
    others = [one for one in watchers(session) if one.kind == RESOLVER or one.name in holds]
    first = authoritative(session, key)
    return [*([first] if first else []), *(one for one in others if one != first)]


def ask(session: Session, keys: Sequence[str]) -> Answers:
    """Every record of every server that holds it or answers clients."""
    answers = Answers()
    answers.ask([(server, key) for key in keys for server in _asks(session, key)])
    return answers


def _name(key: str) -> str:
    return key.partition(" ")[0]
