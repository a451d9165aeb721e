"""The seeded lab on the embedded directory and on Samba, each started once; 1,100 users, so that answers have pages."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from directory_lab import USERS, Lab, prepared

from lyncdr_helpers.adapters.ldap import LdapDirectory
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.directory import DirectoryServer


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
def samba(samba_domain: Lab) -> Lab:
    return samba_domain


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
