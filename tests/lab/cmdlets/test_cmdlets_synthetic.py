"""The synthetic tests succeed only when a client could really sign in."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from lyncdr_helpers.lab import pki, seed, sites
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.directory import DirectoryServer
from lyncdr_helpers.lab.people import DISABLED, TEST_USERS
from lyncdr_helpers.lab.registrar import Registrar
from lyncdr_helpers.lab.sites import Sites

CMDLETS = ["Test-CsRegistration", "Test-CsIM", "Test-CsPresence", "Test-CsGroupIM"]


@pytest.fixture
def settled(lab):
    """The lab with both registrars listening."""
    wait_for(lab, PRIMARY_POOL, "Success")
    wait_for(lab, DR_POOL, "Success")
    return lab


def wait_for(lab, pool, result):
    """Registrars follow the sites within a moment."""
    until = time.monotonic() + 10
    while time.monotonic() < until:
        (row,) = lab.call("Test-CsRegistration", TargetFqdn=pool).rows
        if row["Result"] == result:
            return row
        time.sleep(0.02)
    raise AssertionError(row)


@pytest.mark.parametrize("cmdlet", CMDLETS)
@pytest.mark.parametrize("pool", [PRIMARY_POOL, DR_POOL])
def test_success(settled, cmdlet, pool):
    """Where a registrar of the right name answers, the result is Success, with a latency and no error."""
    (row,) = settled.call(cmdlet, TargetFqdn=pool).rows
    assert (row["Result"], row["Error"], row["TargetFqdn"]) == ("Success", "", pool)
    assert row["Latency"].startswith("0:00:0")


@pytest.mark.parametrize("part", ["primary", "wan"])
def test_lost_site(settled, part):
    """A lost pool's test is a Failure with its reason; the other pool's is not."""
    settled.fail(part)
    row = wait_for(settled, PRIMARY_POOL, "Failure")
    assert "504" in row["Error"]
    assert settled.call("Test-CsIM", TargetFqdn=DR_POOL).rows[0]["Result"] == "Success"


def test_healed(settled):
    """A pool that comes back passes again."""
    settled.fail("primary")
    wait_for(settled, PRIMARY_POOL, "Failure")
    sites.write(settled.blueprint.folder, Sites())
    wait_for(settled, PRIMARY_POOL, "Success")


def test_unknown_pool(settled):
    """A pool that the Central Management Store does not know cannot be tested."""
    assert settled.call("Test-CsIM", TargetFqdn="pool9.lync.test").ended is not None
    assert settled.call("Test-CsIM").ended is not None


def test_branch(settled):
    """Nothing answers for the branch appliance, so its test is a Failure."""
    assert settled.call("Test-CsRegistration", TargetFqdn=BRANCH_POOL).rows[0]["Result"] == "Failure"


@pytest.mark.parametrize(
    ("user", "pool", "result"),
    [
        (TEST_USERS[0], DR_POOL, "Success"),
        (TEST_USERS[0], PRIMARY_POOL, "Failure"),
        (DISABLED, PRIMARY_POOL, "Failure"),
        ("nobody@lync.test", DR_POOL, "Failure"),
    ],
)
def test_named_users(settled, user, pool, result):
    """A user who is named must be enabled and homed on the pool."""
    (row,) = settled.call("Test-CsRegistration", TargetFqdn=pool, UserSipAddress=f"sip:{user}").rows
    assert row["Result"] == result


def test_after_a_move(settled):
    """The test follows the user's real home."""
    user = TEST_USERS[1]
    settled.call("Move-CsUser", Identity=user, Target=PRIMARY_POOL, Confirm=False)
    parameters = {"UserSipAddress": user}
    assert settled.call("Test-CsRegistration", TargetFqdn=PRIMARY_POOL, **parameters).rows[0]["Result"] == "Success"
    assert settled.call("Test-CsRegistration", TargetFqdn=DR_POOL, **parameters).rows[0]["Result"] == "Failure"


@pytest.fixture(scope="module")
def badly_certified(tmp_path_factory):
    """A lab whose primary registrar has another CA's certificate, and whose other registrar has the primary's."""
    blueprint = Blueprint(tmp_path_factory.mktemp("badly"), subnet="127.53.53", users=1)
    stranger = Blueprint(tmp_path_factory.mktemp("stranger"), subnet="127.53.53")
    for one in (blueprint, stranger):
        pki.issue(one)
    pki.make_secrets(blueprint)
    for pieces in zip(blueprint.certificate("drse01"), blueprint.certificate("pool01"), strict=True):
        shutil.copy(pieces[1], pieces[0])
    for pieces in zip(blueprint.certificate("pool01"), stranger.certificate("pool01"), strict=True):
        shutil.copy(pieces[1], pieces[0])
    directory = DirectoryServer(blueprint)
    directory.load(seed.generate(blueprint).directory_entries())
    with ExitStack() as servers:
        for server in (directory, Registrar(blueprint, PRIMARY_POOL), Registrar(blueprint, DR_POOL)):
            server.start()
            servers.callback(server.stop)
        yield blueprint


@pytest.mark.parametrize("pool", [PRIMARY_POOL, DR_POOL])
def test_bad_certificate(badly_certified, lab, pool):
    """A registrar whose certificate is another CA's, or stands for another pool, is no success."""
    (row,) = replace(lab, blueprint=badly_certified).call("Test-CsRegistration", TargetFqdn=pool).rows
    assert row["Result"] == "Failure"
    assert f"The certificate of {pool} is not valid" in row["Error"]
