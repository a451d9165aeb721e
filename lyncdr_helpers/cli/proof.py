"""`lyncdr runs verify` and `export`: does the record of a run hold, and how does somebody else see that?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, explain
from lyncdr_helpers.errors import OUTCOMES, CheckFailed, InputError, LyncdrError

if TYPE_CHECKING:
    from lyncdr_helpers.params.reading import LoadedParams
    from lyncdr_helpers.ports import Store
    from lyncdr_helpers.runfolder import RunFolder

Level = Literal["full", "internal", "external"]

SIGNS = {"pass": "✓", "warn": "!", "fail": "✗", "unknown": "?"}


def verify(
    params: Params,
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="[RUN]...", help="As `lyncdr runs list` names them.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every run of the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove the record of a run: its journal line by line, its manifest, every file, its plan, and its notebook.

    A line that was edited, removed, reordered, inserted or cut off is named by its number. So is a notebook that says
    what the journal does not. The journal's head is shown as twenty letters to be read over the phone, and compared
    with its copies at the DR site; signatures are proven with the keys that the parameters trust.

    Exit code 3 when anything speaks against a record. A run that is at work, or was cut short, is called that. With
    --all, so is a run of which the DR site has a copy, and this machine no folder.

    \b
    Example:
        lyncdr runs verify --all --params params/contoso.yml
    """
    from lyncdr_helpers.params.reading import read_params

    if bool(runs) == everything:
        raise InputError("Which runs?", "Name them as `lyncdr runs list` does, or give --all.")
    loaded = read_params(params)
    folders, copies = _folders(loaded, runs or []), _copies(loaded)
    found = [*_proven(loaded, folders, copies), *(_missing(loaded, folders, copies) if everything else ())]
    spoiled = [one["run"] for one in found if one["spoiled"]]
    if as_json:
        code = CheckFailed.exit_code if spoiled else 0
        answer({"outcome": OUTCOMES.get(code, "done"), "exit_code": code, "spoiled": spoiled, "runs": found})
    else:
        for one in found:
            _print(one)
    if spoiled:
        explain(CheckFailed(f"{len(spoiled)} of {len(found)} records do not hold: {', '.join(spoiled)}.", REMEDY))
        raise typer.Exit(CheckFailed.exit_code)


def export(
    params: Params,
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="As `lyncdr runs list` names them.")],
    to: Annotated[Path, typer.Option("--to", metavar="FILE.zip", help="Where the bundle is written.")],
    level: Annotated[Level, typer.Option(help="Who may read it.")] = "full",
    as_json: AsJson = False,
) -> None:
    """Hand runs over: one zip with report, notebooks, journals, plans, approvals, tables, manifests, and a verifier.

    The verifier is one Python file that needs nothing installed. At the level `internal`, contacts who are no users of
    the deployment have pseudonyms; at `external`, users, accounts, machines and addresses too, and files that cannot be
    read through are left out. The digests of the journals stay, so that the levels prove to be of the same runs. What
    people wrote in words of their own is redacted as far as names are known: read a bundle before you hand it over.

    \b
    Example:
        lyncdr runs export 20260301-021409-activate-3f2a --to evidence.zip --level external --params params/contoso.yml
        python3 verify.py evidence.zip
    """
    from lyncdr_helpers.clock import SystemClock
    from lyncdr_helpers.params.reading import read_params
    from lyncdr_helpers.runs import bundle

    if to.exists():
        raise InputError(f"{to} exists, and is not overwritten.", "Give another file with --to.")
    loaded = read_params(params)
    said = loaded.params.model_dump(mode="json")
    try:
        digest = bundle.export(_folders(loaded, runs), said, to, level, SystemClock())
    except OSError as cause:
        raise InputError(
            f"{to} cannot be written: {cause.strerror or cause}.", "Give another file with --to."
        ) from cause
    if as_json:
        answer({"outcome": "done", "exit_code": 0, "file": str(to), "level": level, "digest": digest, "runs": runs})
    else:
        print(f"{to}: {len(runs)} runs, level {level}, digest {digest}")


REMEDY = "Keep the folders as they are, as evidence."


def _folders(loaded: LoadedParams, runs: Sequence[str]) -> list[RunFolder]:
    from lyncdr_helpers import runfolder

    runs_folder = loaded.locate(loaded.params.runs_folder)
    ours = (loaded.params.deployment, "?")
    named = runs or [one.run for one in runfolder.all_runs(runs_folder) if one.deployment in ours]
    return [runfolder.existing(runs_folder, run) for run in named]


def _proven(loaded: LoadedParams, folders: Sequence[RunFolder], copies: Store | LyncdrError) -> list[dict[str, Any]]:
    from lyncdr_helpers.backups import signed
    from lyncdr_helpers.checks import not_green
    from lyncdr_helpers.dossier import proof

    keys = signed.keys_of(loaded)
    found = []
    for folder in folders:
        checks = proof.check(folder, keys, copies)
        rows = [one.as_row() for one in checks]
        spoiled = bool(not_green(checks))
        head = proof.head_of(folder)
        found.append({"run": folder.run, "here": True, "head": head, "spoiled": spoiled, "checks": rows})
    return found


def _missing(loaded: LoadedParams, folders: Sequence[RunFolder], copies: Store | LyncdrError) -> list[dict[str, Any]]:
    from lyncdr_helpers.dossier import proof

    if isinstance(copies, LyncdrError):
        return []  # each run's own proof says so
    checks = proof.missing(copies, loaded.params.deployment, [one.run for one in folders])
    return [{"run": one.name, "here": False, "head": "", "spoiled": False, "checks": [one.as_row()]} for one in checks]


def _copies(loaded: LoadedParams) -> Store | LyncdrError:
    """The store, or why it cannot be asked: once, not once for each run."""
    from lyncdr_helpers.adapters.stores import open_store

    try:
        store = open_store(loaded.params.backup, loaded)
        store.free()
    except LyncdrError as error:
        return error
    return store


def _print(one: dict[str, Any]) -> None:
    from lyncdr_helpers.verifier.findings import printable

    state = "DOES NOT HOLD" if one["spoiled"] else "holds" if one["here"] else "is not here"
    print(f"{one['run']}  {state}  head {one['head'] or 'none'}")
    for row in one["checks"]:
        print(f"  {SIGNS[row['verdict']]} {row['verdict']:<7}  {row['name']}: {printable(row['seen'])}")
        if row["verdict"] == "unknown" and row["remedy"]:
            print(f"               {row['remedy']}")
