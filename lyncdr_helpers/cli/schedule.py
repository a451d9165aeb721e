"""`lyncdr schedule`: the nightly backup, ready for a scheduler. It prints or writes files; it installs nothing."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lyncdr_helpers.cli.options import Params
from lyncdr_helpers.cli.output import note
from lyncdr_helpers.errors import InputError

if TYPE_CHECKING:
    from lyncdr_helpers.runs.schedule import Nightly

HELP = """Have the backup run every night: ready units for systemd, cron or the Windows Task Scheduler.

Nothing is installed: you read what is printed, and hand it to the scheduler yourself. It runs this lyncdr, with
these parameters, as you unless --user says otherwise. A scheduler knows nothing of your environment: keep passwords
in keyring: or file:, not in env:, and run the backup once by way of the scheduler before you rely on it.

\b
How the last night went (exit codes: lyncdr --help):
    lyncdr runs list --params params/contoso.yml
For a message about a night that failed, give `notices` in the parameters, and try it: lyncdr notices test
For an alarm on a night that failed or never was, give backup.metrics_file in the parameters.
"""

At = Annotated[str, typer.Option("--at", metavar="HH:MM", help="When, by this machine's clock.")]
User = Annotated[str, typer.Option("--user", metavar="NAME", help="Whom it runs as. Empty: you.")]
To = Annotated[Path | None, typer.Option("--to", metavar="FOLDER", help="Write it there instead of printing it.")]

app = typer.Typer(help=HELP, short_help="Have the backup run every night.", no_args_is_help=True)


@app.command()
def systemd(params: Params, at: At = "02:00", user: User = "", to: To = None) -> None:
    """Make a service and its timer for systemd.

    The service may write only to the folders that the parameters name, and is ended after 8 hours. A night that the
    machine slept through is made up for.

    \b
    Example:
        lyncdr schedule systemd --params params/contoso.yml --to units
        sudo cp units/lyncdr-backup-contoso.* /etc/systemd/system/
        sudo systemctl daemon-reload
        sudo systemctl enable --now lyncdr-backup-contoso.timer
    Try it now, and look at the last night and at the next:
        sudo systemctl start lyncdr-backup-contoso.service
        journalctl -u lyncdr-backup-contoso.service
        systemctl list-timers lyncdr-backup-contoso.timer
    """
    from lyncdr_helpers.runs import schedule

    night = _nightly(params, at, user)
    units = schedule.systemd(night)
    for folder in night.writable:
        if not Path(folder).is_dir():
            note(f"lyncdr: {folder} is no folder yet: the service does not start before {night.user} can write there.")
    if to is None:
        print("\n".join(f"# {name}\n{text}" for name, text in units.items()), end="")
    else:
        for name, text in units.items():
            _write(to / name, text.encode())


@app.command()
def cron(params: Params, at: At = "02:00") -> None:
    """Make one line for a crontab.

    Add it to the crontab of the user whom the backup runs as. cron mails that user what a run says: one JSON line on
    success, and what went wrong otherwise. Set MAILTO in the crontab to send it elsewhere.

    \b
    Example:
        lyncdr schedule cron --params params/contoso.yml > line
        (crontab -l; cat line) | crontab -
    """
    from lyncdr_helpers.runs import schedule

    print(schedule.cron(_nightly(params, at, "")), end="")


@app.command()
def windows(params: Params, at: At = "02:00", user: User = "", to: To = None) -> None:
    """Make a task for the Windows Task Scheduler, as XML.

    The task runs whether its user is logged on or not, for 8 hours at most, and never twice at once; a night that the
    machine slept through is made up for. Windows asks for the user's password and keeps it.

    \b
    Example, in an elevated prompt:
        lyncdr schedule windows --params params\\contoso.yml --user CONTOSO\\svc-lyncdr --to .
        schtasks /create /tn lyncdr-backup-contoso /xml lyncdr-backup-contoso.xml /ru CONTOSO\\svc-lyncdr /rp *
    Try it now, and look at the last night (Last Result is lyncdr's exit code):
        schtasks /run /tn lyncdr-backup-contoso
        schtasks /query /tn lyncdr-backup-contoso /v /fo list
    """
    from lyncdr_helpers.clock import SystemClock
    from lyncdr_helpers.runs import schedule

    night = _nightly(params, at, user)
    xml = schedule.windows(night, SystemClock().now().astimezone())
    if to is None:
        # Characters as references: the text means the same in whatever encoding a shell redirects it.
        print(xml.encode("ascii", "xmlcharrefreplace").decode(), end="")
    else:
        _write(to / f"{night.name}.xml", schedule.utf16(xml))


def _nightly(params: Path, at: str, user: str) -> Nightly:
    from lyncdr_helpers.params.reading import read_params
    from lyncdr_helpers.runs import schedule

    return schedule.nightly(read_params(params), at, user or _me(), sys.executable)


def _me() -> str:
    """The present user, with the domain where Windows has one."""
    domain = os.environ.get("USERDOMAIN", "") if sys.platform == "win32" else ""
    return f"{domain}\\{getpass.getuser()}".removeprefix("\\")


def _write(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as cause:
        raise InputError(f"{path} cannot be written: {cause.strerror}.", "Name another folder with --to.") from cause
    note(f"Written: {path}")
