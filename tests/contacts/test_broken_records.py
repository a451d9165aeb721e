"""A record that cannot be read: without a listener the export is of no use; with one, it alone is left out, by name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE
from lyncdr_helpers.contacts.export import left_out, read_holdings, read_lists, write_import
from lyncdr_helpers.errors import InputError

USERS = ("ana@x.test", "ben@x.test", "cid@x.test")
FAULTS = {
    "a name that is no base64": ('DisplayName="YQ=="', 'DisplayName="!!"'),
    "a group that is no number": ('Groups="1"', 'Groups="one"'),
    "a contact without an address": ('Buddy="buddy@x.test"', ""),
}


def resource(user: str, fault: tuple[str, str] = ("", "")) -> str:
    contact = '<Contact Buddy="buddy@x.test" DisplayName="YQ==" Groups="1" SubscribePresence="1"/>'
    contact = contact.replace(*fault) if fault[0] else contact
    return f'<HomedResource UserAtHost="{user}"><Contacts>{contact}</Contacts></HomedResource>'


def document(path: Path, resources: list[str]) -> Path:
    """The export, as the tool of its suffix would have written it."""
    if path.suffix == ".xml":
        path.write_text(f'<HomedResources xmlns="{NAMESPACE}">{"".join(resources)}</HomedResources>', encoding="utf-16")
        return path
    items = "".join(
        f'<DocItem Name="urn:lcd:{one.split(chr(34))[1]}"><Data>'
        f"{one.replace('<HomedResource', f'<HomedResource xmlns={NAMESPACE!r}')}</Data></DocItem>"
        for one in resources
    )
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("DocItemSet.xml", f"<DocItemSet>{items}</DocItemSet>")
    return path


@pytest.fixture(params=[".xml", ".zip"])
def export(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"export{request.param}"


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("where", [0, 1, 2])
def test_it_alone_is_left_out(export: Path, fault: str, where: int) -> None:
    """Its user and the reason are told, once; the others come in their order, from both readers."""
    path = document(export, [resource(user, FAULTS[fault] if n == where else ("", "")) for n, user in enumerate(USERS)])
    others = [user for n, user in enumerate(USERS) if n != where]
    for read in (read_lists, read_holdings):
        told: list[tuple[str, str]] = []
        assert [one.user for one in read(path, lambda *of: told.append(of))] == others  # noqa: B023
        ((user, reason),) = told
        assert user == USERS[where]
        assert reason
        assert str(path) not in reason
        with pytest.raises(InputError, match=USERS[where]):
            list(read(path))


def test_the_others_are_brought_back(export: Path, tmp_path: Path) -> None:
    """An import document is made for everybody else; for the broken one, nobody claims that there is one."""
    path = document(
        export, [resource(USERS[0]), resource(USERS[1], FAULTS["a name that is no base64"]), resource(USERS[2])]
    )
    made = tmp_path / f"import{path.suffix}"
    write_import(made, path, {USERS[0], USERS[2]})
    assert [one.user for one in read_lists(made)] == [USERS[0], USERS[2]]
    if path.suffix == ".xml":
        with pytest.raises(InputError, match=f"holds no list of {USERS[1]}"):
            write_import(tmp_path / "another.xml", path, {USERS[1]})


def test_a_user_twice_is_still_an_error(export: Path) -> None:
    """Two records of one user: nobody knows which is theirs, so leaving one out would be guessing."""
    path = document(export, [resource(USERS[0]), resource(USERS[0])])
    with pytest.raises(InputError, match="twice"):
        list(read_lists(path, left_out))
