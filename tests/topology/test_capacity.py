"""How many users a standby pool carries, and whether its database holds them: by published numbers, or unknown."""

from __future__ import annotations

import pytest

from lyncdr_helpers.checks import Verdict
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.topology import capacity
from lyncdr_helpers.topology.capacity import GIB, Load
from lyncdr_helpers.topology.pools import Edition, Kind, Pool


def pool(edition: Edition = Edition.STANDARD) -> Pool:
    return Pool("drse01.example.test", "2", Kind.FRONT_END, edition, "lync2010", ("drse01.example.test",))


@pytest.mark.parametrize(
    ("generation", "carries", "limit"),
    [
        ("lync2010", False, 5000),
        ("lync2010", True, 5000),
        ("lync2013", False, 2500),
        ("lync2013", True, 5000),
    ],
)
def test_standard_edition_up_to_its_number(generation: Generation, carries: bool, limit: int) -> None:
    """Exactly the published number passes, one user more fails, and it is said how many are too many."""
    fits = capacity.users(pool(), Load(limit - 10, 10, 0), generation, carries=carries)
    assert (fits.verdict, fits.remedy) == (Verdict.PASS, "")
    over = capacity.users(pool(), Load(limit, 1, 0), generation, carries=carries)
    assert over.verdict is Verdict.FAIL
    assert over.seen == f"{limit:,} would arrive, 1 are there: {limit + 1:,}"
    assert over.remedy.startswith("1 users too many")


@pytest.mark.parametrize("generation", ["sfb2015", "sfb2019"])
@pytest.mark.parametrize("carries", [True, False])
def test_without_a_published_number_nothing_is_guessed(generation: Generation, carries: bool) -> None:
    """One user or a million: unknown."""
    for arriving in (1, 1_000_000):
        found = capacity.users(pool(), Load(arriving, 0, 0), generation, carries=carries)
        assert found.verdict is Verdict.UNKNOWN
        assert found.remedy


@pytest.mark.parametrize("edition", [Edition.ENTERPRISE, Edition.UNKNOWN])
def test_other_editions_are_unknown(edition: Edition) -> None:
    """What an Enterprise pool carries depends on its servers."""
    assert capacity.users(pool(edition), Load(1, 0, 0), "lync2010", carries=False).verdict is Verdict.UNKNOWN


def test_microsofts_own_model_fits() -> None:
    """5,000 users with 80 contacts on a 2010 server as installed: what the estimates are chosen by."""
    found = capacity.database(pool(), Load(5_000, 0, 400_000), "lync2010")
    assert found.verdict is Verdict.PASS
    assert "estimated" in found.seen
    assert "4 GB of SQL Server 2008 Express" in found.expected


def load_of(gib: float) -> Load:
    """Nobody, with so many contacts that they take so much."""
    return Load(0, 0, int(gib * GIB / capacity.BYTES_PER_CONTACT))


@pytest.mark.parametrize(
    ("generation", "gib", "verdict", "said"),
    [
        ("lync2010", 2, Verdict.PASS, ""),
        ("lync2010", 2.1, Verdict.WARN, "Upgrade drse01.example.test to SQL Server 2008 R2 Express"),
        ("lync2010", 5, Verdict.WARN, "Upgrade"),
        ("lync2010", 5.1, Verdict.WARN, "Measure the rtc database"),
        ("lync2010", 10.1, Verdict.FAIL, "More than the 10 GB of SQL Server 2008 R2 Express"),
        ("lync2013", 5, Verdict.PASS, ""),
        ("lync2013", 5.1, Verdict.WARN, "Measure"),
        ("sfb2015", 10, Verdict.WARN, "Measure"),
        ("sfb2019", 10.1, Verdict.FAIL, "plan an Enterprise pool"),
    ],
)
def test_the_database_against_what_express_holds(
    generation: Generation, gib: float, verdict: Verdict, said: str
) -> None:
    """Half of the limit is proven, up to the limit is a warning, more is a failure; 2010 may be upgraded first."""
    found = capacity.database(pool(), load_of(gib), generation)
    assert found.verdict is verdict
    assert said in found.remedy
    assert bool(found.remedy) == (verdict is not Verdict.PASS)


def test_an_enterprise_pool_has_no_such_limit() -> None:
    """Its SQL Server is its own; an unknown edition stays unknown."""
    assert capacity.database(pool(Edition.ENTERPRISE), load_of(100), "lync2010").verdict is Verdict.PASS
    assert capacity.database(pool(Edition.UNKNOWN), load_of(0), "lync2010").verdict is Verdict.UNKNOWN


def test_the_load_is_what_arrives_and_what_is_there() -> None:
    """Users are added; the estimate grows with both users and contacts."""
    assert Load(3, 2, 0).users == 5
    assert Load(3, 2, 0).bytes == 5 * capacity.BYTES_PER_USER
    assert Load(0, 0, 7).bytes == 7 * capacity.BYTES_PER_CONTACT
