"""Whoever runs lyncdr's scripts in the lab, where there is no PowerShell.

It reads what a script says of itself for machines, runs that cmdlet or program of the lab, and leaves a result as the
script would. The PowerShell in the script is not looked at.
"""

from __future__ import annotations

import datetime as dt
import logging
import ntpath
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from typing import Any, NoReturn

from lyncdr_helpers import files
from lyncdr_helpers.adapters import script_result, script_text
from lyncdr_helpers.adapters.script_result import token
from lyncdr_helpers.adapters.scripts import RESULT, STARTED, SUFFIX
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.lab.blueprint import MANAGEMENT_USER, Blueprint
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.winrm import Call, Cmdlet, CmdletError, Executable, ProgramCall
from lyncdr_helpers.lab.winrm.call import Typed
from lyncdr_helpers.lab.winrm.checked import command_not_found
from lyncdr_helpers.lab.winrm.faults import Faults, NoAnswer, act_with
from lyncdr_helpers.lab.winrm.shell import Cut

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.02


class _Lines:
    """What a cmdlet says, as the lines of a result."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def output(self, value: Typed | str) -> None:
        if isinstance(value, str):
            self.lines.append(f"value {token(value)}")
        else:
            self.lines.append(script_result.record((name, _plain(each)) for name, each in value.properties.items()))

    def error(self, error: CmdletError) -> None:
        self.lines.append(f"fault {token(error.message)} {token(error.error_id)} {token(error.target or '')}")

    def warning(self, text: str) -> None:
        self.lines.append(f"warning {token(text)}")


def of(lab: Blueprint) -> Operator:
    """The person at a lab's management host."""
    return Operator(lab.exchange, cmdlets(lab), programs(lab), MANAGEMENT_USER)


class Operator:
    """Runs every script of a folder as soon as it is there, one after the other, while it is entered.

    faults: what goes wrong next, as on the management host. runs: how many scripts were begun.
    """

    def __init__(
        self, folder: Path, known: Mapping[str, Cmdlet], executables: Mapping[str, Executable], user: str
    ) -> None:
        self.faults = Faults()
        self.runs = 0
        self._folder = folder
        self._cmdlets = {name.lower(): act for name, act in known.items()}
        self._programs = {name.lower(): act for name, act in executables.items()}
        self._user = user
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="operator of scripts", daemon=True)

    def __enter__(self) -> Operator:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def wait(self, on_run: Callable[[str], None]) -> NoReturn:
        """Run what comes, until interrupted. on_run: called with the name of each script that was run."""
        while True:
            self.look(on_run)
            time.sleep(LOOK_SECONDS)

    def look(self, on_run: Callable[[str], None] = lambda _: None) -> None:
        """Run what lies there and nobody has begun, the oldest first."""
        for path in sorted(self._folder.glob(f"*{SUFFIX}")):
            if self.run(path):
                on_run(path.name)

    def run(self, path: Path) -> bool:
        """Run one script, as it would run itself; False where it refuses: begun before, too late, or no script."""
        try:
            content = path.read_bytes()
            data = script_text.read_data(content)
            if dt.datetime.now(dt.UTC) > script_text.read_until(content):
                return False
            with path.with_suffix(STARTED).open("x"):
                self.runs += 1
        except (OSError, InputError):
            return False
        with suppress(Cut, NoAnswer):
            lines = self._program(data) if "program" in data else self._cmdlet(data)
            by = f"by {token(f'{self._user} on mgmt')}"
            files.replace(path.with_suffix(RESULT), script_result.spell(files.digest(content), [by, *lines]))
        return True

    def _watch(self) -> None:
        while not self._ended.wait(LOOK_SECONDS):
            self.look()

    def _cmdlet(self, data: Mapping[str, Any]) -> list[str]:
        name, said = str(data["cmdlet"]), _Lines()
        try:
            act = self._cmdlets.get(name.lower(), _unknown)
            act_with(self.faults.take(name), act, Call(name, data["parameters"], data["feed"], self._user, said))
        except CmdletError as error:
            said.error(error)
        except (Cut, NoAnswer):
            raise
        except Exception as cause:  # a mistake in a cmdlet must reach its client, as over WinRM
            log.exception("%s failed", name)
            said.error(CmdletError(f"{type(cause).__name__}: {cause}", "CmdletMistake"))
        return said.lines

    def _program(self, data: Mapping[str, Any]) -> list[str]:
        name = ntpath.basename(str(data["program"])).lower()
        out: list[str] = []
        err: list[str] = []
        program, fault = self._programs.get(name), self.faults.take(name)
        if program is None:
            return [f"exit i1 s {token(f'The system cannot find the file {name}: it is not recognized.')}"]
        if fault == "cut before act":
            raise Cut
        code = program(ProgramCall(data["arguments"], self._user, out.append, err.append))
        if fault:
            raise Cut
        return [f"exit i{code} {token(''.join(out))} {token(''.join(err))}"]


def _unknown(call: Call) -> None:
    raise command_not_found(call.name)


def _plain(value: Any) -> Any:
    """An enumeration is its name."""
    if isinstance(value, list | tuple):
        return list(map(_plain, value))
    return value.name if isinstance(value, Enum) else value
