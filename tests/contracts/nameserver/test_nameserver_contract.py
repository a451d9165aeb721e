"""What every nameserver must do, whoever wrote it."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from nameserver_subjects import Make, Subject

from lyncdr_helpers.dns import cutover
from lyncdr_helpers.errors import AccessDenied, InputError, LyncdrError, OperationError, Refusal
from lyncdr_helpers.params.dns import CutoverRecord
from lyncdr_helpers.ports import RecordChange, RecordSet

ZONE = "lync.test"


def put(subject: Subject, *new: RecordSet) -> None:
    assert subject.nameserver.update(ZONE, [RecordChange(None, some) for some in new])


def test_nothing_there(subject: Subject, name: str, make: Make) -> None:
    """No such name, no such type at the name, and a name that only has names below it: all three are None."""
    put(subject, make("10.0.0.1", at=f"below.{name}"))
    assert subject.nameserver.ask(f"nobody.{name}", "A") is None
    assert subject.nameserver.ask(f"below.{name}", "AAAA") is None
    assert subject.nameserver.ask(name, "A") is None


def test_create_and_read_back(subject: Subject, make: Make) -> None:
    """What was created is what is read, values sorted, with its time to live."""
    new = make("10.0.0.9", "10.0.0.10", ttl=123)
    put(subject, new)
    assert subject.nameserver.ask(new.name, "A") == new
    assert new.values == ("10.0.0.10", "10.0.0.9")


@pytest.mark.parametrize(
    ("type", "value"),
    [("AAAA", "2001:db8::21"), ("CNAME", "drse01.lync.test."), ("SRV", "0 0 5061 drse01.lync.test.")],
)
def test_types(subject: Subject, make: Make, type: str, value: str) -> None:
    """Every type that a cutover may move makes the round trip."""
    new = make(value, type=type)
    put(subject, new)
    assert subject.nameserver.ask(new.name, type) == new


def test_spelling_of_the_question(subject: Subject, name: str, make: Make) -> None:
    """Upper case and a final dot ask for the same record and get the same answer."""
    put(subject, make("10.0.0.1"))
    assert subject.nameserver.ask(name.upper() + ".", "a") == make("10.0.0.1")


def test_replace(subject: Subject, make: Make) -> None:
    """Old values go, new values and the new time to live stand."""
    old, new = make("10.0.0.1", "10.0.0.2", ttl=3600), make("10.0.0.2", "10.0.0.3", ttl=60)
    put(subject, old)
    assert subject.nameserver.update(ZONE, [RecordChange(old, new)])
    assert subject.nameserver.ask(new.name, "A") == new


def test_replace_time_to_live(subject: Subject, make: Make) -> None:
    """The same values with another time to live are a change."""
    old, new = make("10.0.0.1", ttl=3600), make("10.0.0.1", ttl=60)
    put(subject, old)
    assert subject.nameserver.update(ZONE, [RecordChange(old, new)])
    assert subject.nameserver.ask(new.name, "A") == new


def test_remove(subject: Subject, make: Make) -> None:
    """A removed record is gone, and its neighbour of another type is not."""
    old, neighbour = make("10.0.0.1"), make("2001:db8::1", type="AAAA")
    put(subject, old, neighbour)
    assert subject.nameserver.update(ZONE, [RecordChange(old, None)])
    assert subject.nameserver.ask(old.name, "A") is None
    assert subject.nameserver.ask(old.name, "AAAA") == neighbour


@pytest.mark.parametrize("assumed", [("10.0.0.9",), ("10.0.0.1",), ("10.0.0.1", "10.0.0.2", "10.0.0.3"), ()])
def test_stale_old_value(subject: Subject, make: Make, assumed: tuple[str, ...]) -> None:
    """Another old value, fewer, more, or none assumed where one stands: the server refuses and nothing changes."""
    standing = make("10.0.0.1", "10.0.0.2")
    put(subject, standing)
    old = make(*assumed) if assumed else None
    with pytest.raises(Refusal, match=re.escape(standing.key)):
        subject.nameserver.update(ZONE, [RecordChange(old, make("10.0.0.21"))])
    assert subject.nameserver.ask(standing.name, "A") == standing


def test_stale_absence(subject: Subject, make: Make) -> None:
    """An old value where nothing stands any more: refused, and nothing appears."""
    old = make("10.0.0.1")
    with pytest.raises(Refusal, match=re.escape(old.key)):
        subject.nameserver.update(ZONE, [RecordChange(old, make("10.0.0.21"))])
    assert subject.nameserver.ask(old.name, "A") is None


def test_all_or_nothing(subject: Subject, name: str, make: Make) -> None:
    """One stale change of three, and none of them is made; the message names only the stale one."""
    first, stale, last = (make("10.0.0.1", at=f"{place}.{name}") for place in ("a", "b", "c"))
    put(subject, first, stale, last)
    changes = [
        RecordChange(first, make("10.0.0.21", at=first.name)),
        RecordChange(make("10.0.0.99", at=stale.name), make("10.0.0.21", at=stale.name)),
        RecordChange(last, None),
    ]
    with pytest.raises(Refusal, match=re.escape(stale.key)) as caught:
        subject.nameserver.update(ZONE, changes)
    assert first.key not in caught.value.message
    assert [subject.nameserver.ask(some.name, "A") for some in (first, stale, last)] == [first, stale, last]


def test_stranger(subject: Subject, make: Make) -> None:
    """Whoever has no right key changes nothing and is told so."""
    standing = make("10.0.0.1")
    put(subject, standing)
    with pytest.raises(AccessDenied):
        subject.stranger.update(ZONE, [RecordChange(standing, make("10.0.0.66"))])
    assert subject.nameserver.ask(standing.name, "A") == standing


def test_outside_the_zone(subject: Subject, make: Make) -> None:
    """One change outside the zone, and nothing is sent: not the change inside it either."""
    inside, outside = make("10.0.0.1"), make("10.0.0.1", at="sip.notlync.test")
    with pytest.raises(InputError, match=r"sip\.notlync\.test A"):
        put(subject, inside, outside)
    assert subject.nameserver.ask(inside.name, "A") is None


def test_foreign_zone(subject: Subject, make: Make) -> None:
    """A zone that the server does not have: denied, never `no such record`."""
    with pytest.raises(OperationError):
        subject.nameserver.ask("sip.example.org", "A")
    with pytest.raises(OperationError):
        subject.nameserver.update("example.org", [RecordChange(None, make("10.0.0.1", at="sip.example.org"))])


def test_long_answer(subject: Subject, make: Make) -> None:
    """An answer too long for UDP comes whole, over TCP."""
    many = make(*(f"10.0.0.{i}" for i in range(90)))
    put(subject, many)
    assert subject.nameserver.ask(many.name, "A") == many


def test_one_winner(subject: Subject, make: Make) -> None:
    """Of many who change the same record from the same old value at once, one succeeds; its value stands."""
    old = make("10.0.0.1")
    put(subject, old)

    def attempt(number: int) -> str:
        new = make(f"10.0.0.{number}")
        try:
            subject.nameserver.update(ZONE, [RecordChange(old, new)])
        except LyncdrError as error:
            assert isinstance(error, subject.lost_race)
            return ""
        return new.values[0]

    with ThreadPoolExecutor(6) as pool:
        won = [value for value in pool.map(attempt, range(10, 16)) if value]
    found = subject.nameserver.ask(old.name, "A")
    assert found is not None
    assert [*found.values] == won


def test_cutover_there_and_back(subject: Subject, name: str, make: Make) -> None:
    """A cutover is planned from what is seen, made, then has nothing left to do; its undo restores every record."""
    before = make("10.0.0.11", ttl=3600)
    put(subject, before)
    asked = [
        CutoverRecord(name=name, type="A", to=["10.0.0.21"], ttl=60),
        CutoverRecord(name=f"_sip._tls.{name}", type="SRV", to=["0 0 443 drse01.lync.test"], ttl=60),
    ]

    def seen() -> dict[str, RecordSet | None]:
        return cutover.see(asked, lambda _: subject.nameserver)

    planned = [cutover.to_plan(change) for change in cutover.plan_cutover(asked, seen())]
    subject.nameserver.update(ZONE, [cutover.from_plan(change) for change in planned])
    assert cutover.plan_cutover(asked, seen()) == ()
    subject.nameserver.update(ZONE, [cutover.from_plan(change.undone()) for change in planned])
    assert seen() == {before.key: before, f"_sip._tls.{name} SRV": None}


def test_a_proof_changes_nothing(subject: Subject, make: Make) -> None:
    """A server takes an update without a change: the zone's serial stands, and so does every record."""
    standing = make("10.0.0.1")
    put(subject, standing)
    before = subject.nameserver.ask(ZONE, "SOA")
    subject.nameserver.prove_update(ZONE)
    subject.nameserver.prove_update(ZONE)
    assert subject.nameserver.ask(ZONE, "SOA") == before
    assert subject.nameserver.ask(standing.name, "A") == standing


def test_a_stranger_proves_nothing(subject: Subject) -> None:
    """Whoever has no right key is told so before anything is at stake."""
    with pytest.raises(AccessDenied):
        subject.stranger.prove_update(ZONE)


def test_a_proof_for_a_foreign_zone(subject: Subject) -> None:
    """A zone that the server does not have is refused, or at least not proven."""
    with pytest.raises(OperationError):
        subject.nameserver.prove_update("example.org")
