"""From 2013 on: nights whose contact lists come in zips, and activations that bring them back without a restart."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene
from night_scene import ask, failed_manifest_of, manifest_of
from phase_scene import Ended, activated, management_host, run, sets, variant, verified
from rewind import Moment

from lyncdr_helpers.contacts.export import read_lists
from lyncdr_helpers.contacts.lists import Contact, Group
from lyncdr_helpers.contacts.userdata import DOCUMENT
from lyncdr_helpers.lab import seed
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets import cmdlets
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.mailboxes import Mailboxes
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.session import Session

PART = f"contacts/{PRIMARY_POOL}.zip"
USERS = 30

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def later(begun_2015: Moment) -> Iterator[Scene]:
    """A lab of Skype for Business Server 2015 with one complete backup; every test leaves it as it found it."""
    yield begun_2015.scene
    begun_2015.rewind()


def own_lists(scene: Scene) -> dict[str, str]:
    """The digest of every list that the primary pool kept on the first day."""
    return {one.user: one.digest for one in seed.generate(scene.blueprint).contact_lists(PRIMARY_POOL)}


def newest(scene: Scene) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(max(scene.blueprint.store.glob("*/manifest.json")).read_text(encoding="utf-8"))
    return found


# -- the night ---------------------------------------------------------------------------------------------------------


def test_a_set(later: Scene) -> None:
    """The lists are in a zip; each user is recorded with where their contacts live; whom Exchange has lacks nothing."""
    made = newest(later)
    away = seed.generate(later.blueprint).in_exchange
    assert (made["state"], made["generation"], made["differences"]) == ("COMPLETE", "sfb2015", [])
    assert [part["file"] for part in made["parts"] if part["kind"] == "contacts"] == [PART]
    stored = later.blueprint.store / made["name"] / PART
    assert {one.user: one.digest for one in read_lists(stored)} == own_lists(later)
    users = {user["address"]: user for user in made["users"]}
    assert len(users) == USERS
    assert {user for user, one in users.items() if one["contact_store"] == "exchange"} == away != set()
    assert {user: one["digest"] for user, one in users.items() if one["digest"]} == own_lists(later)
    assert {one["contact_store"] for user, one in users.items() if user not in away} == {"lync"}
    with zipfile.ZipFile(stored) as archive:
        assert len(archive.namelist()) == 2


def test_an_export_that_stops_midway(later: Scene) -> None:
    """One address with a slash ends the export, which leaves a sound zip: the night fails, and says which address."""
    user = sorted(own_lists(later))[10]
    before = sets(later.blueprint.store)
    with PoolStore(later.blueprint.pool_store(PRIMARY_POOL)) as store:
        (kept,) = store.lists(user)
        store.add(render(user, [Group(1, "~")], [Contact("test/one@fabrikam.test")]))
        try:
            found = ask(later.params)
        finally:
            store.put(kept)
    assert found.code == 1
    assert "Export-CsUserData did not export all" in found.text
    assert "urn:hcd:test/one@fabrikam.test" in found.text
    assert failed_manifest_of(later, found)["state"] == "FAILED"
    after = sets(later.blueprint.store)
    assert {name: after.get(name) for name in before} == before
    assert not (later.blueprint.store / found.folder.run).exists()


def test_an_export_without_an_error_that_lacks_users(later: Scene, tmp_path: Path) -> None:
    """The same file without the error: the users after that address are missed by name, and the set is INCOMPLETE."""
    users = sorted(own_lists(later))
    real = cmdlets(later.blueprint)["Export-CsUserData"]

    def quiet(call: Call) -> None:
        with PoolStore(later.blueprint.pool_store(PRIMARY_POOL)) as store:
            (kept,) = store.lists(users[10])
            store.add(render(users[10], [Group(1, "~")], [Contact("test\\one@fabrikam.test")]))
            try:
                real(call)
            except CmdletError:
                pass
            finally:
                store.put(kept)

    with management_host(later, tmp_path, {"Export-CsUserData": quiet}) as params:
        found = ask(params)
    made = manifest_of(later, found)
    assert (found.code, made["state"]) == (4, "INCOMPLETE")
    assert [one["address"] for one in made["differences"]] == users[10:]


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]), "not a whole zip"),
        (lambda path: path.write_bytes(b""), "not a whole zip"),
        (lambda path: path.unlink(), "wrote no"),
        (lambda path: zipfile.ZipFile(path, "w").writestr(DOCUMENT, b"<DocItemSet><DocItem"), "not a whole XML"),
        (lambda path: zipfile.ZipFile(path, "a").writestr("../evil.xml", b"<x/>"), "no name of a file in a folder"),
        (lambda path: zipfile.ZipFile(path, "a", 8).writestr("big.xml", bytes(9 << 20)), "a zip bomb"),
    ],
)
def test_a_zip_that_is_damaged(later: Scene, tmp_path: Path, spoil: Callable[[Path], object], words: str) -> None:
    """The cmdlet says it went well, and its zip is cut, empty, gone or dangerous: nothing is published, exit 1."""
    real = cmdlets(later.blueprint)["Export-CsUserData"]

    def spoiling(call: Call) -> None:
        real(call)
        spoil(later.blueprint.drive_c / "lyncdr" / str(call.get("FileName")).rpartition("\\")[2])

    with management_host(later, tmp_path, {"Export-CsUserData": spoiling}) as params:
        found = ask(params)
    assert found.code == 1
    assert "Export-CsUserData" in found.text
    assert words in found.text
    assert not (later.blueprint.store / found.folder.run).exists()


# -- asking where contacts are -----------------------------------------------------------------------------------------


def counting(scene: Scene, asked: list[str]) -> Callable[[Call], None]:
    """Debug-CsUnifiedContactStore that notes whom it is asked about."""
    real = cmdlets(scene.blueprint)["Debug-CsUnifiedContactStore"]

    def debug(call: Call) -> None:
        asked.append(str(call.get("PoolFqdn") or call.get("Identity")).removeprefix("sip:"))
        real(call)

    return debug


def test_few_are_asked_about(later: Scene, tmp_path: Path) -> None:
    """One call counts the pool's users in Exchange; then only those without contacts in the export are asked about."""
    asked: list[str] = []
    with management_host(later, tmp_path, {"Debug-CsUnifiedContactStore": counting(later, asked)}) as params:
        assert ask(params).code == 0
    away = seed.generate(later.blueprint).in_exchange
    empty = {one.user for one in seed.generate(later.blueprint).contact_lists(PRIMARY_POOL) if not one.contacts}
    assert asked[0] == PRIMARY_POOL
    assert away <= set(asked[1:]) <= away | empty


def test_nobody_in_exchange(later: Scene, tmp_path: Path) -> None:
    """Where the pool counts nobody there, nobody is asked about: one call for the whole pool."""
    asked: list[str] = []
    with Mailboxes(later.blueprint.mailboxes) as mailboxes:
        lists = [mailboxes.give_back(user) for user in seed.generate(later.blueprint).in_exchange]
        try:
            with management_host(later, tmp_path, {"Debug-CsUnifiedContactStore": counting(later, asked)}) as params:
                found = ask(params)
        finally:
            for one in lists:
                mailboxes.take(one)
    assert asked == [PRIMARY_POOL]
    assert found.code == 4
    made = manifest_of(later, found)
    assert [one["address"] for one in made["differences"]] == sorted(one.user for one in lists)
    assert {user["contact_store"] for user in made["users"]} == {"lync"}


def test_on_the_way_to_exchange(later: Scene) -> None:
    """Whoever is being migrated is recorded as neither here nor there; the others as what they are."""
    user = sorted(own_lists(later))[3]
    with Mailboxes(later.blueprint.mailboxes) as mailboxes:
        mailboxes.set_mode(user, "Migrating")
        try:
            made = manifest_of(later, ask(later.params))
        finally:
            mailboxes.give_up(user)
    stores = {one["address"]: one["contact_store"] for one in made["users"]}
    assert stores.pop(user) == ""
    assert {one for one, store in stores.items() if store == "exchange"} == seed.generate(later.blueprint).in_exchange
    assert "" not in stores.values()


def refuse(_: Call) -> None:
    raise CmdletError("The term 'Debug-CsUnifiedContactStore' is not recognized.", "CommandNotFoundException")


def blank(call: Call) -> None:
    call.output("x", FrontEnd="fe01.lync.test", UcsMigratingCount=11, UcsMigratedCount=None)


@pytest.mark.parametrize("debug", [refuse, blank])
def test_nobody_can_say(later: Scene, tmp_path: Path, debug: Callable[[Call], None]) -> None:
    """Without an answer nobody is said to be anywhere, and who is not in the export is missed by name."""
    with management_host(later, tmp_path, {"Debug-CsUnifiedContactStore": debug}) as params:
        found = ask(params)
    made = manifest_of(later, found)
    assert (found.code, made["state"]) == (4, "INCOMPLETE")
    assert {one["address"] for one in made["differences"]} == seed.generate(later.blueprint).in_exchange
    assert {user["contact_store"] for user in made["users"]} == {""}


# -- activating --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lost(begun_2013: Moment) -> Iterator[Scene]:
    """A lab of Lync 2013; a test loses its primary site when it has made its changes."""
    yield begun_2013.scene
    begun_2013.rewind()


def test_a_rehearsal(lost: Scene) -> None:
    """Withholds the update, asks where contacts are, and holds nobody back for not having moved them."""
    lost.lose_primary()
    before = lost.state()
    found = run(activate.begin(lost.params, "rehearse"), lambda session: activated(session, digest=""))
    assert found.code == 0, found.text
    assert lost.state() == before
    withheld = [line.facts["what"] for line in found.kinds("withheld")]
    assert any(what.startswith("Update-CsUserData") for what in withheld)
    assert not any("Import-CsUserData" in what for what in withheld)
    assert "fail" not in {verdict for name, verdict in found.rows.items() if name.startswith("contact store")}


def test_everybody_back(lost: Scene) -> None:
    """Every list is back where it belongs, Exchange is untouched, and a second activation finds it all done."""
    away, lists = seed.generate(lost.blueprint).in_exchange, own_lists(lost)
    lost.lose_primary()
    found = run(activate.begin(lost.params, "live"), activated)
    assert found.code == 0, found.text
    assert found.rows["contact stores"] == "pass"
    back = {user: one.digest for user, one in lost.lists().items()}
    assert lists.items() <= back.items()
    assert not away & back.keys()
    with Mailboxes(lost.blueprint.mailboxes) as mailboxes:
        assert mailboxes.corrupt() == []
    proven = run(verify.begin(lost.params), verified)
    assert (proven.code, proven.fact("lost")) == (0, 0), proven.text
    again = run(activate.begin(lost.params, "live", run="new"), activated)
    assert again.code == 0, again.text
    assert {user: one.digest for user, one in lost.lists().items()} == back


def imported(lost: Scene, params: Path) -> Ended:
    """A run that puts the lists in the place of what the DR pool has."""

    def phase(session: Session) -> None:
        activate.declare(session, "the site is gone")
        chosen = activate.choose_backup(session)
        plan = activate.make_plan(session, chosen, contacts_by="import")
        assert "the services of every server of the DR pool are stopped" in plan.basis["contact lists"]
        activate.approve(session, plan, plan.digest)
        activate.move_users(session, plan)
        assert not activate.restore_contacts(session, plan, chosen).failed

    return run(activate.begin(params, "live"), phase)


def test_in_the_place_of_what_is_there(lost: Scene, tmp_path: Path) -> None:
    """Import-CsUserData with the Front End stopped before and started after, also where the import fails; a second run
    brings everybody back, and the consequence stands in the plan.
    """

    def broken(call: Call) -> None:
        raise CmdletError("The file is in use.", "ImportFailed")

    lost.lose_primary()
    with management_host(lost, tmp_path, {"Import-CsUserData": broken}) as params:
        first = imported(lost, params)
    assert (first.code, "The file is in use." in first.text) == (1, True)
    with PoolStore(lost.blueprint.pool_store(DR_POOL)) as store:
        assert store.front_end_runs
    found = imported(lost, lost.params)
    assert (found.code, found.folder) == (0, first.folder), found.text
    assert own_lists(lost).items() <= {user: one.digest for user, one in lost.lists().items()}.items()
    with PoolStore(lost.blueprint.pool_store(DR_POOL)) as store:
        assert store.front_end_runs
    acts = [line.facts["act"] for line in found.kinds("intent")]
    assert acts.count("stop services") == 2
    assert acts[-1] == "start services"


def test_whoever_changed_place_is_held_back(lost: Scene) -> None:
    """To Exchange or back since the backup: not imported, failed by name with the reason, and a loss by name after."""
    leaver = max(own_lists(lost))
    returner = min(seed.generate(lost.blueprint).in_exchange)
    with Mailboxes(lost.blueprint.mailboxes) as mailboxes, PoolStore(lost.blueprint.pool_store(PRIMARY_POOL)) as store:
        (taken,) = store.lists(leaver)
        store.remove_user(leaver)
        mailboxes.take(taken)
        store.put(mailboxes.give_back(returner))
    lost.lose_primary()
    found = run(activate.begin(lost.params, "live"), activated)
    assert found.code == 4
    assert f"{leaver}: held back: the contacts were in Lync at the backup, and are in Exchange now" in found.text
    assert f"{returner}: held back: the contacts were in Exchange at the backup, and are in Lync now" in found.text
    assert {name for name, verdict in found.rows.items() if verdict == "fail"} == {
        f"contact store of {user}" for user in (leaver, returner)
    }
    lists = lost.lists()
    assert not {leaver, returner} & lists.keys()
    assert {user for user in own_lists(lost) if user != leaver} <= lists.keys()
    with Mailboxes(lost.blueprint.mailboxes) as mailboxes:
        assert mailboxes.corrupt() == []
    proven = run(verify.begin(lost.params), verified)
    assert proven.code == 3
    rows = [(row["kind"], row["owner"]) for row in proven.table("lost")]
    assert sorted(rows) == sorted(("contact list", user) for user in (leaver, returner))
    expected = sum(one["contacts"] for one in newest(lost)["users"])
    assert proven.fact("contacts_expected") == expected
    assert proven.fact("contacts_restored") == expected - len(taken.contacts)


def test_nobody_can_say_where_contacts_are_now(lost: Scene, tmp_path: Path) -> None:
    """Then everybody's list is imported, as the lists would be lost for good, and the record says UNKNOWN."""
    lost.lose_primary()
    with management_host(lost, tmp_path, {"Debug-CsUnifiedContactStore": refuse}) as params:
        found = run(activate.begin(params, "live"), activated)
    assert found.code == 0, found.text
    assert found.rows["contact stores"] == "unknown"
    assert own_lists(lost).items() <= {user: one.digest for user, one in lost.lists().items()}.items()


def test_an_update_that_leaves_somebody_out(lost: Scene, tmp_path: Path) -> None:
    """An error for one user is that user's failure, by name; the others of the batch are back."""
    left_out = max(own_lists(lost))
    real = cmdlets(lost.blueprint)["Update-CsUserData"]

    def update(call: Call) -> None:
        with PoolStore(lost.blueprint.pool_store(DR_POOL)) as store:
            real(call)
            store.remove_user(left_out)
        call.error(CmdletError("The user's data cannot be merged.", "UpdateFailed", target=f"sip:{left_out.upper()}"))

    lost.lose_primary()
    with management_host(lost, tmp_path, {"Update-CsUserData": update}) as params:
        found = run(activate.begin(params, "live"), activated)
    assert found.code == 4
    assert f"1 changes of the plan failed. {left_out}: The user's data cannot be merged." in found.text
    assert own_lists(lost).keys() - {left_out} <= lost.lists().keys()


def test_2010_asks_nobody(standing: Scene) -> None:
    """A set of Lync 2010 says nothing of contact stores, as there is only one; another suffix tells its part."""
    found = newest(standing)
    assert {user["contact_store"] for user in found["users"]} == {""}
    assert [part["file"] for part in found["parts"] if part["kind"] == "contacts"] == [PART.replace("zip", "xml")]


def test_a_set_of_another_pool(later: Scene) -> None:
    """A pool that does not exist is the cmdlet's error, and the night's end."""
    params = variant(later, ("fqdn: pool01.lync.test", "fqdn: pool09.lync.test"), ("from: pool01", "from: pool09"))
    found = ask(params)
    assert found.code == 1
