"""What became of each user, and how many were back when: from plans and journals made by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from incident_scene import MINUTE, USERS, activation, everybody
from journal_scene import FAILED, TARGET

from lyncdr_helpers.lab import params as lab_params
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.phases import rto
from lyncdr_helpers.phases.incidents import told
from lyncdr_helpers.phases.incidents.incident import incidents
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.views import became, users_back

MOVES, LISTS = "move users", "restore contacts"


def made(count: int) -> Plan:
    moves = [Change("move-user", f"u{n}@example.org", FAILED, TARGET) for n in range(count)]
    lists = [Change("import-contacts", f"u{n}@example.org", "", "ab" * 32, {"contacts": str(n)}) for n in range(count)]
    return Plan.of("r", "contoso", f"{FAILED} -> {TARGET}, {count} users", {}, [*moves, *lists])


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    blueprint = Blueprint(tmp_path_factory.mktemp("became") / "lab")
    pki.issue(blueprint)
    pki.make_secrets(blueprint)
    blueprint.params_file.write_text(lab_params.render(blueprint, blueprint.folder), encoding="utf-8")
    return blueprint.params_file


@pytest.fixture
def session(params: Path) -> Iterator[Session]:
    opened = open_session("activate", params, run="new", locked=False)
    yield opened
    opened.close()


def who(*numbers: int) -> list[str]:
    return [f"u{number}@example.org" for number in numbers]


def test_before_anything_was_tried(session: Session) -> None:
    """Everybody is in it, with what they have and what they shall have."""
    shown = became.users(session, made(2))
    assert shown.values.tolist() == [[one, FAILED, TARGET, "· not tried yet", ""] for one in who(0, 1)]


def test_each_end_that_it_can_have(session: Session) -> None:
    """Who was so already, is done, failed and why, was sent and never answered; whom nothing good happened to first."""
    write = session.journal.write
    write("found", act=MOVES, count=1, of=5)
    first = write("intent", act=MOVES, targets=who(1, 2))
    write("result", act=MOVES, intent=first.n, done=who(1), failed={who(2)[0]: "Access denied."})
    write("intent", act=MOVES, targets=who(3, 4))
    shown = became.users(session, made(5))
    assert shown[["user", "became", "why"]].values.tolist() == [
        [*who(2), "✗ FAILED", "Access denied."],
        [*who(3), "? nobody knows yet", "it was sent, and no answer is on record"],
        [*who(4), "? nobody knows yet", "it was sent, and no answer is on record"],
        [*who(0), "✓ was so already", ""],
        [*who(1), "✓ done", ""],
    ]
    assert set(became.lists(session, made(5)).became) == {"· not tried yet"}


def test_whoever_was_not_reached_is_not_called_done(session: Session) -> None:
    """An act that was cut off after its first batch leaves the others where they were."""
    session.journal.write("found", act=MOVES, count=0, of=3)
    sent = session.journal.write("intent", act=MOVES, targets=who(0))
    session.journal.write("result", act=MOVES, intent=sent.n, done=who(0), failed={})
    assert became.users(session, made(3)).became.tolist() == ["· not tried yet", "· not tried yet", "✓ done"]


def test_the_last_word_counts(session: Session) -> None:
    """Who failed first and was moved by a later run is done; what a rehearsal withheld says so."""
    write = session.journal.write
    for failed in ({who(0)[0]: "no"}, {}):
        sent = write("intent", act=LISTS, targets=who(0))
        write("result", act=LISTS, intent=sent.n, done=[] if failed else who(0), failed=failed)
    sent = write("intent", act=LISTS, targets=who(1))
    write("result", act=LISTS, intent=sent.n, withheld=1)
    shown = became.lists(session, made(2))
    assert shown[["user", "after", "became"]].values.tolist() == [
        [*who(1), "1 contacts", "! withheld"],
        [*who(0), "0 contacts", "✓ done"],
    ]


def test_users_back_over_time(tmp_path: Path) -> None:
    """Two curves and their words: when half, nearly all, and all were moved, and had contacts and DNS as well."""
    activation(tmp_path, *everybody())
    runs = told.read(tmp_path, "contoso")
    shown = users_back.of(rto.clock(incidents(runs)[-1], runs, FAILED))
    words = repr(shown).split("\n")
    assert len(words) == 2
    assert words[0].startswith("Users moved to the DR pool, from the first command at 2026-03-01 02:00:00 UTC: 2 after")
    assert words[1].endswith("2 after 1 min 37 s, 3 after 1 min 37 s; of 3")
    assert shown._repr_html_().count("<path") == 4
    assert "<script" not in shown._repr_html_()


def test_users_back_while_they_move(tmp_path: Path) -> None:
    """Who is not back yet is counted, and nothing is said of what nobody has."""
    inside = everybody()[:5]
    activation(tmp_path, *inside, ending=inside[-1], days=MINUTE)
    runs = told.read(tmp_path, "contoso")
    clock = rto.clock(incidents(runs)[-1], runs, FAILED)
    words = repr(users_back.of(clock))
    assert "Users moved to the DR pool" in words
    assert "with contacts and DNS as well" not in words
    assert len(clock.moved) == len(USERS)


def test_nobody_is_back_from_a_rehearsal() -> None:
    """Without a disaster there is no curve, and words say so."""
    shown = users_back.of(None)
    assert repr(shown) == users_back.NOBODY
    assert users_back.NOBODY in shown._repr_html_()
