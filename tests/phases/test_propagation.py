"""After the cutover resolvers are watched: what is late warns with its resolver and its seconds, and fails nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from dr_scene import Scene
from phase_scene import Ended, lagging_resolver, run

from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.lab.seed import TTL
from lyncdr_helpers.phases import activate
from lyncdr_helpers.phases.propagation import Spread
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.session import Session
from lyncdr_helpers.views import propagation as shown

SIP, OLD, NEW = "sip.lync.test", ("192.0.2.1",), ("192.0.2.2",)


class Cache:
    """A resolver's cache: it gives the old answer until that has lived out, and asks then."""

    def __init__(self, clock: SetClock, new: RecordSet, old_for: int) -> None:
        self._clock, self._new, self._old_for = clock, new, old_for

    def ask(self, name: str, type: str) -> RecordSet | None:
        left = self._old_for - self._clock.monotonic()
        return RecordSet(name, type, int(left), OLD) if left > 0 else RecordSet(name, type, TTL, self._new.values)

    def update(self, zone: str, changes: object) -> bool:
        raise AssertionError("nobody changes a resolver")


def watched(params: Path, lives: dict[str, int], seconds: float, mode: str = "live") -> tuple[Ended, Spread, SetClock]:
    """A watch of resolvers whose old answers live so long, by a clock that only sleeping moves."""
    spread: list[Spread] = []
    clocks: list[SetClock] = []

    def phase(session: Session) -> None:
        clock = SetClock(session.clock.now())
        record = session.params.dns.records[0].model_copy(update={"type": "A", "name": SIP, "to": list(NEW)})
        session.params.dns.records[:] = [record]
        session.clock = clock
        new = RecordSet(SIP, "A", TTL, NEW)
        session.resolvers = {name: Cache(clock, new, left) for name, left in lives.items()}
        spread.append(activate.watch_dns(session, seconds))
        clocks.append(clock)

    found = run(activate.begin(params, mode, "new"), phase)
    assert found.code == 0, found.text
    return found, spread[0], clocks[0]


def test_until_all_are_new(standing: Scene) -> None:
    """Watched until the last cache has let go; the remaining time counts down, and it ends at once then."""
    found, spread, clock = watched(standing.params, {"near": 0, "branch": 12}, 300)
    assert [(one.resolver, one.state) for one in spread.answers] == [("branch", "new"), ("near", "new")]
    assert [one.left for one in spread.looks if one.resolver == "branch" and one.state == "old"] == [12, 7, 2]
    assert 12 <= clock.monotonic() < 20
    assert set(found.rows.values()) == {"pass"}
    assert len(found.table("propagation")) == 5


def test_one_is_late(standing: Scene) -> None:
    """When the time is over the run goes on, with the resolver, its answer and its seconds as a warning."""
    found, spread, clock = watched(standing.params, {"near": 0, "branch": 3600}, 30)
    assert 30 <= clock.monotonic() < 36
    assert found.rows == {f"{SIP} A on branch": "warn", f"{SIP} A on near": "pass"}
    assert found.seen(f"{SIP} A on branch") == "old: 192.0.2.1"
    (late,) = spread.late
    assert late.left == 3600 - int(clock.monotonic())
    assert found.fact("resolvers_late") == 1
    assert f"for {late.left} s more" not in found.text


def test_a_rehearsal_looks_once(standing: Scene) -> None:
    """Nothing was changed, so nothing is late: one look, and no check."""
    found, spread, clock = watched(standing.params, {"branch": 3600}, 300, "rehearse")
    assert (len(spread.looks), clock.monotonic(), found.rows) == (1, 0, {})


def test_a_real_resolver_that_lags(standing: Scene, tmp_path: Path) -> None:
    """Over real sockets: the zone's own server and another one both say the old; both are named."""
    spread: list[Spread] = []
    with lagging_resolver(standing, tmp_path) as params:
        session = activate.begin(params, "live", "new")
        found = run(session, lambda session: spread.append(activate.watch_dns(session, 1)))
    assert found.code == 0
    late = {(one.resolver, one.state) for one in spread[0].late}
    assert ("branch", "old") in late
    assert len(late) > 1
    assert all(one.left == TTL for one in spread[0].late)


@pytest.mark.parametrize("lives", [{}, {"branch": 3600, "near": 0}])
def test_it_is_shown(standing: Scene, lives: dict[str, int]) -> None:
    """The table has the late ones first; the picture is drawn, and says the same in words."""
    _, spread, _ = watched(standing.params, lives, 5)
    table, picture = shown.answers(spread), shown.picture(spread)
    assert list(table.columns) == ["resolver", "record", "state", "says", "lives", "after"]
    assert list(table["state"]) == (["! old", "✓ new"] if lives else [])
    assert ("branch: ! old" in repr(picture)) is bool(lives)
    assert ("<svg" in picture._repr_html_()) is bool(lives)
