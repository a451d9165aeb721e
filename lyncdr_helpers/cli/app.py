"""The tree of commands."""

from __future__ import annotations

import typer

from lyncdr_helpers import __version__
from lyncdr_helpers.cli import (
    approve,
    backups,
    console,
    drill,
    keys,
    lab,
    notices,
    params,
    proof,
    report,
    run,
    runs,
    schedule,
    watch,
)

HELP = """Bring a Lync / Skype for Business site back after it is lost, and drill it before.

Try it on this machine, with no server:

\b
    lyncdr drill

Then for a deployment of your own (begin with a copy of params/example.yml):

\b
    lyncdr params check params/contoso.yml
    lyncdr run prepare  --params params/contoso.yml
    lyncdr run backup   --params params/contoso.yml --json        every night
    lyncdr run activate --params params/contoso.yml               rehearses: withholds every change
    lyncdr run activate --params params/contoso.yml --mode live --because "the building burns"
                                                                  makes the plan, and stops at the gate
    lyncdr run activate --params params/contoso.yml --mode live --approve DIGEST
    lyncdr run verify   --params params/contoso.yml

\b
Exit codes:
      0  done, or rehearsed          5  refused by a gate: nothing was changed
      2  bad input                   6  outcome unknown: a person must look
      3  a check failed              7  locked by another run
      4  incomplete                  8  the kernel died or timed out
    130  interrupted                 1  anything else
"""

app = typer.Typer(
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
app.command("drill", short_help="Lose a site and bring every user back.")(drill.drill)
app.add_typer(lab.app, name="lab")
app.add_typer(params.app, name="params")
app.command("run", short_help="Run a phase: prepare, backup, activate, verify, failback, audit.")(run.run)
app.command("approve", short_help="Approve a plan that waits for a second person.")(approve.approve)
runs.app.command()(watch.watch)
runs.app.command()(proof.verify)
runs.app.command()(proof.export)
runs.app.command()(report.report)
app.add_typer(runs.app, name="runs")
app.add_typer(backups.app, name="backups")
app.add_typer(schedule.app, name="schedule")
app.add_typer(keys.app, name="keys")
app.add_typer(notices.app, name="notices")
app.command("console", short_help="Open the notebooks in JupyterLab.")(console.console)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"lyncdr {__version__}")
        raise typer.Exit


@app.callback()
def lyncdr(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Show the version."),
) -> None:
    pass


lyncdr.__doc__ = None
