"""The quick reader of an export, held against the exact one: the same rows, or the same words for what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree
from spellings import damaged, documents

from lyncdr_helpers.contacts import encoding, runs
from lyncdr_helpers.contacts.columns import ROWS, SCHEMA, read_table, table
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, parse, read_export
from lyncdr_helpers.contacts.inventory import Holding, holdings, read_holdings
from lyncdr_helpers.contacts.slices import InDoubt, read_slices
from lyncdr_helpers.errors import InputError

Export = Callable[..., Path]
"""The fixture `export`: writes HomedResources into a file."""

SHARED = settings(deadline=None, suppress_health_check=list(HealthCheck))  # the machine is shared
BEGIN = f'<HomedResources xmlns="{NAMESPACE}"><HomedResource UserAtHost="a@b.test">'
END = "</HomedResource></HomedResources>"
RUN = '<Contacts><Contact Buddy="b@c.test"/></Contacts>'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.xml"


def outcome(rows: Callable[[], object]) -> object:
    """All rows, or the words of the error."""
    try:
        return rows()
    except InputError as error:
        return error.message


def require_agreement(path: Path) -> None:
    exact = outcome(lambda: list(holdings(read_export(path))))
    assert outcome(lambda: list(read_holdings(path))) == exact
    assert outcome(lambda: [Holding(*row.values()) for row in read_table(path).to_pylist()]) == exact


# -- agreement ------------------------------------------------------------------------------------------------------


@settings(SHARED, max_examples=200)
@given(text=documents() | damaged(), codec=st.sampled_from(["utf-16-le", "utf-16-be", "utf-8"]))
@example(f"{BEGIN}<!-- {RUN} --><Contacts><?contacts?></Contacts>{END}", "utf-16-le")
@example(f"{BEGIN}<!-- {RUN} --><Contacts><?others?></Contacts>{END}", "utf-16-le")
@example(f"{BEGIN}<Old>{RUN}</Old><Contacts><?contacts?></Contacts>{END}", "utf-16-le")
@example(f'{BEGIN}<Contacts><Contact Buddy="b@c.test" Buddy="b@c.test"/></Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<Contacts><Contact Buddy="b@c.test"/><Contact Bunny="b@c.test"/></Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<Contacts><Contact Buddy="b" A="1"/><Contact Buddy="c" B="1"/></Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<Contacts><Contact Buddy="b" xmlns="urn:o"/></Contacts>{END}', "utf-16-le")
@example(f"{BEGIN}<!-- {RUN} --><Contacts><?contacts x?></Contacts>{END}", "utf-16-le")
@example(f'{BEGIN}<Contacts>/><Contact Buddy="b"</Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<Contacts><![CDATA[x]]><Contact Buddy="b"/></Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<Contacts><Contact Buddy="b"/>text</Contacts>{END}', "utf-16-le")
@example(f'{BEGIN}<d:Contacts xmlns:d="{NAMESPACE}" xmlns="urn:o">{RUN}</d:Contacts>{END}', "utf-16-le")
def test_any_spelling(file: Path, text: str, codec: str) -> None:
    """However a document is spelled, or damaged, all readers give the same users, or the same error."""
    file.write_bytes(("\ufeff" + text.replace("utf-16", codec.removesuffix("-le").removesuffix("-be"))).encode(codec))
    require_agreement(file)


@pytest.mark.parametrize("size", [1, 2, 3, 501, 1000, 1777, 2048, 5001])
def test_any_piece(export: Export, ana: str, monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    """Wherever a read of the file ends, also in the middle of a character or of a line's end, nothing is lost."""
    users = (ana.replace("Ana@", f"Aña{number}𝄞@").replace("\n", "\r\n") for number in range(12))
    path = export(*users, "<ConferenceDirectory/>")
    whole = list(read_holdings(path))
    monkeypatch.setattr(encoding, "PIECE", size)
    assert len(whole) == 12
    assert list(read_holdings(path)) == whole
    require_agreement(path)


@settings(SHARED, max_examples=100)
@given(text=documents(), turned=st.booleans())
def test_two_spellings(file: Path, text: str, turned: bool) -> None:
    """A user has one digest, whatever quotes, references, sections and order of attributes it is spelled in."""
    file.write_bytes(text.encode("utf-16"))
    before = outcome(lambda: list(read_holdings(file)))
    assume(not isinstance(before, str))
    root = etree.fromstring(text.encode("utf-16"))
    for element in root.iter(etree.Element):
        attributes = sorted(element.attrib.items(), reverse=turned)
        element.attrib.clear()
        element.attrib.update(attributes)
    file.write_bytes(etree.tostring(root, encoding="utf-16", xml_declaration=True))
    assert list(read_holdings(file)) == before


# -- the short way is taken -----------------------------------------------------------------------------------------


def shortcuts(path: Path) -> int:
    """How many users are read by the short way; raises InDoubt where the whole document is not."""
    return sum(runs.read(document, {}) is not None for document in read_slices(path))


def test_usual_spellings_are_quick(export: Export, ana: str) -> None:
    """Whatever a writer of XML does alike for all contacts costs no parser, and neither does what is beside a user."""
    spelled = [
        ana,
        ana.replace("></Contact>", "/>").replace("\n", "\r\n"),
        ana.replace("\n", "").replace("      ", ""),
        ana.replace('SubscribePresence="1" Groups="1 2"', 'Groups="1 2" SubscribePresence="1"').replace(
            'SubscribePresence="0" Groups=""', 'Groups="" SubscribePresence="0"'
        ),
        ana.replace("<Contact Buddy", '<Contact New="" Buddy'),
        ana.replace("<Contacts>", "<Unknown a='1'>&amp;<!-- --></Unknown><Contacts>"),
    ]
    users = [one.replace("Ana@", f"user{number}@") for number, one in enumerate(spelled)]
    path = export('<ConferenceDirectory Id="1"/>', *users, "<!-- all -->", '<ConferenceDirectory Id="2"/>')
    assert shortcuts(path) == len(spelled)
    require_agreement(path)


def test_the_others_are_read_alone(export: Export, ana: str) -> None:
    """A user who takes a parser does not slow down the others, nor does one without contacts."""
    odd = ana.replace("Ana@", "Eva@").replace('Buddy="Ben@', 'Buddy="Ben&amp;Co@')
    path = export(ana, odd, '<HomedResource UserAtHost="none@x.test"/>', ana.replace("Ana@", "Ida@"))
    assert shortcuts(path) == 2
    require_agreement(path)


def test_what_is_remembered(export: Export, ana: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Spellings are forgotten when they are many, and never kept when they are long: memory has a bound."""
    users = [ana.replace("Ana@", f"user{n}@").replace("Ben@", f"Ben{n % 5}@") for n in range(20)]
    path = export(*users, ana.replace('SubscribePresence="1"', f'SubscribePresence="{"1" * 500}"'))
    monkeypatch.setattr(runs, "MOST_KNOWN", 3)
    known: dict[bytes, bytes] = {}
    short = 0
    for document in read_slices(path):
        short += runs.read(document, known) is not None
        assert len(known) <= 3 + 2
    assert short == 20
    require_agreement(path)


@pytest.mark.parametrize(
    "inside", ["<Old>{}</Old>", "<!-- {} -->", "<![CDATA[{}]]>", '<d:Old xmlns:d="urn:o">{}</d:Old>', "<?old {} ?>"]
)
def test_no_user_by_mistake(export: Export, ana: str, inside: str) -> None:
    """A HomedResource in a comment, a section or another element is nobody, and the parser is asked."""
    path = export(ana, inside.format('<HomedResource UserAtHost="no@body.test"/>'))
    with pytest.raises(InDoubt):
        shortcuts(path)
    assert [found.user for found in read_holdings(path)] == ["ana@example.test"]


def test_prefixes(tmp_path: Path, ana: str) -> None:
    """A document spelled with a prefix for the namespace is the same document; only its digests know of the prefix."""
    path = tmp_path / "export.xml"
    prefixed = ana.replace("</", "</d:").replace("<", "<d:").replace("<d:/d:", "</d:")
    path.write_text(f'<d:HomedResources xmlns:d="{NAMESPACE}">{prefixed}</d:HomedResources>', encoding="utf-16")
    (found,) = read_holdings(path)
    assert (found.user, found.contacts, found.groups) == ("ana@example.test", 2, 2)
    require_agreement(path)


def test_digest_is_the_elements(export: Export, ana: str) -> None:
    """The digest of a row is the one of the list, of the element an import carries, and of that element parsed anew."""
    path = export(ana)
    (found,), (row,) = read_export(path), read_holdings(path)
    assert row.digest == found.digest == parse(found.element).digest


# -- the table ------------------------------------------------------------------------------------------------------


def test_table(export: Export, ana: str) -> None:
    """One row per user, in the export's order, with the columns that the schema names."""
    made = read_table(export(ana.replace("Ana@", "Zoe@"), ana))
    assert made.schema == SCHEMA
    assert made["address"].to_pylist() == ["zoe@example.test", "ana@example.test"]
    assert made["contacts"].to_pylist() == [2, 2]
    assert made["distribution_groups"].to_pylist() == [0, 0]


@pytest.mark.parametrize("count", [0, 1, ROWS, ROWS + 1])
def test_table_of_many(count: int) -> None:
    """Batches follow each other without a gap, and nobody is a table too."""
    made = table(Holding(f"user{number}@x.test", number, 1, 0, "0" * 64) for number in range(count))
    assert made.schema == SCHEMA
    assert made["contacts"].to_pylist() == list(range(count))
