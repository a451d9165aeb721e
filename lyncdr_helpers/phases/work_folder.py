"""Files in the making, on this machine: what becomes a part of a set and is not made on the management host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.session import Session

MAKING = "making"


@contextmanager
def making(session: Session, name: str) -> Iterator[Path]:
    """Where to write a file, below the run's own folder. What is there is gone when the making fails.

    Raises OperationError where the disk refuses or is full.
    """
    path = session.loaded.locate(session.params.backup.work_folder) / session.folder.run / MAKING / name
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
    except BaseException as cause:
        with suppress(OSError):
            path.unlink()
        if isinstance(cause, OSError):
            raise OperationError(
                f"{cause.filename or path} cannot be written or read: {cause.strerror or cause}.",
                "Check the disk's free space and this account's rights there, then run the same command again.",
            ) from cause
        raise
