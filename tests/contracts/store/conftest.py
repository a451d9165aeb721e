"""The real servers, each started once: smbd on 127.53.70.1, S3 on 127.53.71.1; links to them stand beside them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_service import ObjectService
from smb_server import SmbServer
from store_places import PARTS, BucketPlace, PathPlace, Place, SharePlace

from lyncdr_helpers import files
from lyncdr_helpers.ports import Store

NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands on this machine is not asked for through another."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")


@pytest.fixture(scope="session")
def smbd() -> Iterator[SmbServer]:
    server = SmbServer("127.53.70.1", {"dr": "", "closed": "available = no"})
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectService]:
    service = ObjectService(tmp_path_factory.mktemp("s3"), "127.53.71.1", "127.53.71.2")
    yield service
    service.stop()


@pytest.fixture
def path_place(tmp_path: Path) -> Place:
    folder = tmp_path / "dr store"
    folder.mkdir()
    return PathPlace(folder)


@pytest.fixture
def share_place(smbd: SmbServer) -> SharePlace:
    folder = smbd.shares["dr"] / f"dr store {next(NUMBERS)}"
    folder.mkdir()
    return SharePlace(folder, smbd)


@pytest.fixture
def bucket_place(s3: ObjectService) -> BucketPlace:
    return BucketPlace(s3, f"dr store/{next(NUMBERS)}")


@pytest.fixture(
    params=[
        "path_place",
        pytest.param("share_place", marks=pytest.mark.real("samba")),
        pytest.param("bucket_place", marks=pytest.mark.real("s3server")),
    ]
)
def place(request: pytest.FixtureRequest) -> Place:
    """An empty place for a store: a path, a share of smbd, a bucket."""
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def store(place: Place) -> Store:
    return place.open()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A set as a backup puts it together."""
    made = tmp_path / "work"
    for name, content in PARTS.items():
        files.replace(made / name, content)
    return made
