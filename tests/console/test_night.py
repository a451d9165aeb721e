"""The night as an operator lives through it: JupyterLab in a browser, worked with mouse and keys, on a lab.

The tests stand in the order of the night, and each begins where the one before ended.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

import nbformat
import pytest
from browser import Console, Desk
from dr_scene import Scene
from phase_scene import variant

from lyncdr_helpers.journal import Line
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL

pytestmark = [pytest.mark.real("chromium"), pytest.mark.slow, pytest.mark.timeout(300)]

GATE, APPROVE, MOVE, LAST = "gates.approval", "activate.approve", "activate.move_users", "activate.finish"
REASON = "the building is being evacuated, and the pool with it"
GRID = """from lyncdr_helpers.phases.restorability import Restorable
from lyncdr_helpers.views import tables
users = [Restorable(f"user{n}@example.org", "same", n % 300, "lync", "lync", 2.5, "") for n in range(10_000)]
tables.restorable(users)"""

TYPED = """() => [..."user9876"].map(key => {
  const filter = document.querySelector(".dt-search input"), began = performance.now();
  filter.value += key;
  filter.dispatchEvent(new Event("input", {bubbles: true}));
  document.querySelector(".dt-info").getBoundingClientRect();
  return performance.now() - began;
})"""
"""Milliseconds from each key to the page that shows it."""

USERS = 24
"""Of the lab's users, all are on the lost pool."""


@pytest.fixture(scope="module")
def desk(console: Console) -> Desk:
    """The activation's notebook; its params_file is empty, so that it is about what the console was opened with."""
    return console.open("3_activate")


@pytest.fixture(scope="module")
def two_people(scene: Scene) -> Path:
    """The same deployment, which wants a second person at the gate."""
    return variant(scene, ("thresholds:", "approval: {second_approver: true}\nthresholds:"))


def newest(scene: Scene, *kinds: str) -> list[Line]:
    """The lines of those kinds in the newest run's journal."""
    return [line for line in scene.lines(scene.runs()[-1].run) if line.kind in kinds]


def on(scene: Scene, pool: str) -> int:
    """How many of the directory's accounts, users and devices, have their home on that pool."""
    return sum(home == pool for home in scene.homes().values())


def test_run_all_stops_at_a_closed_gate(console: Console, desk: Desk, scene: Scene) -> None:
    """The primary lives, so a live run stops there: the cell is selected, says why, and nothing below it ran."""
    desk.write(mode="live", because="smoke in the server room")
    desk.run_all()
    assert "activate.evidence" in desk.active()
    assert "Refusal: The primary pool is not proven dead" in desk.said("activate.evidence")
    assert "Gate primary-answers is closed" in desk.said("activate.evidence")
    assert desk.prompt("activate.offer_pairing") == "[ ]:"
    assert [line.facts["gate"] for line in newest(scene, "gate")] == ["primary-answers"]
    assert not newest(scene, "plan", "intent")


def test_a_reason_is_typed_and_kept(desk: Desk, scene: Scene) -> None:
    """The form begins empty; what is written there opens that gate and stays on record; the next gate holds."""
    reason = desk.cell("activate.evidence").locator("textarea")
    assert reason.input_value() == ""
    reason.click()
    desk.page.keyboard.type(REASON)
    desk.page.get_by_text("A reason is given").wait_for()
    desk.picture("waiver")
    desk.run_below("activate.evidence")
    (waiver,) = newest(scene, "waiver")
    assert (waiver.facts["gate"], waiver.facts["reason"]) == ("primary-answers", REASON)
    assert "activate.approve" in desk.active()
    assert "The plan waits for approval" in desk.said(APPROVE)
    assert desk.prompt(MOVE) == "[ ]:"


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        (PRIMARY_POOL, "the number of users is missing"),
        (f"{PRIMARY_POOL} 23", "the plan moves 24 users, and 23 was typed"),
        (f"{DR_POOL} 24", f"the pool is {PRIMARY_POOL}, and {DR_POOL} was typed"),
    ],
)
def test_a_wrong_confirmation(desk: Desk, scene: Scene, typed: str, why: str) -> None:
    """It says at once what does not fit, and whoever runs on all the same is refused; nobody moves."""
    box = desk.cell(GATE).locator("input")
    box.fill(typed)
    desk.page.get_by_text(why).wait_for()
    if "23" in typed:
        desk.run_below(APPROVE)
        desk.picture("gate")
        assert "The plan waits for approval" in desk.said(APPROVE)
    assert not newest(scene, "approval", "intent")


def test_two_people_by_keyboard_alone(console: Console, desk: Desk, scene: Scene, two_people: Path) -> None:
    """The site is lost. From the refused cell: up, Tab into the box, both people's words, back, and Shift+Enter."""
    scene.lose_primary()
    desk.write(params_file=os.path.relpath(two_people, console.root / "notebooks"))
    desk.run_all()
    assert APPROVE in desk.active()
    desk.keys("ArrowUp", "Tab")
    confirmation = f"{PRIMARY_POOL} {USERS}"
    for words in (confirmation, "Berta Alm", confirmation):
        assert desk.focused("tagName") == "INPUT"
        desk.page.keyboard.type(words)
        desk.keys("Tab")
    desk.page.get_by_text("✓ Approved: go on with the next cell.").wait_for()
    desk.picture("two-people")
    desk.cell(GATE).locator("input").last.focus()
    desk.keys("Shift+Tab", "Shift+Tab", "Shift+Tab", "ArrowDown")
    assert APPROVE in desk.active()
    desk.keys("Shift+Enter")
    desk.rest()
    names = [line.facts["name"] for line in newest(scene, "approval")]
    assert len(names) == 2
    assert names[1] == "Berta Alm"
    assert not newest(scene, "intent")


def test_a_restarted_kernel_goes_on(desk: Desk, scene: Scene) -> None:
    """Users have moved when the kernel is restarted. Run All again shows who approved, and does only what is left."""
    desk.cell(MOVE).locator(".jp-InputPrompt").click()
    desk.keys("Shift+Enter")
    desk.rest()
    assert "24" in desk.said(MOVE)
    run = scene.runs()[-1].run
    desk.restart()
    desk.run_all()
    assert scene.runs()[-1].run == run
    assert "Approved already by" in desk.said(APPROVE)
    assert "Berta Alm" in desk.said(APPROVE)
    assert "done" in desk.said(LAST)
    assert scene.runs()[-1].outcome == "done"
    assert on(scene, PRIMARY_POOL) == 0
    moved = [line.facts.get("done", []) for line in newest(scene, "result") if line.facts["act"] == "move users"]
    assert sum(map(len, moved)) == USERS


def test_a_cell_that_is_run_again_says_it_was_done(desk: Desk, scene: Scene) -> None:
    """When and by whom; the record of a run that is over stays as it is."""
    before = scene.lines(scene.runs()[-1].run)
    desk.cell(MOVE).locator(".jp-InputPrompt").click()
    desk.keys("Shift+Enter")
    desk.rest()
    assert "Already done at" in desk.said(MOVE)
    assert scene.lines(scene.runs()[-1].run) == before


def test_ten_thousand_users_are_filtered_at_once(console: Console) -> None:
    """The grid of a large pool answers each key within half a second, in JupyterLab too; and needs nobody for it."""
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python (lyncdr)", "language": "python"}}
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(GRID)], metadata=kernel)
    nbformat.write(made, console.root / "notebooks" / "grid.ipynb")
    grid = console.reopen("grid")
    grid.run_all()
    grid.page.get_by_text("1 to 25 of 10,000").wait_for()
    took = grid.page.evaluate(TYPED)
    grid.page.get_by_text("of 10,000)").wait_for()
    assert "user9876@example.org" in grid.said("tables.restorable")
    assert max(took) < 500, took


def test_nothing_was_asked_of_anybody_else(console: Console) -> None:
    """All that the pages asked for in this night came from this machine: no fonts, scripts, news or updates."""
    elsewhere = [url for url in console.asked if urlsplit(url).hostname not in ("127.0.0.1", None)]
    assert len(console.asked) > 100
    assert not elsewhere
