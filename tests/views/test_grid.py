"""The grid of users and contacts: everything in one piece of HTML, searched and sorted by a browser with no network."""

from __future__ import annotations

import base64
import gzip
import json
import re
import subprocess
from typing import Any

import pytest
from lxml import html

from lyncdr_helpers.views.frame import ROWS, Frame
from lyncdr_helpers.views.grid import PAGE, Grid

MANY = 10_000
EVIL = "<img src=x onerror=\"document.title='robbed'\"></script>"

ACT = """
<script>
(async () => {
  while (!document.querySelector(".dt-search input")) await new Promise(done => setTimeout(done, 20));
  const rows = () => [...document.querySelectorAll(".live tbody tr")].map(
    row => [...row.cells].map(cell => [cell.textContent, cell.className]));
  const said = () => document.querySelector(".dt-info").textContent;
  const filter = document.querySelector(".dt-search input");
  const seen = {first: rows(), info: said(), still: document.querySelector(".still").hidden};
  filter.value = "fail 77";
  filter.dispatchEvent(new Event("input", {bubbles: true}));
  Object.assign(seen, {filtered: rows(), found: said()});
  filter.value = "";
  filter.dispatchEvent(new Event("input", {bubbles: true}));
  const heads = document.querySelectorAll(".live thead th");
  heads[2].querySelector("[tabindex], [role=button]")?.dispatchEvent(
    new KeyboardEvent("keypress", {key: "Enter", keyCode: 13, which: 13, bubbles: true}));
  await new Promise(done => setTimeout(done, 200));
  Object.assign(seen, {sorted: rows().map(row => row[2][0]), tabs: document.querySelectorAll("[tabindex='0']").length});
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify(seen);
  document.body.append(out);
})();
</script>
"""


def of_users(count: int) -> Grid:
    rows = [
        (f"user{n}@lync.test", "✗ FAIL" if n % 77 == 0 else "✓ pass", (n * 7919) % count, EVIL if n == 3 else "")
        for n in range(count)
    ]
    return Grid.of(rows, ["user", "comes_back", "contacts", "why_not"], rest="all are in users.csv")


def scripts(page: str) -> str:
    return re.sub(r"(?s)<script>.*?</script>", "", page)


def test_a_small_one_is_a_frame() -> None:
    """Where every row is shown nothing needs to be searched for, and no script is needed."""
    frame = Frame.of([(n,) for n in range(ROWS)], ["n"])
    grid = Grid.of([(n,) for n in range(ROWS)], ["n"])
    assert grid._repr_html_() == frame._repr_html_()
    assert isinstance(grid[grid.n > 3], Grid)


def test_without_scripts_the_first_rows_stand_there() -> None:
    """A notebook that is not trusted, and plain text, have what a Frame shows, and say where the rest is."""
    grid = of_users(MANY)
    page = html.fromstring(scripts(grid._repr_html_()))
    assert len(page.xpath("//div[@class='still']//tr")) == ROWS + 1
    assert page.xpath("//div[@class='still']//p")[0].text == "and 9,970 more; all are in users.csv."
    assert repr(grid).endswith("and 9,970 more; all are in users.csv.")


def test_ten_thousand_users_weigh_half_a_megabyte() -> None:
    """Every grid carries its library and all its rows, and a run's record stays small all the same."""
    page = of_users(MANY)._repr_html_()
    assert len(page) < 600_000
    assert page == of_users(MANY)._repr_html_()


def test_nothing_comes_from_elsewhere() -> None:
    """Neither the grid nor what it unpacks loads anything: a management host has no internet."""
    page = of_users(40)._repr_html_()
    packed = [gzip.decompress(base64.b64decode(one)).decode() for one in re.findall(r'unpack\("([^"]+)"\)', page)]
    css = next(one for one in packed if one.startswith(":root"))
    assert len(packed) == 3
    assert "://" not in scripts(page)
    assert not re.search(r"url\((?!data:)|@import", css)
    assert not any(re.search(r"""(src|href)=["']?https?:|fetch\(["']http|import\(["']http""", one) for one in packed)


def test_no_text_ends_the_script_or_turns_around() -> None:
    """Whatever somebody wrote into a display name stays within its row, and reads forwards."""
    grid = Grid.of([(EVIL, "ann\u202etset")] * 40, ["a", "b"])
    assert EVIL not in grid._repr_html_()
    assert grid._repr_html_().count("</script>") == 1
    assert grid.spelled()[1][0] == [EVIL, "ann\\u202etset"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What chromium shows of 10,000 users in a file: at first, filtered, sorted by a key press."""
    folder = tmp_path_factory.mktemp("grid")
    page = folder / "grid.html"
    page.write_text(f'<!DOCTYPE html><meta charset="utf-8"><body>{of_users(MANY)._repr_html_()}{ACT}', encoding="utf-8")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    dumped = subprocess.run(
        ["chromium", *flags, "--virtual-time-budget=20000", "--dump-dom", f"--user-data-dir={folder}", page.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
    ).stdout.decode()
    document = html.fromstring(dumped)
    assert document.xpath("//title/text()") == []
    return dict(json.loads(document.get_element_by_id("seen").text))


@pytest.mark.real("chromium")
def test_a_browser_shows_a_page_of_it(seen: dict[str, Any]) -> None:
    """The first page as the frame has it; the still table is away; what is text stays text, signs have colours."""
    assert seen["still"] is True
    assert seen["info"] == f"1 to {PAGE} of 10,000"
    assert [row[0][0] for row in seen["first"]] == [f"user{n}@lync.test" for n in range(PAGE)]
    assert seen["first"][3][3][0] == EVIL
    assert seen["first"][0][1] == ["✗ FAIL", "dt-left bad"]
    assert "number" in seen["first"][0][2][1]


@pytest.mark.real("chromium")
def test_a_browser_filters_it(seen: dict[str, Any]) -> None:
    """Words in any order, in any column."""
    texts = {n: f"user{n} {(n * 7919) % MANY:,}" for n in range(0, MANY, 77)}
    wanted = [f"user{n}@lync.test" for n, text in texts.items() if "77" in text]
    assert [row[0][0] for row in seen["filtered"]] == wanted[:PAGE]
    assert seen["found"] == f"1 to {min(PAGE, len(wanted))} of {len(wanted)} (of 10,000)"


@pytest.mark.real("chromium")
def test_a_browser_sorts_it_by_the_keyboard(seen: dict[str, Any]) -> None:
    """Enter on a heading sorts; counts sort as numbers, though they are shown with commas."""
    assert seen["tabs"] >= 4
    assert seen["sorted"] == [str(n) for n in range(PAGE)]
