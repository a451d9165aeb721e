"""Three lists of one user made one: nothing is lost, nothing comes back, nothing is there twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyncdr_helpers.contacts import dbimpexp, userdata
from lyncdr_helpers.contacts.comparison import compare
from lyncdr_helpers.contacts.items import CONTACT, GROUP, MEMBERSHIP, OTHER, PRIVACY, Item, Kind, take_apart
from lyncdr_helpers.contacts.lists import Contact, ContactList, Group, Member
from lyncdr_helpers.contacts.merge import What, doubled, merge, missing, returned
from lyncdr_helpers.lab.contact_lists import render
from lyncdr_helpers.lab.merging import merged as imported

ME = "me@lync.test"
NAMES = ("~", "Team", "Squad", "Família", "Vendors <ext>", "仲間")
PEOPLE = tuple(f"p{number}@lync.test" for number in range(8))
CONTAINERS = (200, 32000)

few = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Groups = Mapping[int, str]
"""Number -> name; one with an @ mirrors a distribution group."""


def make(
    groups: Groups,
    contacts: Mapping[str, Sequence[int]],
    privacy: Mapping[int, Sequence[str]] | None = None,
    extra: str = "",
) -> ContactList:
    """A list from the groups that each contact is in."""
    made = [Group(number, name, name if "@" in name else "") for number, name in groups.items()]
    held = [Contact(buddy, True, tuple(numbers), buddy.partition("@")[0]) for buddy, numbers in contacts.items()]
    return render(ME, made, held, privacy, extra)


@st.composite
def lists(draw: st.DrawFn) -> ContactList:
    """Any list of few people, so that two of them have much in common."""
    names = draw(st.lists(st.sampled_from([*NAMES, "team@lync.test"]), unique=True, max_size=4))
    groups = dict(enumerate(names, draw(st.integers(1, 3))))
    numbers = st.lists(st.sampled_from(sorted(groups)), unique=True, max_size=2) if groups else st.just([])
    contacts = draw(st.dictionaries(st.sampled_from([*PEOPLE, ME]), numbers, max_size=6))
    places = draw(st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(CONTAINERS), max_size=3))
    privacy = {one: sorted(who for who, place in places.items() if place == one) for one in sorted({*places.values()})}
    return make(groups, contacts, privacy, draw(st.sampled_from(["", "", "<Odd>1</Odd>", "<Odd>2</Odd>"])))


def pieces(found: ContactList, *kinds: Kind) -> set[Item]:
    return {item for item in take_apart(found) if not kinds or item.kind in kinds}


def whats(base: ContactList | None, dr: ContactList, primary: ContactList | None) -> set[tuple[str, str, str]]:
    return {(str(one.what), str(one.kind), one.name) for one in merge(base, dr, primary).differences}


# -- whatever the lists are ----------------------------------------------------------------------------------------


@few
@given(lists())
def test_no_change_anywhere(base: ContactList) -> None:
    """Three lists that are the same give that list, to the letter."""
    found = merge(base, base, base)
    assert (found.wanted, found.differences) == (base, ())


@few
@given(st.none() | lists(), lists(), st.none() | lists())
def test_nothing_of_the_dr_list_is_lost(base: ContactList | None, dr: ContactList, primary: ContactList | None) -> None:
    """Every contact, group, membership and container member that the user has in DR goes home."""
    assert pieces(dr) <= pieces(merge(base, dr, primary).wanted)


@few
@given(lists(), lists(), lists())
def test_what_was_removed_in_dr_stays_removed(base: ContactList, dr: ContactList, primary: ContactList) -> None:
    """Whatever the backup had and the DR pool has no longer is not in the wanted list."""
    removed = pieces(base, CONTACT, MEMBERSHIP, PRIVACY, GROUP) - pieces(dr)
    assert not removed & pieces(merge(base, dr, primary).wanted)


@few
@given(st.none() | lists(), lists(), lists())
def test_what_was_only_on_the_primary_comes_home(
    base: ContactList | None, dr: ContactList, primary: ContactList
) -> None:
    """A contact or privacy entry that the primary has, and neither the backup nor the DR pool ever had."""
    known = pieces(dr) | (pieces(base) if base else set())
    only = pieces(primary, CONTACT, PRIVACY, OTHER) - known
    assert only <= pieces(merge(base, dr, primary).wanted)


@few
@given(st.none() | lists(), lists(), st.none() | lists())
def test_nothing_is_doubled(base: ContactList | None, dr: ContactList, primary: ContactList | None) -> None:
    """No buddy, no group and no group number is there twice, and nobody is twice in a container."""
    wanted = merge(base, dr, primary).wanted
    assert doubled(wanted) == ()
    assert len({group.number for group in wanted.groups}) == len(wanted.groups)
    assert len(set(wanted.members)) == len(wanted.members)
    assert all(len(set(one.groups)) == len(one.groups) for one in wanted.contacts)


@few
@given(st.none() | lists(), lists(), st.none() | lists())
def test_merging_again_changes_nothing(base: ContactList | None, dr: ContactList, primary: ContactList | None) -> None:
    """The wanted list in the place of the DR pool's is wanted as it is."""
    once = merge(base, dr, primary).wanted
    assert merge(base, once, primary).wanted == once


@few
@given(lists(), st.sets(st.sampled_from(range(6))))
def test_it_does_not_matter_who_added_what(base: ContactList, first: set[int]) -> None:
    """New contacts, some added on one side and the others on the other: all of them are there, either way round."""

    def grown(numbers: set[int]) -> ContactList:
        kept = [*base.contacts, *(Contact(f"new{number}@x.test", groups=()) for number in sorted(numbers))]
        return render(ME, base.groups, kept)

    plain, here, there = grown(set()), grown(first), grown(set(range(6)) - first)
    one, other = merge(plain, here, there).wanted, merge(plain, there, here).wanted
    assert take_apart(one) == take_apart(other) == take_apart(grown(set(range(6))))


@few
@given(lists(), st.none() | lists())
def test_an_import_of_what_is_missing_makes_it_whole(wanted: ContactList, found: ContactList | None) -> None:
    """What `missing` gives is a list that an import takes; after it nothing is missing, and it held nothing else."""
    lacking = missing(wanted, found)
    if lacking is None:
        assert pieces(wanted) <= (pieces(found) if found else set())
        return
    assert all(contact.buddy != ME for contact in lacking.contacts)
    if found:
        there = take_apart(found)
        for contact in lacking.contacts:
            keys = {group.number: group.key for group in lacking.groups}
            parts = {Item(MEMBERSHIP, (contact.buddy, *keys[number])) for number in contact.groups}
            assert Item(CONTACT, (contact.buddy,)) not in there or parts.isdisjoint(there)
        assert not set(lacking.members) & set(found.members)
    after = dbimpexp.parse(imported(found.element, lacking.element)) if found else lacking
    assert missing(wanted, after) is None
    assert compare({ME: wanted}, {ME: after})[0].whole


# -- by name -------------------------------------------------------------------------------------------------------

GROUPS = {1: "~", 2: "Team"}
BASE = make(GROUPS, {"ana@x.test": [1], "bob@x.test": [2], "eve@x.test": [2]}, {200: ["ana@x.test"]})


def test_each_kind_of_difference() -> None:
    """Added, removed and changed on either side, what both did alike, and what they did differently."""
    dr = make({1: "~", 2: "Squad"}, {"ana@x.test": [1], "eve@x.test": [2], "dora@x.test": [2]}, {32000: ["ana@x.test"]})
    primary = make(
        GROUPS, {"ana@x.test": [1], "bob@x.test": [1, 2], "eve@x.test": [], "pia@x.test": [2]}, {100: ["ana@x.test"]}
    )
    assert whats(BASE, dr, primary) == {
        ("added in DR", "contact", "dora@x.test"),
        ("added in DR", "membership", "dora@x.test in Team"),
        ("removed in DR", "contact", "bob@x.test"),
        ("removed in DR", "membership", "bob@x.test in Team"),
        ("changed in DR", "group", "Team"),
        ("only on the primary", "contact", "pia@x.test"),
        ("only on the primary", "membership", "pia@x.test in Team"),
        ("removed on the primary", "membership", "eve@x.test in Team"),
        ("conflict", "membership", "bob@x.test in ~"),
        ("conflict", "privacy", "ana@x.test"),
    }
    wanted = merge(BASE, dr, primary).wanted
    squad = make(
        {1: "~", 2: "Squad"},
        {"ana@x.test": [1], "eve@x.test": [2], "dora@x.test": [2], "pia@x.test": [2]},
        {32000: ["ana@x.test"]},
    )
    assert take_apart(wanted) == take_apart(squad)


def test_a_conflict_shows_all_three_values() -> None:
    """Both sides blocked or trusted somebody differently: the DR side's is kept, and the table says what each had."""
    dr, primary = make({}, {}, {32000: ["ana@x.test"]}), make({}, {}, {100: ["ana@x.test"]})
    (one,) = merge(make({}, {}, {200: ["ana@x.test"]}), dr, primary).differences
    assert (one.what, one.name) == (What.CONFLICT, "ana@x.test")
    assert (one.base, one.dr, one.primary) == ("colleagues", "blocked", "external")


def test_a_number_that_was_freed_is_no_renaming() -> None:
    """A group that took the number of a removed one, with nobody of it inside, is another group."""
    dr = make({1: "~", 2: "Squad"}, {"ana@x.test": [1], "dora@x.test": [2]}, {200: ["ana@x.test"]})
    found = whats(BASE, dr, BASE)
    assert {("removed in DR", "group", "Team"), ("added in DR", "group", "Squad")} <= found


def test_whose_groups_are_gone_comes_to_the_other_contacts() -> None:
    """Added on the primary to a group that was removed in DR: the contact comes, the group stays removed."""
    dr = make({1: "~"}, {"ana@x.test": [1]}, {200: ["ana@x.test"]})
    primary = make(
        GROUPS, {"ana@x.test": [1], "bob@x.test": [2], "eve@x.test": [2], "pia@x.test": [2]}, {200: ["ana@x.test"]}
    )
    found = merge(BASE, dr, primary)
    assert take_apart(found.wanted) == take_apart(
        make({1: "~"}, {"ana@x.test": [1], "pia@x.test": [1]}, {200: ["ana@x.test"]})
    )
    assert ("conflict", "membership", "pia@x.test in Team") in whats(BASE, dr, primary)


def test_a_new_group_gets_a_free_number() -> None:
    """Both sides gave number 3 to a group of their own: both are there, with their people."""
    dr = make({**GROUPS, 3: "New in DR"}, {"ana@x.test": [3]})
    primary = make({**GROUPS, 3: "New at home"}, {"pia@x.test": [3]})
    wanted = merge(make(GROUPS, {}), dr, primary).wanted
    names = {group.number: group.name for group in wanted.groups}
    assert {one.buddy: [names[number] for number in one.groups] for one in wanted.contacts} == {
        "ana@x.test": ["New in DR"],
        "pia@x.test": ["New at home"],
    }


def test_without_a_restored_backup_nothing_counts_as_removed() -> None:
    """Whose list never came to the DR pool did not remove it there: all that the primary has comes back."""
    dr = make({1: "~"}, {"dora@x.test": [1]})
    wanted = merge(None, dr, BASE).wanted
    assert {one.buddy for one in wanted.contacts} == {"ana@x.test", "bob@x.test", "eve@x.test", "dora@x.test"}


def test_a_primary_that_holds_nothing_removed_nothing() -> None:
    """A primary that was built anew is no witness: the DR pool's list is wanted as it is, its changes are told."""
    dr = make(GROUPS, {"ana@x.test": [1], "dora@x.test": [2]}, {200: ["ana@x.test"]})
    found = merge(BASE, dr, None)
    assert found.wanted is dr
    assert {one.what for one in found.differences} == {What.ADDED_IN_DR, What.REMOVED_IN_DR}
    assert {one.primary for one in found.differences} == {""}


def test_what_nobody_understands_is_carried() -> None:
    """Elements and attributes without a meaning here stay where they are; one that only the primary has comes along."""
    odd = BASE.element.replace(b"<Contact Buddy=", b'<Contact Age="7" Buddy=').replace(
        b"</HomedResource>", b"<Tune>x</Tune></HomedResource>"
    )
    dr = dbimpexp.parse(odd)
    primary = dbimpexp.parse(
        odd.replace(
            b"</Contacts>", b'<Contact Age="9" Buddy="pia@x.test" Groups="1"><Note>hi</Note></Contact></Contacts>'
        ).replace(b"<Tune>", b"<Song>y</Song><Tune>")
    )
    wanted = merge(dr, dr, primary).wanted
    new = b'<Contact Age="9" Buddy="pia@x.test" Groups="1"><Note>hi</Note></Contact>'
    assert wanted.element.replace(new, b"").replace(b"<Song>y</Song>", b"") == dr.element
    lacking = missing(wanted, dr)
    assert lacking
    assert new in lacking.element
    assert b"<Song>y</Song>" in lacking.element
    assert b"Tune" not in lacking.element


def test_the_later_generations_spelling(user_data_element: bytes) -> None:
    """A list in a namespace of its own, as a zip may hold it, is merged and cut in its own spelling."""
    dr = userdata.parse(user_data_element)
    primary = userdata.parse(
        user_data_element.replace(b"</Contacts>", b'<Contact Buddy="pia@x.test" Groups="1"/></Contacts>')
    )
    wanted = merge(dr, dr, primary).wanted
    lacking = missing(wanted, dr)
    assert lacking
    assert [one.buddy for one in lacking.contacts] == ["pia@x.test"]
    assert lacking.element.startswith(b'<HomedResource xmlns="urn:other"')
    assert len(wanted.contacts) == len(dr.contacts) + 1


@pytest.fixture
def user_data_element() -> bytes:
    return (
        b'<HomedResource xmlns="urn:other" UserAtHost="me@lync.test"><ContactGroups>'
        b'<ContactGroup Number="1" DisplayName="fg=="/></ContactGroups>'
        b'<Contacts><Contact Buddy="ana@x.test" Groups="1"/></Contacts></HomedResource>'
    )


def test_what_came_back_is_seen() -> None:
    """A stale row of the primary that the move did not take away is named; what a user added since is not."""
    wanted = make(GROUPS, {"ana@x.test": [1]})
    found = make(GROUPS, {"ana@x.test": [1], "bob@x.test": [2], "new@x.test": [1]})
    assert returned(wanted, found, BASE) == ("bob@x.test", "bob@x.test in Team")
    assert returned(wanted, found, None) == ()


def test_doubles_are_seen() -> None:
    """A buddy or a group that stands in a list twice is named."""
    contacts = [Contact("ana@x.test"), Contact("ana@x.test")]
    assert doubled(render(ME, [Group(1, "~"), Group(2, "~")], contacts)) == ("ana@x.test", "~")


def test_members_of_a_container_are_compared_one_by_one() -> None:
    """Who is in another container than wanted is missing from the wanted one."""
    lacking = missing(make({}, {}, {200: ["ana@x.test", "bob@x.test"]}), make({}, {}, {200: ["ana@x.test"]}))
    assert lacking
    assert lacking.members == (Member(200, "bob@x.test"),)
