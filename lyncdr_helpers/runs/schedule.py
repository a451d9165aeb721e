"""The nightly backup in the words of three schedulers: systemd, cron and the Windows Task Scheduler.

Rendering only: nothing is installed here. Each scheduler has quoting rules of its own; what one of them cannot say is
refused, for a night that runs something else is worse than no schedule.
"""

from __future__ import annotations

import datetime as dt
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.reading import LoadedParams

LIMIT_HOURS = 8
"""A night that is not over by then is ended: somebody must look before the next one."""

DELAY_MINUTES = 5
"""Deployments that share a store do not all begin at the same second."""

CRON_LONGEST = 998
"""Vixie cron reads so many characters of a command, and cuts off the rest without a word."""

TICKET = """\
# Kerberos tickets are commonly kept in the machine's own temporary folder.
PrivateTmp=no
ReadWritePaths=%T"""
"""Instead of a temporary folder of the service's own."""

TASK_NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"

UNSPEAKABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""Control characters, bytes that were no text, and what Unicode says is no character."""


@dataclass(frozen=True)
class Nightly:
    """One deployment's backup, every day at a time of this machine's clock.

    user: whom it runs as. command: the program and its arguments. writable: absolute folders that it writes to.
    ticket: whether it signs in with a Kerberos ticket, which is commonly kept in the machine's temporary folder.
    """

    deployment: str
    at: dt.time
    user: str
    command: tuple[str, ...]
    writable: tuple[str, ...]
    ticket: bool

    def __post_init__(self) -> None:
        for text in (self.user, *self.command, *self.writable):
            if not text or UNSPEAKABLE.search(text):
                raise InputError(f"{text!r} cannot be given to a scheduler.", "Use a name of printable characters.")

    @property
    def name(self) -> str:
        """What it is called on the machine, as a unit or a task."""
        return f"lyncdr-backup-{self.deployment}"

    @property
    def title(self) -> str:
        return f"Nightly lyncdr backup of {self.deployment}"


def nightly(loaded: LoadedParams, at: str, user: str, interpreter: str) -> Nightly:
    """The night that the parameters ask for. Raises InputError for a time that is none."""
    signs_in = (loaded.params.directory.bind.method, loaded.params.management_host.auth)
    params_file = str(loaded.path.resolve())
    return Nightly(
        deployment=loaded.params.deployment,
        at=time_of_day(at),
        user=user,
        command=(interpreter, "-m", "lyncdr_helpers", "run", "backup", "--params", params_file, "--json"),
        writable=tuple(dict.fromkeys(map(str, _writable(loaded)))),
        ticket="kerberos" in signs_in,
    )


def time_of_day(text: str) -> dt.time:
    """`02:00`. Raises InputError for anything else."""
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", text):
        raise InputError(f"{text!r} is no time of day.", "Give hours and minutes from 00:00 to 23:59: --at 02:00.")
    return dt.time.fromisoformat(text)


def _writable(loaded: LoadedParams) -> Iterator[Path]:
    """The folders on this machine that a backup writes to: what is reached over the network is none of them."""
    backup = loaded.params.backup
    written = [loaded.params.runs_folder, backup.work_folder, loaded.params.management_host.exchange.here, backup.store]
    if backup.metrics_file:
        written.append(backup.metrics_file.parent)
    if chat := loaded.params.group_chat:
        written.append(chat.dump.here)  # the dump is fetched from there, and removed
    for path in written:
        text = str(path).removeprefix("file://")
        if not text.startswith("\\\\") and "://" not in text:
            yield loaded.locate(text)


# -- systemd -----------------------------------------------------------------------------------------------------------
def systemd(night: Nightly) -> dict[str, str]:
    """File name -> text of the service and of its timer (systemd.service(5), systemd.timer(5), from version 239)."""
    return {f"{night.name}.service": _service(night), f"{night.name}.timer": _timer(night)}


def _service(night: Nightly) -> str:
    program, *arguments = night.command
    if found := set(program) & set("$\"'\\"):
        # systemd takes no quotes and backslashes there, and would replace variables in the name the program is told.
        raise InputError(
            f"systemd cannot start {program}: its path holds {' '.join(sorted(found))}",
            "Install lyncdr in a folder with a plainer name.",
        )
    command = " ".join([_word(program), *(_word(one).replace("$", "$$") for one in arguments)])
    folders = " ".join(map(_word, night.writable))
    return f"""\
[Unit]
Description={night.title}
Wants=network-online.target
After=network-online.target
# A share that is not mounted is no empty folder.
RequiresMountsFor={folders}

[Service]
Type=oneshot
User={night.user.replace("%", "%%")}
ExecStart={command}
# SIGTERM goes to lyncdr alone: it stops its kernel in order, and the journal says that the night was cut short.
TimeoutStartSec={LIMIT_HOURS}h
TimeoutStopSec=90s
KillMode=mixed

# It may read what its user may read, and write only where the parameters say. These folders must exist.
ProtectSystem=strict
ReadWritePaths={folders}
{TICKET if night.ticket else "PrivateTmp=yes"}
PrivateDevices=yes
NoNewPrivileges=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
"""


def _timer(night: Nightly) -> str:
    return f"""\
[Unit]
Description={night.title}

[Timer]
OnCalendar=*-*-* {night.at:%H:%M}:00
RandomizedDelaySec={DELAY_MINUTES}min
# A night that the machine slept through is made up for when it wakes.
Persistent=true

[Install]
WantedBy=timers.target
"""


def _word(text: str) -> str:
    """One word, as systemd.syntax(7) quotes it, with the specifiers of systemd.unit(5) escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'


# -- cron --------------------------------------------------------------------------------------------------------------
def cron(night: Nightly) -> str:
    """One line of a user's crontab (crontab(5)). Raises InputError for a command that is too long for cron."""
    command = " ".join(map(_cron_word, night.command))
    if len(command.encode()) > CRON_LONGEST:
        raise InputError(
            f"cron takes commands of {CRON_LONGEST} bytes, and this one has {len(command.encode())}.",
            "Put the parameters into a folder with a shorter path.",
        )
    return f"{night.at.minute} {night.at.hour} * * * {command}\n"


def _cron_word(text: str) -> str:
    """One word for the shell, and for cron before it, to whom a percent sign without a backslash is the line's end.

    Crons differ in what two backslashes are, so a backslash is never left beside another: the quotes close after it.
    """
    return shlex.quote(text).replace("\\", "\\''").replace("%", "\\%")


# -- the Windows Task Scheduler ----------------------------------------------------------------------------------------
def windows(night: Nightly, now: dt.datetime) -> str:
    """The task for `schtasks /create /xml`, schema 1.2, without an XML declaration. `now`: local time.

    It runs whether its user is logged on or not, with a stored password: without one (S4U) Windows lends the task
    neither the network nor the user's Credential Manager. Source: Microsoft's Task Scheduler Schema.
    Raises InputError for what Windows would replace in a command.
    """
    for text in night.command:
        if re.search(r"%[^%]+%|\$\(", text):
            raise InputError(
                f"The Task Scheduler cannot be given {text}: it replaces %NAME% and $(NAME).",
                "Use a path without these characters.",
            )
    task = ET.Element("Task", version="1.2", xmlns=TASK_NAMESPACE)
    _put(task, {"RegistrationInfo": {"Author": "lyncdr", "Description": night.title}})
    _put(task, {"Triggers": {"CalendarTrigger": _every_day(_next(night.at, now))}})
    _put(task, {"Principals": {"Principal": {"UserId": night.user, "LogonType": "Password"}}})
    _put(task, {"Settings": _settings()})
    program, *arguments = night.command
    _put(task, {"Actions": {"Exec": {"Command": program, "Arguments": subprocess.list2cmdline(arguments)}}})
    task.find("Principals/Principal").set("id", "Backup")  # type: ignore[union-attr]  # put there above
    task.find("Actions").set("Context", "Backup")  # type: ignore[union-attr]
    ET.indent(task)
    return ET.tostring(task, encoding="unicode") + "\n"


def utf16(xml: str) -> bytes:
    """The document as the Task Scheduler keeps its own: UTF-16 with a byte order mark, and declared so."""
    return ('\ufeff<?xml version="1.0" encoding="UTF-16"?>\n' + xml).encode("utf-16-le")


Tree = dict[str, "str | Tree"]


def _put(around: ET.Element, tree: Tree) -> None:
    for name, value in tree.items():
        element = ET.SubElement(around, name)
        if isinstance(value, str):
            element.text = value
        else:
            _put(element, value)


def _every_day(first: dt.datetime) -> Tree:
    """In the schema's order. A moment without an offset is local time, in summer and in winter."""
    return {
        "StartBoundary": f"{first:%Y-%m-%dT%H:%M:00}",
        "Enabled": "true",
        "RandomDelay": f"PT{DELAY_MINUTES}M",
        "ScheduleByDay": {"DaysInterval": "1"},
    }


def _settings() -> Tree:
    return {
        "MultipleInstancesPolicy": "IgnoreNew",
        "DisallowStartIfOnBatteries": "false",
        "StopIfGoingOnBatteries": "false",
        "StartWhenAvailable": "true",
        # Without a network the night must fail and be seen, not be left out.
        "RunOnlyIfNetworkAvailable": "false",
        "ExecutionTimeLimit": f"PT{LIMIT_HOURS}H",
    }


def _next(at: dt.time, now: dt.datetime) -> dt.datetime:
    """The next time it is so late: a first night in the past would begin at once."""
    today = dt.datetime.combine(now.date(), at, now.tzinfo)
    return today if today > now else today + dt.timedelta(days=1)
