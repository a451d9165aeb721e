"""The documents of dbimpexp: what is read, what is refused, and that everything is carried."""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psutil
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from lxml import etree
from spellings import documents as documents_as_text

from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, parse, read_export, write_import
from lyncdr_helpers.contacts.lists import Contact, Group
from lyncdr_helpers.errors import InputError

Export = Callable[..., Path]
"""The fixture `export`: writes HomedResources into a file."""


def test_values(export: Export, ana: str) -> None:
    """Addresses come in one spelling, names decoded, numbers as numbers; a Contact may have an end tag."""
    (found,) = read_export(export(ana))
    assert found.user == "ana@example.test"
    assert found.groups == (Group(1, "~"), Group(2, "Project Team"))
    assert found.contacts == (
        Contact("ben@example.test", True, (1, 2), "Ben"),
        Contact("o'brien@example.test", False, (), ""),
    )


def test_distribution_group(export: Export) -> None:
    """A group that mirrors a distribution group has its address."""
    uri = base64.b64encode(b"team@example.test").decode()
    group = f'<ContactGroups><ContactGroup Number="3" DisplayName="5Luy6ZaT" ExternalUri="{uri}"/></ContactGroups>'
    (found,) = read_export(export(f'<HomedResource UserAtHost="a@b.test">{group}</HomedResource>'))
    assert found.groups == (Group(3, "仲間", "team@example.test"),)


def test_contacts_alone(export: Export) -> None:
    """A HomedResource that holds only Contacts is a whole list, and so is an empty one."""
    contact = '<Contacts><Contact Buddy="b@c.test" Groups="1"/></Contacts>'
    one, none = read_export(
        export(
            f'<HomedResource UserAtHost="a@b.test">{contact}</HomedResource>', '<HomedResource UserAtHost="c@d.test"/>'
        )
    )
    assert [contact.buddy for contact in one.contacts] == ["b@c.test"]
    assert (none.groups, none.contacts) == ((), ())


def test_pool_without_users(export: Export) -> None:
    """An export without users is an export: nobody is in it."""
    assert list(read_export(export())) == []


def test_other_resources(export: Export, ana: str) -> None:
    """What stands beside the users, as conference directories do, is passed over."""
    assert [found.user for found in read_export(export("<ConferenceDirectory Id='1'/>", ana))] == ["ana@example.test"]


def test_nested_resource(export: Export) -> None:
    """A HomedResource inside something unknown is part of that, and no user."""
    nested = '<HomedResource UserAtHost="a@b.test"><Old><HomedResource UserAtHost="x@y.test"/></Old></HomedResource>'
    (found,) = read_export(export(nested))
    assert found.user == "a@b.test"
    assert b"x@y.test" in found.element


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8"])
def test_encodings(export: Export, ana: str, encoding: str) -> None:
    """UTF-16 of either byte order is read by its BOM, and so is a file that an editor saved as UTF-8."""
    path = export(ana)
    text = path.read_bytes().decode("utf-16").replace("utf-16", encoding.removesuffix("-le").removesuffix("-be"))
    path.write_bytes(("\ufeff" + text).encode(encoding))
    assert [found.user for found in read_export(path)] == ["ana@example.test"]


# -- what is refused ------------------------------------------------------------------------------------------------


def test_missing_file(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(InputError, match=r"none\.xml cannot be read"):
        list(read_export(tmp_path / "none.xml"))


@pytest.mark.parametrize("keep", [3, 200, -4, -40, -301])
def test_cut_short(export: Export, ana: str, keep: int) -> None:
    """A file that was cut anywhere, even in the middle of a character or after the last user, is an error."""
    path = export(ana, ana.replace("Ana", "Eva"))
    content = path.read_bytes()
    path.write_bytes(content[:keep])
    with pytest.raises(InputError, match="not a whole XML document") as raised:
        list(read_export(path))
    assert str(path) in raised.value.message
    assert raised.value.remedy


def test_trailing_garbage(export: Export, ana: str) -> None:
    """Two exports pasted together are no export."""
    path = export(ana)
    path.write_bytes(path.read_bytes() + "<more/>".encode("utf-16-le"))
    with pytest.raises(InputError):
        list(read_export(path))


@pytest.mark.parametrize(
    "text",
    [
        f'<DocItemSet xmlns="{NAMESPACE}"/>',
        "<HomedResources/>",
        '<HomedResources xmlns="urn:another"/>',
        f'<HomedResource xmlns="{NAMESPACE}" UserAtHost="a@b.test"/>',
    ],
)
def test_wrong_root(tmp_path: Path, text: str) -> None:
    """Another root, no namespace, another namespace, a user alone: none is an export, and the root is named."""
    path = tmp_path / "export.xml"
    path.write_text(text, encoding="utf-16")
    with pytest.raises(InputError, match="its root is"):
        list(read_export(path))


@pytest.mark.parametrize("kind", ["external", "internal", "billion laughs"])
def test_document_types(tmp_path: Path, kind: str) -> None:
    """A document type is refused before any entity of it is used, and nothing outside the file is read."""
    secret = tmp_path / "secret"
    secret.write_text("never shown", encoding="utf-8")
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    inside = {
        "external": f'<!ENTITY e SYSTEM "{secret.as_uri()}">',
        "internal": '<!ENTITY e "text">',
        "billion laughs": f'<!ENTITY e0 "ha"> {laughs} <!ENTITY e "&e11;">',
    }[kind]
    path = tmp_path / "export.xml"
    path.write_text(
        f'<!DOCTYPE x [{inside}]><HomedResources xmlns="{NAMESPACE}"><HomedResource UserAtHost="a@b.test" Note="'
        f'{"" if kind == "external" else "&e;"}">&e;</HomedResource></HomedResources>',
        encoding="utf-16",
    )
    with pytest.raises(InputError, match="document type declaration; dbimpexp writes none") as raised:
        list(read_export(path))
    assert "never shown" not in str(raised.value)


def test_user_twice(export: Export, ana: str) -> None:
    """A user who comes twice is an error, however the address is spelled."""
    with pytest.raises(InputError, match=r"holds the user ana@example\.test twice"):
        list(read_export(export(ana, ana.replace("Ana@", "ANA@"))))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        (
            'DisplayName="UHJvamVjdCBUZWFt"',
            'DisplayName="UHJvamV*"',
            r"group 2, DisplayName: 'UHJvamV\*' is not base64",
        ),
        ('DisplayName="UHJvamVjdCBUZWFt"', 'DisplayName="UHJvamVjd"', "is not base64"),
        ('DisplayName="QmVu"', 'DisplayName="/w=="', "contact ben@example.test, DisplayName"),
        ('ExternalUri=""', 'ExternalUri="?"', "group 1, ExternalUri"),
        ('Number="2"', 'Number="two"', "'two' is not a group number"),
        ('Number="2"', 'Number="²"', "'²' is not a group number"),
        ('Groups="1 2"', 'Groups="1;2"', "'1;2' is not a group number"),
        ('Buddy="Ben@Example.test"', "", "a Contact has no Buddy"),
        ('Number="1"', 'Number=""', "a ContactGroup has no Number"),
        ('UserAtHost="Ana@Example.test"', "", "a HomedResource has no UserAtHost"),
    ],
)
def test_values_that_mean_nothing(export: Export, ana: str, right: str, wrong: str, said: str) -> None:
    """A value that cannot be decoded is an error with file, line, user, place and value."""
    path = export(ana.replace(right, wrong, 1))
    with pytest.raises(InputError, match=said) as raised:
        list(read_export(path))
    assert f"{path}, line 3" in raised.value.message
    assert raised.value.remedy


def test_parse_refuses() -> None:
    """A single HomedResource that is not well-formed is an input error too."""
    with pytest.raises(InputError, match="not well-formed"):
        parse(b"<HomedResource")
    with pytest.raises(InputError, match="document type declaration"):
        parse(b'<!DOCTYPE a [<!ENTITY e "x">]><HomedResource UserAtHost="a@b.test">&e;</HomedResource>')


# -- what is carried ------------------------------------------------------------------------------------------------


def test_import_document(export: Export, ana: str, tmp_path: Path) -> None:
    """An import is UTF-16 with BOM, says so, and holds the same lists."""
    lists = list(read_export(export(ana)))
    write_import(tmp_path / "sub" / "import.xml", lists)
    content = (tmp_path / "sub" / "import.xml").read_bytes()
    assert content.startswith(b"\xff\xfe")
    assert content.decode("utf-16").startswith('<?xml version="1.0" encoding="utf-16"?>\n<HomedResources xmlns=')
    assert list(read_export(tmp_path / "sub" / "import.xml")) == lists


def test_never_a_contact_of_themself(export: Export, ana: str, tmp_path: Path) -> None:
    """A user who is a contact of themself comes without that contact and with all the rest."""
    (found,) = read_export(export(ana.replace("o'brien@example.test", "ANA@example.test")))
    write_import(tmp_path / "import.xml", [found])
    (carried,) = read_export(tmp_path / "import.xml")
    assert [contact.buddy for contact in carried.contacts] == ["ben@example.test"]
    assert carried.groups == found.groups
    assert b"nuisance@example.test" in carried.element


def test_qualified_values(tmp_path: Path) -> None:
    """A prefix that only a value uses is still declared after the journey: `xsi:type="x:Thing"` stays readable."""
    xsi = "http://www.w3.org/2001/XMLSchema-instance"
    path = tmp_path / "export.xml"
    path.write_text(
        f'<HomedResources xmlns="{NAMESPACE}" xmlns:xsi="{xsi}" xmlns:x="urn:x"><HomedResource UserAtHost="a@b.test">'
        '<Thing xsi:type="x:Thing"/></HomedResource></HomedResources>',
        encoding="utf-16",
    )
    write_import(tmp_path / "import.xml", read_export(path))
    thing = etree.parse(tmp_path / "import.xml").getroot()[0][0]
    assert thing.get(f"{{{xsi}}}type") == "x:Thing"
    assert thing.nsmap["x"] == "urn:x"


def test_a_user_twice_is_not_written(export: Export, ana: str, tmp_path: Path) -> None:
    """An import that would hold a user twice is refused, and the file that was there stays."""
    (found,) = read_export(export(ana))
    target = tmp_path / "import.xml"
    target.write_text("old", encoding="utf-8")
    with pytest.raises(InputError, match="twice"):
        write_import(target, [found, found])
    assert target.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.xml", "import.xml"]


def test_memory(export: Export, ana: str) -> None:
    """Reading 5,000 users holds a few of them at a time: the process grows by a fraction of the file."""
    path = export(*(ana.replace("Ana@", f"user{number}@") for number in range(5_000)))
    process = psutil.Process()
    before = process.memory_info().rss
    grown = max(process.memory_info().rss - before for n, _ in enumerate(read_export(path)) if n % 100 == 0)
    assert grown < path.stat().st_size / 4


# -- any document ---------------------------------------------------------------------------------------------------

LETTERS = st.sampled_from(["Note", "Contact", "Größe", "仲間", "a-b.c"])
TEXT = st.text("ab<&>\"' \t\n\r]é仲𝄞", max_size=6)
NAMESPACES = st.sampled_from([NAMESPACE, "urn:other", None])
REMARKS = st.sampled_from([" a remark ", "<Contacts>"]).flatmap(
    lambda text: st.sampled_from([etree.Comment, partial(etree.PI, "contacts")]).map(lambda make: make(text))
)
"""Comments and processing instructions."""
ADDRESSES = st.builds("{}@{}.test".format, st.text("abc'.-Ü", min_size=1, max_size=4), st.sampled_from("xyz"))


@st.composite
def elements(draw: st.DrawFn, depth: int = 2) -> Any:
    """Any element: unknown name, any attributes, text, children."""
    found = etree.Element(etree.QName(draw(NAMESPACES), draw(LETTERS)))
    _strew_attributes(draw, found)
    found.text = draw(TEXT)
    for child in draw(st.lists(elements(depth - 1) | REMARKS, max_size=2)) if depth else []:
        child.tail = draw(TEXT)
        found.append(child)
    return found


def _strew_attributes(draw: st.DrawFn, element: Any) -> None:
    for namespace, name, value in draw(
        st.lists(st.tuples(st.sampled_from(["urn:other", None]), LETTERS, TEXT), max_size=3)
    ):
        element.set(etree.QName(namespace, "x" + name), value)


def _known(name: str, attributes: dict[str, str]) -> Any:
    found = etree.Element(etree.QName(NAMESPACE, name))
    found.attrib.update(attributes)
    return found


@st.composite
def resources(draw: st.DrawFn, user: str) -> Any:
    """Any HomedResource of that user: known parts with unknown attributes and children, and unknown parts between."""
    found = _known("HomedResource", {"UserAtHost": user})
    _strew_attributes(draw, found)
    groups, contacts = _known("ContactGroups", {}), _known("Contacts", {})
    for number in range(1, draw(st.integers(0, 3))):
        name = base64.b64encode(draw(TEXT).encode()).decode()
        groups.append(_known("ContactGroup", {"Number": str(number), "DisplayName": name, "ExternalUri": ""}))
    for buddy in draw(st.lists(ADDRESSES, max_size=3)):
        if buddy.lower() != user.lower():
            contacts.append(_known("Contact", {"Buddy": buddy, "Groups": "1", "SubscribePresence": "1"}))
    for part in [groups, *draw(st.lists(elements(), max_size=2)), contacts, *draw(st.lists(elements(), max_size=2))]:
        for child in part.iterchildren(etree.Element):
            _strew_attributes(draw, child)
        part.tail = draw(TEXT)
        found.append(part)
    return found


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    root = _known("HomedResources", {})
    for user in draw(st.lists(ADDRESSES, unique_by=str.lower, max_size=3)):
        root.append(draw(resources(user)))
    spelled: bytes = etree.tostring(root, encoding="utf-16", xml_declaration=True)
    return spelled


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine is shared
@given(content=documents())
def test_any_document_survives(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a document holds, an import of it has every user unchanged, and each element gives its list again."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "export.xml").write_bytes(content)
    lists = list(read_export(folder / "export.xml"))
    write_import(folder / "import.xml", lists)
    assert _users(folder / "import.xml") == _users(folder / "export.xml")
    assert [parse(found.element) for found in lists] == lists == list(read_export(folder / "import.xml"))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=documents_as_text())
def test_any_spelling_survives(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """However the users of an export are spelled, an import of it has them unchanged, and with the same digests."""
    folder = tmp_path_factory.mktemp("any")
    (folder / "export.xml").write_bytes(text.encode("utf-16"))
    try:
        lists = list(read_export(folder / "export.xml"))
    except InputError:
        assume(False)
    write_import(folder / "import.xml", lists)
    assert _users(folder / "import.xml") == _users(folder / "export.xml")
    assert list(read_export(folder / "import.xml")) == lists


def _users(path: Path) -> list[str]:
    """Every user's element in its canonical spelling, by another XML library than the product's."""
    keeps_all = ElementTree.TreeBuilder(insert_comments=True, insert_pis=True)
    root = ElementTree.parse(path, ElementTree.XMLParser(target=keeps_all)).getroot()
    return [_canonical(resource) for resource in root.findall(f"{{{NAMESPACE}}}HomedResource")]


def _canonical(element: ElementTree.Element) -> str:
    element.tail = None
    return ElementTree.canonicalize(
        ElementTree.tostring(element, encoding="unicode"), with_comments=True, rewrite_prefixes=True
    )
