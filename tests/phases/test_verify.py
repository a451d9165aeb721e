"""Verify: one thing lost after an activation turns its own row and no other, is named, is counted, and is exit 3."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from dr_scene import Scene, make_scene
from lxml import etree
from phase_scene import (
    Ended,
    activated,
    directory_changed,
    dr_server,
    dr_server_at,
    lagging_resolver,
    management_host,
    run,
    variant,
    verified,
    zone_changed,
)

from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.contacts import dbimpexp
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.lab import lifecycle, pki, seed
from lyncdr_helpers.lab.blueprint import BRANCH_POOL, DR_POOL, PRIMARY_POOL
from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.forest import CONFERENCE_DIRECTORIES, PEOPLE, POOLS
from lyncdr_helpers.lab.people import APOSTROPHE, APPLICATIONS, NO_CONTACTS, THOUSAND_CONTACTS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.winrm import Call, CmdletError
from lyncdr_helpers.phases import activate, verify
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.session import Session

USERS = f"users homed on {DR_POOL}"
ENDPOINTS = f"endpoints homed on {DR_POOL}"
EDGES = "next hop of the Edges"
DIRECTORIES = f"conference directories on {DR_POOL}"
CONTACTS = f"contacts restored at {DR_POOL}"
GROUPS = "Response Groups at the DR pool"
CHAT = "rows and files of Group Chat at the DR site"
SIP = "sip.lync.test"
SYNTHETIC = ("Test-CsRegistration", "Test-CsIM", "Test-CsPresence", "Test-CsGroupIM")
COUNTS = (
    *("users_rehomed", "endpoints_rehomed", "contacts_restored", "response_groups_restored", "dns_records_moved"),
    *("conference_directories_rehomed", "lost"),
)
NAMES = [DR_POOL, *(f"{host}.lync.test" for host in pki.POOL_HOSTS)]


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The primary is lost and everybody is at the DR pool."""
    made = make_scene(tmp_path_factory.mktemp("activated") / "lab")
    try:
        made.lose_primary()
        done = run(activate.begin(made.params, "live"), activated)
        assert (done.code, done.summary.outcome) == (0, "done"), done.text
        yield made
    finally:
        lifecycle.down(made.blueprint.folder)


@pytest.fixture(scope="module")
def back(scene: Scene) -> Iterator[Ended]:
    """What verify says when nothing is lost; every test of the module leaves it so."""
    yield ask(scene.params)
    assert ask(scene.params).code == 0, "a test left something lost"


def ask(params: Path, meddle: Callable[[Session], None] = lambda _: None) -> Ended:
    session = verify.begin(params)
    meddle(session)
    return run(session, verified)


def require(found: Ended, back: Ended, rows: dict[str, str], **fewer: int) -> None:
    """Exactly these rows changed, the facts count exactly what is lost, and the run ended as a failed check."""
    assert found.changed(back) == rows
    for name in COUNTS:
        before = back.fact(name)
        assert found.fact(name) == before + (fewer.get(name, 0) if name == "lost" else -fewer.get(name, 0)), name
    assert (found.code, found.summary.outcome) == (3, "check failed")
    assert all(name in found.text for name in rows)


def lost(found: Ended) -> list[tuple[str, str, str]]:
    return [(row["kind"], row["owner"], row["what"]) for row in found.table("lost")]


def test_nothing_is_lost(scene: Scene, back: Ended) -> None:
    """After a real activation every row is green, every count is whole, and the table of losses is empty."""
    assert (back.code, back.summary.outcome) == (0, "done")
    assert set(back.rows.values()) == {"pass"}
    assert back.table("lost") == []
    deployment = seed.generate(scene.blueprint)
    homed = set(deployment.homed(PRIMARY_POOL))
    assert back.fact("users_on_failed_pool") == back.fact("users_rehomed") == len(homed)
    assert back.fact("endpoints_on_failed_pool") == back.fact("endpoints_rehomed") == len(APPLICATIONS)
    wanted = sum(len(one.contacts) for one in deployment.contact_lists(PRIMARY_POOL))
    assert back.fact("contacts_expected") == back.fact("contacts_restored") == wanted
    groups = list(deployment.response_groups_of(PRIMARY_POOL))
    assert back.fact("response_groups_expected") == back.fact("response_groups_restored") == len(groups) == 9
    assert back.fact("dns_records_expected") == back.fact("dns_records_moved") == 6
    assert back.fact("lost") == 0


def test_verify_changes_nothing(scene: Scene) -> None:
    """Asking leaves users, contacts, Response Groups and DNS as they were."""
    before = scene.state()
    ask(scene.params)
    assert scene.state() == before


# -- endpoints -------------------------------------------------------------------------------------------------------


def test_a_phone_that_stayed(scene: Scene, back: Ended) -> None:
    """An endpoint of the backup that is homed elsewhere now is lost by its name; users are not touched by it."""
    with directory_changed(scene, f"CN=Lobby,{PEOPLE}", "msRTCSIP-PrimaryHomeServer", POOLS[BRANCH_POOL].service):
        found = ask(scene.params)
    require(found, back, {ENDPOINTS: "fail"}, lost=1, endpoints_rehomed=1)
    assert lost(found) == [("endpoint", "lobby-phone@lync.test", "lobby-phone@lync.test")]
    assert found.table("lost")[0]["why"] == f"homed on {BRANCH_POOL}"


def test_a_directory_that_stayed(scene: Scene, back: Ended) -> None:
    """A conference directory of the backup that is homed elsewhere is lost by its number."""
    dn = f"CN=3,{CONFERENCE_DIRECTORIES}"
    with directory_changed(scene, dn, "msRTCSIP-ConferenceDirectoryHomePool", POOLS[PRIMARY_POOL].dn):
        found = ask(scene.params)
    require(found, back, {DIRECTORIES: "fail"}, lost=1, conference_directories_rehomed=1)
    assert lost(found) == [("conference directory", "", "3")]


# -- contact lists ---------------------------------------------------------------------------------------------------

Edit = Callable[[Any], tuple[str, str]]
"""Spoils a HomedResource; (kind, what) of the loss that must be named."""


def some(resource: Any, path: str) -> list[Any]:
    return list(resource.iterfind("/".join(f"{{{dbimpexp.NAMESPACE}}}{step}" for step in path.split("/"))))


def named(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def plain(text: str) -> str:
    return base64.b64decode(text).decode()


def without_a_contact(resource: Any) -> tuple[str, str]:
    contact = some(resource, "Contacts/Contact")[0]
    contact.getparent().remove(contact)
    return "contact", contact.get("Buddy")


def a_contact_in_another_group(resource: Any) -> tuple[str, str]:
    contact = next(one for one in some(resource, "Contacts/Contact") if one.get("Groups") != "1")
    contact.set("Groups", "1")
    return "contact", contact.get("Buddy")


def a_contact_in_one_group_of_two(resource: Any) -> tuple[str, str]:
    contact = next(one for one in some(resource, "Contacts/Contact") if " " in one.get("Groups"))
    contact.set("Groups", contact.get("Groups").partition(" ")[0])
    return "contact", contact.get("Buddy")


def an_empty_group_renamed(resource: Any) -> tuple[str, str]:
    group = own_groups(resource)[0]
    name = plain(group.get("DisplayName"))
    group.set("DisplayName", named("Renamed"))
    return "contact group", name


def without_a_distribution_group(resource: Any) -> tuple[str, str]:
    group = next(one for one in some(resource, "ContactGroups/ContactGroup") if one.get("ExternalUri"))
    group.getparent().remove(group)
    return "contact group", plain(group.get("ExternalUri"))


def without_a_block(resource: Any) -> tuple[str, str]:
    blocked = next(one for one in some(resource, "Containers/Container") if one.get("ContainerNumber") == "32000")
    member = blocked[0]
    blocked.remove(member)
    return "privacy", f"blocked: {member.get('Member')}"


def a_block_made_a_permission(resource: Any) -> tuple[str, str]:
    blocked = next(one for one in some(resource, "Containers/Container") if one.get("ContainerNumber") == "32000")
    blocked.set("ContainerNumber", "200")
    return "privacy", f"blocked: {blocked[0].get('Member')}"


def own_groups(resource: Any) -> list[Any]:
    return [one for one in some(resource, "ContactGroups/ContactGroup") if one.get("Number") != "1"]


@contextmanager
def spoiled(scene: Scene, edit: Edit) -> Iterator[tuple[str, str, str, int]]:
    """One user's list at the DR pool, edited; (kind, owner, what, how many contacts it costs)."""
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        for whole in list(store.lists()):
            resource = etree.fromstring(whole.element)
            try:
                kind, what = edit(resource)
            except (StopIteration, IndexError):
                continue  # this user has nothing of the sort
            replace(store, dbimpexp.parse(etree.tostring(resource, method="c14n")))
            try:
                yield kind, whole.user, what, in_group(whole, what) if kind == "contact group" else kind == "contact"
            finally:
                replace(store, whole)
            return
        raise AssertionError("the seed has no user with such a list")


def in_group(whole: ContactList, label: str) -> int:
    number = next(group.number for group in whole.groups if label in (group.external_uri, group.name))
    return sum(number in contact.groups for contact in whole.contacts)


def replace(store: PoolStore, found: ContactList) -> None:
    """`add` alone would merge."""
    store.remove_user(found.user)
    store.add(found)


@pytest.mark.parametrize(
    "edit",
    [
        without_a_contact,
        a_contact_in_another_group,
        a_contact_in_one_group_of_two,
        an_empty_group_renamed,
        without_a_distribution_group,
        without_a_block,
        a_block_made_a_permission,
    ],
)
def test_a_loss_in_one_list(scene: Scene, back: Ended, edit: Edit) -> None:
    """One contact, membership, group or block that is not as it was is a loss with its owner's name."""
    with spoiled(scene, edit) as (kind, owner, what, contacts):
        found = ask(scene.params)
    extra = contacts if kind == "contact group" else 0
    require(found, back, {CONTACTS: "fail"}, contacts_restored=contacts, lost=1 + extra)
    assert (kind, owner, what) in lost(found)
    assert {one[1] for one in lost(found)} == {owner}
    assert owner in found.seen(CONTACTS)


def test_a_whole_list_is_gone(scene: Scene, back: Ended) -> None:
    """A user of whom the DR pool has nothing at all lost every contact, not none."""
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        (whole,) = store.lists(THOUSAND_CONTACTS)
        store.remove_user(THOUSAND_CONTACTS)
        try:
            found = ask(scene.params)
        finally:
            replace(store, whole)
    assert found.fact("contacts_restored") == back.fact("contacts_restored") - len(whole.contacts)
    assert sum(kind == "contact" for kind, _, _ in lost(found)) == len(whole.contacts) > 100
    assert (found.code, found.changed(back)) == (3, {CONTACTS: "fail"})


def test_more_contacts_than_before_are_no_loss(scene: Scene, back: Ended) -> None:
    """Who added a contact after the activation lost nothing."""
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        (whole,) = store.lists(APOSTROPHE)
        resource = etree.fromstring(whole.element)
        contact = some(resource, "Contacts/Contact")[0]
        contact.addnext(etree.fromstring(etree.tostring(contact).replace(contact.get("Buddy").encode(), b"new@x.test")))
        replace(store, dbimpexp.parse(etree.tostring(resource, method="c14n")))
        try:
            found = ask(scene.params)
        finally:
            replace(store, whole)
    assert found.changed(back) == {}
    assert (found.code, found.fact("lost")) == (0, 0)


# -- users and Response Groups ---------------------------------------------------------------------------------------


@contextmanager
def rehomed(scene: Scene, user: str, pool: str) -> Iterator[None]:
    with State(scene.blueprint) as state:
        ((_, (account,)),) = state.accounts.find([f"sip:{user}"])
        assert [why for _, why in state.accounts.rehome([account], POOLS[pool])] == [""]
        ((_, (account,)),) = state.accounts.find([f"sip:{user}"])
        try:
            yield
        finally:
            assert [why for _, why in state.accounts.rehome([account], POOLS[DR_POOL])] == [""]


@pytest.mark.parametrize(("user", "pool"), [(APOSTROPHE, PRIMARY_POOL), (NO_CONTACTS, BRANCH_POOL)])
def test_a_user_who_is_homed_elsewhere(scene: Scene, back: Ended, user: str, pool: str) -> None:
    """One user who is not at the DR pool is named, with the pool that has them."""
    with rehomed(scene, user, pool):
        found = ask(scene.params)
    require(found, back, {USERS: "fail"}, users_rehomed=1, lost=1)
    assert lost(found) == [("user", user, user)]
    assert found.table("lost")[0]["why"] == f"homed on {pool}"


@pytest.mark.parametrize("kind", ["Workflow", "Queue", "AgentGroup"])
def test_a_response_group_that_is_gone(scene: Scene, back: Ended, kind: str) -> None:
    """One workflow, queue or agent group that the DR pool does not have is named."""
    with PoolStore(scene.blueprint.pool_store(DR_POOL)) as store:
        gone = next(group for group in store.response_groups() if group.kind == kind)
        store.remove_response_groups([gone])
        try:
            found = ask(scene.params)
        finally:
            store.replace_response_groups([gone], {})
    require(found, back, {GROUPS: "fail"}, response_groups_restored=1, lost=1)
    assert [(one, owner) for one, owner, _ in lost(found)] == [("response group", "")]
    assert gone.name in lost(found)[0][2]


# -- names -----------------------------------------------------------------------------------------------------------


def test_a_record_that_points_to_the_primary_again(scene: Scene, back: Ended) -> None:
    """Somebody put the old address back: red on the authoritative server and on the resolver, one record lost."""
    with zone_changed(scene, SIP, "A", RecordSet(SIP, "A", 60, (scene.blueprint.primary_server,))):
        found = ask(scene.params)
    require(found, back, {f"{SIP} A on ns": "fail", f"{SIP} A on resolver office": "fail"}, dns_records_moved=1, lost=1)
    assert lost(found) == [("record", "", f"{SIP} A")]
    assert scene.blueprint.primary_server in found.table("lost")[0]["why"]


@pytest.mark.parametrize("values", ["none", "both"])
def test_a_record_that_is_gone_or_half_right(scene: Scene, back: Ended, values: str) -> None:
    """A record that is not there, or holds the right address beside the lost one, is not moved."""
    lab = scene.blueprint
    half = RecordSet(SIP, "A", 60, tuple(sorted((lab.dr_server, lab.primary_server))))
    with zone_changed(scene, SIP, "A", half if values == "both" else None):
        found = ask(scene.params)
    require(found, back, {f"{SIP} A on ns": "fail", f"{SIP} A on resolver office": "fail"}, dns_records_moved=1, lost=1)


def test_a_resolver_that_lags(scene: Scene, back: Ended, tmp_path: Path) -> None:
    """A resolver that still leads clients to the lost site is red for every record, while the others stay green."""
    with lagging_resolver(scene, tmp_path) as params:
        found = ask(params)
    records = records_on(back, "ns")
    assert len(records) == 6
    require(found, back, {f"{record} on resolver branch": "fail" for record in records}, dns_records_moved=6, lost=6)
    assert {what for _, _, what in lost(found)} == set(records)


@pytest.mark.parametrize("name", ["branch", "ns"])
def test_a_resolver_that_is_dead(scene: Scene, back: Ended, name: str) -> None:
    """A resolver that does not answer is unknown and not green; also where it is called as the nameserver is, it
    hides nobody's row.
    """
    silent = DnsNameserver(name, f"{scene.blueprint.subnet}.99", 5300, recursive=True, timeout=0.02)

    def dead(session: Session) -> None:
        session.resolvers = {**session.resolvers, name: silent}

    found = ask(scene.params, dead)
    records = records_on(back, "ns")
    rows = {f"{record} on resolver {name}": "unknown" for record in records}
    require(found, back, rows, dns_records_moved=6, lost=6)


def test_a_server_is_asked_about_its_own_zones(scene: Scene, back: Ended) -> None:
    """A nameserver of another zone is not asked about names it knows nothing of: that would never be green."""
    other = (
        f"  servers:\n    - {{name: outside, address: {scene.blueprint.subnet}.99, zones: [example.test],"
        " update: manual}\n"
    )
    found = ask(variant(scene, ("dns:\n  servers:\n", f"dns:\n{other}")))
    assert found.changed(back) == {}
    assert found.code == 0


def records_on(found: Ended, server: str) -> list[str]:
    return [name.removesuffix(f" on {server}") for name in found.rows if name.endswith(f" on {server}")]


# -- the DR pool's service -------------------------------------------------------------------------------------------


def test_a_registrar_that_is_down(scene: Scene, back: Ended) -> None:
    """Where nobody listens neither certificate nor registrar is known; that is not green."""
    found = ask(variant(scene, *dr_server_at(scene, f"{scene.blueprint.subnet}.99")))
    rows = {f"{DR_POOL} certificate": "unknown", f"{DR_POOL} registrar": "unknown"}
    gone = dict.fromkeys(["certificate names", "certificate dates", "certificate trust"], "gone")
    assert found.changed(back) == rows | gone
    assert (found.code, found.summary.outcome) == (3, "check failed")


def test_a_certificate_without_a_name(scene: Scene, back: Ended, tmp_path: Path) -> None:
    """A certificate that lacks a name clients use is red."""
    with dr_server(scene, tmp_path, [name for name in NAMES if name != SIP]) as params:
        found = ask(params)
    require(found, back, {"certificate names": "fail"})
    assert found.seen("certificate names") == f"lacks {SIP}"


def failure(call: Call) -> None:
    call.output("TaskOutput", Result="Failure", Error="504 Server time-out")


def half(call: Call) -> None:
    call.output("TaskOutput", Result="Success")
    raise CmdletError("The second user could not be signed out.")


def both(call: Call) -> None:
    call.output("TaskOutput", Result="Success")
    failure(call)


def nothing(_: Call) -> None:
    """It ends without a word."""


@pytest.mark.parametrize(
    ("cmdlet", "says"),
    [*((cmdlet, failure) for cmdlet in SYNTHETIC), *(("Test-CsIM", says) for says in (half, both, nothing))],
)
def test_a_synthetic_test_that_fails(
    scene: Scene, back: Ended, tmp_path: Path, cmdlet: str, says: Callable[[Call], None]
) -> None:
    """A failure, success with an error, success and a failure, and no answer at all are red alike."""
    with management_host(scene, tmp_path, {cmdlet: says}) as params:
        found = ask(params)
    require(found, back, {cmdlet: "fail"})


DEAD = {
    "directory": ((":6360", ":6359"), {USERS, ENDPOINTS, DIRECTORIES}),
    "management host": ((":5986", ":5985"), {CONTACTS, GROUPS, CHAT, EDGES, *SYNTHETIC}),
}


@pytest.mark.parametrize("who", DEAD)
def test_whoever_cannot_be_asked_is_unknown(scene: Scene, back: Ended, who: str) -> None:
    """With the directory or the management host dead, exactly what only it knows is UNKNOWN; the rest is examined,
    no number is made up, and the run is not done.
    """
    change, rows = DEAD[who]
    found = ask(variant(scene, change))
    assert found.changed(back) == dict.fromkeys(rows, "unknown")
    assert (found.code, found.summary.outcome) == (3, "check failed")
    told = {line.facts["name"] for line in found.kinds("fact")}
    assert ("users_rehomed" in told, "contacts_restored" in told) == (USERS not in rows, CONTACTS not in rows)
