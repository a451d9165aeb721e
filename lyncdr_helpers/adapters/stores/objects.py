"""A store in a bucket of an S3 service, through obstore.

obstore is asked directly and not by way of fsspec, whose interface cannot say "only if it is not there", reads whole
objects into memory, and cannot choose the size of an upload's parts.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from lyncdr_helpers.adapters.stores import names, pieces
from lyncdr_helpers.adapters.stores.object_faults import explain
from lyncdr_helpers.adapters.stores.patience import Patience
from lyncdr_helpers.errors import OperationError, Refusal, UnknownOutcome, Unreachable

if TYPE_CHECKING:
    from obstore.store import BackoffConfig, ClientConfig, RetryConfig, S3Config, S3Credential

PUBLISHED = ".published"
NOTES = ".notes"
PIECE = 8 << 20
"""How much is asked for, and sent, at once."""

AT_ONCE = 4
PARTS = 9_000
"""An object has at most 10,000 parts: those of a very large file are larger."""

QUESTION = timedelta(seconds=20)
TRANSFER = timedelta(minutes=2)
"""How long one request may take: one of a few bytes, and one of a piece at half a megabit a second."""


@dataclass(frozen=True)
class Service:
    """`s3://bucket/folder` at an endpoint (None: Amazon's), for the holder of a key (its id and secret; None: this
    machine's own), proven by a CA in PEM (None: the system's).
    """

    url: str
    endpoint: str | None = None
    login: tuple[str, str] | None = field(default=None, repr=False)
    ca: bytes | None = None

    def client(self, timeout: timedelta, retry: RetryConfig) -> S3Store:
        parts = urlsplit(self.url)
        plain = bool(self.endpoint and self.endpoint.startswith("http://"))
        options: ClientConfig = {"timeout": timeout, "allow_http": plain}
        config: S3Config = {}
        if self.ca:
            options["root_certificate"] = self.ca
        if self.endpoint:
            config["endpoint"] = self.endpoint
        return S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=config,
            client_options=options,
            retry_config=retry,
            credential_provider=self._credential if self.login else None,
        )

    def _credential(self) -> S3Credential:
        """The key alone: with keys in its configuration, obstore takes a session's token from the environment."""
        assert self.login
        return {"access_key_id": self.login[0], "secret_access_key": self.login[1], "expires_at": None}


class ObjectStore:
    """A set's files are objects below `<name>/` from the start; S3 renames nothing.

    It is published when its mark is there, the object `.published/<name>`, which S3 writes for one asker only
    (If-None-Match); and out of sight again when the mark is empty. A file appears whole or not at all: of one that was
    cut short, the parts that did not arrive are sent again while this process lives, and the whole file by the next.
    What a killed process uploaded of a file stays, unseen and paid for, until the bucket's rule for incomplete uploads
    removes it.
    """

    def __init__(self, service: Service, patience: Patience, *, seconds: float = 60) -> None:
        """`seconds`: how long a request that gets no answer is repeated."""
        self._name = service.url.rstrip("/")
        self._patience = patience
        self._known = False
        self._quick = service.client(QUESTION, {"max_retries": 0})
        backoff: BackoffConfig = {"init_backoff": timedelta(seconds=0.5), "max_backoff": timedelta(seconds=15)}
        self._client = service.client(
            TRANSFER, {"max_retries": 100, "retry_timeout": timedelta(seconds=seconds), "backoff": backoff}
        )

    def sets(self) -> list[str]:
        with self._speaking("listed"):
            return sorted(name for name, size in self._marks().items() if size)

    def unpublished(self) -> list[str]:
        with self._speaking("listed"):
            found = {name for name in self._client.list_with_delimiter()["common_prefixes"] if names.is_set_name(name)}
            return sorted(found - self._marks().keys())

    def files(self, name: str, *, published: bool = True) -> list[str]:
        with self._speaking("listed"):
            self._find(name, published)
            if not (found := self._keys(name)):
                raise self._nowhere(name)
            return sorted(key.removeprefix(f"{name}/") for key in found)

    def read(self, name: str, file: str, *, published: bool = True) -> bytes:
        return b"".join(self._pieces(name, file, published))

    def download(self, name: str, file: str, to: Path, *, published: bool = True) -> None:
        pieces.save(self._pieces(name, file, published), to)

    def digest(self, name: str, file: str, *, published: bool = True) -> str:
        return pieces.digest(self._pieces(name, file, published))

    def free(self) -> int | None:
        """S3 does not say; that the store is there and knows us is asked nevertheless."""
        self._answer()
        return None

    def send(self, source: Path, name: str, file: str) -> None:
        key, size = _key(name, file), pieces.size(source)
        with self._speaking("written"):
            if mark := self._size(_mark(name)):
                raise _taken(name)
            if mark == 0:
                self._sweep(name)
            if self._size(key) != size or pieces.digest(self._content(key)) != pieces.digest(pieces.local(source)):
                with pieces.opened(source) as content:
                    part = max(PIECE, size // PARTS)
                    obstore.put(self._client, key, content, chunk_size=part, max_concurrency=AT_ONCE)

    def publish(self, name: str) -> None:
        """Raises UnknownOutcome where the store went away for good with the request to publish."""
        mark, ours = _mark(name), uuid.uuid4().hex.encode()

        def ask() -> None:
            with self._translating("written"):
                try:
                    obstore.put(self._quick, mark, ours, mode="create")
                except AlreadyExistsError as cause:
                    if obstore.get(self._quick, mark).bytes() != ours:  # else an earlier attempt, whose answer was lost
                        raise _taken(name) from cause

        with self._speaking("written"):
            if not self._keys(name):
                raise self._nowhere(name)
        try:
            self._patience.outlast(ask)
        except Unreachable as cause:
            raise UnknownOutcome(
                f"The backup store {self._name} went away while {name} was being published: it may be there or not.",
                "When the store answers again, look with `lyncdr backups list`.",
            ) from cause

    def remove(self, name: str, *, published: bool = True) -> None:
        with self._speaking("cleared of a set"):
            mark = self._size(_mark(name))
            if mark == 0:
                self._sweep(name)
            elif bool(mark) == published and self._keys(name):
                obstore.put(self._client, _mark(name), b"")
                self._sweep(name)

    def note(self, file: str, content: bytes) -> None:
        with self._speaking("written"):
            obstore.put(self._client, f"{NOTES}/{names.file_path(file)}", content)

    def notes(self, folder: str) -> dict[str, bytes]:
        with self._speaking("read"):
            keys = sorted(self._keys(f"{NOTES}/{names.file_path(folder)}"))
            return {key.removeprefix(f"{NOTES}/"): b"".join(self._content(key)) for key in keys}

    # -- what is where -----------------------------------------------------------------------------------------------
    def _find(self, name: str, published: bool) -> None:
        """Raises OperationError where there is no such folder in this state."""
        mark = self._size(_mark(name))
        if mark == 0 or bool(mark) != published:
            raise self._nowhere(name)

    def _marks(self) -> dict[str, int]:
        """Name -> the size of its mark; 0 while it is being removed."""
        found = (one for page in self._client.list(PUBLISHED) for one in page)
        return {one["path"].removeprefix(f"{PUBLISHED}/"): one["size"] for one in found}

    def _size(self, key: str) -> int | None:
        try:
            return self._client.head(key)["size"]
        except FileNotFoundError:
            return None

    def _keys(self, folder: str) -> list[str]:
        return [one["path"] for page in self._client.list(folder) for one in page]

    def _sweep(self, name: str) -> None:
        """Delete what is out of sight; the mark that keeps it there goes last."""
        self._client.delete(self._keys(name))
        self._client.delete(_mark(name))

    # -- one object --------------------------------------------------------------------------------------------------
    def _pieces(self, name: str, file: str, published: bool) -> Iterator[bytes]:
        key = _key(name, file)
        with self._speaking("read"):
            self._find(name, published)
            yield from self._content(key)

    def _content(self, key: str) -> Iterator[bytes]:
        content = obstore.open_reader(self._client, key, buffer_size=PIECE)
        while piece := content.read(PIECE).to_bytes():
            yield piece

    # -- the service -------------------------------------------------------------------------------------------------
    @contextmanager
    def _speaking(self, verb: str) -> Iterator[None]:
        if not self._known:
            self._answer()
        with self._translating(verb):
            yield

    def _answer(self) -> None:
        """Whether the bucket is there: where it is not, S3 says of every object that it is not there."""
        self._patience.outlast(self._ask)
        self._known = True

    def _ask(self) -> None:
        with self._translating("listed"):
            self._quick.list_with_delimiter(f"{PUBLISHED}/-")

    @contextmanager
    def _translating(self, verb: str) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError, ValueError) as cause:
            raise explain(cause, self._name, verb) from cause

    def _nowhere(self, name: str) -> OperationError:
        self._answer()
        return OperationError(f"The backup store {self._name} holds no such folder: {name}.", "Check the set's name.")


def _key(name: str, file: str) -> str:
    return f"{names.set_name(name)}/{names.file_path(file)}"


def _mark(name: str) -> str:
    return f"{PUBLISHED}/{names.set_name(name)}"


def _taken(name: str) -> Refusal:
    return Refusal(f"The store holds a set {name} already.", "Nothing is overwritten; run the backup again.")
