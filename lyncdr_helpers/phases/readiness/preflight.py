"""Is everything there that the playbook would use: cmdlets with their parameters, programs, PowerShell, the folder?"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path

from lyncdr_helpers.checks import Check, Checklist, judge, unknown
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.ports import Command, Finished, Program
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import catalogue, dbimpexp, powershell, sql

AREA = "preflight"
CMDLETS, PARAMETERS, PROGRAM = "cmdlets", "parameters of cmdlets", "program {}"
POWERSHELL, LANGUAGE, FOLDER = "PowerShell", "language mode", "exchange folder"
SAID = 300
"""How much of a program's output a check shows, in characters."""

OLDEST: Mapping[Generation, int] = {"lync2010": 2, "lync2013": 3, "sfb2015": 3, "sfb2019": 5}
"""The major version of PowerShell that each generation's module needs (Microsoft, server requirements)."""


def check(session: Session) -> Checklist:
    """Nothing of the deployment is changed; two small files pass through the exchange folder and are removed."""
    checks = Checklist()
    with checks.asking(AREA, CMDLETS, "all that the playbook uses"):
        checks.add(*_cmdlets(session))
    with checks.asking(AREA, POWERSHELL, f"version {OLDEST[session.params.generation]} or later"):
        checks.add(_version(session))
    with checks.asking(AREA, LANGUAGE, "FullLanguage", soft=True):
        checks.add(_language(session))
    checks.add(*_programs(session))
    with checks.asking(AREA, FOLDER, "written and read from both sides"):
        checks.add(_folder(session))
    return checks


# -- cmdlets ----------------------------------------------------------------------------------------------------------
def _cmdlets(session: Session) -> Iterator[Check]:
    """What the builders of commands can build, held against what the host says it has."""
    needed = catalogue.needed(session.params.generation)
    reply = session.shell.invoke(powershell.get_syntax(needed))
    here = powershell.syntax(reply.output)
    if not here:
        seen = reply.faults[0].message if reply.faults else "Get-Command tells of none of them"
        remedy = "Install the management tools of the generation there, or name another host in management_host.url."
        yield judge(AREA, CMDLETS, False, seen=seen, expected=f"all {len(needed)}", remedy=remedy)
        return
    missing = [name for name in needed if name.lower() not in here]
    remedy = "Install the management tools there, or have the account's role (RBAC) allow them."
    seen = f"not there: {', '.join(missing)}" if missing else f"all {len(needed)}"
    yield judge(AREA, CMDLETS, not missing, seen=seen, expected=f"all {len(needed)}", remedy=remedy)
    lacking = {
        name: sorted(parameters - here[name.lower()])
        for name, parameters in needed.items()
        if name.lower() in here and parameters - here[name.lower()]
    }
    seen = "; ".join(f"{name} lacks -{', -'.join(some)}" for name, some in lacking.items()) or "all there"
    remedy = "Compare `generation` with what is installed there; a role (RBAC) may hide parameters too."
    yield judge(AREA, PARAMETERS, not lacking, seen=seen, expected="all that are given to them", remedy=remedy)


# -- PowerShell -------------------------------------------------------------------------------------------------------
def _version(session: Session) -> Check:
    oldest = OLDEST[session.params.generation]
    expected = f"version {oldest} or later"
    said = _said(session, powershell.get_version())
    major = re.match(r"\d+", said)
    if not major:
        seen = said or "it does not say"
        return unknown(AREA, POWERSHELL, seen=seen, expected=expected, remedy="Look there: $PSVersionTable")
    remedy = "Install a later Windows Management Framework there."
    return judge(AREA, POWERSHELL, int(major[0]) >= oldest, seen=said, expected=expected, remedy=remedy)


def _language(session: Session) -> Check:
    """Cmdlets alone run in every mode, but for those whose parameters are converted to types that a mode forbids."""
    expected, said = "FullLanguage", _said(session, powershell.get_language_mode())
    if not said.endswith("Language"):
        seen = f"no scripts: {said}" if said else "it does not say"
        remedy = "Take the ordinary WinRM endpoint of a management host: that of a pool's web site lacks most cmdlets."
        return judge(AREA, LANGUAGE, False, seen=seen, expected=expected, remedy=remedy, soft=True)
    remedy = "Look for AppLocker or a session configuration there: Lync's cmdlets are made for FullLanguage."
    return judge(AREA, LANGUAGE, said == expected, seen=said, expected=expected, remedy=remedy, soft=True)


def _said(session: Session, command: Command) -> str:
    """The one text that a command writes, or why it does not."""
    reply = session.shell.invoke(command)
    texts = [str(row.get("Value", "")) for row in reply.output]
    return reply.faults[0].message if reply.faults else "".join(texts[:1])


# -- programs ---------------------------------------------------------------------------------------------------------
def _programs(session: Session) -> Checklist:
    """They are asked how they are called, and judged by their words: an exit code proves nothing."""
    checks, params = Checklist(), session.params
    if params.generation == "lync2010":
        program = params.management_host.dbimpexp
        remedy = "Give management_host.dbimpexp: the path of DBImpExp.exe, from the media's Support folder."
        _program(session, checks, dbimpexp.usage(program), "hrxmlfile", remedy)
    if params.group_chat:
        remedy = "Install SQL Server's command line tools there, or give group_chat.sqlcmd."
        soft = not params.requirements.group_chat
        _program(session, checks, sql.usage(params.group_chat.sqlcmd), "usage: sqlcmd", remedy, soft=soft)
    return checks


def _program(
    session: Session, checks: Checklist, program: Program, sign: str, remedy: str, *, soft: bool = False
) -> None:
    name, expected = PROGRAM.format(program.path), "it says how it is called"
    with checks.asking(AREA, name, expected, soft=soft):
        said = _words(session.shell.run(program))
        ok = sign in said.lower()
        seen = "there" if ok else said[:SAID] or "it says nothing"
        checks.add(judge(AREA, name, ok, seen=seen, expected=expected, remedy=remedy, soft=soft))


def _words(finished: Finished) -> str:
    return " ".join(f"{finished.output} {finished.errors}".split())


# -- the exchange folder ----------------------------------------------------------------------------------------------
def _folder(session: Session) -> Check:
    """What is written on one side is read on the other, both ways: it is one folder, and both may write to it."""
    expected = "written and read from both sides"
    remedy = "management_host.exchange: `there` and `here` must be one folder, and both accounts may write to it."
    folder = session.loaded.locate(session.params.management_host.exchange.here)
    if not folder.is_dir():
        return judge(AREA, FOLDER, False, seen=f"there is no {folder}", expected=expected, remedy=remedy)
    try:
        seen = _pass_on(session, folder) or _fetch(session)
    finally:
        exchange.tidy(session)
    return judge(AREA, FOLDER, not seen, seen=seen or "both ways", expected=expected, remedy=remedy)


def _pass_on(session: Session, folder: Path) -> str:
    """Write here, read there; why not, or nothing."""
    there, here = exchange.place(session, "from-here.txt")
    token = secrets.token_hex(8)
    try:
        here.write_text(token, encoding="ascii")
    except OSError as cause:
        return f"cannot write to {folder}: {cause.strerror}"
    reply = session.shell.invoke(powershell.get_content(there))
    if reply.faults:
        return f"what is written here is not read there: {reply.faults[0].message}"
    lines = [str(row.get("Value", "")).strip() for row in reply.output]
    return "" if lines == [token] else f"{there} is not what was written to {folder}"


def _fetch(session: Session) -> str:
    """Write there, read here; why not, or nothing."""
    there, here = exchange.place(session, "from-there.txt")
    token = secrets.token_hex(8)
    reply = session.shell.invoke(powershell.set_content(there, token))
    if reply.faults:
        return f"the management host cannot write: {reply.faults[0].message}"
    try:
        found = here.read_bytes()
    except OSError as cause:
        return f"what is written there is not read here: {cause.strerror}"
    return "" if token.encode() in found else f"{here.name} is not what was written there"
