"""The servers that the port Nameserver is held to: the lab's own, BIND, and Samba's DNS with Kerberos."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Iterator

import pytest
from directory_lab import Lab
from nameserver_subjects import Make, Subject, blueprint_at, client, lab_key, wrong_key

from lyncdr_helpers.adapters.gss_tsig import NegotiatedKey
from lyncdr_helpers.dns import records
from lyncdr_helpers.errors import Refusal, UnknownOutcome
from lyncdr_helpers.lab.bind import BindServer
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.ports import RecordSet


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blueprint]:
    blueprint = blueprint_at(tmp_path_factory.mktemp("embedded"), "127.53.30")
    server = ZoneServer(blueprint)
    server.load([])
    server.start()
    yield blueprint
    server.stop()


@pytest.fixture(scope="session")
def bind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Blueprint]:
    blueprint = blueprint_at(tmp_path_factory.mktemp("bind"), "127.53.31", dns="bind")
    server = BindServer(blueprint)
    server.create([])
    server.start()
    yield blueprint
    server.stop()


@pytest.fixture(scope="session")
def samba(samba_domain: Lab) -> Iterator[Blueprint]:
    """A domain's DNS, and the service account's ticket in this process's environment."""
    blueprint = samba_domain.blueprint
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("KRB5_CONFIG", str(samba_domain.control.krb5_config))
        environment.setenv("KRB5CCNAME", f"FILE:{blueprint.folder / 'ticket'}")
        password = blueprint.secret("directory").read_bytes()
        subprocess.run(["kinit", "svc-lyncdr@LYNC.TEST"], input=password, check=True, capture_output=True)
        yield blueprint


@pytest.fixture(
    scope="session",
    params=[
        "embedded",
        pytest.param("bind", marks=pytest.mark.real("bind")),
        pytest.param("samba", marks=pytest.mark.real("samba")),
    ],
)
def subject(request: pytest.FixtureRequest) -> Subject:
    blueprint: Blueprint = request.getfixturevalue(request.param)
    if request.param != "samba":
        return Subject(client(blueprint, lab_key(blueprint)), client(blueprint, wrong_key()))
    # Samba 4.17 sends a refused update back with the client's own signature on it, which proves nothing.
    account = NegotiatedKey("dc1.lync.test")
    return Subject(client(blueprint, account), client(blueprint, wrong_key()), (Refusal, UnknownOutcome))


@pytest.fixture(scope="session")
def numbers() -> Iterator[int]:
    return itertools.count()


@pytest.fixture
def name(numbers: Iterator[int]) -> str:
    """A name of this test's own, so that tests share a server and nothing else."""
    return f"test{next(numbers)}.lync.test"


@pytest.fixture
def make(name: str) -> Make:
    """A record set, at this test's name unless told otherwise."""

    def record_set(*values: str, ttl: int = 60, type: str = "A", at: str = name) -> RecordSet:
        return records.record_set(at, type, ttl, values)

    return record_set
