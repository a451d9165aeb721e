"""Zips and documents that must not be trusted: each is refused in plain words."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from user_data import LOCAL, OTHER, document, export, item, patched, resource, zipped

from lyncdr_helpers.contacts import archive
from lyncdr_helpers.contacts.userdata import DOCUMENT, read_export, write_import
from lyncdr_helpers.errors import InputError

Make = Callable[[Path], Path]

GOOD = document(item("a@b.test"))


def refused(path: Path, words: str) -> None:
    """Both the reader and the rebuild refuse it, and the error names the file."""
    with pytest.raises(InputError, match=words) as error:
        list(read_export(path))
    assert path.name in error.value.message
    assert error.value.remedy
    with pytest.raises(InputError, match=words):
        write_import(path.with_name("import.zip"), path, ["a@b.test"])
    assert not path.with_name("import.zip").exists()


# -- the zip -----------------------------------------------------------------------------------------------------------


def bomb(path: Path) -> Path:
    return zipped(path, {DOCUMENT: GOOD, "big.xml": bytes(50 << 20)})


def bomb_in_the_document(path: Path) -> Path:
    return zipped(path, {DOCUMENT: b"<DocItemSet>" + b" " * (50 << 20) + b"</DocItemSet>"})


def says_more(path: Path) -> Path:
    return patched(zipped(path, {DOCUMENT: GOOD}), size=4_000_000_000)


def says_less(path: Path) -> Path:
    return patched(zipped(path, {DOCUMENT: GOOD}), size=40)


def names(name: str) -> Make:
    return lambda path: zipped(path, {DOCUMENT: GOOD, name: b"<x/>"})


def doubled(path: Path) -> Path:
    other = b"docitemset.XML"  # the same file to Windows
    return patched(zipped(path, {"DocItemSex.xml": GOOD, DOCUMENT: GOOD}), name=other)


def doubled_to_the_letter(path: Path) -> Path:
    return patched(zipped(path, {"DocItemSex.xml": GOOD, DOCUMENT: GOOD}), name=DOCUMENT.encode())


def encrypted(path: Path) -> Path:
    return patched(zipped(path, {DOCUMENT: GOOD}), flags=archive.ENCRYPTED)


def zip_inside(path: Path) -> Path:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr(DOCUMENT, GOOD)
    return zipped(path, {DOCUMENT: GOOD, "harmless.xml": inner.getvalue()})


def no_document(path: Path) -> Path:
    return zipped(path, {OTHER: b"<Types/>"})


def document_in_a_folder(path: Path) -> Path:
    return zipped(path, {f"data/{DOCUMENT}": GOOD})


def no_members(path: Path) -> Path:
    return zipped(path, {})


def many_members(path: Path) -> Path:
    return zipped(path, {DOCUMENT: GOOD, **{f"{number}.xml": b"<x/>" for number in range(archive.MOST_MEMBERS)}})


def cut(path: Path) -> Path:
    whole = export(path, item("a@b.test")).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def empty(path: Path) -> Path:
    path.write_bytes(b"")
    return path


def no_zip(path: Path) -> Path:
    path.write_bytes(GOOD)
    return path


def a_bit_flipped(path: Path) -> Path:
    """In what a stored member holds: the zip is sound, its checksum says otherwise."""
    content = bytearray(zipped(path, {DOCUMENT: GOOD}, zipfile.ZIP_STORED).read_bytes())
    content[content.index(b"a@b.test")] ^= 1
    path.write_bytes(content)
    return path


def spoiled_stream(path: Path) -> Path:
    """In the deflated bytes themselves."""
    content = bytearray(export(path, item("a@b.test")).read_bytes())
    start = content.index(LOCAL) + 30 + len(DOCUMENT)
    content[start : start + 8] = b"\xff" * 8
    path.write_bytes(content)
    return path


def other_packing(path: Path) -> Path:
    return zipped(path, {DOCUMENT: GOOD}, zipfile.ZIP_LZMA)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (bomb, "'big.xml' says that .* a zip bomb"),
        (bomb_in_the_document, "'DocItemSet.xml' says that .* a zip bomb"),
        (says_more, "a zip bomb"),
        (says_less, r"is not a whole zip: Bad CRC|not a whole XML document"),
        (names("../../evil.xml"), r"'\.\./\.\./evil\.xml' is no name of a file in a folder"),
        (names("sub/../../evil.xml"), "is no name"),
        (names("..\\evil.xml"), "is no name"),
        (names("/etc/evil.xml"), "is no name"),
        (names("\\\\server\\share\\evil.xml"), "is no name"),
        (names("C:\\evil.xml"), "is no name"),
        (names("C:evil.xml"), "is no name"),
        (names("good.xml:evil"), "is no name"),
        (doubled, "'DocItemSet.xml' is in it twice"),
        (doubled_to_the_letter, "is in it twice"),
        (encrypted, "is encrypted"),
        (zip_inside, "'harmless.xml' is a zip itself"),
        (no_document, "holds no DocItemSet.xml"),
        (document_in_a_folder, "holds no DocItemSet.xml"),
        (no_members, "holds no DocItemSet.xml"),
        (many_members, "holds 101 files"),
        (cut, "is not a whole zip"),
        (empty, "is not a whole zip"),
        (no_zip, "is not a whole zip"),
        (a_bit_flipped, "is not a whole zip: Bad CRC"),
        (spoiled_stream, "is not a whole zip"),
        (other_packing, "is packed by method 14"),
    ],
)
def test_zips(tmp_path: Path, make: Make, words: str) -> None:
    """A zip that is damaged, not what it says, or made to do harm is refused before its content counts."""
    refused(make(tmp_path / "export.zip"), words)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["export.zip"]


def test_missing(tmp_path: Path) -> None:
    """A file that is not there is bad input, not a crash."""
    refused(tmp_path / "export.zip", "cannot be read: No such file")


def test_too_large_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However well the members shrink, together they may not unpack to more than the limit."""
    monkeypatch.setattr(archive, "MOST_BYTES", 1000)
    refused(zipped(tmp_path / "export.zip", {DOCUMENT: GOOD, "x.xml": bytes(1000)}), "the limit is 1,000")


def test_a_member_never_yields_more_than_it_says(tmp_path: Path) -> None:
    """A bomb whose header says it is small is cut off there: nothing of it gets into memory."""
    path = patched(bomb_in_the_document(tmp_path / "export.zip"), size=1 << 20)
    tracemalloc.start()
    with pytest.raises(InputError, match="whole"):
        list(read_export(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10 << 20


def test_many_small_members_are_found_by_their_entries(tmp_path: Path) -> None:
    """A zip whose central directory points both entries at the same bytes is refused, not read twice."""
    path = zipped(tmp_path / "export.zip", {DOCUMENT: GOOD, "other.xml": b"<x/>"}, zipfile.ZIP_STORED)
    content = bytearray(path.read_bytes())
    last = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, last + 42, 0)  # its local header is the first member's
    path.write_bytes(content)
    refused(path, "is not a whole zip")


# -- the document ------------------------------------------------------------------------------------------------------

ENTITY_BOMB = (
    b'<!DOCTYPE DocItemSet [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    b"<DocItemSet><DocItem Name='urn:lcd:a@b.test'>&b;</DocItem></DocItemSet>"
)
EXTERNAL = (
    b'<!DOCTYPE DocItemSet [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    b"<DocItemSet><DocItem Name='urn:lcd:a@b.test'>&x;</DocItem></DocItemSet>"
)
CONTACT = '<Contacts><Contact Buddy="b@c.test" DisplayName="{}" Groups="{}"/></Contacts>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not a whole XML document"),
        (GOOD[:-20], "not a whole XML document"),
        (GOOD + b"<more/>", "not a whole XML document"),
        (b"PK is no XML", "not a whole XML document"),
        (GOOD.replace(b"DocItemSet", b"HomedResources"), "its root is .*HomedResources"),
        (ENTITY_BOMB, "document type declaration"),
        (EXTERNAL, "document type declaration"),
        (document(item("a@b.test"), item("A@b.test", resource("a@b.test"))), "the user a@b.test twice"),
        (document(item("a@b.test", resource("a@b.test") * 2)), "2 elements Data/HomedResource, and not one"),
        (document(item("a@b.test", "<Homed/>")), "urn:lcd:a@b.test: it holds 0 elements Data/HomedResource"),
        (document(item("a@b.test").replace("Data", "Date")), "it holds 0 elements"),
        (document(item("a@b.test", resource("c@d.test"))), "the list in it is that of c@d.test"),
        (
            document(item("a@b.test", resource("a@b.test", CONTACT.format("no base64!", "1")))),
            "urn:lcd:a@b.test: .*contact b@c.test.*is not base64",
        ),
        (document(item("a@b.test", resource("a@b.test", CONTACT.format("", "x")))), "'x' is not a group number"),
        (document(item("a@b.test", resource("a@b.test", "<Contacts><Contact/></Contacts>"))), "has no Buddy"),
        (document(item("")), "has no UserAtHost"),
    ],
)
def test_documents(tmp_path: Path, content: bytes, words: str) -> None:
    """A document that is cut, of another kind, ambiguous or not decodable is refused, and the user named."""
    path = zipped(tmp_path / "export.zip", {DOCUMENT: content})
    with pytest.raises(InputError, match=words) as error:
        list(read_export(path))
    assert str(path) in error.value.message


def test_users_before_the_damage_are_read(tmp_path: Path) -> None:
    """The error comes when the damage is reached: whoever stops early knows nothing of the rest."""
    path = zipped(tmp_path / "export.zip", {DOCUMENT: document(item("a@b.test"), item("c@d.test"))[:-30]})
    reading = read_export(path)
    assert next(reading).user == "a@b.test"
    with pytest.raises(InputError):
        list(reading)
