"""`lyncdr drill`: lose a site and bring every user back, on this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from lyncdr_helpers.cli.options import AsJson, Directory, Dns, Users


def drill(
    users: Users = 250,
    directory: Directory = "embedded",
    dns: Dns = "embedded",
    keep: Annotated[bool, typer.Option("--keep", help="Leave the lab up afterwards, to look around.")] = False,
    as_json: AsJson = False,
) -> None:
    """Lose a site and bring every user back.

    A lab comes up on loopback; then prepare, backup, the site is lost, activate, verify, lab down. Exit code 0 only if
    nothing was lost. The report stays in runs/.

    \b
    Every morning:
        lyncdr drill --json
    On real servers (Linux, root):
        lyncdr drill --users 2000 --directory samba --dns bind
    """
