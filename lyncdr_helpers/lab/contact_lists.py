"""Made-up contact lists: a few buddies for most, very many for some, and every oddity that a real pool holds."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE
from lyncdr_helpers.contacts.lists import OTHER_CONTACTS, Contact, ContactList, Group, Member
from lyncdr_helpers.lab.blueprint import DOMAIN
from lyncdr_helpers.lab.people import NO_CONTACTS, THOUSAND_CONTACTS

SPREAD = 0.85
MOST = 400
"""Contacts per user are log-normal: the mean is some 1.4 times the median, and the tail ends at MOST."""
THOUSAND = 1000 / 28
"""How many times the median the user with a thousand contacts has."""

OUTSIDERS = 1200
GROUP_NAMES = ("Project Team", "Família", "Küche & Empfang", "仲間", 'The "A" Team', "Vendors <ext>")
COLLEAGUES, BLOCKED = 200, 32000
"""Two of Lync's privacy levels, by container number."""

Buddy = tuple[str, str]
"""An address and its display name."""


def generate(users: Iterable[str], known: Iterable[Buddy], median: int, draw: random.Random) -> Iterator[ContactList]:
    """One list per user, in their order, with so many contacts in the median. `known`: the people of the deployment;
    strangers outside are added.
    """
    buddies = [*known, *(_outsider(number) for number in range(OUTSIDERS))]
    for user in users:
        yield _one(user, buddies, median, draw)


def render(
    user: str,
    groups: Sequence[Group],
    contacts: Sequence[Contact],
    containers: Mapping[int, Sequence[str]] | None = None,
    extra: str = "",
) -> ContactList:
    """The list with its HomedResource, spelled canonically. containers: members by container number.

    extra: canonical XML that stands last, for what the product does not know.
    """
    element = (
        f'<HomedResource xmlns="{NAMESPACE}" UserAtHost="{_attribute(user)}">'
        f"<ContactGroups>{''.join(map(_group, groups))}</ContactGroups>"
        f"<Contacts>{''.join(map(_contact, contacts))}</Contacts>"
        f"<Containers>{''.join(_container(*pair) for pair in (containers or {}).items())}</Containers>"
        f"{extra}</HomedResource>"
    )
    members = tuple(Member(number, one) for number, held in (containers or {}).items() for one in held)
    return ContactList(user, tuple(groups), tuple(contacts), element.encode(), members)


# -- drawing --------------------------------------------------------------------------------------------------------


def _one(user: str, buddies: Sequence[Buddy], median: int, draw: random.Random) -> ContactList:
    groups = _groups(draw)
    wanted = _how_many(user, median, draw)
    known = [buddy for buddy in draw.sample(buddies, wanted + 1) if buddy[0] != user][:wanted]
    contacts = [
        Contact(address, draw.random() < 0.95, _memberships(len(groups), draw), name if draw.random() < 0.8 else "")
        for address, name in known
    ]
    return render(user, groups, contacts, _containers(contacts, draw), _extra(draw))


def _how_many(user: str, median: int, draw: random.Random) -> int:
    fixed = {NO_CONTACTS: 0, THOUSAND_CONTACTS: min(1000, round(median * THOUSAND))}
    return fixed.get(user, min(MOST, round(median * draw.lognormvariate(0, SPREAD))))


def _groups(draw: random.Random) -> list[Group]:
    """Other Contacts, some of one's own, and for one in four a distribution group."""
    names = [(OTHER_CONTACTS, ""), *((name, "") for name in draw.sample(GROUP_NAMES, draw.randrange(4)))]
    if draw.random() < 0.25:
        number = draw.randrange(10)
        names.append((f"All of team {number}", f"team{number}@{DOMAIN}"))
    return [Group(number, name, uri) for number, (name, uri) in enumerate(names, 1)]


def _memberships(groups: int, draw: random.Random) -> tuple[int, ...]:
    """Mostly one group, sometimes two."""
    first = draw.randint(1, groups)
    return (first,) if draw.random() < 0.9 else tuple(sorted({first, draw.randint(1, groups)}))


def _containers(contacts: Sequence[Contact], draw: random.Random) -> dict[int, list[str]]:
    """Privacy levels: some colleagues, and now and then somebody blocked, who need not be a contact."""
    found = {}
    if contacts and draw.random() < 0.5:
        found[COLLEAGUES] = [contact.buddy for contact in contacts[: draw.randint(1, 5)]]
    if draw.random() < 0.15:
        found[BLOCKED] = [f"nuisance{draw.randrange(20)}@fabrikam.test"]
    return found


def _extra(draw: random.Random) -> str:
    """Prompted subscribers: an element that the product carries without knowing it; its name is the lab's guess."""
    if draw.random() >= 0.1:
        return ""
    stranger = f"stranger{draw.randrange(99)}@fabrikam.test"
    return f'<PromptedSubscribers><Subscriber Address="{stranger}"></Subscriber></PromptedSubscribers>'


def _outsider(number: int) -> Buddy:
    return f"partner{number}@{('fabrikam', 'contoso', 'litware')[number % 3]}.test", f"Partner {number}"


# -- spelling: attributes in the order and with the escapes of C14N ---------------------------------------------------


def _group(group: Group) -> str:
    return (
        f'<ContactGroup DisplayName="{_encoded(group.name)}" ExternalUri="{_encoded(group.external_uri)}"'
        f' Number="{group.number}"></ContactGroup>'
    )


def _contact(contact: Contact) -> str:
    numbers = " ".join(map(str, contact.groups))
    return (
        f'<Contact Buddy="{_attribute(contact.buddy)}" DisplayName="{_encoded(contact.display_name)}"'
        f' Groups="{numbers}" SubscribePresence="{int(contact.subscribe)}"></Contact>'
    )


def _container(number: int, members: Sequence[str]) -> str:
    inner = "".join(f'<UserMember Member="{_attribute(member)}"></UserMember>' for member in members)
    return f'<Container ContainerNumber="{number}">{inner}</Container>'


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _attribute(text: str) -> str:
    return escape(text, {'"': "&quot;"})
