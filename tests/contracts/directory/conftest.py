"""The seeded lab on the embedded directory and on Samba, each started once; 1,100 users, so that answers have pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from directory_lab import Lab, prepared

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.directory import DirectoryServer
from lyncdr_helpers.lab.samba import SambaDomain

USERS = 1100


@pytest.fixture(scope="session")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    blueprint = prepared(tmp_path_factory.mktemp("embedded"), "127.53.20", users=USERS)
    deployment = seed.generate(blueprint)
    server = DirectoryServer(blueprint)
    server.load(deployment.directory_entries())
    server.start()
    yield Lab(blueprint, deployment, server)
    server.stop()


@pytest.fixture(scope="session")
def samba(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("samba")
    blueprint = prepared(folder, "127.53.21", users=USERS, directory="samba", dns="samba")
    deployment = seed.generate(blueprint)
    domain = SambaDomain(blueprint)
    domain.create(deployment.directory_entries(), deployment.zone_records())
    domain.start()
    yield Lab(blueprint, deployment, domain)
    domain.stop()


@pytest.fixture(params=["embedded", pytest.param("samba", marks=pytest.mark.real("samba"))])
def lab(request: pytest.FixtureRequest) -> Lab:
    """The same deployment, on one server after the other."""
    found: Lab = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def directory(lab: Lab) -> Iterator[LdapDirectory]:
    directory = lab.directory()
    yield directory
    directory.close()
