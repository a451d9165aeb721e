"""How long users were without service, by the journals and by whoever knows more."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from incident_scene import (
    HOUR,
    MINUTE,
    RECORD,
    USERS,
    acted,
    activation,
    approved,
    backup,
    declared,
    everybody,
    failback,
    look,
    made,
    outage_of,
    planned,
    verification,
)
from journal_scene import end, run, step

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.phases.incidents.service import Share

ADA, BOB, EVE = USERS


def test_each_user_has_what_back_when(tmp_path: Path) -> None:
    """Two seconds of looking, a minute at the gate, ten of moving, twenty of lists, five of DNS; then the proof."""
    activation(tmp_path, *everybody())
    verification(tmp_path)
    found = outage_of(tmp_path)
    assert found.noticed.what == "it was declared lost"
    assert found.shares() == (
        Share("moved", 3, 3, 72.0, 72.0, 72.0),
        Share("contacts", 3, 3, 92.0, 92.0, 92.0),
        Share("DNS", 3, 3, 97.0, 97.0, 97.0),
        Share("all of it", 3, 3, 97.0, 97.0, 97.0),
    )
    assert found.until_proven == pytest.approx(604.0)
    assert found.never == ()


def test_half_and_most_of_them(tmp_path: Path) -> None:
    """Nearest rank: of three users the second is half of them, the third the last; who failed first comes later."""
    activation(tmp_path, *step("m", 0.0, *acted("move users", [ADA])), *acted("move users", [BOB, EVE], failed=[EVE]))
    activation(tmp_path, *acted("move users", [EVE]), days=10 * MINUTE, plan=made([EVE], [], []))
    moved = outage_of(tmp_path).shares()[0]
    assert (moved.back, moved.half, moved.most, moved.last) == (3, 82.0, 672.0, 672.0)


def test_who_never_got_everything(tmp_path: Path) -> None:
    """A list that failed is named, and there is no last moment for what never came."""
    inside = [
        *acted("move users", USERS),
        *acted("restore contacts", USERS, failed=[BOB]),
        *acted("repoint DNS", [RECORD]),
    ]
    activation(tmp_path, *inside, ending=end("incomplete", 4))
    found = outage_of(tmp_path)
    assert [one.user for one in found.never] == [BOB]
    assert [(one.what, one.back, one.half, one.last) for one in found.shares()][-1] == ("all of it", 2, 92.0, None)
    assert (found.proven, found.until_proven) == (None, None)


def test_who_has_no_list_needs_none(tmp_path: Path) -> None:
    """And where no record was to be moved, nobody waits for DNS."""
    plan = made(USERS, [ADA], [])
    activation(tmp_path, *acted("move users", USERS), *acted("restore contacts", [ADA], 20.0), plan=plan)
    found = outage_of(tmp_path)
    assert [one.what for one in found.shares()] == ["moved", "contacts", "all of it"]
    assert (found.shares()[-1].half, found.shares()[-1].last) == (72.0, 92.0)


def test_what_was_so_already_was_back_when_it_was_seen(tmp_path: Path) -> None:
    """A record that nobody had to change, and a zone that somebody changed by hand."""
    by_hand = ("guided", {"step": "dns-example.org", "state": "done", "said": "done", "by": {}}, 0.0)
    seen = ("found", {"act": "restore contacts", "count": 3, "of": 3}, 7.0)
    activation(tmp_path, *acted("move users", USERS), seen, by_hand)
    lists, names = outage_of(tmp_path).shares()[1:3]
    assert (lists.back, lists.last, names.back, names.last) == (3, 72.0, 3, 79.0)


def test_without_the_plan_the_acts_tell(tmp_path: Path) -> None:
    """plan.json is gone: who was moved is known all the same, who was never tried is not."""
    path = activation(tmp_path, *acted("move users", [ADA, BOB]))
    (path / "plan.json").unlink()
    assert [one.user for one in outage_of(tmp_path).users] == [ADA, BOB]


def test_nothing_was_done(tmp_path: Path) -> None:
    """Declared, planned, and left at the gate: nobody is back, and no share is made up."""
    plan = made()
    run(tmp_path, "activate", *declared(), planned(plan), end("refused", 5))
    found = outage_of(tmp_path)
    assert (found.shares(), found.users, found.proven) == ((), (), None)


# -- since when --------------------------------------------------------------------------------------------------------
def test_the_last_sign_of_life(tmp_path: Path) -> None:
    """The night's export was the last; what lies between it and the declaration is in doubt."""
    backup(tmp_path, -25 * HOUR)
    night = backup(tmp_path)
    activation(tmp_path, *everybody())
    backup(tmp_path, HOUR)
    found = outage_of(tmp_path)
    assert found.alive and (found.alive.run, found.alive.what) == (night.name, "its contact lists were exported")
    assert found.doubt == pytest.approx(3600 - 5)


def test_a_rehearsal_saw_it_serve(tmp_path: Path) -> None:
    """A look from which it accepted connections is a sign of life; that its machine answered is none."""
    backup(tmp_path, -2 * HOUR)
    seen = run(tmp_path, "activate", look("it accepts connections", "fail"), end(), days=-HOUR, mode="rehearse")
    run(tmp_path, "activate", look("it accepts connections", "warn", "should"), end(), days=-MINUTE, mode="rehearse")
    activation(tmp_path, *everybody())
    found = outage_of(tmp_path)
    assert found.alive and found.alive.run == seen.name


def test_nothing_ever_showed_it_alive(tmp_path: Path) -> None:
    """Then the doubt has no end, and no number."""
    activation(tmp_path, *everybody())
    found = outage_of(tmp_path)
    assert found.alive is None
    assert math.isnan(found.doubt)


def test_everybody_came_home_is_a_sign_of_life(tmp_path: Path) -> None:
    """The fail back of an earlier incident ended with everybody on the primary."""
    run(tmp_path, "failback", *step("verdict", 1.0), end(), days=-1.0)
    activation(tmp_path, *everybody())
    found = outage_of(tmp_path)
    assert found.alive and found.alive.what == "everybody had come home to it"


def test_given_up_while_it_lived(tmp_path: Path) -> None:
    """It served, and somebody waived that: service ended with the first move, not with the declaration."""
    plan = made()
    serving = look("it accepts connections", "fail")
    path = run(
        tmp_path, "activate", *declared(), *step("evidence", 2.0, serving), planned(plan), approved(plan),
        *step("plan", 30.0), *everybody(), end(),
    )  # fmt: skip
    found = outage_of(tmp_path)
    assert (found.noticed.what, found.noticed.run) == ("users were moved while it still served", path.name)
    assert found.alive and found.alive.what.endswith("it accepts connections")
    assert found.shares()[0].last == 10.0


def test_somebody_knows_when(tmp_path: Path) -> None:
    """Then everything counts from there, in whatever zone it is written, and nothing is in doubt."""
    backup(tmp_path)
    activation(tmp_path, *everybody())
    found = outage_of(tmp_path, " 2026-03-01T02:50:00+01:00 ")
    assert (found.doubt, found.shares()[0].last) == (0.0, 672.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "'yesterday' is no moment"),
        ("2026-03-01T01:50:00", "does not say in which time zone"),
        ("2026-03-01T02:00:01Z", "It cannot have been lost .* it was declared lost"),
        (
            "2026-03-01T01:00:00Z",
            r"It cannot have been lost .* its contact lists were exported \(20260301-010000-backup",
        ),
    ],
)
def test_a_moment_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    """What is no moment, has no zone, or contradicts the record is refused with the line that contradicts it."""
    backup(tmp_path)
    activation(tmp_path, *everybody())
    failback(tmp_path, 1.0)
    with pytest.raises(InputError, match=said):
        outage_of(tmp_path, text)
