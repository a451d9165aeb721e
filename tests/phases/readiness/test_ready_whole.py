"""Prepare as a whole: what it says of a deployment that is ready, of the DR pool, and of whoever cannot be asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import Ended, dr_server, dr_server_at, sets, tree, variant
from ready_scene import ask

from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.seed import generate
from lyncdr_helpers.phases.readiness import central_store, domain_controller, preflight, published

WARNED = {"users of branch appliances"}
NOT_TOLD = {"simple URLs"}
"""What the published topology does not hold."""
OF_THE_HOST = {
    *(f"Get-CsPool {PRIMARY_POOL}", f"Get-CsPool {DR_POOL}", "published topology"),
    *(central_store.TOPOLOGY, central_store.STATUS, central_store.MASTERS, central_store.REPLICAS),
    *(preflight.CMDLETS, preflight.POWERSHELL, preflight.LANGUAGE, preflight.FOLDER),
    *("program dbimpexp.exe", "program sqlcmd.exe", "Group Chat standby", f"test users of {DR_POOL}"),
}
TOLD_BY_THE_HOST = {preflight.PARAMETERS, "Group Chat standby version", "Group Chat standby logins"}
OF_THE_DIRECTORY = {"sign-in", domain_controller.NAME, central_store.DIRECTORY, central_store.MASTERS}


def of_area(found: Ended, *areas: str) -> set[str]:
    """The names of the checks of these areas."""
    return {row["name"] for row in found.table("checks") if row["area"] in areas}


def test_a_deployment_that_is_ready(standing: Scene, ready: Ended) -> None:
    """With nothing wrong every check is green, but for what a forced move leaves behind and what nobody can tell."""
    assert (ready.code, ready.summary.outcome) == (0, "done")
    others = {name: verdict for name, verdict in ready.rows.items() if verdict != "pass"}
    assert others == {**dict.fromkeys(WARNED, "warn"), **dict.fromkeys(NOT_TOLD, "unknown")}
    assert len(ready.table("checks")) == len(ready.rows)
    assert ready.fact("users_to_move") == len(list(generate(standing.blueprint).homed(PRIMARY_POOL)))


def test_every_check_says_what_it_is_worth(ready: Ended) -> None:
    """Each row has its severity, what was seen and what was expected; what is not green has its remedy."""
    for row in ready.table("checks"):
        assert row["severity"] in ("must", "should")
        assert row["area"]
        assert row["seen"]
        assert row["expected"]
        assert bool(row["remedy"]) == (row["verdict"] != "pass")


def test_prepare_changes_nothing(standing: Scene) -> None:
    """Asking leaves the deployment, the pools' stores, both shared folders and the sets as they were."""
    lab = standing.blueprint
    before = standing.state(), sets(lab.store), tree(lab.drive_c), standing.lists(PRIMARY_POOL)
    ask(standing.params)
    assert before == (standing.state(), sets(lab.store), tree(lab.drive_c), standing.lists(PRIMARY_POOL))


# -- the DR pool -----------------------------------------------------------------------------------------------------

ELSEWHERE = {domain_controller.SITE: "unknown"}
"""These servers stand at addresses that Active Directory has no subnet for."""
NAMES = [DR_POOL, *(f"{host}.lync.test" for host in pki.POOL_HOSTS)]
STEPS = ("topology", "directory", "dr_site")
"""Those that tell of a server."""


@pytest.fixture(scope="module")
def ready_at_dr(standing: Scene) -> Ended:
    return ask(standing.params, steps=STEPS)


@pytest.mark.parametrize("lacking", [DR_POOL, "sip.lync.test", "meet.lync.test", "admin.lync.test"])
def test_a_certificate_without_a_name(standing: Scene, ready_at_dr: Ended, tmp_path: Path, lacking: str) -> None:
    """Each name that clients will use must be in the certificate; no record leads to admin, which may lack."""
    with dr_server(standing, tmp_path, [name for name in NAMES if name != lacking]) as params:
        found = ask(params, steps=STEPS)
    needed = lacking != "admin.lync.test"
    assert found.changed(ready_at_dr) == ELSEWHERE | ({"certificate names": "fail"} if needed else {})
    assert found.code == (3 if needed else 0)
    assert not needed or found.seen("certificate names") == f"lacks {lacking}"


@pytest.mark.parametrize(
    ("days", "threshold", "verdict"),
    [(31, "", None), (29, "", "warn"), (31, "certificate_days: 60, ", "warn"), (-1, "", "fail")],
)
def test_a_certificate_that_ends(
    standing: Scene, ready_at_dr: Ended, tmp_path: Path, days: int, threshold: str, verdict: str | None
) -> None:
    """A certificate warns when it ends within 30 days, or as many as the parameters say, and is red when it is over."""
    with dr_server(standing, tmp_path, NAMES, days=days) as params:
        text = params.read_text(encoding="utf-8").replace("thresholds: {", f"thresholds: {{{threshold}")
        params.write_text(text, encoding="utf-8")
        found = ask(params, steps=STEPS)
    assert found.changed(ready_at_dr) == ELSEWHERE | ({"certificate dates": verdict} if verdict else {})
    assert found.code == (3 if verdict == "fail" else 0)


def test_a_certificate_that_nobody_vouches_for(standing: Scene, ready: Ended, tmp_path: Path) -> None:
    """A chain that leads to no known CA is red."""
    with dr_server(standing, tmp_path, NAMES, trusted=False) as params:
        found = ask(params)
    assert found.changed(ready) == {**ELSEWHERE, "certificate trust": "fail"}
    assert found.code == 3


def test_a_registrar_that_is_silent(standing: Scene, ready: Ended) -> None:
    """Where nobody listens neither certificate nor registrar is known, and the certificate's rows do not stay green."""
    found = ask(variant(standing, *dr_server_at(standing, f"{standing.blueprint.subnet}.99")))
    assert found.changed(ready) == {
        f"{DR_POOL} certificate": "unknown",
        f"{DR_POOL} registrar": "unknown",
        **ELSEWHERE,
        **dict.fromkeys(["certificate names", "certificate dates", "certificate trust"], "gone"),
    }
    assert found.code == 3


# -- whoever cannot be asked -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (":6360", ":6359", "No answer from the domain controller"),
        ("secrets/directory", "secrets/management", "password"),
    ],
    ids=["dead", "wrong password"],
)
def test_a_directory_that_cannot_be_asked(standing: Scene, ready: Ended, old: str, new: str, words: str) -> None:
    """Its rows are unknown with the reason, what it would have told is no row at all, and all else is still asked."""
    found = ask(variant(standing, (old, new)))
    told = of_area(ready, "directory", "capacity") - OF_THE_DIRECTORY
    assert found.changed(ready) == {**dict.fromkeys(OF_THE_DIRECTORY, "unknown"), **dict.fromkeys(told, "gone")}
    assert (found.code, found.summary.outcome) == (3, "check failed")
    assert words in found.seen("sign-in")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [(":5986", ":5985", "refused"), ("secrets/management", "secrets/directory", "does not let")],
    ids=["dead", "wrong password"],
)
def test_a_management_host_that_cannot_be_asked(standing: Scene, ready: Ended, old: str, new: str, words: str) -> None:
    """Its rows are unknown with the reason; who the test users are is not known, and what others answer stays."""
    found = ask(variant(standing, (old, new)))
    assert found.changed(ready) == {
        **dict.fromkeys(OF_THE_HOST, "unknown"),
        **dict.fromkeys(TOLD_BY_THE_HOST | of_area(ready, "requirements", "archiving", "capacity"), "gone"),
        published.WHOLE: "gone",
        f"users on {DR_POOL}": "warn",
    }
    assert found.code == 3
    assert words in found.seen(central_store.REPLICAS)
    assert not list(standing.blueprint.exchange.iterdir())
