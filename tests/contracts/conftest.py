"""One Samba domain for all contracts: making it takes longer than most of what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from directory_lab import USERS, Lab, prepared

from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.samba import SambaDomain


@pytest.fixture(scope="session")
def samba_domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running domain controller with its DNS, and the seeded lab's people and records in it."""
    blueprint = prepared(tmp_path_factory.mktemp("samba"), "127.53.21", users=USERS, directory="samba", dns="samba")
    deployment = seed.generate(blueprint)
    domain = SambaDomain(blueprint)
    domain.create(deployment.directory_entries(), deployment.zone_records())
    domain.start()
    yield Lab(blueprint, deployment, domain)
    domain.stop()
