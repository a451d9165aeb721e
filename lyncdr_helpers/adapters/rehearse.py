"""Rehearsal: the ports of a real deployment, with every write withheld and recorded instead of done."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lyncdr_helpers.journal import Journal
from lyncdr_helpers.ports import (
    Command,
    Finished,
    Nameserver,
    Program,
    Record,
    RecordChange,
    RecordSet,
    Reply,
    Shell,
)


class RehearsedShell:
    """A shell that passes on what reads and withholds what writes."""

    def __init__(self, shell: Shell, journal: Journal) -> None:
        self._shell = shell
        self._journal = journal

    def invoke(
        self, command: Command, feed: Sequence[str] = (), on_output: Callable[[Record], None] | None = None
    ) -> Reply:
        if not command.writes:
            return self._shell.invoke(command, feed, on_output)
        self._journal.write("withheld", what=str(command), objects=len(feed))
        return Reply(withheld=True)

    def run(self, program: Program) -> Finished:
        if not program.writes:
            return self._shell.run(program)
        self._journal.write("withheld", what=str(program), objects=1)
        return Finished(0, withheld=True)

    def close(self) -> None:
        self._shell.close()


class RehearsedNameserver:
    """A nameserver that is asked, and never updated."""

    def __init__(self, nameserver: Nameserver, journal: Journal) -> None:
        self._nameserver = nameserver
        self._journal = journal

    def within(self, seconds: float) -> RehearsedNameserver:
        return RehearsedNameserver(self._nameserver.within(seconds), self._journal)

    def ask(self, name: str, type: str) -> RecordSet | None:
        return self._nameserver.ask(name, type)

    def prove_update(self, zone: str) -> None:
        self._nameserver.prove_update(zone)

    def update(self, zone: str, changes: Sequence[RecordChange]) -> bool:
        self._journal.write("withheld", what=f"update of zone {zone}", objects=len(changes))
        return False
