"""`lyncdr runs watch`: a run as it goes on, for a second person at another desk. It reads, and changes nothing."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer

if TYPE_CHECKING:
    from lyncdr_helpers.params.reading import LoadedParams
    from lyncdr_helpers.phases.progress import Forecast, Progress

EVERY_SECONDS = 0.5
QUIET_SECONDS = 30


def watch(
    params: Params,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="Empty: the newest one.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """Watch a run that somebody else is at: steps, users a second, what is left, and the forecast against the RTO.

    Give the parameters that the run has, from any machine that reaches its runs folder. It ends when the run does;
    Ctrl-C ends the watching alone. With --json: how far the run is now, and no watching.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    from lyncdr_helpers import runfolder
    from lyncdr_helpers.params.reading import read_params

    loaded = read_params(params)
    runs_folder = loaded.locate(loaded.params.runs_folder)
    folder = runfolder.existing(runs_folder, run or _newest(runs_folder)).journal
    if as_json:
        answer(_facts(*_look(folder, loaded)))
        return
    console = Console()
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            for _, text in _as_it_goes(folder, loaded):
                live.update(Text(text), refresh=True)
        return
    before = None
    for found, text in _as_it_goes(folder, loaded):
        if found.latest != before:
            print(text, flush=True)
        before = found.latest


def _newest(runs_folder: Path) -> str:
    from lyncdr_helpers import runfolder
    from lyncdr_helpers.errors import InputError

    found = runfolder.all_runs(runs_folder)
    if not found:
        raise InputError(f"There is no run in {runs_folder}.", "Begin one: lyncdr run --help")
    return next((one.run for one in reversed(found) if not one.finished), found[-1].run)


def _as_it_goes(journal: Path, loaded: LoadedParams) -> Iterator[tuple[Progress, str]]:
    """How far it is, again and again, until it is over."""
    while True:
        found, forecast, now = _look(journal, loaded)
        yield found, "\n".join(lines(found, forecast, now))
        if found.is_over:
            return
        time.sleep(EVERY_SECONDS)


def _look(journal: Path, loaded: LoadedParams) -> tuple[Progress, Forecast | None, dt.datetime]:
    from lyncdr_helpers import journal as journals
    from lyncdr_helpers.clock import SystemClock
    from lyncdr_helpers.phases import foreseen, progress

    lines, now = journals.read(journal)[0], SystemClock().now()
    found = progress.of(lines)
    if found.phase != "activate" or found.is_over:
        return found, None, now
    return found, progress.forecast(found, now, foreseen.expected(loaded, lines)), now


def lines(found: Progress, forecast: Forecast | None, now: dt.datetime) -> Iterator[str]:
    """The picture, line by line."""
    from lyncdr_helpers.clock import spell

    yield f"{found.run}: {found.phase}, {found.mode}, by {found.by}, since {found.began:%H:%M:%S} UTC"
    if found.is_over:
        yield f"{found.state}, after {spell((found.latest - found.began).total_seconds())}"
    elif found.step:
        yield f"at work for {spell((now - found.step_began).total_seconds())}: {found.step}"
    yield from (f"  {work.text}" for work in found.works.values())
    quiet = (now - found.latest).total_seconds()
    if found.gate:
        yield f"waits at its gate {found.gate}"
    elif not found.is_over and quiet > QUIET_SECONDS:
        yield f"nothing new on record for {spell(quiet)}: ask who is at it, or whether its process is still there"
    if forecast:
        yield forecast.text


def _facts(found: Progress, forecast: Forecast | None, now: dt.datetime) -> dict[str, Any]:
    return {
        "run": found.run,
        "phase": found.phase,
        "mode": found.mode,
        "state": found.state,
        "step": found.step,
        "seconds": round(((found.latest if found.is_over else now) - found.began).total_seconds(), 1),
        "quiet_seconds": round((now - found.latest).total_seconds(), 1),
        "gate": found.gate,
        "users_back": found.users_back,
        "acts": [
            {
                "act": one.act,
                "total": one.total,
                "settled": one.settled,
                "failed": one.failed,
                "a_second": one.a_second and round(one.a_second, 1),
                "seconds_left": None if one.left is None else round(one.left, 1),
            }
            for one in found.works.values()
        ],
        "forecast": forecast
        and {
            "seconds": round(forecast.seconds, 1),
            "target_seconds": forecast.target,
            "fits": forecast.fits,
            "unknown": list(forecast.unknown),
        },
    }
