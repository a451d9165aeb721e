"""An audit on a deployment that nobody dials: it reads journals, and says what they prove."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from incident_scene import activation, backup, drill, edit, everybody, made, story
from journal_scene import FAILED, end
from offline import make_params

from lyncdr_helpers.backups.signed import keys_of
from lyncdr_helpers.errors import CheckFailed, InputError
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import audit
from lyncdr_helpers.phases.audit import Case, Past
from lyncdr_helpers.session import Session


@pytest.fixture(scope="module")
def params(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_params(tmp_path_factory.mktemp("deployment"))


@pytest.fixture
def runs(params: Path, request: pytest.FixtureRequest) -> Path:
    """The deployment's runs folder, empty."""
    folder = params.parent / "runs"
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    return folder


def past(folder: Path) -> Past:
    return audit.of(folder, "contoso", FAILED)


def table(session: Session, name: str) -> list[dict[str, str]]:
    with session.folder.table(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_all_of_it(params: Path, runs: Path) -> None:
    """Every record holds: the audit is done, and its tables tell who was back when and who answered for what."""
    story(runs, keys_of(read_params(params)), deployment="lab")
    session = audit.begin(params)
    found = audit.look_back(session)
    checks = audit.prove(session, found)
    case = audit.choose(session, found)
    said = audit.finish(session, found, case, checks)
    assert said == "4 runs, 1 incident: nothing was found changed; not proven: copies at the DR site."
    facts = {line.facts["name"]: line.facts["value"] for line in session.journal.of_kind("fact")}
    assert facts[audit.UNTIL_BACK] == 97.0
    assert (facts["rto_seconds"], facts[audit.BROKEN]) == (604.0, 0)
    assert facts["heads"] == {one.run: one.lines[-1].digest for one in found.runs}
    assert facts["plans"] == [made().digest]
    assert [row["record"] for row in table(session, "runs")] == ["pass"] * 4
    assert [row["what"] for row in table(session, "decisions")] == ["declared", "approved"]
    assert [(row["moved"], row["all"]) for row in table(session, "users-back")] == [("72.0", "97.0")] * 3
    assert len(table(session, "timeline")) == 18
    assert session.journal.lines[-1].facts["exit_code"] == 0


def test_a_record_that_does_not_hold_ends_it_red(params: Path, runs: Path) -> None:
    """Exit code 3, and the run is named with the line at which its chain breaks; the tables are kept all the same."""
    paths = story(runs, keys_of(read_params(params)), deployment="lab")
    edit(paths["verify"])
    session = audit.begin(params)
    found = audit.look_back(session)
    checks = audit.prove(session, found)
    case = audit.choose(session, found)
    with pytest.raises(CheckFailed, match=f"{paths['verify'].name}: fail, journal: line 4: edited"):
        audit.finish(session, found, case, checks)
    assert session.journal.lines[-1].facts["exit_code"] == 3
    assert [row["record"] for row in table(session, "runs")] == ["pass", "pass", "fail", "pass"]
    assert case.incident and case.outage
    assert [one.run for one in case.incident.broken] == [paths["verify"].name]
    assert case.outage.proven is None, "what a broken record tells proves nothing"


def test_where_nothing_ever_happened(params: Path, runs: Path) -> None:
    """No runs: nothing to prove, no incident, and no complaint."""
    session = audit.begin(params)
    found = audit.look_back(session)
    assert (found.runs, found.incidents) == ((), ())
    case = audit.choose(session, found)
    assert case == Case()
    assert audit.compare(session, found) == audit.Compared()
    assert audit.finish(session, found, case, audit.prove(session, found)).startswith("0 runs, 0 incidents")


def test_a_moment_without_an_incident(tmp_path: Path) -> None:
    backup(tmp_path)
    with pytest.raises(InputError, match="No incident is on record"):
        audit.case_of(past(tmp_path), lost_at="2026-03-01T02:00:00Z")


def test_what_is_wrong_with_a_parameter_ends_the_run(params: Path, runs: Path) -> None:
    """The journal says so, with the exit code of bad input."""
    story(runs, keys_of(read_params(params)), deployment="lab")
    session = audit.begin(params)
    with pytest.raises(InputError, match="No incident has a run 'nobody'"):
        audit.choose(session, audit.look_back(session), "nobody")
    assert session.journal.lines[-1].facts["exit_code"] == 2


def test_recoveries_of_drills_and_incidents(tmp_path: Path) -> None:
    """Oldest first, drills of any deployment in this folder; one that was not done has no time."""
    drill(tmp_path, -9.0)
    drill(tmp_path, -8.0, ending=end("incomplete", 4))
    story(tmp_path)
    activation(tmp_path, *everybody(), days=9)
    found = audit.recoveries(past(tmp_path))
    assert [(one.kind, one.seconds) for one in found] == [
        *(("drill", 46.7), ("drill", None)),
        *(("live", pytest.approx(604.0)), ("live", None)),
    ]
    assert [one.users for one in found] == [0, 0, 3, 3]


def test_two_runs_side_by_side(tmp_path: Path) -> None:
    """The newest that has a like before it, or the two that are named."""
    first = backup(tmp_path, -2.0)
    second = backup(tmp_path, -1.0)
    activation(tmp_path, *everybody())
    found = audit.compared(past(tmp_path))
    assert found.one and found.other
    assert (found.one.run, found.other.run) == (first.name, second.name)
    named = audit.compared(past(tmp_path), f" {second.name}, {first.name} ")
    assert named.one and named.other
    assert (named.one.run, named.other.run) == (second.name, first.name)


@pytest.mark.parametrize("wanted", ["x", "x,", "x,x", "x,y,z", ","])
def test_two_runs_that_are_not_two(tmp_path: Path, wanted: str) -> None:
    with pytest.raises(InputError, match="does not name two runs"):
        audit.compared(past(tmp_path), wanted)


def test_two_runs_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no run 'x'"):
        audit.compared(past(tmp_path), "x,y")
