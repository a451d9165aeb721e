"""`lyncdr runs`: look at what was done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, table

if TYPE_CHECKING:
    from lyncdr_helpers.checks import Check
    from lyncdr_helpers.phases.earlier.readiness import Tally
    from lyncdr_helpers.runfolder import RunFolder

app = typer.Typer(help="Look at the runs of a deployment.", no_args_is_help=True)


def checks_of(folder: RunFolder) -> tuple[tuple[Check, ...], Tally]:
    """The checks of a run, each as it was last made, and how many of each verdict."""
    from lyncdr_helpers import journal
    from lyncdr_helpers.phases.earlier import readiness

    made = readiness.checks_of(journal.read(folder.journal)[0])
    return made, readiness.tally(made)


def _print_checks(folder: RunFolder) -> None:
    """How many of each verdict, and what is not green, with what to do about it."""
    made, counted = checks_of(folder)
    if made:
        print(f"Checks: {counted.text}")
    for one in made:
        if one.verdict != "pass":
            print(f"  {one.verdict.upper()} ({one.severity})  {one.area}: {one.name}: {one.seen}")
            print(f"      {one.remedy}" if one.remedy else f"      Expected: {one.expected}")


@app.command("list")
def list_runs(params: Params, as_json: AsJson = False) -> None:
    """List every run of a deployment, oldest first."""
    from dataclasses import asdict

    from lyncdr_helpers import runfolder

    found = runfolder.all_runs(runs_folder(params))
    if as_json:
        answer({"runs": [asdict(one) for one in found]})
        return
    head = ("run", "phase", "mode", "outcome", "by", "plan")
    rows = [(one.run, one.phase, one.mode, one.outcome, one.by, one.plan[:12]) for one in found]
    table([head, *rows])


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="Its name, as `lyncdr runs list` shows it.")], params: Params
) -> None:
    """Show what a run did, line by line, then which of its checks are not green; and where its report is."""
    from lyncdr_helpers import journal, runfolder
    from lyncdr_helpers.dossier import proof, sealing
    from lyncdr_helpers.views import report_guided
    from lyncdr_helpers.views.report import write_report

    folder = runfolder.existing(runs_folder(params), run)
    lines, torn = journal.read(folder.journal)
    for line in lines:
        facts = ", ".join(f"{name}={value}" for name, value in line.facts.items())
        print(f"{line.at}  {line.kind:<9} {facts}"[:200])
    if torn:
        print("The last line was cut off by a crash.")
    for text in report_guided.rows(lines):
        print(f"By hand: {text}")
    _print_checks(folder)
    if not sealing.is_sealed(folder):  # else it is part of what was sealed
        write_report([folder], folder.report, run)
    print(f"Head: {proof.head_of(folder)}")
    print(f"Report: {folder.report if folder.report.exists() else f'lyncdr runs report {run} --html FILE'}")


def runs_folder(params_file: Path) -> Path:
    """Where the runs of a deployment are."""
    from lyncdr_helpers.params.reading import read_params

    loaded = read_params(params_file)
    return loaded.locate(loaded.params.runs_folder)
