"""Files that are no export, or not any more: each is refused by every reader, with the file, the place and a remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lyncdr_helpers.contacts import encoding
from lyncdr_helpers.contacts.columns import read_table
from lyncdr_helpers.contacts.dbimpexp import LARGEST, NAMESPACE, read_export
from lyncdr_helpers.contacts.inventory import read_holdings
from lyncdr_helpers.errors import InputError

Export = Callable[..., Path]
"""The fixture `export`: writes HomedResources into a file."""

READERS: tuple[Callable[[Path], Iterable[object]], ...] = (read_export, read_holdings, lambda path: [read_table(path)])
BEGIN = f'<?xml version="1.0" encoding="utf-16"?>\n<HomedResources xmlns="{NAMESPACE}">\n'
END = "</HomedResources>\n"


def refused(path: Path) -> str:
    """What every reader says of the file, in the same words."""
    said = set()
    for read in READERS:
        with pytest.raises(InputError) as raised:
            list(read(path))
        assert str(path) in raised.value.message
        assert raised.value.remedy
        said.add(raised.value.message)
    (words,) = said
    return words


@pytest.fixture
def written(tmp_path: Path) -> Callable[[bytes], Path]:
    """A file that holds these bytes."""

    def write(content: bytes) -> Path:
        path = tmp_path / "export.xml"
        path.write_bytes(content)
        return path

    return write


Written = Callable[[bytes], Path]


# -- how it is written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mark", "codec", "declared"),
    [
        (b"\xff\xfe", "utf-16-le", ' encoding="utf-16"'),
        (b"\xff\xfe", "utf-16-le", " encoding='UTF-16LE'"),
        (b"\xff\xfe", "utf-16-le", ""),
        (b"\xfe\xff", "utf-16-be", ' encoding="utf-16"'),
        (b"\xef\xbb\xbf", "utf-8", ' encoding="utf-8"'),
        (b"\xef\xbb\xbf", "utf-8", ""),
        (b"", "utf-8", ' encoding="UTF-8"'),
    ],
)
def test_encodings_that_are_plain(written: Written, mark: bytes, codec: str, declared: str) -> None:
    """A mark or a declaration says how to read the file: then it is read, and an umlaut is an umlaut."""
    text = f'<?xml version="1.0"{declared}?>{BEGIN.partition("?>")[2]}<HomedResource UserAtHost="jürg@x.test"/>{END}'
    path = written(mark + text.encode(codec))
    assert [found.user for found in read_holdings(path)] == ["jürg@x.test"]
    assert [found.user for found in read_export(path)] == ["jürg@x.test"]


@pytest.mark.parametrize(
    ("mark", "codec", "declared", "said"),
    [
        (b"", "utf-16-le", ' encoding="utf-16"', "UTF-16 without its byte order mark"),
        (b"", "utf-16-be", ' encoding="utf-16"', "UTF-16 without its byte order mark"),
        (b"", "utf-8", "", "does not say how it is encoded"),
        (b"", "utf-8", ' encoding="utf-16"', "declares utf-16 and has no mark of UTF-16"),
        (b"", "cp1252", ' encoding="windows-1252"', "declares windows-1252 and has no mark"),
        (b"\xef\xbb\xbf", "utf-8", ' encoding="utf-16"', "declares utf-16 and is UTF-8"),
        (b"\xff\xfe", "utf-16-le", ' encoding="utf-8"', "declares utf-8 and is UTF-16"),
        (b"\xff\xfe", "utf-16-le", ' encoding="utf-16be"', "declares utf-16be and is UTF-16"),
        (b"\xff\xfe\0\0", "utf-32-le", ' encoding="utf-32"', "begins with NUL bytes"),
        (b"", "cp1252", ' encoding="utf-8"', "it is no UTF-8"),
        (b"\xff\xfe", "utf-16-be", ' encoding="utf-16"', "no element found|Start tag expected"),
    ],
)
def test_encodings_that_are_not(
    written: Written, mark: bytes, codec: str, declared: str, said: str, request: pytest.FixtureRequest
) -> None:
    """What could be read in two ways, or in none, is refused and never guessed."""
    text = f'<?xml version="1.0"{declared}?>{BEGIN.partition("?>")[2]}<HomedResource UserAtHost="jürg@x.test"/>{END}'
    words = refused(written(mark + text.encode(codec)))
    assert any(one in words for one in said.split("|")), words


def test_lone_surrogate(written: Written, ana: str) -> None:
    """Half a character in a value is no character, and says where."""
    content = (BEGIN + ana.replace("Ben@", "Ben\ud800@") + END).encode("utf-16", "surrogatepass")
    assert "near byte" in refused(written(content))


@pytest.mark.parametrize("character", ["\0", "\x0b", "\ufffe", "\uffff", "&#0;", "&#xD800;", "&#x1F;"])
def test_forbidden_characters(written: Written, ana: str, character: str) -> None:
    """What XML does not allow, plain or as a reference, is an error with its line, wherever it stands."""
    for place in ("Ben", "<Contacts>", 'SubscribePresence="1', "<HomedResource ", "?>\n"):
        text = (BEGIN + ana + END).replace(place, place + character, 1)
        assert "line" in refused(written(text.encode("utf-16")))


def test_a_hole_of_nuls(written: Written, ana: str) -> None:
    """A block that never reached the disk reads as NULs: refused in the middle, at the end, and where all is one."""
    whole = (BEGIN + ana + ana.replace("Ana", "Eva") + END).encode("utf-16")
    refused(written(whole[:400] + bytes(200) + whole[600:]))
    refused(written(whole + bytes(4096)))
    assert "begins with NUL bytes" in refused(written(bytes(4096)))


def test_empty(written: Written) -> None:
    """An empty file says that it is empty."""
    assert "is empty: 0 bytes" in refused(written(b""))


def test_a_folder(tmp_path: Path) -> None:
    """What cannot be opened is named by every reader."""
    assert "cannot be read" in refused(tmp_path)


# -- what it holds --------------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_cut_anywhere(written: Written, ana: str, data: st.DataObject) -> None:
    """A file that was cut at any byte before its end is refused by every reader, as a file that is not whole."""
    whole = (BEGIN + ana + "<ConferenceDirectory/>" + ana.replace("Ana", "Eva") + END.strip()).encode("utf-16")
    refused(written(whole[: data.draw(st.integers(0, len(whole) - 1))]))


def test_a_later_piece_is_no_document(written: Written, ana: str) -> None:
    """After an error the reader never starts anew: what follows an unknown entity is not taken for an export."""
    piece = encoding.PIECE // 2
    text = (BEGIN + ana).ljust(piece) + "&unknown;".ljust(piece) + BEGIN.partition("?>")[2].strip() + END
    words = refused(written(text.encode("utf-16")))
    assert "Entity 'unknown' not defined" in words


@pytest.mark.parametrize("where", ["outside", "root", "inside"])
def test_document_type(written: Written, tmp_path: Path, ana: str, where: str) -> None:
    """A document type is refused as such, before an entity of it is met, and the file it names stays unread."""
    secret = tmp_path / "secret"
    secret.write_text("never shown", encoding="utf-8")
    types = f'<!DOCTYPE HomedResources [<!ENTITY file SYSTEM "{secret.as_uri()}"><!ENTITY a "aaaaaaaaaa">]>'
    text = {
        "outside": BEGIN.replace("<Homed", types + "<Homed") + ana + END,
        "root": BEGIN.replace("<Homed", types + "<Homed").replace("xmlns", 'x="&a;" xmlns') + ana + END,
        "inside": BEGIN + types + ana.replace("<Contacts>", "<Contacts>&file;") + END,
    }[where]
    words = refused(written(text.encode("utf-16")))
    assert "never shown" not in words
    assert where == "inside" or "document type declaration" in words


def test_entity_bomb(written: Written, ana: str) -> None:
    """A billion laughs are refused in the time of none."""
    laughs = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    types = f'<!DOCTYPE x [<!ENTITY e0 "ha">{laughs}]>'
    text = BEGIN.replace("<Homed", types + "<Homed") + ana.replace('"Ana@', '"&e11;@') + END
    assert "document type declaration" in refused(written(text.encode("utf-16")))


@pytest.mark.parametrize(
    "root", ["<DocItemSet/>", "<HomedResources/>", '<HomedResources xmlns="urn:o"></HomedResources>']
)
def test_wrong_root(written: Written, root: str) -> None:
    """Another document is named by its root, and its namespace."""
    assert "is no dbimpexp document: its root is" in refused(written(root.encode("utf-16")))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('DisplayName="QmVu"', 'DisplayName="QmV*"', "user ana@example.test, contact ben@example.test, DisplayName"),
        ('DisplayName="QmVu"', 'DisplayName="Qm Vu"', "'Qm Vu' is not base64"),
        ('DisplayName="QmVu"', 'DisplayName="Grüße"', "'Grüße' is not base64"),
        ('Groups="1 2"', f'Groups="{"9" * 5000}"', "is not a group number"),
        ('Buddy="Ben@Example.test"', 'Buddy=" "', "user ana@example.test: a Contact has no Buddy"),
        ('Buddy="Ben@Example.test"', 'Buddy="\u2003"', "user ana@example.test: a Contact has no Buddy"),
        ("<Contacts>", '<Contacts xmlns:x="relative">', "user ana@example.test: a namespace is no absolute URI"),
    ],
)
def test_values_that_mean_nothing(export: Export, ana: str, right: str, wrong: str, said: str) -> None:
    """A value that cannot be understood is found by every reader, with line and user, also behind users that can."""
    words = refused(export(ana.replace("Ana", "Eva"), ana.replace(right, wrong)))
    assert "line 11" in words
    assert said in words


def test_a_user_twice(export: Export, ana: str) -> None:
    """Twice is twice for every reader, with other users between and in another spelling."""
    words = refused(export(ana, ana.replace("Ana", "Eva"), ana.replace("Ana@", "sip:ANA@")))
    assert "holds the user ana@example.test twice" in words


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        pytest.param(f"<Note>{'x' * 2 * LARGEST}</Note>", "after eva@example.test, and no user", id="text"),
        pytest.param(f'<Note of="{"x" * 2 * LARGEST}"/>', "after eva@example.test, and no user", id="attribute"),
        pytest.param(f"<Note>{'<n/>' * (LARGEST // 2)}</Note>", "after eva@example.test", id="elements"),
        pytest.param("<n>" * 10_000, "Excessive depth", id="depth"),
    ],
)
def test_a_huge_element(export: Export, ana: str, inside: str, said: str) -> None:
    """An element beyond all measure is refused: it would take the memory that everybody else needs."""
    path = export(
        ana.replace("Ana", "Eva"), ana.replace("<Contacts>", f"{inside}<Contacts>"), ana.replace("Ana", "Ida")
    )
    for read in READERS[:2]:
        with pytest.raises(InputError) as raised:
            list(read(path))
        assert str(path) in raised.value.message
