"""`lyncdr runs report`: the page of a run, and the same on paper."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer

if TYPE_CHECKING:
    from lyncdr_helpers.runfolder import RunFolder


def report(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its name, as `lyncdr runs list` shows it.")],
    params: Params,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep the page in this file, too.")] = None,
    pdf: Annotated[Path | None, typer.Option(metavar="FILE", help="Print it to this file, too.")] = None,
    browser: Annotated[
        Path | None, typer.Option(metavar="PATH", help="What prints; empty: the Chromium, Chrome or Edge that is here.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show where the report of a run is, and print it to PDF.

    A report that was sealed with its run is shown as it is; of a run at work it is written anew, and of one that was
    carried out in JupyterLab into the file that is named, for what was sealed is not added to. The browser works on a
    profile of its own and asks nobody.

    \b
    What happened, on paper, for the auditor:
        lyncdr run audit --params params/contoso.yml
        lyncdr runs report 20260302-090000-audit-3f2a --params params/contoso.yml --pdf incident.pdf
    """
    from lyncdr_helpers import files, runfolder
    from lyncdr_helpers.cli.runs import runs_folder
    from lyncdr_helpers.runs import pdf as paper

    folder = runfolder.existing(runs_folder(params), run)
    with TemporaryDirectory(prefix="lyncdr-") as place:
        page = _page(folder, Path(place) / "report.html")
        if html:
            files.replace(html, page.read_bytes())
        if pdf:
            paper.print_page(page, pdf, browser)
    shown = page if page.exists() else html
    if as_json:
        answer({"outcome": "done", "exit_code": 0, "report": _text(shown), "pdf": _text(pdf)})
        return
    print(f"Report: {shown or 'none is kept: give --html FILE'}")
    if pdf:
        print(f"PDF: {pdf}")


def _page(folder: RunFolder, elsewhere: Path) -> Path:
    """The report: as it was sealed, or written now; elsewhere, where the folder was sealed without one."""
    from lyncdr_helpers.dossier import sealing
    from lyncdr_helpers.views.report import write_report

    sealed = sealing.is_sealed(folder)
    if sealed and folder.report.exists():
        return folder.report
    page = elsewhere if sealed else folder.report
    write_report([folder], page, folder.run)
    return page


def _text(path: Path | None) -> str | None:
    return str(path) if path else None
