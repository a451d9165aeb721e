"""What every watched record says tonight, on every server: what DNS can be brought back to after a failover."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lyncdr_helpers import files
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.concurrency import ask_all
from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.phases import work_folder
from lyncdr_helpers.phases.acts.records import nameserver_for
from lyncdr_helpers.ports import Nameserver, RecordSet
from lyncdr_helpers.session import Session

AT_ONCE = 16
"""Questions under way at the same time: a server that is silent takes ten seconds for each."""

Role = Literal["authoritative", "resolver"]
State = Literal["found", "absent", "error"]


class Answer(BaseModel):
    """What one server said about one record.

    found: `ttl` and `values` as in RecordSet. absent: it said that there is no such record. error: it could not be
    asked; `error` is the name of the error, `message` its words. Only a resolver can end so.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    server: str
    role: Role
    state: State
    ttl: int | None = None
    values: tuple[str, ...] = ()
    error: str = ""
    message: str = ""


class Entry(BaseModel):
    """One watched record: what its authoritative server said, then every resolver."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: str
    answers: tuple[Answer, ...]

    @property
    def record(self) -> RecordSet | None:
        """What stands on the authoritative server; None where it has no such record."""
        first = self.answers[0]
        return None if first.ttl is None else records.record_set(self.name, self.type, first.ttl, first.values)


class DnsSnapshot(BaseModel):
    """Every watched record, in the order of the parameters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    deployment: str
    run: str
    taken_at: str
    records: tuple[Entry, ...]


@dataclass(frozen=True)
class Question:
    """One record, and one server to ask for it."""

    name: str
    type: str
    server: str
    role: Role
    nameserver: Nameserver


def export(session: Session) -> Path:
    """The snapshot as a file: DnsSnapshot as JSON. Every server is asked by itself and has its own time to answer.

    A resolver that is silent is an answer of state `error`. Raises OperationError, with server and record, where an
    authoritative server does not answer: without it there is nothing to go back to.
    """
    questions = [_questions(session, records.owner(one.name), one.type) for one in session.params.dns.records]
    answers = iter(ask_all(chain.from_iterable(questions), _ask, AT_ONCE))
    snapshot = DnsSnapshot(
        deployment=session.params.deployment,
        run=session.folder.run,
        taken_at=stamp(session.clock.now()),
        records=tuple(
            Entry(name=some[0].name, type=some[0].type, answers=tuple(islice(answers, len(some)))) for some in questions
        ),
    )
    _require_authoritative(snapshot)
    with work_folder.making(session, "dns.json") as path:
        files.replace_json(path, snapshot.model_dump(mode="json"))
    return path


def read(path: Path) -> DnsSnapshot:
    """The snapshot in a file that `export` wrote. Raises InputError when it is none."""
    try:
        return DnsSnapshot.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as cause:
        raise InputError(
            f"{path} is no snapshot of DNS: {_reason(cause)}.", "Fetch it again from its backup set."
        ) from cause


def _questions(session: Session, name: str, type: str) -> list[Question]:
    """The authoritative server first, then every resolver."""
    server = session.params.dns.server_for(name)
    return [
        Question(name, type, server.name if server else "", "authoritative", nameserver_for(session, name)),
        *(Question(name, type, one, "resolver", nameserver) for one, nameserver in session.resolvers.items()),
    ]


def _ask(question: Question) -> Answer:
    def answer(state: State, **more: Any) -> Answer:
        return Answer(server=question.server, role=question.role, state=state, **more)

    try:
        found = question.nameserver.ask(question.name, question.type)
    except OperationError as error:
        return answer("error", error=type(error).__name__, message=error.message)
    return answer("found", ttl=found.ttl, values=found.values) if found else answer("absent")


def _require_authoritative(snapshot: DnsSnapshot) -> None:
    silent = [(entry, entry.answers[0]) for entry in snapshot.records if entry.answers[0].state == "error"]
    if silent:
        named = ", ".join(f"{entry.name} {entry.type}" for entry, _ in silent)
        raise OperationError(
            f"{silent[0][1].server} did not say what {named} is: {silent[0][1].message}",
            "Check that this machine may ask every server under dns.servers.",
        )


def _reason(cause: OSError | ValidationError) -> str:
    if isinstance(cause, OSError):
        return str(cause.strerror)
    first = cause.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg']}"
