"""Deciding a cutover: what is seen, what is wanted, and the changes between them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from record_strategies import host, record_sets

from lyncdr_helpers.dns import cutover, records
from lyncdr_helpers.errors import InputError, Refusal, Unreachable
from lyncdr_helpers.params.dns import CutoverRecord, Dns, DnsServer
from lyncdr_helpers.plan import Change, Plan, from_json
from lyncdr_helpers.ports import RecordChange, RecordSet

SIP = CutoverRecord(name="sip.lync.test", type="A", to=["10.0.0.21"], ttl=60)
SRV = CutoverRecord(name="_sipinternaltls._tcp.lync.test", type="SRV", to=["0 0 5061 DRSE01.lync.test"], ttl=60)
OLD_SIP = records.record_set("sip.lync.test", "A", 3600, ["10.0.0.11"])
NEW_SIP = cutover.wanted(SIP)


class Book:
    """A nameserver that knows what it was given, and is silent about names that end in `silent.test`."""

    def __init__(self, *known: RecordSet) -> None:
        self._known = {some.key: some for some in known}

    def ask(self, name: str, type: str) -> RecordSet | None:
        if name.endswith("silent.test"):
            raise Unreachable("nobody there")
        return self._known.get(f"{name} {type}")

    def update(self, zone: str, changes: Sequence[RecordChange]) -> bool:
        raise AssertionError("deciding never changes anything")


def seen_by(book: Book, *asked: CutoverRecord) -> dict[str, RecordSet | None]:
    return cutover.see(asked, lambda _: book)


def test_plan() -> None:
    """A record that differs becomes a change whose old value is what was seen; a missing one is created."""
    seen = seen_by(Book(OLD_SIP), SIP, SRV)
    assert cutover.plan_cutover([SIP, SRV], seen) == (
        RecordChange(None, cutover.wanted(SRV)),
        RecordChange(OLD_SIP, NEW_SIP),
    )


def test_nothing_to_do() -> None:
    """A record that already is as wanted, in whatever spelling it was declared, needs no change."""
    book = Book(NEW_SIP, cutover.wanted(SRV))
    assert cutover.plan_cutover([SIP, SRV], seen_by(book, SIP, SRV)) == ()


def test_ttl_counts() -> None:
    """The right value under a day-long time to live is still to be changed."""
    lasting = records.record_set("sip.lync.test", "A", 86400, SIP.to)
    assert cutover.plan_cutover([SIP], seen_by(Book(lasting), SIP)) == (RecordChange(lasting, NEW_SIP),)


def test_silence_is_no_absence() -> None:
    """A server that cannot be asked stops the look; it never counts as `no such record`."""
    with pytest.raises(Unreachable):
        seen_by(Book(), CutoverRecord(name="sip.silent.test", type="A", to=["10.0.0.21"]))


@pytest.mark.parametrize(
    ("standing", "wanted"),
    [
        (("CNAME", "pool01.lync.test."), ("A", "10.0.0.21")),
        (("A", "10.0.0.11"), ("CNAME", "drse01.lync.test.")),
        (("AAAA", "2001:db8::1"), ("CNAME", "drse01.lync.test.")),
    ],
)
def test_cname_in_the_way(standing: tuple[str, str], wanted: tuple[str, str]) -> None:
    """A CNAME stands alone: servers drop an update that breaks this without a word, so it is refused before."""
    book = Book(records.record_set("sip.lync.test", standing[0], 60, [standing[1]]))
    asked = CutoverRecord(name="sip.lync.test", type=wanted[0], to=[wanted[1]])  # type: ignore[arg-type]
    with pytest.raises(Refusal, match=f"sip.lync.test is to be {wanted[0]}, but {standing[0]}"):
        seen_by(book, asked)


@pytest.mark.parametrize("to", ["not an address", "10.0.0.300", "drse01.lync.test"])
def test_bad_target(to: str) -> None:
    """A value that is no value of the record's type is found before anything is asked."""
    with pytest.raises(InputError):
        seen_by(Book(), CutoverRecord(name="sip.lync.test", type="A", to=[to]))


def server(name: str, *zones: str) -> DnsServer:
    return DnsServer(name=name, address="192.0.2.1", zones=list(zones), update="manual")


def create(name: str) -> RecordChange:
    return RecordChange(None, records.record_set(name, "A", 60, ["10.0.0.1"]))


def test_grouped_by_zone() -> None:
    """Each zone gets its own group, the longest zone wins, and the order is that of the parameters."""
    dns = Dns(servers=[server("one", "lync.test", "ext.test"), server("two", "sub.lync.test")], records=[SIP])
    names = ["b.sub.lync.test", "sip.ext.test", "z.lync.test", "a.lync.test", "sub.lync.test"]
    groups = cutover.by_zone([create(name) for name in names], dns)
    assert [(g.server.name, g.zone, [c.key for c in g.changes]) for g in groups] == [
        ("one", "lync.test", ["a.lync.test A", "z.lync.test A"]),
        ("one", "ext.test", ["sip.ext.test A"]),
        ("two", "sub.lync.test", ["b.sub.lync.test A", "sub.lync.test A"]),
    ]


def test_homeless_change() -> None:
    """A record that no declared zone holds is named; a name that merely ends alike is not in the zone."""
    dns = Dns(servers=[server("one", "lync.test")], records=[SIP])
    with pytest.raises(InputError, match=r"notlync\.test A"):
        cutover.by_zone([create("notlync.test"), create("sip.lync.test")], dns)


@given(st.data())
def test_plan_text_is_loss_free(data: st.DataObject) -> None:
    """A change survives the plan on disk exactly: creation, replacement and removal."""
    key = (data.draw(host), data.draw(st.sampled_from(["A", "AAAA", "CNAME", "SRV"])))
    one, other = data.draw(record_sets(key)), data.draw(record_sets(key))
    changes = [RecordChange(one, other), RecordChange(None, one), RecordChange(one, None)]
    plan = Plan.of("run", "lab", "scope", {}, map(cutover.to_plan, changes))
    kept = from_json(plan.as_json())
    assert {cutover.from_plan(change) for change in kept.changes} == set(changes)


def test_undone_plan_takes_it_back() -> None:
    """The undo of a planned change is the reverse change of the records."""
    change = RecordChange(OLD_SIP, NEW_SIP)
    assert cutover.from_plan(cutover.to_plan(change).undone()) == RecordChange(NEW_SIP, OLD_SIP)


@pytest.mark.parametrize(
    "change",
    [
        Change("move-user", "sip:a@lync.test", "x", "y"),
        Change("dns-record", "sip.lync.test A", "", ""),
        Change("dns-record", "sip.lync.test A", "", "sixty 10.0.0.1"),
        Change("dns-record", "sip.lync.test", "", "60 10.0.0.1"),
        Change("dns-record", "sip.lync.test A", "", "60 10.0.0.1 | "),
    ],
)
def test_bad_plan_text(change: Change) -> None:
    """A change that this code did not write is refused as bad input, whatever is wrong with it."""
    with pytest.raises(InputError):
        cutover.from_plan(change)
