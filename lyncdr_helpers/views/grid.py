"""A table that people search and sort in the page: users and contacts, ten thousand of them, without a network.

The grid is DataTables, as itables packs it. Each one carries all that it needs, packed small: a cell that is run again,
an export, and a page of which only a part was kept show it all the same. Where no script may run, as in a notebook that
is not trusted yet, the first rows stand there, and where the others are.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import cache
from pathlib import Path
from string import Template

import itables.options

from lyncdr_helpers.views.frame import SIGNS, Frame

PAGE = 25
"""How many rows a page of the grid has."""

CSS = """
.lyncdr-grid {max-width: 100%; overflow-x: auto;}
.lyncdr-grid .dt-container {width: max-content; min-width: 40em; max-width: 100%; color: inherit;
  background: none;}
.lyncdr-grid table.dataTable {width: auto; margin: 0;}
.lyncdr-grid table.dataTable th:focus-visible, .lyncdr-grid button:focus-visible, .lyncdr-grid input:focus-visible,
.lyncdr-grid select:focus-visible {outline: 2px solid #3d84c6; outline-offset: 1px;}
.lyncdr-grid input, .lyncdr-grid select {color: inherit; background: transparent; border: 1px solid #8888;
  border-radius: 3px; padding: .25em .5em; font: inherit;}
.lyncdr-grid select option {color: #000; background: #fff;}
"""

SCRIPT = Template("""
(async () => {
  const unpack = text => new Response(new Blob([Uint8Array.from(atob(text), one => one.charCodeAt(0))]).stream()
    .pipeThrough(new DecompressionStream("gzip"))).text();
  window.lyncdrGrid ??= (async () => {
    const style = document.createElement("style");
    style.textContent = await unpack("$css");
    document.head.append(style);
    const url = URL.createObjectURL(new Blob([await unpack("$js")], {type: "text/javascript"}));
    const library = await import(url);
    URL.revokeObjectURL(url);
    library.set_or_remove_dark_class();
    return library.default;
  })();
  const Grid = await window.lyncdrGrid;
  const {rows, titles, numbers, signs, page, caption} = JSON.parse(await unpack("$data"));
  const sign = (cell, text) => { const kind = signs[text.split(" ")[0]]; if (kind) cell.classList.add(kind); };
  for (const place of document.querySelectorAll("[data-grid='$id']:not([data-live])")) {
    place.dataset.live = "yes";
    const table = document.createElement("table"), head = table.createTHead().insertRow();
    table.className = "rows";
    table.setAttribute("aria-label", caption);
    for (const title of titles) {
      const cell = document.createElement("th");
      cell.scope = "col";
      cell.textContent = title;
      head.append(cell);
    }
    place.querySelector(".live").append(table);
    new Grid(table, {
      data: rows, order: [], deferRender: true, autoWidth: false, pageLength: page,
      lengthMenu: [page, 100, 500],
      columns: titles.map((_, at) => ({
        render: Grid.render.text(), createdCell: sign, className: numbers[at] ? "number" : "dt-left",
        type: numbers[at] ? "num-fmt" : "string"})),
      language: {search: "Filter:", lengthMenu: "_MENU_ rows a page", info: "_START_ to _END_ of _TOTAL_",
        infoFiltered: "(of _MAX_)", infoEmpty: "none", zeroRecords: "Nothing holds these words."},
    });
    place.querySelector(".still").hidden = true;
  }
})();
""")
"""Puts the live grid beside the still table and takes the still one away, once everything is there. No text of the
table ever becomes markup.
"""


class Grid(Frame):
    """A Frame that can be filtered and sorted where it has more rows than a Frame shows."""

    @property
    def _constructor(self) -> type[Grid]:
        return Grid

    def _repr_html_(self) -> str:
        still = super()._repr_html_()
        if not self.more:
            return still
        titles, rows, numbers = self.spelled()
        data = {"rows": rows, "titles": titles, "numbers": numbers, "signs": SIGNS, "page": PAGE}
        packed = _packed(json.dumps({**data, "caption": f"{len(rows):,} rows"}, ensure_ascii=False))
        name = hashlib.sha256(packed.encode()).hexdigest()[:12]
        script = SCRIPT.substitute(id=name, data=packed, js=_library(".js"), css=_library(".css"))
        inside = f'<style>{CSS}</style><div class="still">{still}</div><div class="live lyncdr"></div>'
        return f'<div class="lyncdr-grid" data-grid="{name}">{inside}<script>{script}</script></div>'


@cache
def _library(suffix: str) -> str:
    """DataTables and what it looks like, in the form in which every grid carries them."""
    return _packed(Path(itables.options.dt_bundle).with_suffix(suffix).read_text(encoding="utf-8"))


def _packed(text: str) -> str:
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode("ascii")
