"""Group Chat's file repository where it is to be from now on: unpacked from the set, and compared with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from lyncdr_helpers.backups import tree
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.phases.acts.loop import Receipt, Tally, carry_out
from lyncdr_helpers.plan import Change
from lyncdr_helpers.session import Session

ACT = "restore Group Chat files"
FILES = "restore-group-chat-files"


def change(repository: Path, name: str, files: int, archive: Callable[[], Path]) -> Change:
    """What stands in the repository, and what is to: `files` of the set of that name. Raises OperationError."""
    new = f"{files:,} files of {name}"
    old = there(repository)
    return Change(FILES, str(repository), new if old and not missing(repository, archive) else old, new)


def restore(session: Session, some: Sequence[Change], archive: Callable[[], Path]) -> Tally:
    """Put every file of the set there; other files stay. archive: the set's tar, fetched when it is needed."""

    def see(wanted: Sequence[Change]) -> Mapping[str, str]:
        return {one.target: _seen(session, one, archive) for one in wanted}

    def do(wanted: Sequence[Change]) -> Receipt:
        (one,) = wanted
        if session.mode != "live":
            session.journal.write("withheld", what=f"unpack into {one.target}", objects=1)
            return Receipt(withheld=True)
        try:
            tree.unpack(archive(), Path(one.target))
        except OSError as cause:
            raise _refused(Path(one.target), cause) from cause
        return Receipt()

    return carry_out(session, ACT, some, see, do, batch=1, undoable=False)


def missing(repository: Path, archive: Callable[[], Path]) -> list[str]:
    """The files of the set that are not there as they are in it. Raises OperationError."""
    try:
        return tree.missing(archive(), repository)
    except OSError as cause:
        raise _refused(repository, cause) from cause


def _seen(session: Session, one: Change, archive: Callable[[], Path]) -> str:
    """The new value where every file is there, the old one where the plan saw this, or this run began to change it."""
    found = there(Path(one.target))
    if found and not missing(Path(one.target), archive):
        return one.new
    begun = any(line.facts["act"] == ACT for line in session.journal.of_kind("intent"))
    return one.old if begun else found


def there(repository: Path) -> str:
    """`12 files`, nothing where there are none, or no such folder yet. Raises OperationError."""
    found = count(repository)
    return f"{found:,} files" if found else ""


def count(repository: Path) -> int:
    """How many files are there; none in a folder that there is not. Raises OperationError."""
    try:
        return sum(path.is_file() for path in repository.rglob("*")) if repository.exists() else 0
    except OSError as cause:
        raise _refused(repository, cause) from cause


def _refused(repository: Path, cause: OSError) -> OperationError:
    return OperationError(
        f"{cause.filename or repository} cannot be written or read: {cause.strerror or cause}.",
        "Check that share: its free space, and this account's rights there.",
    )
