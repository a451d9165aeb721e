"""What a notebook shows in a real browser: a bar that goes on with its run, curves, and both themes of JupyterLab."""

from __future__ import annotations

import forked
import pytest
from browser import Console, Desk
from dr_scene import Scene

pytestmark = [pytest.mark.real("chromium"), pytest.mark.slow, pytest.mark.timeout(300)]

BAR, CURVES = "status.show", "users_back.picture"

CONTRAST = """() => {
  const parts = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(one => one / 255).map(
    one => one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4).reduce(
    (sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = node => {
    for (let one = node; one; one = one.parentElement) {
      const colour = parts(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.99) return colour.slice(0, 3);
    }
    return [255, 255, 255];
  };
  return [...document.querySelectorAll(".lyncdr .status *, .lyncdr table.rows td, .lyncdr table.rows th")].filter(
    node => [...node.childNodes].some(one => one.nodeType === 3 && one.textContent.trim()) && node.tagName !== "STYLE"
  ).map(node => {
    const back = behind(node), style = getComputedStyle(node), faint = parseFloat(style.opacity);
    const front = parts(style.color).slice(0, 3).map((one, at) => one * faint + back[at] * (1 - faint));
    const [a, b] = [light(front), light(back)].sort((x, y) => y - x);
    return [(a + 0.05) / (b + 0.05), node.textContent.slice(0, 60), style.fontWeight];
  });
}"""
"""[contrast to what is behind it, text, weight] of every text in a bar or a table, as WCAG counts it."""

READABLE, LARGE = 4.5, 3.0
"""What WCAG asks of text, and of a sign whose words are bold."""


@pytest.fixture(scope="module")
def desk(console: Console, scene: Scene) -> Desk:
    """The verification's notebook, run after an activation."""
    done = [run for run in scene.runs() if (run.phase, run.mode) == ("activate", "live") and run.finished]
    if not done:
        scene.lose_primary()
        scene.run("activate", "--mode", "live", "--approve", forked.planned(scene))
    opened = console.open("4_verify")
    opened.run_all()
    return opened


def test_the_bar_goes_on_with_its_run(desk: Desk, scene: Scene) -> None:
    """It was shown before the first step; when the last is over it says so, and the clock stands at the proof."""
    said = desk.said(BAR)
    assert scene.runs()[-1].outcome == "done"
    assert "READS ONLY: nothing changes" in said
    assert "✓ service was proven after" in said
    assert "24 of 24 moved" in said
    assert "✓ verdict" in said
    assert "· " not in said.partition("expectation")[2]
    desk.picture("proven")


def test_users_back_are_drawn(desk: Desk) -> None:
    """Both curves stand there as drawings of some size, with their words below."""
    curves = desk.page.locator(".jp-CodeCell .incident svg")
    curves.first.scroll_into_view_if_needed()
    sizes = [box for one in curves.all() if (box := one.bounding_box())]
    assert len(sizes) == 2
    assert all(size["width"] > 300 and size["height"] > 100 for size in sizes)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_every_text_can_be_read(desk: Desk, theme: str) -> None:
    """In the light theme and in the dark one."""
    desk.page.locator("li.lm-MenuBar-item", has_text="Settings").click()
    desk.page.locator(".lm-Menu-item", has_text="Theme").first.hover()
    desk.page.locator(".lm-Menu-item", has_text=theme).first.click()
    dark = theme.endswith("Dark")
    desk.page.wait_for_function(f"() => document.body.dataset.jpThemeLight === '{'false' if dark else 'true'}'")
    desk.page.wait_for_timeout(500)
    desk.cell(BAR).scroll_into_view_if_needed()
    seen = desk.page.evaluate(CONTRAST)
    assert len(seen) > 20
    assert not [one for one in seen if one[0] < (LARGE if int(one[2]) >= 600 else READABLE)]
