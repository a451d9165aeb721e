"""A path or a UNC path, as this machine's own file system reaches it."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from fsspec.implementations.local import LocalFileSystem

from lyncdr_helpers import files
from lyncdr_helpers.errors import AccessDenied, OperationError, Unreachable

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
LOST = {
    *(errno.EIO, errno.ENODEV, errno.ENOTCONN, errno.ESTALE, errno.ESHUTDOWN, errno.ETIMEDOUT),
    *(errno.ECONNABORTED, errno.ECONNREFUSED, errno.ECONNRESET),
    *(errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH),
}
"""What the system says of a mounted share whose server is away."""

WINDOWS_FULL = {39, 112, 1295}
"""ERROR_HANDLE_DISK_FULL, ERROR_DISK_FULL, ERROR_DISK_QUOTA_EXCEEDED."""
WINDOWS_DENIED = {5, 19, 86, 1326, 1327, 1330, 1331, 1907, 1909}
"""Access denied, write protected, and the ways in which a logon fails."""
WINDOWS_LOST = {51, 53, 54, 55, 59, 64, 67, 121, 1167, 1203, 1225, 1231, 1232, 1236, 2250}
"""ERROR_REM_NOT_LIST, BAD_NETPATH, NETWORK_BUSY, DEV_NOT_EXIST, UNEXP_NET_ERR, NETNAME_DELETED, BAD_NET_NAME, …"""


class Disk(LocalFileSystem):  # type: ignore[misc] # fsspec has no types
    """The folder at a path."""

    cachable = False
    errors = (OSError,)

    def __init__(self, root: str) -> None:
        super().__init__()
        self.name = root.rstrip("/\\") or root
        self.root: str = self._strip_protocol(self.name)

    def is_there(self) -> bool:
        return Path(self.root).is_dir()

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        try:
            Path(path1).rename(path2)
        except OSError as cause:
            if cause.errno == errno.ENOTEMPTY:  # POSIX's word for it
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path2) from cause
            raise

    def open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        file: BinaryIO = super().open(path, mode)
        if mode == "rb" and hasattr(os, "posix_fadvise"):  # what this machine remembers of the file proves nothing
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        return file

    def sync(self, file: BinaryIO) -> None:
        files.sync(file)

    def free(self) -> int:
        return shutil.disk_usage(self.root).free

    def is_full(self, cause: Exception) -> bool:
        return _is(cause, FULL, WINDOWS_FULL)

    def explain(self, cause: Exception, verb: str) -> OperationError:
        said = f"{getattr(cause, 'strerror', None) or cause}{_place(cause)}"
        if _is(cause, LOST, WINDOWS_LOST) or not self.is_there():
            return Unreachable(
                f"The backup store {self.name} went away: {said}.", "Check its server, and that the share is mounted."
            )
        if _is(cause, DENIED, WINDOWS_DENIED):
            return AccessDenied(
                f"The backup store {self.name} could not be {verb}: {said}.",
                f"Let {files.whoami()['user']} read and write there.",
            )
        return OperationError(f"The backup store {self.name} could not be {verb}: {said}.", "Check backup.store.")


def _is(cause: Exception, numbers: set[int], windows: set[int]) -> bool:
    code = getattr(cause, "winerror", None)
    return code in windows if code is not None else getattr(cause, "errno", None) in numbers


def _place(cause: Exception) -> str:
    place = getattr(cause, "filename", None)
    return f" ({place})" if place else ""
