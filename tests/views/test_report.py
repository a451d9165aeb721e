"""The report tells what the journals hold, all of it, and nothing that could do harm in a browser."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from lyncdr_helpers import files
from lyncdr_helpers.clock import SetClock
from lyncdr_helpers.journal import Journal
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.views.report import ROWS, write_report

HOSTILE = '</title><script>alert("x")</script><img src=x onerror=alert(1)> & \x1b[31m \x00 \ud800 "\''
WHO = {"user": "meier", "host": "mgmt02", "pid": 7}
START = dt.datetime(2026, 3, 1, 2, 14, 9, tzinfo=dt.UTC)

Entry = tuple[str, dict[str, Any]]
Runs = Callable[..., RunFolder]


def begin(phase: str = "activate", **facts: Any) -> Entry:
    shown = {"run": phase, "phase": phase, "deployment": "contoso", "mode": "live", "who": WHO, "version": "1"}
    return "begin", {**shown, "params_digest": "aa" * 32, **facts}


def step(name: str, state: str = "started", **facts: Any) -> Entry:
    return "step", {"name": name, "state": state, **facts}


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    """Makes a run folder whose journal holds the entries, ten seconds apart."""

    def make(*entries: Entry, name: str = "20260301-021409-activate-3f2a") -> RunFolder:
        folder = RunFolder(tmp_path / name)
        clock = SetClock(START)
        journal = Journal.open(folder.journal, clock)
        for kind, facts in entries:
            journal.write(kind, **facts)
            clock.sleep(10)
        return folder

    return make


@pytest.fixture
def report(tmp_path: Path) -> Callable[..., html.HtmlElement]:
    """Writes the report of the folders and gives it as a browser parses it."""

    def write(*folders: RunFolder, title: str = "Activation") -> html.HtmlElement:
        path = tmp_path / "report.html"
        write_report(folders, path, title)
        return html.fromstring(path.read_bytes().decode())

    return write


Report = Callable[..., html.HtmlElement]


def text(page: html.HtmlElement) -> str:
    return " ".join(" ".join(page.body.itertext()).split())


def section(page: html.HtmlElement, heading: str) -> str:
    """The text of what follows a heading."""
    found = page.xpath(f"//h3[text()='{heading}']/following-sibling::*[1]")
    return " ".join(" ".join(found[0].itertext()).split()) if found else ""


def test_a_whole_run(runs: Runs, report: Report) -> None:
    """Header, steps, plan with its approval, waiver, results per act, checks, numbers: everything is shown."""
    check = {"area": "primary", "name": "fe01", "expected": "no answer", "remedy": "Look there."}
    page = report(
        runs(
            begin(),
            step("evidence"),
            ("check", {**check, "verdict": "pass", "seen": "silence"}),
            ("check", {**check, "name": "fe02", "verdict": "unknown", "seen": "who knows"}),
            ("declaration", {"because": "the line is cut", "pool": "pool01.lync.test", "by": WHO}),
            ("waiver", {"gate": "primary-answers", "reason": "evacuated", "waived": "It answers.", "by": WHO}),
            step("evidence", "done", seconds=4.2),
            ("plan", {"digest": "ab" * 32, "scope": "pool01, 3 users", "counts": {"move-user": 3}, "basis": {}}),
            ("approval", {"digest": "ab" * 32, "by": WHO}),
            ("approval", {"digest": "ab" * 32, "name": "Berta Alm", "by": WHO}),
            ("found", {"act": "move users", "count": 4}),
            ("intent", {"act": "move users", "targets": ["a@x", "b@x", "c@x"]}),
            ("result", {"act": "move users", "intent": 11, "done": ["a@x", "b@x"], "failed": {"c@x": "no licence"}}),
            ("fact", {"name": "users_rehomed", "value": 1204}),
            ("end", {"outcome": "done", "exit_code": 0}),
        )
    )
    whole = text(page)
    assert "meier on mgmt02" in whole
    assert "2026-03-01 02:14:09" in whole
    assert page.xpath("//h2")[0].text_content() == "Activate ✓ done"
    assert "4.2 s" in section(page, "Steps")
    assert "by meier on mgmt02, 2026-03-01 02:15:29; by Berta Alm, named by meier" in section(page, "Plan")
    assert "declared pool01.lync.test is lost the line is cut (meier)" in section(page, "Gates and waivers")
    assert "waived It answers. evacuated (meier)" in section(page, "Gates and waivers")
    assert "move users 2 1 0 0 4" in section(page, "Results")
    assert "c@x failed no licence" in section(page, "Results")
    assert section(page, "Checks").index("? unknown") < section(page, "Checks").index("✓ pass")
    assert "users_rehomed 1,204" in section(page, "Numbers")
    assert "2 users" in "".join(page.xpath("//figure//*[name()='text']/text()"))


def test_hostile_text(runs: Runs, report: Report, tmp_path: Path) -> None:
    """Whatever stands in a journal or a table, none of it becomes markup, and the file stays readable."""
    folder = runs(
        begin(deployment=HOSTILE.replace("\ud800", ""), mode="<b>"),
        step("<script>"),
        ("check", dict.fromkeys(("area", "name", "verdict", "seen", "expected", "remedy"), "<script>1</script>")),
        ("withheld", {"what": "<img src=x onerror=alert(1)>", "objects": 3}),
        ("end", {"outcome": "<i>", "exit_code": 1, "message": "</li><script>2</script>", "step": "</svg>"}),
        name="20260301-<script>",
    )
    files.replace_csv(folder.table("users"), [{"<script>": "=cmd|' /C calc'!A0", "b": "</td><script>3</script>"}])
    page = report(folder, title=HOSTILE)
    assert not page.xpath("//script | //img | //i | //b | //*[@onerror]")
    assert page.xpath("//title")[0].text_content().startswith("</title><script>")
    assert "</td><script>3</script>" in text(page)
    raw = (tmp_path / "report.html").read_bytes()
    assert not set(raw) & {0, 0x1B}


def test_it_needs_nothing_from_outside(runs: Runs, report: Report) -> None:
    """The report opens offline: no script, no link, no image, no import."""
    page = report(runs(begin(), ("end", {"outcome": "done", "exit_code": 0})))
    assert not page.xpath("//script | //link | //img | //@src | //@href[not(starts-with(., '#'))]")
    assert "url(" not in page.xpath("//style")[0].text
    assert "@import" not in page.xpath("//style")[0].text


def test_unfinished(runs: Runs, report: Report) -> None:
    """A run whose process was killed is unfinished, its step too, and an intent without a result is unknown."""
    page = report(runs(begin(), step("move users"), ("intent", {"act": "move users", "targets": ["a@x"]})))
    assert page.xpath("//h2")[0].text_content() == "Activate … unfinished"
    assert "no end on record" in text(page)
    assert "unfinished" in section(page, "Steps")
    assert "move users 0 0 1 0 0" in section(page, "Results")


def test_taken_up_again(runs: Runs, report: Report) -> None:
    """A run that was cut short and taken up again is done, and says how it stopped before."""
    page = report(
        runs(
            begin(),
            step("move users"),
            ("intent", {"act": "move users", "targets": ["a@x"]}),
            ("end", {"outcome": "unknown", "exit_code": 6, "message": "The line broke.", "step": "move users"}),
            ("resume", {"who": WHO}),
            ("result", {"act": "move users", "intent": 3, "done": ["a@x"], "failed": {}, "read_back": True}),
            ("end", {"outcome": "done", "exit_code": 0}),
        )
    )
    assert page.xpath("//h2")[0].text_content() == "Activate ✓ done"
    assert "unknown in move users: The line broke." in text(page)
    assert "Executions 2" in text(page)
    assert "move users 1 0 0 0 0" in section(page, "Results")


def test_torn(runs: Runs, report: Report) -> None:
    """A line that a crash cut off does not spoil the report, which mentions it."""
    folder = runs(begin(), ("end", {"outcome": "done", "exit_code": 0}))
    with folder.journal.open("ab") as file:
        file.write(b'{"n":3,"at"')
    assert "cut off by a crash" in text(report(folder))


def test_edited(runs: Runs, report: Report) -> None:
    """An edited journal is not shown as a record: the report names the line where the chain breaks."""
    folder = runs(begin(), ("end", {"outcome": "failed", "exit_code": 1}))
    folder.journal.write_bytes(folder.journal.read_bytes().replace(b"failed", b"done!!"))
    page = report(folder)
    assert "✗ not to be trusted" in page.xpath("//h2")[0].text_content()
    assert "line 2" in text(page)
    assert "done!!" not in text(page)


def test_no_journal(tmp_path: Path, report: Report) -> None:
    """A folder in which no run ever began gives an unfinished record, not an error."""
    assert "Run … unfinished" in text(report(RunFolder(tmp_path / "empty")))


def test_rehearsal(runs: Runs, report: Report) -> None:
    """A rehearsal lists what it withheld."""
    page = report(
        runs(
            begin(mode="rehearse"),
            ("intent", {"act": "move users", "targets": ["a@x", "b@x"]}),
            ("withheld", {"what": "Move-CsUser -Force", "objects": 2}),
            ("result", {"act": "move users", "intent": 2, "withheld": 2}),
            ("end", {"outcome": "rehearsed", "exit_code": 0}),
        )
    )
    assert page.xpath("//h2")[0].text_content() == "Activate ✓ rehearsed"
    assert "Move-CsUser -Force 2" in section(page, "Withheld: what a live run would have done")
    assert "move users 0 0 0 2 0" in section(page, "Results")


def test_long_tables(runs: Runs, report: Report) -> None:
    """A long table shows its first rows and says how many more are in which file."""
    folder = runs(begin(), ("end", {"outcome": "done", "exit_code": 0}))
    files.replace_csv(folder.table("users"), [{"user": f"u{n:04}"} for n in range(ROWS + 34)])
    page = report(folder)
    assert f"u{ROWS - 1:04}" in text(page)
    assert f"u{ROWS:04}" not in text(page)
    assert "34 more rows are in tables/users.csv" in text(page)


def test_several_runs(runs: Runs, report: Report) -> None:
    """An incident: a cover with the numbers, every run and its outcome, one clock; then a section per run."""
    numbers = {
        "users_rehomed": 60,
        "users_on_failed_pool": 60,
        "contacts_restored": 5,
        "contacts_expected": 7,
        "lost": 2,
    }
    facts = [("fact", {"name": name, "value": value}) for name, value in numbers.items()]
    done = ("end", {"outcome": "done", "exit_code": 0})
    failed = ("end", {"outcome": "check failed", "exit_code": 3, "message": "No.", "step": "verdict"})
    page = report(
        runs(begin("backup"), done, name="a-backup"),
        runs(begin("verify"), *facts, failed, name="b-verify"),
        title="The fire of March",
    )
    tiles = [tile.text_content() for tile in page.xpath("//*[contains(@class, 'tile ') or @class='tile']")]
    assert tiles == ["60 of 60users home again", "✗ 5 of 7contacts back", "✗ 2lost"]
    assert [section.get("id") for section in page.xpath("//section")] == ["a-backup", "b-verify"]
    assert page.xpath("//header//table//a/@href") == ["#a-backup", "#b-verify"]
    assert "✗ check failed" in page.xpath("//header")[0].text_content()


def test_numbers_that_are_no_numbers(runs: Runs, report: Report) -> None:
    """A number that was not counted has no tile: nothing is made up."""
    facts = [("fact", {"name": "users_rehomed", "value": None}), ("fact", {"name": "lost", "value": "none"})]
    assert not report(runs(begin(), *facts)).xpath("//*[@class='tile']")


@pytest.mark.real("chromium")
def test_a_browser_shows_it(runs: Runs, report: Report, tmp_path: Path) -> None:
    """Chromium renders it from a file, without a network, pictures included."""
    report(runs(begin(), step("evidence"), step("evidence", "done", seconds=1), ("end", {"outcome": "done"})))
    flags = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--no-first-run",
        "--dump-dom",
    ]
    shown = subprocess.run(
        ["chromium", *flags, f"--user-data-dir={tmp_path / 'browser'}", (tmp_path / "report.html").as_uri()],
        capture_output=True,
        timeout=60,
        check=True,
    ).stdout.decode()
    drawn = html.fromstring(shown).xpath("//*[name()='svg']//*[name()='rect']")
    assert len(drawn) == 1


def test_json_of_a_journal_is_what_is_shown(runs: Runs, report: Report) -> None:
    """The digest on the page is that of the journal's last line, so that page and file can be held together."""
    folder = runs(begin(), ("end", {"outcome": "done", "exit_code": 0}))
    last = json.loads(folder.journal.read_bytes().splitlines()[-1])
    assert last["digest"] in text(report(folder))
