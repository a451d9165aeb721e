"""The way home: everybody, whole, with what they did at the DR site; and whatever keeps them where they are."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
from phase_scene import Ended, directory_changed, run, tree, variant
from way_home import Away, away, go_home, planned, went_home

from lyncdr_helpers.answers import Answer
from lyncdr_helpers.backups import sets
from lyncdr_helpers.clock import SystemClock
from lyncdr_helpers.contacts.lists import Contact
from lyncdr_helpers.dns.records import as_text
from lyncdr_helpers.errors import CheckFailed, InputError, Refusal
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.lab import edges, group_chat, life, lifecycle, seed
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.response_groups import ResponseGroup
from lyncdr_helpers.phases import failback, failback_groups
from lyncdr_helpers.phases.acts import response_groups_by_hand
from lyncdr_helpers.phases.incoming_groups import OWN
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Away]:
    """Everybody is at the DR site. Every test of the module but the last leaves them there."""
    with away(tmp_path_factory.mktemp("away"), generation="lync2013") as made:
        yield made


@pytest.fixture(scope="module")
def made(lab: Away) -> Ended:
    """One rehearsal up to its plan."""
    found = run(failback.begin(lab.params), planned)
    assert found.code == 0, found.text
    return found


@pytest.fixture
def untouched(lab: Away) -> Iterator[None]:
    """Nothing of either pool, of the directory or of DNS is changed by the test."""
    before = lab.state()
    yield
    assert lab.state() == before


@contextmanager
def service_stopped(lab: Away) -> Iterator[None]:
    with PoolStore(lab.scene.blueprint.pool_store(PRIMARY_POOL)) as store:
        store.stop_front_end()
        try:
            yield
        finally:
            store.start_front_end()


@contextmanager
def list_gone(lab: Away, user: str) -> Iterator[None]:
    """The DR pool exports nothing of one user."""
    with PoolStore(lab.scene.blueprint.pool_store(DR_POOL)) as store:
        (kept,) = store.lists(user)
        store.remove_user(user)
        try:
            yield
        finally:
            store.put(kept)


def closed(found: Ended, gate: str) -> None:
    """A gate refused, and the run says which."""
    assert (found.code, found.summary.outcome) == (5, "refused"), found.text
    assert [line.facts["gate"] for line in found.kinds("gate")] == [gate]
    assert not found.kinds("intent")


@pytest.mark.usefixtures("untouched")
def test_a_rehearsal_withholds_everything(lab: Away) -> None:
    """It plans, withholds every change, moves nobody, proves nothing, and leaves one set of both pools."""
    before = set(tree(lab.scene.blueprint.store))
    found = go_home(lab.params, mode="rehearse")
    assert (found.code, found.summary.outcome) == (0, "rehearsed"), found.text
    results = [line.facts for line in found.kinds("result")]
    assert {name for facts in results for name in facts if name == "done"} == set()
    assert sum(facts.get("withheld", 0) for facts in results) > 30
    assert not found.folder.undo.exists()
    fresh = {name.partition("/")[0] for name in set(tree(lab.scene.blueprint.store)) - before} - {NOTES}
    assert fresh == {found.folder.run}


def test_the_table_of_three_lists(lab: Away, made: Ended) -> None:
    """Everything that users did stands in it by name, and nothing else; each in its own words."""
    rows = {(row["what"], row["kind"], row["user"], row["name"]) for row in made.table("three-way")}
    people = {row for row in rows if row[1] in ("contact", "group")}
    named = {(row[0], row[2]) for row in people}
    assert named == {
        *(("only on the primary", user) for user in lab.lived.late),
        *(("added in DR", user) for user in lab.lived.added),
        *(("removed in DR", user) for user in lab.lived.removed),
        *(("changed in DR", user) for user in lab.lived.renamed),
    }
    assert {row[2:] for row in people if row[0] == "removed in DR"} == set(lab.lived.removed.items())
    assert {row[2:] for row in people if row[0] == "only on the primary"} == set(lab.lived.late.items())


@pytest.mark.usefixtures("untouched")
def test_a_primary_whose_services_are_stopped(lab: Away) -> None:
    """It accepts connections and is not fit: refused with the service's name; a waiver with a reason goes on."""
    with service_stopped(lab):
        found = go_home(lab.params)
        closed(found, "primary-not-healthy")
        assert "services of fe01.lync.test: not running: RTCSRV" in found.text
        waived = failback.begin(lab.params, "live", waive={"primary-not-healthy": "RTCSRV starts at six"})
        ended = run(waived, planned)
    assert (ended.code, [line.facts["gate"] for line in ended.kinds("waiver")]) == (0, ["primary-not-healthy"])


@pytest.mark.usefixtures("untouched")
def test_a_primary_that_is_still_down(lab: Away) -> None:
    """Everything that is asked of it fails by name, and nothing is backed up or moved."""
    lab.scene.lose_primary()
    try:
        found = go_home(lab.params)
    finally:
        lifecycle.heal(lab.scene.blueprint.folder, "primary")
    closed(found, "primary-not-healthy")
    assert {name for name, verdict in found.rows.items() if verdict in ("fail", "unknown")} >= {
        "fe01.lync.test certificate",
        "fe01.lync.test registrar",
        "services of fe01.lync.test",
        "replicas of pool01.lync.test",
    }


@pytest.mark.usefixtures("untouched")
def test_an_incomplete_backup_of_both_pools(lab: Away) -> None:
    """A user without a list in the DR pool's export: refused by name, and no waiver helps."""
    user = next(iter(lab.lived.added))
    with list_gone(lab, user):
        session = failback.begin(lab.params, "live", waive={"both-pools-backed-up": "we are in a hurry"})
        found = run(session, went_home)
    closed(found, "both-pools-backed-up")
    assert f"{user}: not exported" in found.text


def test_the_set_of_both_pools_never_feeds_an_activation_by_itself(lab: Away, made: Ended) -> None:
    """It is COMPLETE and the newest of all; the newest set to restore from is still the night's."""
    session = failback.begin(lab.params)
    try:
        both = sets.read_manifest(session.store, made.folder.run)
        chosen = sets.choose(session.store, session.params.deployment, session.keys)
        named = sets.choose(session.store, session.params.deployment, session.keys, both.name)
    finally:
        session.close()
    assert (both.state, both.purpose) == ("COMPLETE", "fail back")
    assert {one.pool for one in both.users} == {PRIMARY_POOL, DR_POOL}
    assert chosen.manifest.purpose == "restore"
    assert chosen.manifest.made_at < both.made_at
    assert named.manifest == both


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_without_the_right_approval(lab: Away, digest: str) -> None:
    """Without a digest, or with another plan's, nothing moves; the message says which digest is wanted."""
    found = run(failback.begin(lab.params, "live", "new"), lambda session: went_home(session, digest))
    closed(found, "approval")
    assert found.summary.plan[:12] in found.text


def test_a_pilot_who_does_not_go_home(lab: Away) -> None:
    """A name that is not in the plan is said to be wrong, not replaced by another."""
    session = failback.begin(lab.params)
    with pytest.raises(InputError, match=r"nobody@lync\.test is not among the 30"):
        try:
            planned(session, pilot="sip:Nobody@lync.test")
        finally:
            session.close()


def test_a_set_that_is_younger_than_the_disaster(lab: Away, made: Ended) -> None:
    """The lists of the DR period are no lists of before the disaster: refused, with the activation's name."""
    session = failback.begin(lab.params)
    with pytest.raises(Refusal, match="is younger than the activation"):
        try:
            failback.look_back(session, made.folder.run)
        finally:
            session.close()


def test_nobody_knows_of_an_activation(lab: Away) -> None:
    """With another folder of runs there is no record: refused unless the set of before the disaster is named."""
    params = variant(lab.scene, ("runs_folder: runs", "runs_folder: others"))
    session = failback.begin(params)
    try:
        with pytest.raises(Refusal, match="No live activation is on record"):
            failback.look_back(session)
        night = sets.choose(session.store, session.params.deployment, session.keys).manifest.name
        start = failback.look_back(session, night)
        both = failback.back_up(session)
        found = failback.compare(session, start, both)
        made = failback.make_plan(session, start, both, found)
    finally:
        session.close()
    assert made.counts()["move-user"] == 30
    assert made.counts()["dns-record"] == 6


def test_records_go_back_to_what_the_night_said(lab: Away, made: Ended) -> None:
    """Each record of the plan becomes what it was on the lab's first day, and none leads to the DR site."""
    plan = json.loads(made.folder.plan.read_text(encoding="utf-8"))
    first_day = {one.key: as_text(one) for one in seed.generate(lab.scene.blueprint).zone_records()}
    records = {one["target"]: one["new"] for one in plan["changes"] if one["kind"] == "dns-record"}
    assert len(records) == 6
    assert records == {key: first_day[key] for key in records}


@pytest.mark.usefixtures("untouched")
def test_who_is_elsewhere_is_told_by_name(lab: Away) -> None:
    """Somebody moved one of the users to another pool before the plan: the plan leaves them out, and says so."""
    user = next(one for one in lab.scene.homes() if one in lab.lived.added)
    session = failback.begin(lab.params)
    with directory_changed(lab.scene, dn_of(session, user), "msRTCSIP-PrimaryHomeServer", POOLS[BRANCH_POOL].service):
        found = run(session, planned)
    assert found.code == 0, found.text
    assert found.rows["who are elsewhere"] == "warn"
    assert f"{user} is on {BRANCH_POOL}" in found.seen("who are elsewhere")


def dn_of(session: Session, user: str) -> str:
    (entry,) = session.directory.search(
        session.params.directory.base, f"(msRTCSIP-PrimaryUserAddress=sip:{user})", ["objectClass"]
    )
    return entry.dn


@pytest.mark.usefixtures("untouched")
def test_an_edge_that_somebody_pointed_elsewhere(lab: Away) -> None:
    """What the activation did to it is no longer so: it is theirs, and the plan leaves it alone."""
    folder = lab.scene.blueprint.folder
    edges.place(folder, BRANCH_POOL)
    try:
        session = failback.begin(lab.params)
        with contextlib.closing(session):
            plan = planned(session)[2]
    finally:
        edges.place(folder, DR_POOL)
    assert not plan.of_kind("edge-next-hop")


@pytest.mark.usefixtures("untouched")
def test_response_groups_that_a_person_decides_about(lab: Away) -> None:
    """One that was deleted at the DR site and is on the primary still, and one that runs there and is the primary's:
    each is named, the plan brings neither home, and nobody is held back.
    """
    with PoolStore(lab.scene.blueprint.pool_store(DR_POOL)) as store:
        kept = store.response_groups()
        gone, lent, *_ = kept
        store.remove_response_groups([gone, lent])
        store.replace_response_groups([replace(lent, owner=PRIMARY_POOL)], {})
        try:
            found = run(failback.begin(lab.params), planned)
        finally:
            store.replace_response_groups(kept, {})
    assert found.code == 0, found.text
    deleted, foreign = f"{gone.kind} {gone.name}", f"{lent.kind} {lent.name}"
    assert found.seen(f"deleted at the DR site, and still on {PRIMARY_POOL}") == f"1: {deleted}"
    assert found.seen(f"run by {DR_POOL} for another pool") == f"1: {foreign} (of {PRIMARY_POOL})"
    plan = json.loads(found.folder.plan.read_text(encoding="utf-8"))
    home = {one["target"] for one in plan["changes"] if one["kind"] == "return-response-group"}
    assert home == {f"{one.kind} {one.name}" for one in kept} - {deleted, foreign}


NOTES = ".notes"
"""Where the store keeps what runs say of themselves: no set."""
NIGHT = ResponseGroup("21111111-2222-4333-8444-555555555555", "Queue", "Night Watch", DR_POOL)


@contextmanager
def night_watch(lab: Away) -> Iterator[None]:
    """The DR pool has a Response Group more; afterwards both pools have what they had."""
    stores = [PoolStore(lab.scene.blueprint.pool_store(pool)) for pool in (PRIMARY_POOL, DR_POOL)]
    with stores[0], stores[1]:
        kept = [store.response_groups() for store in stores]
        stores[1].replace_response_groups([NIGHT], {})
        try:
            yield
        finally:
            for store, groups in zip(stores, kept, strict=True):
                store.remove_response_groups(store.response_groups())
                store.replace_response_groups(groups, {})


def groups_home(found: Ended) -> set[str]:
    plan = json.loads(found.folder.plan.read_text(encoding="utf-8"))
    return {one["target"] for one in plan["changes"] if one["kind"] == "return-response-group"}


@pytest.mark.usefixtures("untouched")
def test_response_groups_of_which_nobody_knows(lab: Away, made: Ended) -> None:
    """One that no activation brought and no record has: a live run stops with its name, a rehearsal leaves it where it
    is, and a choice decides. A choice that there is not is bad input.
    """
    with night_watch(lab):
        refused = run(failback.begin(lab.params, "live", "new"), planned)
        closed(refused, failback_groups.GATE)
        assert "Queue Night Watch" in refused.text
        assert "--groups home" in refused.text
        left = run(failback.begin(lab.params), planned)
        assert (left.code, groups_home(left)) == (0, groups_home(made))
        home, stay, wrong = (
            run(failback.begin(lab.params), partial(planned, groups=choice)) for choice in ("home", "stay", "away")
        )
    assert groups_home(home) == {*groups_home(made), "Queue Night Watch"}
    assert groups_home(stay) == groups_home(made)
    assert (wrong.code, "home, stay" in wrong.text) == (2, True)


@pytest.mark.usefixtures("untouched")
def test_response_groups_that_the_dr_pool_had_before(lab: Away) -> None:
    """They are told and stay. As no cmdlet takes some of a pool's, a person brings the others home: asked for, not
    believed before both pools show it, and counted.
    """
    (away_since,) = [one for one in lab.scene.runs() if one.phase == "activate"]
    folder = RunFolder(lab.scene.blueprint.folder / "runs" / away_since.run)
    Journal.open(folder.journal, SystemClock()).write("fact", name=OWN, value=["Queue Night Watch"])
    session = failback.begin(lab.params, "live", "new")
    with night_watch(lab), contextlib.closing(session):
        plan = planned(session)[2]
        rows = {line.facts["name"]: line.facts for line in session.journal.of_kind("check")}
        assert rows[f"that {DR_POOL} had before"]["seen"] == "1: Queue Night Watch"
        (step,) = failback.groups_by_hand(session, plan)
        with pytest.raises(Refusal, match="for a person"):
            failback.return_response_groups(session, plan)
        changes, said = plan.of_kind("return-response-group"), {step.name: Answer(seen="all nine are there")}
        with pytest.raises(CheckFailed, match="gone from the DR pool: not AgentGroup"):
            response_groups_by_hand.bring(session, changes, said)
        with PoolStore(lab.scene.blueprint.pool_store(DR_POOL)) as dr:
            dr.remove_response_groups([one for one in dr.response_groups() if one != NIGHT])
        assert response_groups_by_hand.bring(session, changes, said).done == 9
    shutil.rmtree(session.folder.path)  # else whoever goes home next takes it up


@pytest.mark.usefixtures("untouched")
def test_a_set_of_both_pools_that_has_become_old(lab: Away) -> None:
    """Refused before anybody moves, with what to do; a reason lets it through, and once people are on their way nobody
    is asked any more.
    """
    params = variant(lab.scene, ("export_age_hours: 26", "export_age_hours: 0.00001"))
    found = go_home(params)
    closed(found, "both-pools-age")
    assert "hours old; the limit is 1e-05" in found.text
    assert "Begin anew with --run new" in found.text
    waived = run(
        failback.begin(params, "live", waive={"both-pools-age": "it is weekend"}), lambda one: went_home(one, "")
    )
    assert [line.facts["gate"] for line in waived.kinds("waiver")] == ["both-pools-age"]
    assert waived.kinds("gate")[-1].facts["gate"] == "approval"

    def on_the_way(session: Session) -> None:
        session.journal.write("intent", act="move the pilot", targets=[])
        failback.approve(session, planned(session)[2], "")

    later = run(failback.begin(params, "rehearse", "new"), on_the_way)
    assert [line.facts["gate"] for line in later.kinds("gate")] == ["approval"]


def test_group_chat_waits_for_a_person(lab: Away) -> None:
    """Without the answer of whoever stops its server a live run asks for it; a rehearsal tells it and goes on."""
    session = failback.begin(lab.params)
    with contextlib.closing(session):
        plan = planned(session)[2]
        assert [step.name for step in failback.group_chat_to_stop(session, plan)] == ["group-chat-stop"]
        group_chat.stopped(lab.scene.blueprint).unlink()
        address = lab.scene.blueprint.group_chat_server, lab.scene.blueprint.group_chat_port
        waits = time.monotonic() + 10
        while not session.dialer.knock(*address) and time.monotonic() < waits:
            time.sleep(0.05)
        try:
            assert [one.state for one in failback.stop_group_chat(session, plan)] == ["withheld"]
        finally:
            group_chat.stopped(lab.scene.blueprint).touch()


def test_everybody_goes_home(lab: Away) -> None:
    """Homes, lists, Response Groups and DNS are as before the disaster, but for what people changed since; the pilot
    went first and alone, nobody was forced, and a list that changed after the backup of both pools is home as it is.
    """
    late = next(user for user in lab.scene.lists() if user not in {*lab.lived.added, *lab.lived.late})

    def change_a_list_at_the_last_moment(session: Session) -> None:
        start, both, plan = planned(session)
        with PoolStore(lab.scene.blueprint.pool_store(DR_POOL)) as store:
            (found,) = store.lists(late)
            store.add(render(late, found.groups, [Contact("last.minute@x.test", groups=(found.groups[0].number,))]))
        del start, both, plan

    digest = go_home(lab.params, digest="").summary.plan
    before = lab.state()
    found = go_home(lab.params, digest, meddle=change_a_list_at_the_last_moment)
    assert (found.code, found.summary.outcome) == (0, "done"), found.text
    assert life.count(lab.scene.blueprint, lab.lived) == everything_kept(lab)
    after = lab.state()
    assert "last.minute@x.test" in {buddy for buddy, _ in after["lists"][PRIMARY_POOL][late]}
    homed = set(seed.generate(lab.scene.blueprint).homed(PRIMARY_POOL))
    assert {user for user, home in after["homes"].items() if home == PRIMARY_POOL} >= homed
    assert homed.isdisjoint(after["lists"][DR_POOL])
    assert {owner for *_, owner in after["groups"][PRIMARY_POOL]} == {PRIMARY_POOL}
    assert after["groups"][DR_POOL] == []
    assert set(after["zone"].values()) == {("SUBNET.11",), ("0 0 5061 pool01.lync.test.",)}
    assert before["homes"].keys() == after["homes"].keys()
    assert the_pilot_went_alone(found)
    assert found.fact("failback_lost") == 0
    assert found.fact("failback_edges_expected") == found.fact("failback_edges_home") == 1
    assert (before["edge"], after["edge"]) == (DR_POOL, PRIMARY_POOL)
    assert found.fact("failback_group_chat_expected") == found.fact("failback_group_chat_home") > 200
    assert after["chat"] == group_chat.standby_server(lab.scene.blueprint).rows(group_chat.DATABASE)
    assert found.fact("failback_users_expected") == found.fact("failback_users_home") == len(homed) == 30
    assert found.fact("failback_directories_expected") == found.fact("failback_directories_home") >= 1
    assert found.fact("failback_endpoints_expected") == found.fact("failback_endpoints_home") >= 5
    assert found.fact("failback_contacts_expected") == found.fact("failback_contacts_home")
    assert json.loads(found.folder.undo.read_text(encoding="utf-8"))


def everything_kept(lab: Away) -> dict[str, int]:
    lived = lab.lived
    did = {"only_on_primary": lived.late, "added_in_dr": lived.added, "removed_in_dr": lived.removed}
    counts = {name: len(some) for name, some in {**did, "renamed_in_dr": lived.renamed}.items()}
    assert min(counts.values()) >= 2
    return {**counts, **{f"{name}_kept": count for name, count in counts.items()}, "doubled": 0}


def the_pilot_went_alone(found: Ended) -> bool:
    intents = [line.facts for line in found.kinds("intent")]
    acts = [facts["act"] for facts in intents]
    return len(intents[0]["targets"]) == 1 and acts[0] == "move the pilot" and acts.count("move users") == 3
