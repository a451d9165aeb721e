"""Group Chat goes home: what people wrote at the DR site replaces what the primary still holds of it.

In this order: its server at the DR site stops, so that nothing is written any more; its database is dumped there and
restored at the primary, its files follow; then its server at the primary starts. Both sides must have been backed up
before: what the primary holds goes.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.answers import Answer
from lyncdr_helpers.backups.manifest import GroupChatRecord
from lyncdr_helpers.checks import Check, Verdict, judge
from lyncdr_helpers.errors import InputError, OperationError, Refusal
from lyncdr_helpers.phases import group_chat, group_chat_in_dr
from lyncdr_helpers.phases.acts import group_chat as act
from lyncdr_helpers.phases.acts import group_chat_database, group_chat_files
from lyncdr_helpers.phases.acts.group_chat import Content
from lyncdr_helpers.phases.acts.group_chat_database import DATABASE, Dump
from lyncdr_helpers.phases.acts.group_chat_files import FILES
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.group_chat import Side
from lyncdr_helpers.phases.group_chat_in_dr import Lack
from lyncdr_helpers.phases.guided import Account, GuidedStep, Instruction, guide
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session

GATE = "group-chat-home"
STOP, START = "group-chat-stop", "group-chat-start"
BROUGHT = "Group Chat at the DR site"
"""The fact that says what stood there when it was dumped."""


def changes(session: Session) -> list[Change]:
    """What bringing it home changes at the primary, from what stands there now; its old values are what goes.

    Nothing where it is not at the DR site. The new value is the name of this run, which its dump will bear. Raises
    OperationError where nobody can look, Refusal where the primary's SQL Server is of an earlier release.
    """
    there = _at_dr(session)
    if there is None:
        return []
    home = group_chat.primary(session)
    if group_chat_database.release(session, home) < group_chat_database.release(session, there):
        session.hold(GATE, _too_old(there, home))
        return []
    made = list(group_chat_database.changes(session, home, session.folder.run, group_chat.logins(session, there)))
    if there.repository and home.repository:
        old = group_chat_files.there(home.repository)
        made.append(Change(FILES, str(home.repository), old, f"all files of {session.folder.run}"))
    return made


def to_stop(session: Session, made: Plan) -> list[GuidedStep]:
    """What a person does before it is dumped, for the forms of a notebook; nothing where it is not in the plan."""
    return [_stop_step(session)] if made.of_kind(DATABASE) else []


def stop(session: Session, made: Plan, answers: Mapping[str, Answer] | None = None) -> list[Account]:
    """By hand: its server at the DR site stops. Proven by its port, where the parameters name the machine."""
    chat = session.params.group_chat
    see = partial(_silent, session) if chat and chat.standby_server else None
    return [guide(session, step, see, (answers or {}).get(step.name)) for step in to_stop(session, made)]


def bring(session: Session, made: Plan) -> Tally:
    """Dump it at the DR site, restore it at the primary, and read it back. Raises as the loop does."""
    some = [one for kind in act.KINDS for one in made.of_kind(kind)]
    if not some:
        return Tally(act.ACT)
    there, home = group_chat.standby(session), group_chat.primary(session)
    with _content(session, there, home) as content:
        return act.restore(session, home, some, content)


def to_start(session: Session, made: Plan, brought: Tally) -> list[GuidedStep]:
    """What a person does once it is home, for the forms of a notebook; nothing unless it came home."""
    return [_start_step(session)] if made.of_kind(DATABASE) and not brought.failed else []


def start(session: Session, made: Plan, brought: Tally, answers: Mapping[str, Answer] | None = None) -> list[Account]:
    """By hand: its server at the primary starts, and the one at the DR site goes. Nothing unless it came home."""
    steps = to_start(session, made, brought)
    return [guide(session, step, None, (answers or {}).get(step.name)) for step in steps]


def counted(session: Session) -> tuple[int, list[Lack]]:
    """(rows and files that stood at the DR site when it was dumped, what of them the primary has not).

    More than there were is no loss: people write again. Raises OperationError where nobody can look, or none was
    brought.
    """
    brought = [one.facts["value"] for one in session.journal.of_kind("fact") if one.facts["name"] == BROUGHT]
    if not brought:
        raise OperationError("Group Chat was not brought home yet.", "Run the same command again.")
    home, record = group_chat.primary(session), GroupChatRecord(**brought[-1])
    short = act.rows_lacking(session, home, record)
    lost = [Lack(f"{table} in {home.name}", f"{count:,} rows are missing", count) for table, count in short.items()]
    if record.files and home.repository and (gone := record.files - group_chat_files.count(home.repository)) > 0:
        lost.append(Lack(str(home.repository), f"{gone:,} files are missing", gone))
    return sum(record.rows.values()) + record.files, lost


@contextmanager
def _content(session: Session, there: Side, home: Side) -> Iterator[Content]:
    """What is at the DR site, dumped and packed on this machine as it is needed, and gone from it afterwards."""
    name, made = session.folder.run, list[Path]()

    def keep(path: Path) -> Path:
        made.append(path)
        return path

    @cache
    def packed() -> Path:
        return keep(group_chat.export_files(session, there))

    try:
        found = group_chat_database.look(session, home)
        if found and found.text == name:  # restored by an earlier execution of this run
            dump, record = Dump(name, "", _never), GroupChatRecord()
        else:
            export = partial(group_chat.export_database, session, there)
            path, record = group_chat.take_stock(session, export, there)
            held = group_chat_files.count(there.repository) if there.repository and home.repository else 0
            session.fact(BROUGHT, {"rows": dict(record.rows), "files": held})
            dump = Dump(name, files.digest_file(keep(path)), partial(_copy, path))
        yield Content(dump, record, packed if there.repository and home.repository else None)
    finally:
        for path in made:
            path.unlink(missing_ok=True)


def _at_dr(session: Session) -> Side | None:
    """Where it is at the DR site; None where it has no place there, or nobody ever restored it."""
    if session.params.group_chat is None:
        return None
    try:
        side = group_chat.standby(session)
    except InputError:
        return None
    return side if group_chat_database.look(session, side) else None


def _too_old(there: Side, home: Side) -> Refusal:
    return Refusal(
        f"{home.server.instance} is of an earlier release than {there.server.instance}: it restores no dump of it.",
        "Install the same release at the primary. To go home without Group Chat, which then stays at the DR site, give "
        f'the reason: --waive {GATE}="..."',
    )


def _silent(session: Session) -> list[Check]:
    """The same port as in an activation; now nobody may answer."""
    return [
        judge(
            act.AREA,
            one.name,
            one.verdict is not Verdict.PASS,
            seen=one.seen,
            expected="no answer",
            remedy="Stop Group Chat's services there: what is written from now on would be lost.",
        )
        for one in group_chat_in_dr.server_check(session)
    ]


def _stop_step(session: Session) -> GuidedStep:
    chat, there = session.params.group_chat, group_chat.standby(session)
    host = chat.standby_server.fqdn if chat and chat.standby_server else "the DR site's Windows server"
    home = group_chat.primary(session)
    return GuidedStep(
        name=STOP,
        title=f"Stop Group Chat's server on {host}",
        why=f"Whatever is written to {there.name} after it was dumped does not come home.",
        where=f"on {host}, and on the primary's Group Chat server, as an administrator",
        do=(
            Instruction("Tell people that rooms are away for a while."),
            Instruction(f"Stop the services of Group Chat on {host}, and set them to disabled."),
            Instruction(
                f"Stop them on the primary's Group Chat server too: {home.name} cannot be replaced while it is in use."
            ),
        ),
        proof="its port answers no more",
        skippable=False,
    )


def _start_step(session: Session) -> GuidedStep:
    chat, home = session.params.group_chat, group_chat.primary(session)
    host = chat.standby_server.fqdn if chat and chat.standby_server else "the DR site's Windows server"
    return GuidedStep(
        name=START,
        title="Start Group Chat's server at the primary",
        why="It lives on another machine than this program may reach.",
        where="on the primary's Group Chat server, as an administrator",
        do=(
            Instruction(f"Start its services: they find {home.name} with everything that was written at the DR site."),
            Instruction("Sign in to a room, and read a message that was written at the DR site."),
            Instruction(f"Remove Group Chat's server from {host}: until the next activation it must not be there."),
        ),
        proof="a user reads an old message and a new one",
    )


def _copy(source: Path, to: Path) -> None:
    shutil.copyfile(source, to)


def _never(to: Path) -> None:
    raise AssertionError(f"{to} is not needed: the database is restored already")
