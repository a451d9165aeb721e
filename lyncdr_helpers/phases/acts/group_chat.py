"""Group Chat brought from one side to the other: its database, whom it lets in, and its files. Either way round."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lyncdr_helpers.backups.manifest import GroupChatRecord, Manifest
from lyncdr_helpers.checks import Check, judge
from lyncdr_helpers.phases import group_chat, restore_source
from lyncdr_helpers.phases.acts import group_chat_database, group_chat_files
from lyncdr_helpers.phases.acts.group_chat_database import DATABASE, USER, Dump
from lyncdr_helpers.phases.acts.group_chat_files import FILES
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.group_chat import Side
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session

ACT = "restore Group Chat"
AREA = "group chat"
KINDS = (DATABASE, USER, FILES)


@dataclass(frozen=True)
class Content:
    """What is brought. archive: the tar of the files, fetched when it is needed; None where there are none to bring."""

    dump: Dump
    record: GroupChatRecord
    archive: Callable[[], Path] | None = None


def of_set(session: Session, backup: Manifest) -> Content:
    """What a set holds of it. Raises InputError where it holds no database."""
    part = backup.part("group-chat-database")
    dump = Dump(backup.name, part.sha256, partial(session.store.download, backup.name, part.file))
    packed = next((one for one in backup.parts if one.kind == "group-chat-files"), None)
    archive = partial(restore_source.fetch, session, backup, packed) if packed else None
    return Content(dump, backup.group_chat, archive)


def changes(session: Session, side: Side, content: Content) -> list[Change]:
    """What bringing it there changes, from what stands there now. Raises OperationError where nobody can look."""
    found = list(group_chat_database.changes(session, side, content.dump.name, content.record.logins))
    if content.archive and side.repository:
        name, count = content.dump.name, content.record.files
        found.append(group_chat_files.change(side.repository, name, count, content.archive))
    return found


def replaced(some: Sequence[Change]) -> list[Change]:
    """The changes that something of another origin would go for."""
    return [one for one in some if one.kind in (DATABASE, FILES) and one.old not in ("", one.new)]


def restore(session: Session, side: Side, some: Sequence[Change], content: Content) -> Tally:
    """Carry the changes out: the database, then its users, then the files, each read back.

    Raises as the loop does. Rows that are missing afterwards count as failed.
    """
    of_kind = {kind: [one for one in some if one.kind == kind] for kind in KINDS}
    tallies = [group_chat_database.restore(session, side, of_kind[DATABASE], content.dump)]
    tallies.append(group_chat_database.map_users(session, side, of_kind[USER], content.dump.name))
    if content.archive:
        tallies.append(group_chat_files.restore(session, of_kind[FILES], content.archive))
    lacking = _look_back(session, side, content) if session.mode == "live" else {}
    return Tally(
        ACT,
        sum(one.done for one in tallies),
        sum(one.already for one in tallies),
        sum(one.withheld for one in tallies),
        {target: why for one in tallies for target, why in one.failed.items()} | lacking,
    )


def rows_lacking(session: Session, side: Side, record: GroupChatRecord) -> dict[str, int]:
    """How many rows each table has too few, held against what was recorded. Raises OperationError."""
    there = group_chat.rows(session, side)
    return {table: rows - there.get(table, 0) for table, rows in record.rows.items() if there.get(table, 0) < rows}


def _look_back(session: Session, side: Side, content: Content) -> dict[str, str]:
    """On record what the restored database holds, and whom nobody can sign in as. What lacks rows, and how many."""
    lacking = rows_lacking(session, side, content.record)
    session.record(_rows_check(side, content.record, lacking), _orphans_check(session, side))
    return {f"{table} in {side.name}": f"{count:,} rows are missing" for table, count in lacking.items()}


def _rows_check(side: Side, record: GroupChatRecord, lacking: dict[str, int]) -> Check:
    expected = f"at least {sum(record.rows.values()):,} in {len(record.rows)} tables"
    seen = ", ".join(f"{table} lacks {count:,}" for table, count in lacking.items()) or "all there"
    remedy = "Look at the database before anybody writes to it; another set may hold more."
    return judge(AREA, f"rows of {side.name}", not lacking, seen=seen, expected=expected, remedy=remedy)


def _orphans_check(session: Session, side: Side) -> Check:
    left = group_chat_database.orphans(session, side)
    remedy = "Make a login for each who is needed, then ALTER USER ... WITH LOGIN."
    seen = ", ".join(left) or "nobody"
    return judge(
        AREA, f"orphaned users of {side.name}", not left, seen=seen, expected="nobody", remedy=remedy, soft=True
    )
