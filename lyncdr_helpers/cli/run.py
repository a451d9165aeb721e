"""`lyncdr run`: do a phase, unattended."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, note
from lyncdr_helpers.cli.runs import checks_of
from lyncdr_helpers.errors import InputError

if TYPE_CHECKING:
    from lyncdr_helpers.answers import Answers
    from lyncdr_helpers.journal import Line
    from lyncdr_helpers.runs.runner import Outcome

Mode = Literal["rehearse", "live"]


def run(
    phase: Annotated[str, typer.Argument(metavar="PHASE", help="prepare, backup, activate, verify, failback, audit.")],
    params: Params,
    mode: Annotated[
        Mode | None, typer.Option(help="activate and failback rehearse unless told to act: --mode live.")
    ] = None,
    approve: Annotated[str, typer.Option(metavar="DIGEST", help="The plan you have read and approve.")] = "",
    because: Annotated[str, typer.Option(metavar="REASON", help="Why the pool is given up: activate, live.")] = "",
    groups: Annotated[
        str,
        typer.Option(
            metavar="CHOICES",
            help="Response Groups. activate, whose names are taken in DR: present, or rename. failback, of which "
            "nobody knows whose they are: home, or stay.",
        ),
    ] = "",
    contacts_by: Annotated[
        str, typer.Option(metavar="update|import", help="From 2013: merge, or replace with the services stopped.")
    ] = "",
    watch_dns: Annotated[
        float, typer.Option(metavar="SECONDS", min=1, help="How long resolvers are watched after the cutover.")
    ] = 300,
    waive: Annotated[list[str] | None, typer.Option(metavar="GATE=REASON", help="Pass a closed gate.")] = None,
    did: Annotated[list[str] | None, typer.Option(metavar="STEP=SEEN", help="What was done by hand.")] = None,
    skip: Annotated[list[str] | None, typer.Option(metavar="STEP=REASON", help="What is not done by hand.")] = None,
    evidence: Annotated[list[str] | None, typer.Option(metavar="STEP=FILE", help="A file that shows it; kept.")] = None,
    backup_set: Annotated[str, typer.Option(metavar="NAME", help="Empty: the newest complete set.")] = "",
    pilot: Annotated[str, typer.Option(metavar="USER", help="failback: who goes home first.")] = "",
    incident: Annotated[str, typer.Option(metavar="RUN", help="audit: the one that has this run; empty: newest.")] = "",
    lost_at: Annotated[str, typer.Option(metavar="MOMENT", help="audit: when service was lost, if known.")] = "",
    compare: Annotated[str, typer.Option(metavar="RUN,RUN", help="audit: two runs to put side by side.")] = "",
    run: Annotated[str, typer.Option(metavar="RUN|new", help="Empty: go on with what was cut short, or begin.")] = "",
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", min=1, help="For the whole phase.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a phase: its notebook, unattended.

    Each run has a folder of its own, with its journal, its executed notebook and its report. After a crash, the same
    command goes on where it stopped. The exit code says how it ended (lyncdr --help).

    \b
    Every night:
        lyncdr run backup --params params/contoso.yml --json
    The primary still answers, and users must move:
        lyncdr run activate --params params/contoso.yml --mode live --because "the building is on fire" \\
            --waive primary-answers="the building is being evacuated"
    It stopped for a step that is done by hand, and now that is done:
        lyncdr run activate --params params/contoso.yml --mode live \\
            --did dns-example.org="records shown by nslookup" --evidence dns-example.org=screenshot.png
    Afterwards, what happened and whether the record holds; monitoring knows when service was lost:
        lyncdr run audit --params params/contoso.yml --lost-at 2026-03-01T02:10:00Z
    """
    from lyncdr_helpers.runs.runner import run_phase

    outcome = run_phase(
        phase,
        params,
        mode=mode or "",
        approve=approve,
        because=because,
        groups=groups,
        contacts_by=contacts_by,
        watch_dns=watch_dns if phase == "activate" else 0,
        waivers=waivers(waive or []),
        answers=answers(did or [], skip or [], evidence or []),
        backup_set=backup_set,
        pilot=pilot,
        incident=incident,
        lost_at=lost_at,
        compare=compare,
        run=run,
        timeout=timeout,
        on_line=progress,
    )
    if as_json:
        answer(as_facts(outcome))
    else:
        print(f"{outcome.outcome}: run {outcome.run}, {outcome.seconds:.1f} s, report {outcome.folder.report}")
    if outcome.message:
        note(f"lyncdr: {outcome.message}")
    raise typer.Exit(outcome.exit_code)


def waivers(given: Iterable[str]) -> dict[str, str]:
    """Gate -> reason. Raises InputError for a waiver without a reason: nobody could say later why it was passed."""
    found = {}
    for text in given:
        gate, _, reason = text.partition("=")
        if not gate.strip() or not reason.strip():
            raise InputError(f"The waiver {text!r} gives no reason.", 'Write it as --waive gate="the reason".')
        found[gate.strip()] = reason.strip()
    return found


def answers(did: Iterable[str], skip: Iterable[str], evidence: Iterable[str]) -> Answers:
    """What is said about steps done by hand. Raises InputError for a text without a step's name or without anything."""
    from lyncdr_helpers.answers import Answers

    shown: dict[str, list[str]] = {}
    for name, path in _pairs("--evidence", evidence):
        shown.setdefault(name, []).append(path)
    return Answers(dict(_pairs("--did", did)), dict(_pairs("--skip", skip)), shown)


def _pairs(option: str, given: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in given:
        name, _, said = text.partition("=")
        if not name.strip() or not said.strip():
            raise InputError(f"{option} {text!r} names no step, or says nothing.", f'Write it as {option} step="...".')
        yield name.strip(), said.strip()


def progress(line: Line) -> None:
    """The lines of a journal that a person at the terminal wants to see as they come."""
    facts = line.facts
    match line.kind:
        case "step" if facts["state"] == "done":
            note(f"  {facts['name']}: {facts['seconds']:.1f} s")
        case "gate":
            note(f"  gate {facts['gate']} is closed: {facts['message']}")
        case "declaration":
            note(f"  {facts['pool']} is declared lost: {facts['because']}")
        case "waiver":
            note(f"  gate {facts['gate']} is waived: {facts['reason']}")
        case "guided" if facts["state"] == "asked":
            note(f"  by hand: {facts['title']} ({facts['step']}). Where: {facts['where']}")
            for number, one in enumerate(facts["do"], start=1):
                note(
                    "\n".join([f"    {number}. {one['text']}", *textwrap.indent(one["command"], " " * 7).splitlines()])
                )
        case "script" if facts["state"] == "written":
            note(f"  run on the management host: {facts['how']}")
        case "guided":
            note(f"  by hand: {facts['step']}: {facts['state']}")
        case "plan":
            note(f"  plan {facts['digest'][:12]}: {facts['scope']}")


def as_facts(outcome: Outcome) -> dict[str, object]:
    """What `--json` says of a run: how it ended, its checks by verdict, and the must-haves that are not green."""
    counted = checks_of(outcome.folder)[1]
    return {
        "outcome": outcome.outcome,
        "exit_code": outcome.exit_code,
        "message": outcome.message,
        "phase": outcome.phase,
        "run": outcome.run,
        "folder": str(outcome.folder.path),
        "report": str(outcome.folder.report) if outcome.folder.report.exists() else None,
        "plan": outcome.plan,
        "redacted": outcome.redacted,
        "seconds": outcome.seconds,
        "checks": dict(counted.verdicts),
        "must_haves_failed": list(counted.failed),
    }
