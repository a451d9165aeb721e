"""The zips of Export-CsUserData: what is read, and that a rebuilt one carries everything."""

from __future__ import annotations

import random
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from user_data import OTHER, document, export, item, resource, zipped

from lyncdr_helpers import files
from lyncdr_helpers.contacts import dbimpexp
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE
from lyncdr_helpers.contacts.export import importable, read_holdings, read_lists, write_import
from lyncdr_helpers.contacts.lists import Contact, Group, Member
from lyncdr_helpers.contacts.userdata import DOCUMENT, read_export
from lyncdr_helpers.errors import InputError

ANA = (
    '<ContactGroups><ContactGroup Number="1" DisplayName="fg=="/></ContactGroups>'
    '<Contacts><Contact Buddy="Ben@Example.test" Groups="1" DisplayName="QmVu"/></Contacts>'
    '<Containers><Container ContainerNumber="32000"><UserMember Member="eve@x.test"/></Container></Containers>'
)


def pretty(inside: str) -> str:
    return f"\n  {inside}\n"


@pytest.mark.parametrize("namespace", [NAMESPACE, "", "urn:schema:another"])
def test_values(tmp_path: Path, namespace: str) -> None:
    """A list is read alike in dbimpexp's namespace, in another and in none: local names count."""
    (found,) = read_export(
        export(tmp_path / "e.zip", item("Ana@Example.test", resource("ana@example.test", ANA, namespace)))
    )
    assert found.user == "ana@example.test"
    assert found.groups == (Group(1, "~"),)
    assert found.contacts == (Contact("ben@example.test", True, (1,), "Ben"),)
    assert found.members == (Member(32000, "eve@x.test"),)


def test_mixed_namespaces(tmp_path: Path) -> None:
    """Nor does it matter when only the HomedResource has dbimpexp's namespace, and what is in it none."""
    inside = f'<d:HomedResource xmlns:d="{NAMESPACE}" xmlns="" UserAtHost="a@b.test">{ANA}</d:HomedResource>'
    (found,) = read_export(export(tmp_path / "e.zip", item("a@b.test", inside)))
    assert len(found.contacts) == 1


def test_element_is_the_export_s_own(tmp_path: Path) -> None:
    """What a list carries, and its digest is of, is the HomedResource in the namespace that it came in."""
    text = resource("a@b.test", ANA, "urn:schema:another")
    (found,) = read_export(export(tmp_path / "e.zip", item("a@b.test", text)))
    assert found.element == etree.tostring(etree.fromstring(text), method="c14n")
    assert found.digest == files.digest(found.element)


def test_same_digest_as_in_2010(tmp_path: Path) -> None:
    """The same HomedResource in either kind of export has the same digest."""
    bare = '<DocItemSet xmlns="">'
    path = zipped(tmp_path / "e.zip", {DOCUMENT: document(item("a@b.test", resource("a@b.test", ANA)), root=bare)})
    (found,) = read_export(path)
    assert found == dbimpexp.parse(resource("a@b.test", ANA).encode())


def test_no_user_at_host(tmp_path: Path) -> None:
    """A HomedResource without UserAtHost is that of the user whom the item is named after."""
    inside = f'<HomedResource xmlns="{NAMESPACE}">{ANA}</HomedResource>'
    (found,) = read_export(export(tmp_path / "e.zip", item("Ana@Example.test", inside)))
    assert found.user == "ana@example.test"
    assert len(found.contacts) == 1
    assert b"UserAtHost" not in found.element


def test_other_items(tmp_path: Path) -> None:
    """Items that are no user's list are passed over, and so is an item inside an item."""
    inner = item("hidden@b.test")
    path = export(
        tmp_path / "e.zip",
        item("13", "<ConferenceDirectory/>", "urn:cdir:"),
        item("a@b.test", resource("a@b.test", f'<Later xmlns="">{inner}</Later>')),
        "<Unknown/>",
        item("a@b.test", "<Meetings/>", "urn:hcd:"),
    )
    assert [found.user for found in read_export(path)] == ["a@b.test"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_encodings(tmp_path: Path, encoding: str) -> None:
    """The document may be in any encoding that it says it has."""
    text = document(pretty(item("zoë@b.test"))).decode().replace('"utf-8"', f'"{encoding.removesuffix("-sig")}"')
    path = zipped(tmp_path / "e.zip", {DOCUMENT: text.encode(encoding)})
    assert [found.user for found in read_export(path)] == ["zoë@b.test"]


def test_pool_without_users(tmp_path: Path) -> None:
    """An export without users is an export: nobody is in it."""
    assert list(read_export(export(tmp_path / "e.zip"))) == []


def test_the_file_decides(tmp_path: Path) -> None:
    """read_lists takes a .zip for Export-CsUserData's and anything else for dbimpexp's."""
    given = [dbimpexp.parse(resource("a@b.test", ANA).encode())]
    dbimpexp.write_import(tmp_path / "e.xml", given)
    assert [one.user for one in read_lists(tmp_path / "e.xml")] == ["a@b.test"]
    assert [one.user for one in read_lists(export(tmp_path / "e.ZIP", item("c@d.test")))] == ["c@d.test"]
    write_import(tmp_path / "i.xml", tmp_path / "e.xml", {"a@b.test"})
    assert list(read_lists(tmp_path / "i.xml")) == given
    with pytest.raises(InputError, match=r"no list of x@y\.test"):
        write_import(tmp_path / "i.xml", tmp_path / "e.xml", {"a@b.test", "x@y.test"})
    assert list(read_lists(tmp_path / "i.xml")) == given


def test_holdings(tmp_path: Path) -> None:
    """Counts and digests of a zip are those of its lists, and the same as of the same lists in 2010."""
    text = resource("a@b.test", ANA)
    path = zipped(tmp_path / "e.zip", {DOCUMENT: document(item("a@b.test", text), root='<DocItemSet xmlns="">')})
    dbimpexp.write_import(tmp_path / "e.xml", [dbimpexp.parse(text.encode())])
    (held,) = read_holdings(path)
    assert [held] == list(read_holdings(tmp_path / "e.xml"))
    assert (held.user, held.contacts, held.groups) == ("a@b.test", 1, 1)


# -- rebuilding --------------------------------------------------------------------------------------------------------


def test_some_users(tmp_path: Path) -> None:
    """A rebuilt zip holds the wanted users' items with their attributes, and the other document byte for byte."""
    source = export(
        tmp_path / "e.zip",
        *(pretty(item(user, resource(user, ANA))) for user in ("a@b.test", "c@d.test", "e@f.test")),
        item("e@f.test", "<Meetings/>", "urn:hcd:"),
        item("c@d.test", "<Meetings/>", "urn:hcd:"),
        item("13", "<ConferenceDirectory/>", "urn:cdir:"),
    )
    write_import(tmp_path / "i.zip", source, ["a@b.test", "e@f.test"])
    lists = {found.user: found for found in read_export(source)}
    assert list(read_export(tmp_path / "i.zip")) == [lists["a@b.test"], lists["e@f.test"]]
    with zipfile.ZipFile(tmp_path / "i.zip") as made, zipfile.ZipFile(source) as given:
        assert made.namelist() == given.namelist() == [DOCUMENT, OTHER]
        assert made.read(OTHER) == given.read(OTHER)
        root = etree.fromstring(made.read(DOCUMENT))
    assert root.tag == "{urn:made:up}DocItemSet"
    assert [(one.get("Name"), one.get("Version")) for one in root] == [
        ("urn:lcd:a@b.test", "7"),
        ("urn:lcd:e@f.test", "7"),
        ("urn:hcd:e@f.test", "7"),
    ]


def test_the_same_again(tmp_path: Path) -> None:
    """The same users of the same export give the same bytes."""
    source = export(tmp_path / "e.zip", item("a@b.test"), item("c@d.test"))
    for name in ("1.zip", "2.zip"):
        write_import(tmp_path / name, source, ["a@b.test"])
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_themself(tmp_path: Path) -> None:
    """A user as a contact of themself is never imported."""
    contacts = '<Contacts><Contact Buddy="SIP:A@b.test" Groups="1"/><Contact Buddy="c@d.test" Groups="1"/></Contacts>'
    source = export(tmp_path / "e.zip", item("a@b.test", resource("a@b.test", contacts)))
    write_import(tmp_path / "i.zip", source, ["a@b.test"])
    (found,) = read_export(tmp_path / "i.zip")
    assert [contact.buddy for contact in found.contacts] == ["c@d.test"]
    (before,) = read_export(source)
    assert found == importable(source, before) != before
    assert importable(source, found) is found


def test_a_user_who_is_not_in_it(tmp_path: Path) -> None:
    """A wanted user without a list is an error by name, and what stood at the place stays."""
    source = export(tmp_path / "e.zip", item("a@b.test"), item("x@y.test", "<Meetings/>", "urn:hcd:"))
    (tmp_path / "i.zip").write_bytes(b"before")
    with pytest.raises(InputError, match=r"holds no list of x@y\.test"):
        write_import(tmp_path / "i.zip", source, ["a@b.test", "x@y.test"])
    assert (tmp_path / "i.zip").read_bytes() == b"before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.zip", "i.zip"]


NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,6}", fullmatch=True)
TEXTS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=8
)
SPACES = st.sampled_from(["", NAMESPACE, "urn:one", "urn:two"])


@st.composite
def elements(draw: st.DrawFn, depth: int = 2) -> str:
    """An element that nobody knows, as text: attributes, text, children, in whatever namespaces."""
    name = draw(NAMES)
    attributes = draw(st.dictionaries(st.sampled_from(["", "q:"]).flatmap(lambda p: NAMES.map(p.__add__)), TEXTS))
    spelled = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    children = draw(st.lists(st.tuples(elements(depth=depth - 1), TEXTS), max_size=2)) if depth else []
    inside = escape(draw(TEXTS)) + "".join(child + escape(tail) for child, tail in children)
    return f'<{name} xmlns="{draw(SPACES)}" xmlns:q="urn:one"{spelled}>{inside}</{name}>'


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(elements(), st.sampled_from(["", ' xmlns="urn:one"', f' xmlns="{NAMESPACE}" xmlns:p="urn:two"']))
def test_what_nobody_knows_comes_through(tmp_path: Path, unknown: str, spaces: str) -> None:
    """Unknown elements and attributes come through a rebuild unchanged in meaning: the same canonical XML."""
    text = item("a@b.test", resource("a@b.test", ANA + unknown))
    source = zipped(tmp_path / "e.zip", {DOCUMENT: document(text, item("c@d.test"), root=f"<DocItemSet{spaces} >")})
    write_import(tmp_path / "i.zip", source, ["a@b.test"])
    before, after = next(read_export(source)), next(read_export(tmp_path / "i.zip"))
    assert after == before
    assert canonical(etree.fromstring(before.element)[-1]) == canonical(etree.fromstring(unknown))


def canonical(element: etree._Element) -> bytes:
    """Exclusive C14N: without namespaces that are only declared around it."""
    return etree.tostring(element, method="c14n", exclusive=True, with_tail=False)


def test_memory(tmp_path: Path) -> None:
    """A document of 30 MB is read and rebuilt in little memory: it is never there whole."""
    path, draw = tmp_path / "e.zip", random.Random(1)
    users = [f"user{number}@example.test" for number in range(10_000)]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as made, made.open(DOCUMENT, "w") as file:
        file.write(b"<DocItemSet>")
        for user in users:
            file.write(item(user, resource(user, f"<Later>{draw.randbytes(1500).hex()}</Later>")).encode())
        file.write(b"</DocItemSet>")
    process = psutil.Process()
    before = process.memory_info().rss
    assert sum(1 for _ in read_export(path)) == len(users)
    write_import(tmp_path / "i.zip", path, users[::20])
    assert process.memory_info().rss - before < 15 << 20
