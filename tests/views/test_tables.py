"""The tables of the notebooks: the columns they promise, in an order that puts first what somebody must see."""

from __future__ import annotations

import inspect
import re
from types import SimpleNamespace
from typing import Any

import pytest

from lyncdr_helpers.backups.changes import UserChange
from lyncdr_helpers.backups.manifest import Absence, Alarm, Manifest, Part, UserRecord
from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.checks import Check, Checklist, Verdict
from lyncdr_helpers.clock import parse_stamp
from lyncdr_helpers.contacts.comparison import Restored
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.phases.acts.loop import Tally
from lyncdr_helpers.phases.history import Changed
from lyncdr_helpers.phases.restorability import Restorable
from lyncdr_helpers.phases.verify import Loss
from lyncdr_helpers.plan import Change, Plan
from lyncdr_helpers.ports import RecordSet
from lyncdr_helpers.runfolder import RunSummary
from lyncdr_helpers.views import tables
from lyncdr_helpers.views.frame import Frame

MOMENT = "2026-03-01T02:14:09.123Z"
DIGEST = "0123456789abcdef" * 4


def manifest(name: str, state: str = "COMPLETE") -> Manifest:
    return Manifest(
        name=name,
        deployment="lab",
        generation="lync2010",
        run=name,
        made_at=MOMENT,
        made_by="ann@host",
        version="1",
        params_digest=DIGEST,
        state=state,  # type: ignore[arg-type]
        parts=(Part(kind="lis", file="settings/lis.zip", pool="", size=1204, sha256=DIGEST),),
        users=(UserRecord(address="ann@lync.test", pool="pool01", contacts=12, groups=2, digest=DIGEST),) * 2,
        response_groups={"pool01": ("Help Desk", "Sales")},
        differences=(),
        extra=(),
    )


def a_plan() -> Plan:
    old, new = (RecordSet("sip.lync.test", "A", 60, (address,)) for address in ("127.0.0.1", "127.0.0.2"))
    return Plan.of(
        "r",
        "lab",
        "pool01 -> drse01, 1 users",
        {},
        [
            Change("import-contacts", "ann@lync.test", "", DIGEST, {"contacts": "12"}),
            Change("move-user", "ann@lync.test", "pool01", "drse01"),
            cutover.to_plan(cutover.RecordChange(old, new)),
            cutover.to_plan(cutover.RecordChange(None, RecordSet("meet.lync.test", "A", 60, ("127.0.0.2",)))),
        ],
    )


def a_run(run: str) -> RunSummary:
    return RunSummary(run, "backup", "lab", "live", MOMENT, "ann@host", "done", 0, "", DIGEST, True)


ALARM = Alarm(kind="no-contacts", pool="pool01", address="ann@lync.test", text="has no contacts; had 12 in set y")
INVENTORY = Inventory((), {})
SHOWN: dict[str, Any] = {
    "checks": [[Check("a", "n", Verdict.PASS, "s", "e", "r")]],
    "population": [INVENTORY],
    "users": [INVENTORY],
    "contacts": [manifest("x").users],
    "parts": [manifest("x").parts, [Absence(kind="dns", pool="", why="off", reason="backup.parts.dns")]],
    "alarms": [manifest("x").model_copy(update={"alarms": (ALARM,)})],
    "changed": [Changed("y", (UserChange("ann@lync.test", "pool01", "fewer", 12, 3),))],
    "backup": [manifest("x")],
    "backups": [[StoredSet("x")]],
    "restorable": [[Restorable("ann@lync.test", "same", 2, "lync", "", 3.5, "")]],
    "plan": [a_plan()],
    "basis": [a_plan()],
    "changes": [a_plan()],
    "records": [a_plan().of_kind("dns-record")],
    "tally": [Tally("move users", 1, 2, 3, {"x": "why"})],
    "restored": [[Restored("ann@lync.test", 2, 1, ("bob@lync.test",))]],
    "losses": [[Loss("contact", "ann@lync.test", "bob@lync.test", "not in the list")]],
    "runs": [[a_run("x")]],
}


def promised(name: str) -> list[str]:
    """The columns that the function's docstring names."""
    said = inspect.getdoc(getattr(tables, name)) or ""
    listed = re.sub(r"\([^)]*\)", "", said.partition("Columns: ")[2].partition(".")[0])
    return [column.strip() for column in listed.split(",")]


@pytest.mark.parametrize("name", SHOWN)
def test_the_columns_are_those_of_the_docstring(name: str) -> None:
    """Whoever filters a table finds the columns that are written down."""
    frame = getattr(tables, name)(*SHOWN[name])
    assert isinstance(frame, Frame)
    assert list(frame.columns) == promised(name)


def test_what_is_not_green_comes_first() -> None:
    """Nobody has to search a page of green for the one thing that is wrong; each verdict is a word."""
    verdicts = (Verdict.PASS, Verdict.WARN, Verdict.UNKNOWN, Verdict.FAIL, Verdict.PASS)
    rows = [Check("a", str(n), verdict, "", "") for n, verdict in enumerate(verdicts)]
    frame = tables.checks(Checklist(rows[:2]), rows[2:])
    assert frame.verdict.tolist() == ["✗ FAIL", "? unknown", "! warn", "✓ pass", "✓ pass"]
    assert frame.name.tolist() == ["3", "2", "1", "0", "4"]


def test_alarms_are_seen_and_their_absence_is_said() -> None:
    """An alarm has its sign; no alarm, no change and no earlier night are three sentences, and no empty table."""
    quiet = manifest("x").model_copy(update={"compared_with": "y"})
    assert tables.alarms(quiet.model_copy(update={"alarms": (ALARM,)})).alarm.tolist() == ["! no-contacts"]
    assert repr(tables.alarms(quiet)) == "Nothing looks wrong beside set y."
    assert repr(tables.changed(Changed("y", ()))) == "Users and numbers of contacts are as in set y."
    assert repr(tables.alarms(manifest("x"))) == repr(tables.changed(Changed("", ()))) == tables.FIRST_NIGHT


def test_every_verdict_has_its_words() -> None:
    """A verdict that is added must say how it looks."""
    assert set(tables.MARKS) == set(Verdict)


def test_changes_read_as_people_say_them() -> None:
    """A contact list by its length, a record with its time to live named; what is not there yet is empty."""
    frame = tables.changes(a_plan())
    assert frame[["target", "old", "new"]].to_numpy().tolist() == [
        ["meet.lync.test A", "", "127.0.0.2, TTL 60 s"],
        ["sip.lync.test A", "127.0.0.1, TTL 60 s", "127.0.0.2, TTL 60 s"],
        ["ann@lync.test", "", "12 contacts"],
        ["ann@lync.test", "pool01", "drse01"],
    ]


def test_the_plan_counts_kind_by_kind() -> None:
    """What is approved, in numbers, with an example of each."""
    frame = tables.plan(a_plan())
    assert dict(zip(frame.kind, frame.changes, strict=True)) == {
        "dns-record": 2,
        "import-contacts": 1,
        "move-user": 1,
    }
    assert frame.example.tolist()[:2] == [
        "meet.lync.test A: (nothing) -> 127.0.0.2, TTL 60 s",
        "ann@lync.test: (nothing) -> 12 contacts",
    ]


def test_newest_first() -> None:
    """Sets and runs arrive oldest first, and are read from the newest on; moments without what nobody reads."""
    sets = tables.backups(
        [StoredSet("old"), StoredSet("new", "FAILED", parse_stamp(MOMENT), 2, 24, reason="cut short")]
    )
    assert sets["set"].tolist() == ["new", "old"]
    assert sets.iloc[0].tolist() == ["new", "FAILED", "2026-03-01 02:14:09", 2, 24, 0, 0, "cut short"]
    row = tables.backup(manifest("new", "INCOMPLETE")).iloc[0].tolist()
    assert row == ["new", "INCOMPLETE", "2026-03-01 02:14:09", 2, 24, 2, 0]
    assert tables.runs([a_run("old"), a_run("new")]).run.tolist() == ["new", "old"]


def test_whoever_misses_most_comes_first() -> None:
    """Of ten thousand users, those who need help."""
    compared = [Restored("ann", 9, 9), Restored("bob", 9, 8, ("x",)), Restored("eve", 2, 0, ("x", "y"))]
    frame = tables.restored(compared)
    assert frame.user.tolist() == ["eve", "bob", "ann"]
    assert frame.missing.tolist() == ["x, y", "x", ""]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (tables.losses([]), "Nothing that the backup holds is missing."),
        (tables.backups([]), "There is no backup set yet."),
        (tables.runs([]), "Nothing was run yet."),
        (tables.users(INVENTORY), "Nobody in the directory has a SIP address."),
        (tables.changes(Plan.of("r", "lab", "", {}, [])), "Nothing would change."),
    ],
)
def test_nothing_is_said_in_words(frame: Frame, said: str) -> None:
    """An empty table says what its emptiness means."""
    assert repr(frame) == said


def test_a_large_deployment_stays_on_a_page() -> None:
    """Ten thousand users or changes are counted, and whoever wants them all is told where they are."""
    person = SimpleNamespace(
        address="ann@lync.test", display_name="Ann", kind="user", enabled=True, voice=False, home="pool01", moving_to=""
    )
    many = [Change("move-user", f"u{n}@lync.test", "pool01", "drse01") for n in range(10_000)]
    for frame, where in (
        (tables.users(Inventory((person,) * 10_000, {})), "inventory/users.csv of the backup set"),  # type: ignore[arg-type]
        (tables.changes(Plan.of("r", "lab", "s", {}, many)), "plan.json of the run"),
        (tables.contacts(manifest("x").users * 5_000), "manifest.json of the backup set"),
        (tables.losses([Loss("user", "a", "a", "why")] * 10_000), "tables/lost.csv of the run"),
    ):
        assert len(frame) == 10_000
        assert len(frame._repr_html_()) < 600_000
        assert len(repr(frame)) < 10_000
        assert frame.more == f"and 9,970 more; all are in {where}."
