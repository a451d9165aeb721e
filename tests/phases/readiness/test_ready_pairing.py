"""Pool pairing, from 2013 on: none is a fact; another pair, another edition and a backlog warn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
import ready_scene
from dr_scene import Scene
from phase_scene import Ended, management_host
from rewind import Moment

from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases import activate
from lyncdr_helpers.phases.readiness.pairing import PAIR, STATUS

ask = partial(ready_scene.ask, steps=("topology", "management"))

RELATIONSHIP, SERVICE = "Get-CsPoolBackupRelationship", "Get-CsBackupServiceStatus"


@pytest.fixture(scope="module")
def later(begun_2015: Moment) -> Iterator[Scene]:
    """A lab of Skype for Business 2015 with one backup."""
    yield begun_2015.scene
    begun_2015.rewind()


@pytest.fixture(scope="module")
def unpaired(later: Scene) -> Ended:
    return ask(later.params)


def paired(pool: str, name: str = "BackupPoolFqdn") -> Callable[[Call], None]:
    """A pool that is paired with that one."""
    return lambda call: call.output("PoolBackupRelationship", **{"PoolFqdn": call.get("PoolFqdn"), name: pool})


def status(export: str = "SteadyState", import_: str = "NormalState") -> Callable[[Call], None]:
    def get(call: Call) -> None:
        call.output("BackupServiceStatus", OverallExportStatus=export, OverallImportStatus=import_)

    return get


def refused(call: Call) -> None:
    raise CmdletError("You are not a member of RTCUniversalServerAdmins.", "Unauthorized")


def test_2010_has_none(ready: Ended) -> None:
    """Nothing is said of pairing where there is none to be had."""
    assert not {PAIR, STATUS} & ready.rows.keys()


def test_no_pairing_is_a_fact(unpaired: Ended) -> None:
    """A pool without a pair is green, in a deployment that is ready otherwise."""
    assert (unpaired.code, unpaired.rows[PAIR], unpaired.seen(PAIR)) == (0, "pass", "not paired")
    assert STATUS not in unpaired.rows


@pytest.mark.parametrize("name", ["BackupPoolFqdn", "BackupRegistrar", "Pair"])
def test_paired_with_the_dr_pool(later: Scene, unpaired: Ended, tmp_path: Path, name: str) -> None:
    """Whatever its answer calls the other pool, it is found, and its backup service is looked at."""
    cmdlets = {RELATIONSHIP: paired(f"Registrar:{DR_POOL.upper()}", name), SERVICE: status()}
    with management_host(later, tmp_path, cmdlets) as params:
        found = ask(params)
    assert found.changed(unpaired) == {STATUS: "pass"}
    assert (found.rows[PAIR], found.seen(PAIR)) == ("pass", f"paired with {DR_POOL}")


def test_paired_with_another_pool(later: Scene, unpaired: Ended, tmp_path: Path) -> None:
    """Users whom pairing fails over would land elsewhere than this playbook takes them."""
    with management_host(later, tmp_path, {RELATIONSHIP: paired("other.lync.test"), SERVICE: status()}) as params:
        found = ask(params)
    assert found.changed(unpaired) == {PAIR: "warn", STATUS: "pass"}
    assert found.seen(PAIR) == "paired with other.lync.test"


def test_editions_that_do_not_go_together(later: Scene, unpaired: Ended, tmp_path: Path) -> None:
    """A Standard Edition server paired with an Enterprise pool is supported by nobody."""
    with management_host(later, tmp_path, {RELATIONSHIP: paired(DR_POOL), SERVICE: status()}) as params:
        text = params.read_text(encoding="utf-8")
        before, between, after = text.partition(f"fqdn: {DR_POOL}\n        edition: standard")
        assert between
        params.write_text(before + between.replace("standard", "enterprise") + after, encoding="utf-8")
        found = ask(params)
    assert found.changed(unpaired) == {PAIR: "warn", STATUS: "pass"}
    assert found.seen(PAIR) == "standard edition is paired with enterprise edition"


@pytest.mark.parametrize(
    ("export", "import_", "verdict"),
    [
        ("FinalState", "NormalState", "pass"),
        ("steadystate", "normalstate", "pass"),
        ("NonSteadyState", "NormalState", "warn"),
        ("NotInitialized", "NormalState", "warn"),
        ("ErrorState", "NormalState", "warn"),
        ("SteadyState", "ErrorState", "warn"),
    ],
)
def test_a_backlog(later: Scene, unpaired: Ended, tmp_path: Path, export: str, import_: str, verdict: str) -> None:
    """A backup service that does not keep up warns, in its own words."""
    cmdlets = {RELATIONSHIP: paired(DR_POOL), SERVICE: status(export, import_)}
    with management_host(later, tmp_path, cmdlets) as params:
        found = ask(params)
    assert found.changed(unpaired) == {STATUS: verdict}
    assert found.seen(STATUS) == f"export {export}, import {import_}"


@pytest.mark.parametrize(
    ("cmdlets", "changed"),
    [
        ({RELATIONSHIP: refused}, {PAIR: "unknown"}),
        ({RELATIONSHIP: paired(DR_POOL), SERVICE: refused}, {STATUS: "unknown"}),
        ({RELATIONSHIP: paired(DR_POOL), SERVICE: lambda _: None}, {STATUS: "unknown"}),
    ],
    ids=["relationship", "status", "no status"],
)
def test_who_may_not_ask(
    later: Scene, unpaired: Ended, tmp_path: Path, cmdlets: dict[str, Callable[[Call], None]], changed: dict[str, str]
) -> None:
    """What the account may not see is unknown, and holds nothing back: the playbook does not rest on pairing."""
    with management_host(later, tmp_path, cmdlets) as params:
        found = ask(params)
    assert found.changed(unpaired) == changed
    assert found.code == 0


def test_both_pools_are_asked_about_by_name(later: Scene, tmp_path: Path) -> None:
    """It is the lost pool whose pair counts."""
    asked: list[str] = []
    with management_host(later, tmp_path, {RELATIONSHIP: lambda call: asked.append(call.get("PoolFqdn"))}) as params:
        ask(params)
    assert asked == [PRIMARY_POOL]


# -- in an activation --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ((paired(DR_POOL), status()), "are paired; the copy keeps up."),
        ((paired(DR_POOL), refused), "are paired; how far the copy goes nobody can say now."),
        ((paired(DR_POOL), status(export="ErrorState")), ""),
        ((paired("pool9.lync.test"), status()), ""),
    ],
)
def test_what_is_offered(later: Scene, tmp_path: Path, answers, said: str) -> None:
    """A sound pair is offered with its command and with what it leaves undone; nothing is run, and no other pair is."""
    given = dict(zip((RELATIONSHIP, SERVICE), answers, strict=True))
    with management_host(later, tmp_path, given) as params:
        session = activate.begin(params)
        try:
            offered = activate.offer_pairing(session)
        finally:
            session.close()
    assert ("Invoke-CsPoolFailOver -PoolFqdn 'pool01.lync.test' -DisasterMode" in offered) is bool(said)
    assert said in offered
    assert ("moves no Response Groups" in offered) is bool(said)
    assert not list(session.journal.of_kind("withheld", "intent"))
