"""`lyncdr drill`: lose a site and bring every user back, on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lyncdr_helpers.cli.lab import lifecycle
from lyncdr_helpers.cli.options import AsJson, Cms, Directory, Dns, Generation, Users
from lyncdr_helpers.cli.output import answer, note


def drill(
    users: Users = 250,
    generation: Generation = "lync2010",
    directory: Directory = "embedded",
    dns: Dns = "embedded",
    cms: Cms = "dr",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab up afterwards, to look around.")] = False,
    failback: Annotated[
        bool, typer.Option("--failback", help="And the way home: users change their lists at the DR site meanwhile.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Lose a site and bring every user back.

    A lab comes up on loopback; then prepare, backup, the site is lost, activate, verify, lab down. Exit code 0 only if
    nothing was lost. The report stays in runs/.

    \b
    Every morning:
        lyncdr drill --json
    There and back:
        lyncdr drill --failback
    The Central Management Store is lost too, and brought to the DR site by hand:
        lyncdr drill --cms primary
    On real servers (Linux, root):
        lyncdr drill --users 2000 --directory samba --dns bind
    """
    lifecycle()  # a missing package is said before anything else needs it
    from rich.console import Console

    from lyncdr_helpers.cli import live, scoreboard
    from lyncdr_helpers.drill import Order
    from lyncdr_helpers.drill import drill as play

    progress = Console(stderr=True)
    order = Order(users, generation, directory, dns, keep, failback, cms)
    with live.watch(progress, order.steps) as watcher:
        score = play(Path("runs"), order, watcher)
    scoreboard.show(score, progress if as_json else Console())
    if keep:
        note(f"The lab is still up:\n{_how_to_go_on(score.folder.path / 'lab')}")
    if as_json:
        answer(score.as_facts())
    raise typer.Exit(score.exit_code)


def _how_to_go_on(lab: Path) -> str:
    return "\n".join(
        [
            f"  lyncdr lab status --folder {lab}",
            f"  lyncdr run verify --params {lab / 'lab.yml'}",
            f"  lyncdr lab down --folder {lab}",
        ]
    )
