"""Group Chat in an activation: what of it comes back, what that changes, and the server that a person installs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.checks import Check, judge
from lyncdr_helpers.errors import InputError, OperationError, Refusal
from lyncdr_helpers.params.backups import GroupChat
from lyncdr_helpers.params.sites import Server
from lyncdr_helpers.phases import group_chat
from lyncdr_helpers.phases.acts import group_chat as act
from lyncdr_helpers.phases.acts import group_chat_database, group_chat_files
from lyncdr_helpers.phases.acts.group_chat_database import DATABASE
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.guided import Account, GuidedStep, Instruction, guide
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session

AREA = act.AREA
WITHOUT, IN_PLACE = "group-chat", "group-chat-in-place"
STEP = "group-chat-server"
NO_REPOSITORY = "group_chat.standby_repository is not given"


def changes(session: Session, backup: Manifest) -> list[Change]:
    """What bringing it back changes, from what stands at the standby now; nothing where the parameters name none.

    Where it cannot come back, an activation that must have it is refused, and any other one says so and goes on.
    """
    if session.params.group_chat is None:
        return []
    try:
        side, content = group_chat.standby(session), act.of_set(session, backup)
        found = act.changes(session, side, content)
    except (InputError, OperationError) as error:
        _do_without(session, error)
        return []
    if content.archive is None or side.repository is None:
        _without_files(session, "the set holds none" if content.archive is None else NO_REPOSITORY)
    if gone := act.replaced(found):
        named = "; ".join(f"{one.target}: {one.old}" for one in gone)
        session.hold(
            IN_PLACE,
            Refusal(
                f"Where Group Chat is restored, something stands already: {named}.",
                f'If it may go, give the reason: --waive {IN_PLACE}="..." Otherwise take it away, or leave '
                "group_chat.standby_sql out: the activation then goes on without Group Chat.",
            ),
        )
    return found


def restore(session: Session, made: Plan, backup: Manifest) -> Tally:
    """Bring it back as the plan has it. Where it need not work again, what fails is named and holds nothing else up."""
    some = [one for kind in act.KINDS for one in made.of_kind(kind)]
    if not some:
        return Tally(act.ACT)
    try:
        return act.restore(session, group_chat.standby(session), some, act.of_set(session, backup))
    except (OperationError, Refusal) as error:
        if session.params.requirements.group_chat:
            raise
        session.tell(f"Group Chat does not come back, and everything else goes on: {error.message}")
        return Tally(act.ACT, failed={group_chat.standby(session).name: error.message})


def by_hand(session: Session, made: Plan, restored: Tally) -> list[GuidedStep]:
    """What a person does once the database is back: its server, which must not stand there before an activation."""
    chat = session.params.group_chat
    back = chat is not None and not restored.failed and made.of_kind(DATABASE)
    return [_step(session, chat)] if chat and back else []


def install(
    session: Session, made: Plan, restored: Tally, answers: Mapping[str, Answer] | None = None
) -> list[Account]:
    """The server that a person installs, and what came of it; proven by its port where the parameters name the machine.

    answers: what was given in a form, by the name of the step. Raises as `guide`.
    """
    see = partial(server_check, session) if session.params.group_chat and _machine(session) else None
    return [guide(session, step, see, (answers or {}).get(step.name)) for step in by_hand(session, made, restored)]


def server_check(session: Session, *, soft: bool = False) -> list[Check]:
    """Whether Group Chat's server answers at the DR site; nothing where the parameters name no machine for it."""
    chat, host = session.params.group_chat, _machine(session)
    if chat is None or host is None:
        return []
    answers = session.dialer.knock(host.address, chat.port)
    return [
        judge(
            AREA,
            f"{host.fqdn} port {chat.port}",
            answers,
            seen="it accepts connections" if answers else "no answer",
            expected="it accepts connections",
            remedy="See that Group Chat's services run there, and that no firewall keeps this machine out.",
            soft=soft,
        )
    ]


@dataclass(frozen=True)
class Lack:
    """Something of Group Chat that is not at the standby. count: of rows, or of files."""

    what: str
    why: str
    count: int


def is_expected(session: Session) -> bool:
    """Whether it has a place at the DR site, or must have one."""
    chat, must = session.params.group_chat, session.params.requirements.group_chat
    return chat is not None and (must or bool(chat.standby_sql and chat.standby_dump))


def lacking(session: Session, backup: Manifest) -> list[Lack]:
    """What of the set's Group Chat is not at the standby: the database as a whole, rows of a table, single files.

    Raises OperationError where nobody can look.
    """
    record = backup.group_chat
    try:
        side, content = group_chat.standby(session), act.of_set(session, backup)
    except InputError as error:
        return [Lack("all of Group Chat", error.message, sum(record.rows.values()) + record.files)]
    found = group_chat_database.look(session, side)
    if found is None or found.text != content.dump.name:
        lost = [Lack(side.name, found.text if found else "there is no such database", sum(record.rows.values()))]
    else:
        short = act.rows_lacking(session, side, record)
        lost = [Lack(f"{table} in {side.name}", f"{count:,} rows are missing", count) for table, count in short.items()]
    if content.archive and side.repository:
        files = group_chat_files.missing(side.repository, content.archive)
        lost += [Lack(name, "not as it is in the set", 1) for name in files]
    elif record.files:
        lost.append(Lack("the file repository", NO_REPOSITORY, record.files))
    return lost


def _do_without(session: Session, why: InputError | OperationError) -> None:
    must = session.params.requirements.group_chat
    said = f"Group Chat does not come back: {why.message}"
    session.record(
        judge(AREA, "restore", False, seen=why.message, expected="it comes back", remedy=why.remedy, soft=not must)
    )
    session.tell(said)
    if must:
        remedy = f'{why.remedy} Or go on without it, and give the reason: --waive {WITHOUT}="..."'
        session.hold(WITHOUT, Refusal(said, remedy))


def _without_files(session: Session, why: str) -> None:
    remedy = "Name the share in the parameters, or bring the files there by hand: they are in the set."
    session.record(judge(AREA, "files", False, seen=why, expected="they come back", remedy=remedy, soft=True))
    session.tell(f"Group Chat comes back without its files: {why}.")


def _machine(session: Session) -> Server | None:
    chat = session.params.group_chat
    return chat.standby_server if chat else None


def _step(session: Session, chat: GroupChat) -> GuidedStep:
    side = group_chat.standby(session)
    host = chat.standby_server.fqdn if chat.standby_server else "the standby Windows server"
    files = f"The file repository is {chat.standby_repository}." if chat.standby_repository else "Its files come later."
    setup = _setup_2010 if session.params.generation == "lync2010" else _setup_later
    return GuidedStep(
        name=STEP,
        title=f"Install Group Chat's server on {host}",
        why="Its server joins the topology when it is installed, so that it must not stand there before an activation.",
        where=f"on {host}, as an administrator of it who is in RTCUniversalServerAdmins",
        do=(
            *setup(host, side),
            Instruction(files),
            Instruction(
                f"Give it a certificate for {host} from the CA that clients and pools trust, and start its services."
            ),
            Instruction(f"See that it listens on port {chat.port}.", f"netstat -ano | findstr :{chat.port}"),
        ),
        proof=f"port {chat.port} of {host} accepts connections, and a user reads an old message in a room",
    )


def _setup_2010(host: str, side: group_chat.Side) -> tuple[Instruction, ...]:
    """Services as Microsoft names them: Lookup, Channel, Web (Components and Topologies for Group Chat Server)."""
    return (
        Instruction(
            f"Run the setup of Lync Server 2010, Group Chat from its media on {host}, then the updates that the lost "
            "server had: a database of a later version than its server is not opened."
        ),
        Instruction(
            f"Where it asks for the database, give SQL Server {side.server.instance} and the existing database "
            f"{side.database}: do not let it make a new one."
        ),
        Instruction(
            "Give the Lookup, Channel and Web services the accounts that they had on the lost server: the database "
            "knows no others."
        ),
    )


def _setup_later(host: str, side: group_chat.Side) -> tuple[Instruction, ...]:
    return (
        Instruction(
            f"In Topology Builder, give the DR site a Persistent Chat pool of {host}, its store on SQL Server "
            f"{side.server.instance} with the database {side.database}, and publish the topology without creating "
            "databases."
        ),
        Instruction(
            f"Run the Deployment Wizard of the generation's media on {host}: the local configuration store, then the "
            "server's components, then the updates that the lost server had."
        ),
    )
