"""Exports of any size in dbimpexp's UTF-16, written as fast as a disk takes them; no two lists are the same.

`python tests/benchmarks/exports.py 100000 export.xml` writes about 2 GB.
"""

from __future__ import annotations

import base64
import sys
from functools import cache
from pathlib import Path

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE

CONTACTS = 80
GROUPS = ("~", "Project Team", "Küche & Empfang", "仲間")


def write_export(path: Path, users: int, people: int = 0) -> int:
    """Write an export of so many users, and return its size in bytes. The same numbers give the same bytes.

    people: among how many the contacts are, each in any group; twice as many as users unless given.
    """
    people = people or 2 * users
    begin = f'<?xml version="1.0" encoding="utf-16"?>\r\n<HomedResources xmlns="{NAMESPACE}">\r\n'
    contact = cache(_contact)
    with path.open("wb", buffering=1 << 20) as file:
        file.write(begin.encode("utf-16"))
        for user in range(users):
            # A stride of its own for each user: no two lists hold the same people.
            known = ((user * CONTACTS + number * (1 + user % 97)) % people for number in range(CONTACTS))
            contacts = "".join(contact(number, 1 + (number + user) % len(GROUPS)) for number in known)
            file.write(_resource(user, contacts).encode("utf-16-le"))
        file.write("</HomedResources>\r\n".encode("utf-16-le"))
        return file.tell()


def _resource(user: int, contacts: str) -> str:
    groups = "".join(
        f'      <ContactGroup Number="{number}" DisplayName="{_encoded(name)}" ExternalUri=""/>\r\n'
        for number, name in enumerate(GROUPS, 1)
    )
    return (
        f'  <HomedResource UserAtHost="user{user:06d}@example.test">\r\n'
        f"    <ContactGroups>\r\n{groups}    </ContactGroups>\r\n    <Contacts>\r\n{contacts}    </Contacts>\r\n"
        '    <Containers>\r\n      <Container ContainerNumber="32000">'
        f'<UserMember Member="nuisance{user % 20}@fabrikam.test"/></Container>\r\n    </Containers>\r\n'
        "  </HomedResource>\r\n"
    )


def _contact(number: int, group: int) -> str:
    return (
        f'      <Contact Buddy="first.last{number:05d}@example.test" SubscribePresence="1" Groups="{group}"'
        f' DisplayName="{_encoded(f"Last, First {number}")}"/>\r\n'
    )


def _encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


if __name__ == "__main__":
    print(f"{write_export(Path(sys.argv[2]), int(sys.argv[1])):,} bytes")
