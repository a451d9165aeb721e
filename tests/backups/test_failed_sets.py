"""What FAILED nights leave in the store: it is listed with its reason, and goes when nobody needs it any more."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from backup_store import CONTACTS, Deployment, Said, digest_in

from lyncdr_helpers import files
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import summary
from lyncdr_helpers.clock import SystemClock

Lyncdr = Callable[..., Said]

WHY = "The share went away."


def rows(lyncdr: Lyncdr) -> dict[str, tuple[str, bool]]:
    """Name -> (state, kept)."""
    return {one["name"]: (one["state"], one["kept"]) for one in lyncdr("list", "--json").json["sets"]}


def prune(lyncdr: Lyncdr) -> Said:
    return lyncdr("prune", "--approve", digest_in(lyncdr("prune")))


# -- list and show -----------------------------------------------------------------------------------------------------
def test_list_and_show_say_why(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A FAILED night stands among the sets, with its reason; show has the rest of its manifest."""
    failed, whole = deployment.night(2, failed=WHY), deployment.night(1)
    said = lyncdr("list")
    assert [line.split()[:2] for line in said.out.splitlines()[1:3]] == [[failed, "FAILED"], [whole, "COMPLETE"]]
    assert f"{failed}: FAILED: {WHY}" in said.out
    shown = lyncdr("show", failed)
    assert (shown.code, f"Why: {WHY}" in shown.out) == (0, True)
    assert lyncdr("show", failed, "--json").json["state"] == "FAILED"


def test_what_has_no_manifest(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A folder that a night left half done is listed as such, dated by its name; there is nothing to show of it."""
    left, foreign = deployment.unfinished(3), deployment.unfinished(3, name="photos")
    assert rows(lyncdr) == {left: ("UNFINISHED", True), foreign: ("UNFINISHED", True)}
    shown = lyncdr("show", left)
    assert shown.code == 3
    assert "cut short" in shown.err


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


@pytest.mark.parametrize("spoil", [cut, Path.unlink])
def test_a_failed_set_whose_manifest_cannot_be_read(
    deployment: Deployment, lyncdr: Lyncdr, spoil: Callable[[Path], None]
) -> None:
    """It is still listed, and goes as any other."""
    failed = deployment.night(3, failed=WHY, summary=False)
    spoil(deployment.store / f".incoming-{failed}" / manifests.NAME)
    deployment.night(1)
    assert rows(lyncdr)[failed] == ("UNFINISHED", False)
    assert prune(lyncdr).code == 0
    assert deployment.aside() == []


def test_a_night_cut_short_before_it_was_published(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Its manifest may say COMPLETE already: what is not published is FAILED all the same."""
    name = deployment.night(2)
    (deployment.store / name).rename(deployment.store / f".incoming-{name}")
    assert rows(lyncdr) == {name: ("FAILED", True)}
    assert "cut short before it was published" in lyncdr("list").out
    assert lyncdr("verify").code == 2


def test_another_deployment_s_failure_is_left_alone(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """It is not listed here, and no prune of ours removes it."""
    theirs = deployment.night(3, failed=WHY, deployment="other")
    deployment.night(1)
    assert theirs not in rows(lyncdr)
    assert lyncdr("prune").code == 0
    assert deployment.aside() == [theirs]


# -- prune -------------------------------------------------------------------------------------------------------------
def test_prune_removes_what_a_complete_set_made_needless(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """What FAILED before the last COMPLETE set goes, by the plan; what FAILED after it, today or elsewhere stays."""
    gone = [deployment.night(5, failed=WHY), deployment.unfinished(4)]
    kept = [
        deployment.night(2),
        deployment.night(1.5, failed=WHY),
        deployment.unfinished(0.5),
        deployment.unfinished(4, name="photos"),
    ]
    refused = lyncdr("prune")
    assert refused.code == 5
    assert all(name in deployment.aside() for name in gone)
    assert lyncdr("prune", "--approve", digest_in(refused)).code == 0
    assert sorted(deployment.aside() + deployment.names()) == sorted(kept)
    assert not [name for name in deployment.leftovers() if any(one in name for one in gone)]


def test_a_failed_night_keeps_no_place(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """The rules keep as many sets as without it, and it alone is removed by none of them."""
    nights = [deployment.night(days) for days in (300, 299, 298, 200, 2, 1)]
    before = {name for name, (_, kept) in rows(lyncdr).items() if kept}
    failed = deployment.night(1.2, failed=WHY)
    after = rows(lyncdr)
    assert {name for name in nights if after[name][1]} == before
    assert after[failed] == ("FAILED", False)


def test_what_changed_since_the_plan_is_refused(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """A leftover that got a manifest after it was looked at is another one: its digest is refused."""
    left = deployment.unfinished(4)
    deployment.night(1)
    digest = digest_in(lyncdr("prune"))
    files.replace_json(deployment.store / f".incoming-{left}" / manifests.NAME, {"format": 2})
    assert lyncdr("prune", "--approve", digest).code == 5
    assert deployment.aside() == [left]


def test_a_run_that_is_at_work(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """However long it takes, what the backup that holds the lock is making stays; once it is gone, it may go."""
    slow = deployment.unfinished(3)
    deployment.night(1)
    lock = files.Lock(deployment.runs_folder / "backup.lock", SystemClock())
    lock.take(slow)
    try:
        assert rows(lyncdr)[slow] == ("UNFINISHED", True)
        assert "its run is at work" in lyncdr("list").out
    finally:
        lock.free()
    assert rows(lyncdr)[slow] == ("UNFINISHED", False)


# -- summaries ---------------------------------------------------------------------------------------------------------
def test_a_list_rests_on_manifests(deployment: Deployment, lyncdr: Lyncdr) -> None:
    """Where a summary is not of the manifest that lies there, the manifest is what is listed."""
    name = deployment.night(1)
    path = deployment.store / name / summary.NAME
    path.write_bytes(path.read_bytes().replace(b'"COMPLETE"', b'"INCOMPLETE"'))
    assert rows(lyncdr)[name][0] == "INCOMPLETE"  # a summary of this manifest is believed; verify finds the lie
    manifest = deployment.store / name / manifests.NAME
    manifest.write_bytes(manifest.read_bytes() + b"\n")
    assert rows(lyncdr)[name][0] == "COMPLETE"
    assert CONTACTS in lyncdr("show", name).out
