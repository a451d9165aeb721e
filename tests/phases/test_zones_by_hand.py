"""Zones that we may not write: told as commands and as a table, changed by a person, proven by their server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import Ended, run, variant, zone_changed

from lyncdr_helpers.answers import Answers
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.errors import Incomplete
from lyncdr_helpers.lab import local_shell
from lyncdr_helpers.phases.acts import records, zones_by_hand
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import RecordChange, RecordSet
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import dns_server
from lyncdr_helpers.shell.script import line

STEP = "dns-lync.test"
DID = Answers(did={STEP: "the six records as shown by dnscmd"})
SKIP = Answers(skip={STEP: "the provider's portal is down"})


@pytest.fixture(scope="module")
def params(standing: Scene) -> Path:
    """The zone is changed by a person."""
    text = standing.params.read_text(encoding="utf-8")
    key = next(row for row in text.splitlines() if row.strip().startswith("tsig:"))
    path = standing.params.with_name("manual.yml")
    path.write_text(text.replace("update: tsig", "update: manual").replace(f"{key}\n", ""), encoding="utf-8")
    return path


@pytest.fixture
def first_day(standing: Scene) -> Iterator[Scene]:
    """Afterwards every record is as it was."""
    yield standing
    loaded = open_session("verify", standing.params, run="new")
    zone = loaded.nameservers["ns"]
    for old in DAY_ONE:
        now = zone.ask(old.name, old.type)
        if now != old:
            zone.update("lync.test", [RecordChange(now, old)])
    loaded.close()


DAY_ONE: list[RecordSet] = []


@pytest.fixture(autouse=True)
def remembered(standing: Scene) -> None:
    if not DAY_ONE:
        session = open_session("verify", standing.params, run="new")
        DAY_ONE.extend(one for one in records.seen_now(session).values() if one)
        session.close()


def planned(session: Session) -> list[Change]:
    changes = cutover.plan_cutover(session.params.dns.records, records.seen_now(session))
    return [cutover.to_plan(one) for one in changes]


class Turn:
    """One execution of the step, with what it tallied. plan: what the first one planned, as if approved."""

    def __init__(self, params: Path) -> None:
        self.params = params
        self.run = "new"
        self.plan: list[Change] = []
        self.tally: Tally | None = None

    def go(self, answers: Answers | None = None, mode: str = "live") -> Ended:
        session = open_session("activate", self.params, mode=mode, run=self.run, answers=answers)
        self.run = session.folder.run

        def act(one: Session) -> None:
            with one.step("repoint DNS"):
                self.plan = self.plan or planned(one)
                ours, by_hand = zones_by_hand.split(one, self.plan)
                assert ours == []
                self.tally = zones_by_hand.repoint(one, by_hand)
                if self.tally.failed:
                    raise Incomplete(str(dict(self.tally.failed)))
            one.end("done", 0)

        return run(session, act)


def commands(ended: Ended) -> list[str]:
    (asked,) = [line for line in ended.kinds("guided") if line.facts["state"] in ("asked", "withheld")]
    text: str = asked.facts["do"][1]["command"]
    return text.splitlines()


def by_hand(scene: Scene, some: list[str]) -> None:
    for one in some:
        assert local_shell.run(scene.blueprint, one).errors == [], one


def test_the_whole_way(first_day: Scene, params: Path) -> None:
    """Refused with commands and table; the commands, run as printed on the DNS server, make exactly what was planned;
    said, read back from the server, on record.
    """
    turn = Turn(params)
    first = turn.go()
    assert first.code == 5
    assert "--did dns-lync.test=" in first.text
    told = commands(first)
    assert len(told) == 12
    assert "Remove-DnsServerResourceRecord -ZoneName 'lync.test' -Name 'sip' -RRType 'A' -Force" in told
    table = first.kinds("guided")[0].facts["do"][0]["command"]
    assert "sip.lync.test" in table
    assert len(table.splitlines()) == 7
    by_hand(first_day, told)
    second = turn.go(DID)
    assert second.code == 0
    assert turn.tally == Tally(zones_by_hand.ACT, done=6)
    assert turn.go().code == 0
    assert turn.tally == Tally(zones_by_hand.ACT, done=6)
    assert [one.facts["state"] for one in second.kinds("guided")] == ["asked", "done"]
    assert [row.facts["verdict"] for row in second.kinds("check")][-6:] == ["pass"] * 6
    session = open_session("verify", params, run="new")
    now = records.seen_now(session)
    session.close()
    assert {key: records.records.as_text(one) for key, one in now.items()} == {one.target: one.new for one in turn.plan}


def test_said_and_not_done(first_day: Scene, params: Path) -> None:
    """Half of the commands were run: exit 3, what is missing is named; the next asking has what is left alone."""
    turn = Turn(params)
    told = commands(turn.go())
    by_hand(first_day, told[:4])
    second = turn.go(DID)
    assert second.code == 3
    assert second.text.count("expected") == 4
    third = turn.go()
    assert third.code == 5
    assert third.kinds("guided")[-1].facts["title"] == "Change 4 records of lync.test"


def test_skipped(first_day: Scene, params: Path) -> None:
    """A reason lets the run go on, and it ends incomplete: each record that was left is named with it."""
    turn = Turn(params)
    by_hand(first_day, commands(turn.go())[:2])
    ended = turn.go(SKIP)
    assert (ended.code, len(turn.tally.failed if turn.tally else ())) == (4, 5)
    assert "the provider's portal is down" in ended.text


def test_a_rehearsal(first_day: Scene, params: Path) -> None:
    """Told and withheld; nothing asks the person to do it."""
    turn = Turn(params)
    ended = turn.go(mode="rehearse")
    assert (ended.code, turn.tally) == (0, Tally(zones_by_hand.ACT, withheld=6))
    assert len(commands(ended)) == 12


def test_it_is_so_already(first_day: Scene, params: Path) -> None:
    """Every record points to DR: nobody is asked."""
    turn = Turn(params)
    by_hand(first_day, commands(turn.go()))
    turn.run = "new"
    assert turn.go().code == 0
    assert turn.tally == Tally(zones_by_hand.ACT, already=6)


def test_another_time_to_live_is_told_and_holds_nothing_back(first_day: Scene, params: Path) -> None:
    """A provider that knows no shorter time to live than an hour: the values count, the rest is a warning."""
    turn = Turn(params)
    told = [one.replace("'00:01:00'", "'01:00:00'") for one in commands(turn.go())]
    by_hand(first_day, told)
    ended = turn.go(DID)
    assert ended.code == 0
    assert ended.rows["sip.lync.test A time to live"] == "warn"


def test_a_record_that_somebody_changed_meanwhile(first_day: Scene, params: Path) -> None:
    """Neither as the plan saw it nor as it wants it: refused before anybody is told to remove it."""
    turn = Turn(params)
    turn.go()
    odd = RecordSet("sip.lync.test", "A", 60, ("192.0.2.99",))
    with zone_changed(first_day, "sip.lync.test", "A", odd):
        ended = turn.go(DID)
    assert ended.code == 5
    assert "neither as the plan saw them" in ended.text


def test_undo_is_kept(first_day: Scene, params: Path) -> None:
    """The old values are on disk before anybody is asked to change them."""
    turn = Turn(params)
    ended = turn.go()
    assert ended.folder.undo.read_text(encoding="utf-8").count("dns-record") == 6


def test_a_server_that_does_not_answer(standing: Scene, params: Path) -> None:
    """Whoever cannot be asked proves nothing."""
    away = variant(standing, (f"address: {standing.blueprint.nameserver}\n", "address: 127.53.250.9\n"))
    text = away.read_text(encoding="utf-8")
    key = next(row for row in text.splitlines() if row.strip().startswith("tsig:"))
    away.write_text(text.replace("update: tsig", "update: manual").replace(f"{key}\n", ""), encoding="utf-8")
    turn = Turn(away)
    turn.plan = [Change("dns-record", "sip.lync.test A", "60 192.0.2.1", "60 192.0.2.2")]
    assert turn.go(DID).code == 1


@pytest.mark.parametrize(
    ("record", "printed"),
    [
        (
            RecordSet("sip.lync.test", "A", 300, ("192.0.2.1", "192.0.2.2")),
            [
                "'sip' -A -IPv4Address '192.0.2.1' -TimeToLive '00:05:00'",
                "'sip' -A -IPv4Address '192.0.2.2' -TimeToLive '00:05:00'",
            ],
        ),
        (
            RecordSet("lync.test", "AAAA", 86400, ("2001:db8::1",)),
            ["'@' -AAAA -IPv6Address '2001:db8::1' -TimeToLive '1.00:00:00'"],
        ),
        (
            RecordSet("meet.lync.test", "CNAME", 0, ("drse01.lync.test.",)),
            ["'meet' -CName -HostNameAlias 'drse01.lync.test.' -TimeToLive '00:00:00'"],
        ),
        (
            RecordSet("_sip._tls.lync.test", "SRV", 60, ("0 5 443 a.lync.test.",)),
            ["'_sip._tls' -Srv -DomainName 'a.lync.test.' -Priority 0 -Weight 5 -Port 443 -TimeToLive '00:01:00'"],
        ),
    ],
)
def test_every_type_as_it_is_printed(record: RecordSet, printed: list[str]) -> None:
    """One command a value, with the zone's relative name and a time to live that PowerShell reads."""
    start = "Add-DnsServerResourceRecord -ZoneName 'lync.test' -Name "
    assert [line(one) for one in dns_server.add("lync.test", record)] == [start + rest for rest in printed]
