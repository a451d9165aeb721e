"""If it died now, asked of a real lab: facts by name, estimates with their grounds, unknown where nobody can tell."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene
from journal_scene import activation, run, verification
from phase_scene import activated, management_host, variant, verified
from phase_scene import run as driven
from rewind import Moment
from signed_sets import added, own_key

from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.errors import Unreachable
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases import activate, checks_file, if_it_died, prepare, trend, verify
from lyncdr_helpers.phases.if_it_died import CHANGED, CONTACTS, TIME, WHOLE, IfItDied
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

SCOPE = f"{PRIMARY_POOL} -> {DR_POOL}, 40 users"


def look(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> tuple[IfItDied, RunFolder]:
    """The answer, and the run that has it on record."""
    session = prepare.begin(params)
    meddle(session)
    try:
        return if_it_died.look(session), session.folder
    finally:
        session.close()


def rows(found: IfItDied) -> dict[str, str]:
    return {check.name: str(check.verdict) for check in found.checks}


def users_of(scene: Scene) -> list[dict[str, Any]]:
    """The records in the lab's own set."""
    oldest = min(path for path in scene.blueprint.store.iterdir() if not path.name.startswith("."))
    found: list[dict[str, Any]] = json.loads((oldest / manifests.NAME).read_bytes())["users"]
    return found


def days_ago(days: float) -> str:
    return stamp(dt.datetime.now(dt.UTC) - dt.timedelta(days=days))


@contextmanager
def without_todays_set(scene: Scene) -> Iterator[None]:
    """The lab's own set is put aside, so that the newest is of an earlier day."""
    own = min(path for path in scene.blueprint.store.iterdir() if not path.name.startswith("."))
    aside = own.rename(scene.blueprint.folder / "of-today")
    try:
        yield
    finally:
        aside.rename(own)


@pytest.fixture
def runs(standing: Scene) -> Iterator[Path]:
    """The lab's runs folder; what a test adds to it is gone afterwards."""
    folder = standing.blueprint.folder / "runs"
    before = set(folder.iterdir())
    yield folder
    for path in set(folder.iterdir()) - before:
        path.rename(standing.blueprint.folder / f"aside-{path.name}")


# -- contacts ----------------------------------------------------------------------------------------------------------
def test_everybody_can_be_brought_back(standing: Scene) -> None:
    """A set of this minute holds all who are homed there; one night alone tells nothing of changes, nor of times."""
    found, folder = look(standing.params)
    assert (found.users, found.at_risk) == (40, ())
    assert rows(found) == {CONTACTS: "pass", CHANGED: "unknown", TIME: "unknown"}
    assert {str(check.severity) for check in found.checks} == {"should"}
    assert found.changed is not None
    assert found.changed.typical is None
    assert (folder.table("not-brought-back")).exists()


def test_a_user_who_is_not_in_the_set(standing: Scene) -> None:
    """They are named, as a fact, in the answer, its check and the table of the run."""
    first, *others = users_of(standing)
    with added(standing, own_key(standing), users=others):
        found, folder = look(standing.params)
    assert [(one.address, one.why) for one in found.at_risk or ()] == [(first["address"], "not in the set")]
    assert rows(found)[CONTACTS] == "warn"
    assert first["address"] in folder.table("users-at-risk").read_text(encoding="utf-8")


def test_a_set_that_nobody_signed(standing: Scene) -> None:
    """An activation refuses it: everybody is at risk, however whole it looks; who proved it before may say so too."""
    with added(standing, None):
        found, _ = look(standing.params)
    assert {one.why for one in found.at_risk or ()} == {"no set"}
    assert len(found.at_risk or ()) == 40
    session = prepare.begin(standing.params)
    told = if_it_died.look(session, ["contacts.xml is gone"])
    session.close()
    assert all("contacts.xml is gone" in one.text for one in told.at_risk or ())
    assert len(told.at_risk or ()) == 40


def test_how_many_lists_change(standing: Scene) -> None:
    """Four of forty changed in the night before: so many a day, carried over to the age of the newest set."""
    key, users = own_key(standing), users_of(standing)
    changed = [{**one, "digest": "f" * 64} if place < 4 else one for place, one in enumerate(users)]
    with (
        added(standing, key, users=changed, made_at=days_ago(2)),
        added(standing, key, users=users, made_at=days_ago(1)),
        without_todays_set(standing),
    ):
        found, folder = look(standing.params)
    assert found.changed is not None
    (night,) = found.changed.nights
    assert (night.users, night.changed, round(night.hours)) == (40, 4, 24)
    assert found.changed.typical == pytest.approx(4, abs=0.1)
    assert rows(found)[CHANGED] == "pass"
    assert "one night, so without a spread" in found.changed.how
    assert folder.table("nights-compared").exists()


# -- nobody can tell ---------------------------------------------------------------------------------------------------
def test_the_store_does_not_answer(standing: Scene) -> None:
    """Nobody can tell who is at risk: that is unknown, and never `nobody`."""
    found, folder = look(variant(standing, ("store: dr-store", "store: nowhere")))
    assert (found.at_risk, found.newest, found.users) == (None, None, 40)
    assert rows(found) == {"newest complete set": "unknown", TIME: "unknown"}
    assert "users_at_risk" not in folder.journal.read_text(encoding="utf-8")


def test_the_directory_does_not_answer(standing: Scene) -> None:
    """Without users there is no count of them, at risk or to be moved."""
    port = standing.blueprint.ldaps_port
    found, _ = look(variant(standing, (f":{port}", ":9")))
    assert (found.at_risk, found.users) == (None, None)
    assert rows(found)["users of the pool"] == "unknown"
    assert "could not be asked" in found.gone[-1].how_many


class Vanishing:
    """A store that goes away once its sets are listed and their manifests read."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def digest(self, *_: object, **__: object) -> str:
        raise Unreachable("The backup store went away.", "Check its server.")


def test_the_set_cannot_be_read_to_its_end(standing: Scene) -> None:
    """A set that nobody can prove is unknown: its users are neither safe nor lost."""

    def meddle(session: Session) -> None:
        session.store = Vanishing(session.store)

    found, _ = look(standing.params, meddle)
    assert found.at_risk is None
    assert rows(found)[WHOLE] == "unknown"


# -- time --------------------------------------------------------------------------------------------------------------
def test_the_time_by_earlier_runs(standing: Scene, runs: Path) -> None:
    """Two runs of 100 users, at 10 and 5 a second: forty users take four to eight seconds, and others tell nothing."""
    for days, rate in ((0, 10.0), (1, 5.0)):
        activation(runs, days, rate=rate, deployment="lab", scope=SCOPE)
        verification(runs, days + 0.1, deployment="lab")
    activation(runs, 2, rate=0.01, deployment="contoso", scope=SCOPE)
    found, _ = look(standing.params)
    moved = next(one for one in found.time.stages if one.stage == "move users")
    assert (moved.low, moved.typical, moved.high) == (4, 6, 8)
    assert found.time.unknown == ("notice",)
    assert rows(found)[TIME] == "warn"  # the verification came hours after: more than the promised hour in all


def test_a_real_recovery(scene: Scene) -> None:
    """After a live activation and its verification every stage has a number, and the history has what it took."""
    scene.lose_primary()
    assert driven(activate.begin(scene.params, mode="live"), activated).code == 0
    assert driven(verify.begin(scene.params), verified).code == 0
    session = prepare.begin(scene.params)
    found, past = if_it_died.look(session), trend.look_back(session)
    session.close()
    # one command, approved at once: nobody was seen to decide
    assert found.time.unknown == ("notice", "decide")
    assert rows(found)[TIME] == "pass"
    (recovery,) = past.recoveries
    assert recovery.seconds is not None
    assert 0 < recovery.seconds < 120
    assert (recovery.kind, recovery.users) == ("live", scene.blueprint.users)


# -- the trend and the file --------------------------------------------------------------------------------------------
def test_the_trend_has_this_run(standing: Scene, runs: Path) -> None:
    """Earlier readiness checks, and this one as it stands."""
    run(runs, "prepare", ("check", {"area": "DNS", "name": "a", "verdict": "fail"}, 0.0), deployment="lab")
    session = prepare.begin(standing.params)
    found = if_it_died.look(session)
    past = trend.look_back(session)
    session.close()
    assert past.readiness[0].tally.failed == ("DNS: a",)
    assert past.readiness[-1].run == session.folder.run
    assert past.readiness[-1].tally.total == len(list(found.checks))


def test_checks_for_programs(standing: Scene) -> None:
    """checks.json holds every check with its verdict, and the must-haves that are not green by name."""
    session = prepare.begin(standing.params)
    found = if_it_died.look(session)
    path = checks_file.keep(session, found.checks)
    session.close()
    said = json.loads(path.read_text(encoding="utf-8"))
    assert (said["run"], said["deployment"], said["phase"]) == (session.folder.run, "lab", "prepare")
    assert [one["name"] for one in said["checks"]] == [one.name for one in found.checks]
    assert sum(said["verdicts"].values()) == len(said["checks"])
    assert said["must_haves_failed"] == []


# -- contacts in Exchange ----------------------------------------------------------------------------------------------
@pytest.mark.slow
def test_contacts_that_changed_their_place(begun_2019: Moment, tmp_path: Path) -> None:
    """Whose contacts went to Exchange since the set is held back; a host that cannot be asked is unknown, not fine."""
    scene = begun_2019.scene

    def broken(_: Call) -> None:
        raise CmdletError("It does not answer.")

    try:
        deployment = seed.generate(scene.blueprint)
        user = min(set(deployment.homed(PRIMARY_POOL)) - deployment.in_exchange)
        with Mailboxes(scene.blueprint.mailboxes) as mailboxes:
            mailboxes.take(render(user, [], []))
        found, _ = look(scene.params)
        with management_host(scene, tmp_path, {"Debug-CsUnifiedContactStore": broken}) as params:
            unasked, _ = look(params)
    finally:
        begun_2019.rewind()
    assert [(one.address, one.why) for one in found.at_risk or ()] == [(user, "held back")]
    assert rows(unasked)["contact stores"] == "unknown"
