"""Some users' lists out of a whole export, and the document that adds them to a pool."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lyncdr_helpers.contacts import dbimpexp, export, userdata
from lyncdr_helpers.contacts.lists import Contact, ContactList, Group
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.contact_lists import render

USERS = tuple(f"u{number}@lync.test" for number in range(5))
LISTS = {user: render(user, [Group(1, "~")], [Contact(f"friend.of.{user}")]) for user in USERS}
WANTED = {USERS[1], USERS[3], "nobody@lync.test"}


def exported(folder: Path, kind: str, lists: dict[str, ContactList]) -> Path:
    path = folder / f"export{kind}"
    if kind == export.XML:
        dbimpexp.write_import(path, lists.values())
        return path
    items = b"".join(
        b'<DocItem Name="urn:lcd:%s" Version="1"><Data>%s</Data></DocItem>' % (user.encode(), one.element)
        for user, one in lists.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(userdata.DOCUMENT, b'<DocItemSet xmlns="urn:x">%s</DocItemSet>' % items)
        archive.writestr("[Content_Types].xml", b"<Types/>")
    return path


both = pytest.mark.parametrize("kind", [export.XML, export.ZIP])


@both
def test_they_alone_are_read(tmp_path: Path, kind: str) -> None:
    """The same lists as reading everything gives; whoever is not in the export is not in the answer."""
    found = {one.user: one for one in export.read_lists_of(exported(tmp_path, kind, LISTS), WANTED)}
    assert found == {user: LISTS[user] for user in (USERS[1], USERS[3])}


def test_a_doubtful_spelling_is_read_by_the_parser(tmp_path: Path) -> None:
    """A reference in a name, or single quotes: slower, and the same."""
    path = exported(tmp_path, export.XML, LISTS)
    text = path.read_text(encoding="utf-16").replace("u1@lync.test", "&#117;1@lync.test", 1)
    path.write_text(text.replace(f'UserAtHost="{USERS[3]}"', f"UserAtHost='{USERS[3]}'"), encoding="utf-16")
    assert [one.user for one in export.read_lists_of(path, WANTED)] == [USERS[1], USERS[3]]


def test_a_user_who_comes_twice(tmp_path: Path) -> None:
    """Which of the two lists is theirs, nobody can say: neither is taken."""
    path = exported(tmp_path, export.XML, LISTS)
    text = path.read_text(encoding="utf-16")
    path.write_text(text.replace(f'"{USERS[2]}"', f'"{USERS[1]}"'), encoding="utf-16")
    with pytest.raises(InputError, match=rf"holds the user {USERS[1]} twice"):
        list(export.read_lists_of(path, WANTED))


@both
def test_lists_are_written_in_the_place_of_the_sources(tmp_path: Path, kind: str) -> None:
    """An import document with exactly these lists, made beside an export that holds their users."""
    path = tmp_path / f"import{kind}"
    new = render(USERS[2], [Group(2, "New")], [Contact("new@x.test", groups=(2,)), Contact(USERS[2])])
    export.write_lists(path, exported(tmp_path, kind, LISTS), {USERS[2]: new})
    (found,) = export.read_lists(path)
    assert found == export.importable(path, new)
    assert [one.buddy for one in found.contacts] == ["new@x.test"]


def test_a_user_whom_the_source_does_not_know(tmp_path: Path) -> None:
    """A zip needs the user's own item: without it nothing is written."""
    source = exported(tmp_path, export.ZIP, LISTS)
    with pytest.raises(InputError, match=r"holds no list of stranger@lync\.test"):
        export.write_lists(tmp_path / "import.zip", source, {"stranger@lync.test": LISTS[USERS[0]]})
