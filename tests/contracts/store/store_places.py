"""One place after another where a store can be: its address, and what somebody sees who looks behind its back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from s3_service import BUCKET, ObjectService
from smb_server import PASSWORD, USER, SmbServer

from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.adapters.stores.folders import FolderStore
from lyncdr_helpers.adapters.stores.patience import Patience
from lyncdr_helpers.adapters.stores.share import Share
from lyncdr_helpers.clock import Clock, SystemClock
from lyncdr_helpers.ports import Store

if TYPE_CHECKING:
    from obstore.store import S3Store  # an extra: whoever lacks it tests the other stores

PARTS = {"manifest.json": b"{}", "contacts/pool01.xml": "größer".encode("utf-16"), "settings/lis.zip": b"\0" * 4096}
"""The files of a set."""


def send(store: Store, source: Path, name: str) -> None:
    """Every file of a folder, as a backup sends it."""
    for path in sorted(path for path in source.rglob("*") if path.is_file()):
        store.send(path, name, path.relative_to(source).as_posix())


def publish(store: Store, source: Path, name: str) -> None:
    """The same, and its name."""
    send(store, source, name)
    store.publish(name)


class Place(Protocol):
    """A place for one store, empty and ready."""

    def open(self, clock: Clock | None = None) -> Store:
        """A store at that place, on a connection of its own."""

    def contents(self) -> dict[str, bytes]:
        """Every file that is really there, by its path."""

    def put(self, path: str, content: bytes) -> None:
        """Leave a file there, as a person would."""

    def flip(self, path: str) -> None:
        """A bit of the file changes, as on a bad disk."""

    def fill(self, path: str, count: int) -> None:
        """So many empty files of sets that were begun, with a number for the `#` in the path: 0000 and on."""


@dataclass
class PathPlace:
    """A folder of this machine."""

    folder: Path

    def open(self, clock: Clock | None = None) -> Store:
        return open_path(self.folder, clock)

    def contents(self) -> dict[str, bytes]:
        found = (path for path in self.folder.rglob("*") if path.is_file())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}

    def put(self, path: str, content: bytes) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(content)

    def flip(self, path: str) -> None:
        content = bytearray((self.folder / path).read_bytes())
        content[len(content) // 2] ^= 1
        (self.folder / path).write_bytes(content)

    def fill(self, path: str, count: int) -> None:
        for number in range(count):
            self.put(".incoming-" + path.replace("#", f"{number:04}"), b"")


@dataclass
class SharePlace(PathPlace):
    """A folder on a share of a real smbd; behind its back, it is a folder of this machine."""

    server: SmbServer
    user: str | None = USER
    password: str | None = PASSWORD

    @property
    def url(self) -> str:
        return self.server.url("dr", self.folder.name)

    def open(self, clock: Clock | None = None) -> Store:
        return share_store(self.url, self.user, self.password, clock)


@dataclass
class BucketPlace:
    """A folder in a bucket of a real S3 service."""

    service: ObjectService
    folder: str
    user: str = "writer"

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{self.folder}"

    def open(self, clock: Clock | None = None) -> Store:
        return bucket_store(self.service, self.url, user=self.user, clock=clock)

    @property
    def bucket(self) -> S3Store:
        """The folder as any other client sees it."""
        from obstore.store import S3Store

        key, secret = self.service.keys["writer"]
        return S3Store(
            BUCKET,
            prefix=self.folder,
            config={"endpoint": self.service.endpoint, "access_key_id": key, "secret_access_key": secret},
            client_options={"root_certificate": self.service.ca},
        )

    def contents(self) -> dict[str, bytes]:
        found = [one["path"] for page in self.bucket.list() for one in page]
        return {path: bytes(self.bucket.get(path).bytes()) for path in found}

    def put(self, path: str, content: bytes) -> None:
        self.bucket.put(path, content)

    def flip(self, path: str) -> None:
        self.service.itself("flip", f"{self.folder}/{path}")

    def fill(self, path: str, count: int) -> None:
        self.service.itself("fill", f"{count}/{self.folder}/{path}")


def share_store(
    url: str, user: str | None = USER, password: str | None = PASSWORD, clock: Clock | None = None
) -> Store:
    return FolderStore(Share(url, user, password), Patience(clock or SystemClock()))


def bucket_store(
    service: ObjectService,
    url: str,
    *,
    user: str = "writer",
    clock: Clock | None = None,
    seconds: float = 60,
    **other: Any,
) -> Store:
    """`other`: than the service's own endpoint, login and CA."""
    from lyncdr_helpers.adapters.stores.objects import ObjectStore, Service

    wanted: dict[str, Any] = {"endpoint": service.endpoint, "login": service.keys[user], "ca": service.ca} | other
    return ObjectStore(Service(url, **wanted), Patience(clock or SystemClock()), seconds=seconds)
