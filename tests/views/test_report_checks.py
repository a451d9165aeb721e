"""The report of a readiness check: what failed first, remedies to copy, every check below its area."""

from __future__ import annotations

from pathlib import Path

import pytest
from journal_scene import check, end, fact, run, step
from lxml import html

from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.views.report import write_report

FAILED = end("check failed", 3, step="verdict", message="Two checks are not green.")


@pytest.fixture
def report(tmp_path: Path) -> html.HtmlElement:
    path = run(
        tmp_path,
        "prepare",
        *step("directory", 1.0, check("sign-in", area="directory"), check("moves", "warn", "should", "directory")),
        *step("DNS", 1.0, check("meet A"), check("sip A", "fail"), check("resolver", "unknown", "should")),
        *step("certificates", 1.0, check("chain", area="certificates")),
        fact("users_at_risk", 3),
        fact("users_homed_now", 1204),
        fact("lists_changed_estimated", 37.6),
        fact("recovery_seconds_estimated", 1500.0),
        fact("recovery_seconds_at_slowest", 4000.0),
        fact("recovery_seconds_target", 3600.0),
        FAILED,
    )
    return written(path, "prepare: check failed")


def written(path: Path, title: str = "x") -> html.HtmlElement:
    folder = RunFolder(path)
    write_report([folder], folder.report, title)
    return html.fromstring(folder.report.read_bytes().decode())


def texts(page: html.HtmlElement, path: str) -> list[str]:
    return [" ".join(one.text_content().split()) for one in page.xpath(path)]


def tiles(page: html.HtmlElement) -> list[str]:
    return texts(page, "//*[@class='tile' or @class='tile short']")


def test_the_first_page(report: html.HtmlElement) -> None:
    """How many are green, how many must-haves are not, who is at risk, and the estimates as what they are."""
    assert tiles(report) == [
        "✗ 3 of 6checks are green",
        "✗ 1must-haves are not green",
        "✗ 3 of 1,204users' contacts would not come back",
        "≈ 38lists changed since the newest set (estimate)",
        "✗ ≈ 25 minto recover (estimate); 60 min promised",
    ]


def test_what_to_do_first(report: html.HtmlElement) -> None:
    """Failures, then what nobody knows, then warnings; each with its remedy as text of its own, to be copied."""
    assert [item.split(" (")[0] for item in texts(report, "//ol[@class='todo']/li")] == [
        "✗ FAIL DNS: sip A",
        "? unknown DNS: resolver",
        "! warn directory: moves",
    ]
    assert texts(report, "//ol/li/pre[@class='copy']") == ["Do it."] * 3


def test_checks_by_area(report: html.HtmlElement) -> None:
    """The area with the worst verdict first, its failures first; all green areas last."""
    heads = texts(report, "//h3[text()='Checks']/following-sibling::div[1]/h4")
    assert heads == [
        "DNS 1 ✗ FAIL, 1 ? unknown, 1 ✓ pass",
        "directory 1 ! warn, 1 ✓ pass",
        "certificates 1 ✓ pass",
    ]
    assert texts(report, "(//div[@class='checks'])[1]//td[1]") == ["✗ FAIL", "? unknown", "✓ pass"]


def test_checks_come_before_the_steps(report: html.HtmlElement) -> None:
    """A readiness check is about its checks."""
    assert texts(report, "//section/h3") == ["What to do", "Checks", "Steps", "Numbers"]


def test_all_green(tmp_path: Path) -> None:
    """There is nothing to do, and nothing is said to be."""
    page = written(run(tmp_path, "prepare", check("a"), end()))
    assert tiles(page) == ["1 of 1checks are green", "0must-haves are not green"]
    assert "What to do" not in texts(page, "//h3")


def test_made_again(tmp_path: Path) -> None:
    """What is green by now is nothing to do, although the record keeps how it was."""
    page = written(run(tmp_path, "prepare", check("a", "fail"), FAILED, ("resume", {}, 0.0), check("a"), end()))
    assert "What to do" not in texts(page, "//h3")
    assert texts(page, "//div[@class='checks']//td[1]") == ["✗ FAIL", "✓ pass"]


def test_other_phases_have_no_readiness(tmp_path: Path) -> None:
    """An activation's checks are no readiness; they stay below what it did, with what to do."""
    page = written(run(tmp_path, "verify", *step("users", 1.0, check("a", "fail")), FAILED))
    assert tiles(page) == []
    assert texts(page, "//section/h3") == ["What to do", "Steps", "Checks"]


def test_hostile_checks(tmp_path: Path) -> None:
    """Whatever stands in a check, it is text."""
    facts = dict.fromkeys(("area", "name", "verdict", "severity", "seen", "expected", "remedy"), "<script>1</script>")
    page = written(run(tmp_path, "prepare", ("check", facts, 0.0), end()))
    assert not page.xpath("//script")
    assert texts(page, "//pre[@class='copy']") == ["<script>1</script>"]


def test_light_and_dark(report: html.HtmlElement) -> None:
    """The page has colours for both, and prints in the light ones."""
    css = report.xpath("//style")[0].text
    assert "@media screen and (prefers-color-scheme: dark)" in css
    assert "#fff" not in css.replace("--paper: #fff", "").replace(".badge.bad { color: #fff", "")
