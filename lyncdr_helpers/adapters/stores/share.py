"""An SMB share, spoken to by smbprotocol: from any system, and with an account of its own."""

from __future__ import annotations

import contextlib
import errno
import uuid
from collections.abc import Iterator
from typing import Any, BinaryIO
from urllib.parse import unquote, urlsplit

import smbclient
import smbclient.shutil
from fsspec.implementations.smb import SMBFileSystem
from smbclient._io import SMBFileTransaction, SMBRawIO, set_info
from smbprotocol.connection import Connection
from smbprotocol.exceptions import SMBAuthenticationError, SMBException, SMBOSError
from smbprotocol.file_info import FileAttributes, FileRenameInformation
from smbprotocol.header import NtStatus
from smbprotocol.open import CreateOptions, FilePipePrinterAccessMask
from smbprotocol.session import SMB2SessionSetupRequest
from spnego.exceptions import SpnegoError

from lyncdr_helpers.errors import AccessDenied, OperationError, Unreachable

CONNECT_SECONDS = 15
SILENCE_SECONDS = 30
"""How long a server may say nothing. smbprotocol asks it once more after that, and then gives the connection up."""

FULL = {NtStatus.STATUS_DISK_FULL, 0xC0000044}
"""The disk is full, or the account's quota is."""

GONE = {
    *(NtStatus.STATUS_NETWORK_NAME_DELETED, NtStatus.STATUS_USER_SESSION_DELETED, NtStatus.STATUS_IO_TIMEOUT),
    *(NtStatus.STATUS_FILE_CLOSED, NtStatus.STATUS_SERVER_UNAVAILABLE, NtStatus.STATUS_REQUEST_NOT_ACCEPTED),
    *(NtStatus.STATUS_INSUFF_SERVER_RESOURCES, 0xC00000BE, 0xC00000C4, 0xC000020C, 0xC000035C),
}
"""The share is going down or coming up, or the session ended: BAD_NETWORK_PATH, UNEXPECTED_NETWORK_ERROR,
CONNECTION_DISCONNECTED and NETWORK_SESSION_EXPIRED are the ones without a name here."""

NO_LOGON = {
    *(NtStatus.STATUS_LOGON_FAILURE, NtStatus.STATUS_WRONG_PASSWORD, NtStatus.STATUS_PASSWORD_EXPIRED),
    *(0xC000006E, 0xC000006F, 0xC0000070, 0xC0000072, 0xC000015B, 0xC0000193, 0xC0000224, 0xC0000234),
}
"""Also an account that is restricted, out of its hours, at the wrong machine, disabled, not granted the logon, expired,
to change its password, or locked."""

DENIED = {NtStatus.STATUS_ACCESS_DENIED, NtStatus.STATUS_PRIVILEGE_NOT_HELD, 0xC00000A2}
"""Also a write-protected medium."""


class Line(Connection):  # type: ignore[misc] # smbprotocol has no types
    """A connection that ends the session of the one before it, [MS-SMB2] 2.2.5: what that one holds open at a server
    which has not noticed that it died is closed, and can be renamed again.
    """

    previous_session = 0

    def send(self, message: Any, *more: Any, **named: Any) -> Any:
        if isinstance(message, SMB2SessionSetupRequest):
            message["previous_session_id"] = self.previous_session
        return super().send(message, *more, **named)


class Share(SMBFileSystem):  # type: ignore[misc] # fsspec has no types
    """The folder at `smb://server/share/folder`. fsspec's own file system signs in once and for the whole process:
    here each has its connection, which signs in again when the server was away. It lists with one question, not one
    for each file, and no open file keeps others from it: a connection that died may hold one open for a while.
    """

    cachable = False
    errors = (OSError, SMBException, SpnegoError, ValueError)

    def __init__(self, url: str, username: str | None = None, password: str | None = None) -> None:
        parts = urlsplit(url)
        self.name = url.rstrip("/")
        self.root = unquote(parts.path).rstrip("/")
        self._connections: dict[str, Connection] = {}
        self._session = 0
        super().__init__(
            parts.hostname,
            parts.port,
            username,
            password,
            timeout=CONNECT_SECONDS,
            share_access="rwd",
            register_session_retries=-1,  # nobody is asked before there is a question
        )
        self._key = f"{self.host}:{self._port}"  # as smbclient spells it

    def is_there(self) -> bool:
        try:
            return bool(self.info(self.root)["type"] == "directory")
        except FileNotFoundError:
            return False

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Its name and type, from the one question whether it can be opened; smbclient's stat takes five."""
        found = self._handle(path, FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES)
        with _as_python_says():
            SMBFileTransaction(found).commit()
        folder = found.fd.file_attributes & FileAttributes.FILE_ATTRIBUTE_DIRECTORY
        return {"name": path, "type": "directory" if folder else "file"}

    def ls(self, path: str, **_: Any) -> list[dict[str, Any]]:
        with _as_python_says(), smbclient.scandir(self._unc(path), **self._login()) as entries:
            return [
                {"name": f"{path}/{entry.name}", "type": "directory" if entry.is_dir() else "file"} for entry in entries
            ]

    def makedirs(self, path: str, exist_ok: bool = False) -> None:
        smbclient.makedirs(self._unc(path), exist_ok=exist_ok, **self._login())

    def rm(self, path: str, **_: Any) -> None:
        smbclient.shutil.rmtree(self._unc(path), **self._login())

    def mv(self, path1: str, path2: str, **_: Any) -> None:
        """While it is renamed nobody else may begin to: to what has that name already, a server says yes."""
        target = self._handle(path2, FilePipePrinterAccessMask.FILE_READ_ATTRIBUTES)
        with contextlib.suppress(FileNotFoundError), _as_python_says():
            SMBFileTransaction(target).commit()  # also follows DFS to where it really lies
        wanted = FileRenameInformation()
        wanted["file_name"] = target.fd.file_name.removeprefix(f"{target.fd.tree_connect.share_name[2:]}\\")
        source = self._handle(path1, FilePipePrinterAccessMask.DELETE, share_access="rw")
        with _as_python_says(), source, SMBFileTransaction(source) as request:
            set_info(request, wanted)

    def open(self, path: str, mode: str = "rb", **_: Any) -> BinaryIO:
        with _as_python_says():
            file: BinaryIO = smbclient.open_file(
                self._unc(path), mode, buffering=0, share_access=self.share_access, **self._login()
            )
        return file

    def sync(self, file: BinaryIO) -> None:
        file.flush()  # SMB2 FLUSH: the server answers when its disk has it

    def free(self) -> int:
        size: int = smbclient.stat_volume(self._unc(self.root), **self._login()).caller_available_size
        return size

    def is_full(self, cause: Exception) -> bool:
        return _status(cause) in FULL

    def explain(self, cause: Exception, verb: str) -> OperationError:
        status, who = _status(cause), self.username or "the signed-in account"
        if isinstance(cause, SMBAuthenticationError | SpnegoError) or status in NO_LOGON:
            return AccessDenied(
                f"The server of {self.name} does not accept {who} or its password.",
                "Check backup.store_login, and whether the account is locked or its password has expired.",
            )
        if status in DENIED:
            return AccessDenied(
                f"The backup store {self.name} could not be {verb}: access denied{_place(cause)}.",
                f"Let {who} read and write there: by the share's permissions, and by the folder's.",
            )
        if isinstance(cause, BlockingIOError):
            return Unreachable(
                f"Somebody else is working in the backup store {self.name}{_place(cause)}.",
                "Try again when they are done.",
            )
        if status == NtStatus.STATUS_BAD_NETWORK_NAME:
            return Unreachable(
                f"The server of {self.name} has no such share.", "Check backup.store, and that the share is there."
            )
        if status in GONE or _is_connection(cause):
            self._hang_up()
            return Unreachable(
                f"The server of {self.name} cannot be reached: {_reason(cause)}.",
                "Check backup.store, the server and the network.",
            )
        return OperationError(
            f"The backup store {self.name} could not be {verb}: {_reason(cause)}{_place(cause)}.", "Check backup.store."
        )

    # -- the connection ----------------------------------------------------------------------------------------------
    def _unc(self, path: str) -> str:
        return f"//{self.host}{path}".replace("/", "\\")

    def _handle(self, path: str, access: int, share_access: str = "rwd") -> SMBRawIO:
        return SMBRawIO(
            self._unc(path),
            share_access=share_access,
            desired_access=access,
            create_options=CreateOptions.FILE_OPEN_REPARSE_POINT,
            **self._login(),
        )

    def _login(self) -> dict[str, Any]:
        """What each question carries: the connection, and who asks, should smbclient have to connect once more."""
        found = self._connections.get(self._key)
        if found is not None and not found.transport.connected:
            self._hang_up()
        if self._key not in self._connections:
            self._connections[self._key] = self._connected()
        return {
            "username": self.username,
            "password": self.password,
            "port": self._port,
            "connection_timeout": CONNECT_SECONDS,
            "connection_cache": self._connections,
        }

    def _connected(self) -> Connection:
        made = Line(uuid.uuid4(), self.host, self._port)
        made.previous_session = self._session
        made._receive_timeout = SILENCE_SECONDS  # else ten minutes; there is no other way to say so
        made.connect(timeout=CONNECT_SECONDS)
        made.transport._sock.settimeout(SILENCE_SECONDS)  # else it waits for ever to send to a server that hangs
        return made

    def _hang_up(self) -> None:
        """Half a request may lie in the connection: nobody is to use it again."""
        if found := self._connections.pop(self._key, None):
            self._session = next(iter(found.session_table), self._session)
            found.disconnect(close=False)


def _status(cause: BaseException) -> int | None:
    """The server's own word on it, where it said one."""
    found = getattr(cause, "ntstatus", None)
    return found if found is not None else getattr(cause, "status", None)


def _is_connection(cause: BaseException) -> bool:
    """Whether there was no answer at all, or none that can be trusted."""
    if isinstance(cause, ValueError):
        return isinstance(cause.__cause__, OSError)
    return _status(cause) is None and not isinstance(cause, FileNotFoundError | FileExistsError)


@contextlib.contextmanager
def _as_python_says() -> Iterator[None]:
    """What is nowhere, there already, or in use by somebody else, in the words of `open`."""
    try:
        yield
    except SMBOSError as cause:
        if cause.ntstatus == NtStatus.STATUS_SHARING_VIOLATION:
            raise BlockingIOError(errno.EAGAIN, cause.strerror, cause.filename) from cause
        meaning = {errno.ENOENT: FileNotFoundError, errno.EEXIST: FileExistsError}.get(cause.errno)
        if meaning is None:
            raise
        raise meaning(cause.errno, cause.strerror, cause.filename) from cause


def _reason(cause: BaseException) -> str:
    """One line. Where it cannot connect, smbprotocol wraps what the system said."""
    system = cause.__cause__ if isinstance(cause, ValueError) and cause.__cause__ else cause
    return str(getattr(system, "strerror", None) or system).splitlines()[0].rstrip(".")


def _place(cause: BaseException) -> str:
    place = getattr(cause, "filename", None)
    return f" ({place})" if place else ""
