"""What an audit shows says what the journals prove, and where nobody knows it says that."""

from __future__ import annotations

from pathlib import Path

from incident_scene import (
    HOUR,
    USERS,
    acted,
    activation,
    backup,
    drill,
    edit,
    everybody,
    failback,
    story,
    verification,
)
from journal_scene import FAILED, end

from lyncdr_helpers.phases import audit
from lyncdr_helpers.phases.audit import Case, Past
from lyncdr_helpers.views import audit as views
from lyncdr_helpers.views import incident_picture


def past(folder: Path) -> Past:
    return audit.of(folder, "contoso", FAILED)


def told(folder: Path, **asked: str) -> dict[str, str]:
    """The answers by their questions."""
    return dict(views.spoken(audit.case_of(past(folder), **asked)))


def test_the_answers(tmp_path: Path) -> None:
    """What happened, when, by whom, on what evidence, how long, and what did not come back: in words."""
    night = story(tmp_path)["backup"].name
    said = told(tmp_path)
    assert "pool01.example.org was given up: the building burns." in said["What happened?"]
    assert said["What happened?"].endswith("Now: everybody is home again.")
    assert f"2026-03-01 01:00:05: the last sign of life, its contact lists were exported ({night})." in said["When?"]
    assert "meier on mgmt02 declared pool01.example.org lost: the building burns." in said["By whom?"]
    assert "meier on mgmt02 approved" in said["By whom?"]
    assert said["On what evidence?"] == "1 of 1 looks found the primary silent."
    long = said["How long were users without service?"]
    assert "All 3 users had everything back after 1 min 37 s." in long
    assert "It was proven for all of them after 10 min 04 s." in long
    assert "It may have been lost up to 59 min 55 s earlier" in long
    assert "Nothing that the backup held is missing" in said["What did not come back?"]
    assert "On the way home 0 things were lost." in said["What did not come back?"]


def test_what_nobody_knows_is_said(tmp_path: Path) -> None:
    """Never proven, a list that never came, nothing that ever showed the pool alive: no number stands for it."""
    inside = [
        *acted("move users", USERS),
        *acted("restore contacts", USERS, failed=USERS[:1]),
        *acted("repoint DNS", ["sip.example.org A"]),
    ]
    activation(tmp_path, *inside, ending=end("incomplete", 4))
    said = told(tmp_path)
    long = said["How long were users without service?"]
    assert "2 of 3 users had everything back, as the activations tell." in long
    assert "No verification ever proved it." in long
    assert "nothing on record tells" in long
    lost = said["What did not come back?"]
    assert lost == f"No verification counted it.\n1 users did not get everything by an activation: {USERS[0]}."


def test_a_loss_that_somebody_dates(tmp_path: Path) -> None:
    """It counts from there, and the answer says that no journal has it."""
    story(tmp_path)
    said = told(tmp_path, lost_at="2026-03-01T01:55:00Z")
    assert "it was lost; this is said by somebody and stands in no journal" in said["When?"]
    assert "after 6 min 37 s" in said["How long were users without service?"]
    assert "earlier" not in said["How long were users without service?"]


def test_a_broken_record_is_part_of_the_answer(tmp_path: Path) -> None:
    """By its name; in the table of runs it stands as what it is."""
    paths = story(tmp_path)
    edit(paths["verify"])
    name = paths["verify"].name
    assert f"the record of {name} is broken" in told(tmp_path)["What happened?"]
    found = past(tmp_path)
    shown = views.runs(found, [audit.proven(one) for one in found.runs])
    row = shown[shown.run == name].iloc[0]
    assert (row.phase, row.outcome) == ("verify", "? broken journal")
    assert row.record == "✗ broken"
    assert row.why.startswith("journal: line 4: edited")
    assert set(shown[shown.run != name].record) == {"✓ holds"}
    assert set(views.runs(found, []).record) == {"? not looked at"}


def test_tables_of_an_incident(tmp_path: Path) -> None:
    """Their columns are those of the docstrings, and each row is one that the journals have."""
    story(tmp_path)
    case = audit.case_of(past(tmp_path))
    assert list(views.service(case)["what"]) == ["moved", "contacts", "DNS", "all of it"]
    assert list(views.service(case)["last"]) == ["1 min 12 s", "1 min 32 s", "1 min 37 s", "1 min 37 s"]
    assert list(views.decisions(case)["what"]) == ["declared", "approved"]
    assert list(views.grounds(case).verdict) == ["✓ pass"]
    assert len(views.timeline(case)) == 18
    (row,) = views.incidents(past(tmp_path)).itertuples()
    assert (row.state, row.users, row.proven_after, row.approved_by) == (
        *("✓ everybody is home again", 3),
        *("10 min 04 s", "meier"),
    )


def test_every_state_has_its_words(tmp_path: Path) -> None:
    """The newest first; a state is a sign and words, never a colour alone."""
    activation(tmp_path, days=-30)
    story(tmp_path)
    activation(tmp_path, *everybody(), days=9, ending=end("incomplete", 4))
    states = [row.state for row in views.incidents(past(tmp_path)).itertuples()]
    assert states == [views.STATES[one] for one in ("acting", "home", "nothing changed")]


def test_drills(tmp_path: Path) -> None:
    drill(tmp_path, -2.0)
    drill(tmp_path, -1.0, 70.0, end("incomplete", 4))
    newest, first = views.drills(past(tmp_path)).itertuples()
    assert (newest.outcome, newest.rto, first.outcome, first.rto) == ("✗ incomplete", "1 min 10 s", "✓ done", "47 s")
    assert "drill, 0 users: 47 s" in repr(views.recovery_picture(past(tmp_path)))


def test_where_nothing_ever_happened(tmp_path: Path) -> None:
    """Each table and each picture says so in words, as text and as HTML."""
    found, case, two = past(tmp_path), Case(), audit.Compared()
    shown = [views.answers(case), views.timeline(case), views.service(case), views.decisions(case), views.grounds(case)]
    shown += [views.by_hand(case), views.incidents(found), views.drills(found), views.runs(found, [])]
    shown += [views.differences(two), views.paces(two)]
    assert not any(len(one) for one in shown)
    for one in (*shown, incident_picture.picture(case)):
        assert len(repr(one)) > 5
        assert repr(one) in one._repr_html_()


def test_two_runs(tmp_path: Path) -> None:
    """The two names head the columns; what took twice as long says so."""
    one, other = backup(tmp_path, -2.0), backup(tmp_path, -1.0)
    found = audit.compared(past(tmp_path))
    assert repr(views.differences(found)) == f"{one.name} and {other.name} differ in nothing but time."
    assert list(views.paces(found).columns) == ["step", one.name, other.name, "times"]
    assert list(views.paces(found).times) == ["1.0"]


# -- the picture -------------------------------------------------------------------------------------------------------
def test_the_picture_counts_from_the_loss(tmp_path: Path) -> None:
    """A bar for each execution, for the wait at the gate, and for each act; then the curve, then the way home."""
    story(tmp_path)
    picture = incident_picture.picture(audit.case_of(past(tmp_path)))
    words = repr(picture).splitlines()
    assert words[0] == "activate  +0 ms: activate, 2.0 s, refused"
    assert "activate  +2.0 s: waits for people, 1 min" in words
    assert "activate  +1 min 02 s: · move users, 10 s" in words
    html = picture._repr_html_()
    assert html.count("<svg") == 3
    assert "3 users" in html
    assert "The way home, from 2026-03-02" in html


def test_what_goes_on_is_unfinished(tmp_path: Path) -> None:
    """A run that was killed has no end: its bar is open, and says so. Nobody is back, so there is no curve."""
    activation(
        tmp_path,
        ("step", {"name": "move users", "state": "started"}, 5.0),
        ending=("fact", {"name": "x", "value": 1}, 0.0),
    )
    case = audit.case_of(past(tmp_path))
    assert "activate  +1 min 02 s: activate, 5.0 s, unfinished" in repr(incident_picture.picture(case)).splitlines()
    assert incident_picture.users_back(case) is None
    assert incident_picture.way_home(case) is None


def test_a_verification_that_failed_and_the_one_that_did_not(tmp_path: Path) -> None:
    """Both are drawn; the first in the words of how it ended."""
    activation(tmp_path, *everybody())
    verification(tmp_path, HOUR, end("check failed", 3), users=2)
    verification(tmp_path, 2 * HOUR)
    failback(tmp_path, 1.0, end("refused", 5))
    text = repr(incident_picture.picture(audit.case_of(past(tmp_path))))
    assert "verify, 4.0 s, check failed" in text
    assert "failback, 10 s, refused" in text
