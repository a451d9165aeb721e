"""What the lab's users do to their contact lists while nobody looks, drawn by its seed, and whether it survived."""

from __future__ import annotations

import base64
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from lyncdr_helpers.contacts.dbimpexp import CONTACT, CONTACTS, GROUP, GROUPS, SAFE, parse
from lyncdr_helpers.contacts.lists import OTHER_CONTACTS, ContactList, Group
from lyncdr_helpers.contacts.merge import doubled
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.people import TEST_USERS
from lyncdr_helpers.lab.pools import PoolStore

SHARE = 8
"""One user in so many does a thing, and two more."""
LATE, NEW = "added.late@fabrikam.test", "met.meanwhile@contoso.test"


@dataclass(frozen=True)
class Life:
    """What users did, by user. late: added on the primary after the last backup, before it was lost. The others at the
    DR site: added and removed name a buddy, renamed the new name of a group.
    """

    late: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, str] = field(default_factory=dict)
    removed: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


def before_the_loss(lab: Blueprint) -> Life:
    """Some users of the primary add a contact that no backup has."""
    return Life(late=dict(_done(lab, PRIMARY_POOL, "late", lambda found, _: _with_contact(found, LATE))))


def at_the_dr_site(lab: Blueprint, before: Life) -> Life:
    """Some users add a contact, some remove one, and some call a group otherwise; some do more than one of these."""
    return Life(
        late=before.late,
        added=dict(_done(lab, DR_POOL, "added", lambda found, _: _with_contact(found, NEW))),
        removed=dict(_done(lab, DR_POOL, "removed", _without_one)),
        renamed=dict(_done(lab, DR_POOL, "renamed", _with_other_name)),
    )


def count(lab: Blueprint, lived: Life) -> dict[str, int]:
    """What is so at home afterwards: for each thing that users did `<name>`, and `<name>_kept`; and `doubled`."""
    with PoolStore(lab.pool_store(PRIMARY_POOL)) as store:
        home = {one.user: one for one in store.lists()}
    buddies = {user: {contact.buddy for contact in one.contacts} for user, one in home.items()}
    groups = {user: {group.name for group in one.groups} for user, one in home.items()}
    kept = {
        "only_on_primary": (lived.late, [user for user, buddy in lived.late.items() if buddy in buddies.get(user, ())]),
        "added_in_dr": (lived.added, [user for user, buddy in lived.added.items() if buddy in buddies.get(user, ())]),
        "removed_in_dr": (
            lived.removed,
            [user for user, buddy in lived.removed.items() if user in home and buddy not in buddies[user]],
        ),
        "renamed_in_dr": (
            lived.renamed,
            [user for user, name in lived.renamed.items() if name in groups.get(user, ())],
        ),
    }
    found = {name: len(did) for name, (did, _) in kept.items()}
    found |= {f"{name}_kept": len(so) for name, (_, so) in kept.items()}
    return found | {"doubled": sum(len(doubled(one)) for one in home.values())}


Change = Callable[[ContactList, random.Random], tuple[ContactList, str] | None]
"""What a user makes of a list, and the word for it; None where there is nothing to do it to."""


def _done(lab: Blueprint, pool: str, what: str, change: Change) -> Iterator[tuple[str, str]]:
    draw = random.Random(f"{lab.seed}/{lab.users}/{what}")
    with PoolStore(lab.pool_store(pool)) as store:
        lists = [one for one in store.lists() if one.user not in TEST_USERS]
        draw.shuffle(lists)
        wanted = 2 + len(lists) // SHARE
        for found in lists:
            if wanted and (changed := change(found, draw)):
                made, word = changed
                store.put(made)
                wanted -= 1
                yield found.user, word


def _with_contact(found: ContactList, buddy: str) -> tuple[ContactList, str]:
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    number = found.groups[-1].number if found.groups else 1
    section = resource.find(CONTACTS)
    etree.SubElement(section, CONTACT, Buddy=buddy, DisplayName="", Groups=str(number), SubscribePresence="1")
    return _spelled(resource), buddy


def _without_one(found: ContactList, draw: random.Random) -> tuple[ContactList, str] | None:
    known = [contact.buddy for contact in found.contacts if contact.buddy not in (NEW, LATE)]
    if not known:
        return None
    gone = draw.choice(known)
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    section = resource.find(CONTACTS)
    for contact in section:
        if contact.get("Buddy") == gone:
            section.remove(contact)
    return _spelled(resource), gone


def _with_other_name(found: ContactList, _: random.Random) -> tuple[ContactList, str] | None:
    """Of a group of the user's own with people in it."""
    used = {number for contact in found.contacts for number in contact.groups}
    own = [one for one in found.groups if one.name != OTHER_CONTACTS and not one.external_uri and one.number in used]
    return _renamed(found, own[0], f"{own[0].name} (moved)") if own else None


def _renamed(found: ContactList, group: Group, name: str) -> tuple[ContactList, str]:
    resource = etree.fromstring(found.element, etree.XMLParser(**SAFE))
    for one in resource.find(GROUPS).iterchildren(GROUP):
        if one.get("Number") == str(group.number):
            one.set("DisplayName", base64.b64encode(name.encode()).decode())
    return _spelled(resource), name


def _spelled(resource: etree._Element) -> ContactList:
    return parse(etree.tostring(resource, encoding="utf-8"))
