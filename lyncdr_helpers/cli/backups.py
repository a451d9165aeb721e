"""`lyncdr backups`: the sets in the store at the DR site: which there are, whether they are whole, which may go."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lyncdr_helpers.cli import sets_shown
from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, explain, note
from lyncdr_helpers.errors import OUTCOMES, CheckFailed, InputError, Refusal

if TYPE_CHECKING:
    from lyncdr_helpers.backups.manifest import Manifest
    from lyncdr_helpers.backups.signed import Keys
    from lyncdr_helpers.backups.stored import StoredSet
    from lyncdr_helpers.backups.verification import Verified
    from lyncdr_helpers.cli.sets_shown import Proofs
    from lyncdr_helpers.params.reading import LoadedParams
    from lyncdr_helpers.phases.prune import Decided
    from lyncdr_helpers.ports import Store
    from lyncdr_helpers.signatures import Proof

HELP = """Look at the backup sets at the DR site, prove them, and remove old ones.

\b
    lyncdr backups list   --params params/contoso.yml
    lyncdr backups calendar --params params/contoso.yml
    lyncdr backups show   20260301-021409-backup-3f2a --params params/contoso.yml
    lyncdr backups verify --params params/contoso.yml --all
    lyncdr backups prune  --params params/contoso.yml                   makes the plan, and stops at the gate
    lyncdr backups prune  --params params/contoso.yml --approve DIGEST
"""

app = typer.Typer(help=HELP, short_help="Look at the backup sets, prove them, remove old ones.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A set, as `lyncdr backups list` names it.")]


@app.command("list")
def list_sets(params: Params, as_json: AsJson = False) -> None:
    """List every set, oldest first, with whose signature it bears and the rule that keeps it; and why one FAILED.

    The rules stand in the parameters under `retention`. A set that no rule keeps stays until `lyncdr backups prune`.
    """
    from lyncdr_helpers.backups import stored
    from lyncdr_helpers.phases import prune

    loaded, store = _open(params)
    now = dt.datetime.now(dt.UTC)
    decided = prune.decide(loaded, stored.look(store, loaded.params.deployment), now)
    proofs = _proofs(store, loaded, decided)
    if as_json:
        answer({"sets": sets_shown.facts(decided, proofs, now)})
    else:
        sets_shown.print_sets(decided, proofs, now, loaded.params.deployment)


@app.command()
def calendar(
    params: Params,
    weeks: Annotated[int, typer.Option(min=1, max=520, help="How many weeks, up to this one.")] = 6,
    as_json: AsJson = False,
) -> None:
    """Show what became of each day's backup: a letter a day, and below it every day that was not plainly COMPLETE.

    It tells what the store holds and what ran on this machine. Days are days in UTC.
    """
    from lyncdr_helpers.phases import history
    from lyncdr_helpers.views.nights import calendar_text

    loaded, store = _open(params)
    past = history.of(loaded, store, dt.datetime.now(dt.UTC), weeks)
    if as_json:
        answer({"days": [sets_shown.day_facts(day) for day in past.days], "trouble": past.trouble})
    else:
        print(calendar_text(past))
    if past.trouble:
        raise typer.Exit(1)


@app.command()
def show(name: Name, params: Params, as_json: AsJson = False) -> None:
    """Show what a set holds, who made it, and each user it cannot bring back."""
    loaded, store = _open(params)
    manifest, proof = _manifest(store, name, loaded)
    if as_json:
        answer(manifest.spelled() | {"signature": proof.facts()})
        return
    sets_shown.print_manifest(manifest, proof)


@app.command()
def verify(
    params: Params,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Empty: the newest COMPLETE set.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every set of the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that a set is what was stored: its signature, the hash of every file, and every user, read again.

    Exit code 3, with the names, when a signature is bad, or missing though the parameters name a key, or a file or a
    user is damaged; and for the NAME of a night that FAILED, which --all names and passes over. Without NAME it proves
    the set that an activation would take.
    """
    from lyncdr_helpers.backups import signed

    if name and everything:
        raise InputError("NAME and --all are two questions.", "Give one of them.")
    loaded, store = _open(params)
    keys = signed.keys_of(loaded)
    chosen = _chosen(store, loaded, name, everything=everything)
    found = [_verified(store, one, keys) for one in chosen]
    damaged = [one.name for one, stored in zip(found, chosen, strict=True) if not one.whole and stored.published]
    if name and not chosen[0].published:
        raise CheckFailed(f"{name} never became a set: {chosen[0].reason}", "Prove another one: lyncdr backups list")
    if as_json:
        code = CheckFailed.exit_code if damaged else 0
        sets = [vars(one) | {"whole": one.whole} for one in found]
        answer({"outcome": OUTCOMES[code] if code else "done", "exit_code": code, "damaged": damaged, "sets": sets})
    else:
        for one in found:
            sets_shown.print_verified(one)
    if damaged:
        explain(
            CheckFailed(
                f"{len(damaged)} of {len(found)} sets are damaged: {', '.join(damaged)}.",
                "Look after the store's disk, and run a backup: `lyncdr run backup`.",
            )
        )
        raise typer.Exit(CheckFailed.exit_code)


@app.command()
def prune(
    params: Params,
    approve: Annotated[str, typer.Option(metavar="DIGEST", help="The plan you have read and approve.")] = "",
    run: Annotated[str, typer.Option(metavar="RUN|new", help="Empty: go on with what was cut short, or begin.")] = "",
    as_json: AsJson = False,
) -> None:
    """Remove the sets that no rule of `retention` keeps.

    Without a digest it shows which sets would go, and why the others stay, removes nothing, and ends with exit code 5
    and the digest to give. A set more or less makes another plan: an old digest is refused. What always stays: the
    last COMPLETE set, a set that a live activation rests on, and whatever cannot be read. What a FAILED night left
    goes when it is a day old and a later set is COMPLETE. After a crash, the same command goes on where it stopped.

    \b
    Example:
        lyncdr backups prune --params params/contoso.yml
        lyncdr backups prune --params params/contoso.yml --approve 3f2a9c81d07b
    """
    from lyncdr_helpers.phases import prune as phase
    from lyncdr_helpers.views.report import write_report

    session = phase.begin(params, run=run, approve=approve)
    facts: dict[str, Any] = {"run": session.folder.run, "report": str(session.folder.report)}
    try:
        with redirect_stdout(sys.stderr):  # the phase tells its progress
            decided = phase.look(session)
            made = phase.make_plan(session, decided)
            proofs = _proofs(session.store, session.loaded, decided)
            facts |= {"plan": made.digest, "sets": sets_shown.facts(decided, proofs, session.clock.now())}
        if not as_json:
            sets_shown.print_sets(decided, proofs, session.clock.now(), session.params.deployment)
        phase.approve(session, made, approve)
        with redirect_stdout(sys.stderr):
            said = phase.finish(session, phase.remove(session, made))
    except Refusal as closed:
        explain(closed)
        facts |= {"outcome": "refused", "exit_code": closed.exit_code, "message": str(closed)}
    else:
        facts |= {"outcome": "done", "exit_code": 0, "message": said}
    finally:
        session.close()
        write_report([session.folder], session.folder.report, "prune")
    if as_json:
        answer(facts)
    elif not facts["exit_code"]:
        print(f"{facts['message']}. Report: {facts['report']}")
    raise typer.Exit(facts["exit_code"])


# -- asking the store --------------------------------------------------------------------------------------------------
def _open(params_file: Path) -> tuple[LoadedParams, Store]:
    from lyncdr_helpers.adapters.stores import open_store
    from lyncdr_helpers.params.reading import read_params

    loaded = read_params(params_file)
    return loaded, open_store(loaded.params.backup, loaded)


def _manifest(store: Store, name: str, loaded: LoadedParams) -> tuple[Manifest, Proof]:
    """The manifest of a set that a person named, and whose signature it bears.

    Raises InputError for no such set, CheckFailed for a damaged one, and for one that has none.
    """
    from lyncdr_helpers.backups import signed, stored

    (one,) = _chosen(store, loaded, name)
    if one.trouble or one.state == "UNFINISHED":
        raise CheckFailed(
            f"Set {name} cannot be read: {one.trouble or one.reason}", "Use another one: lyncdr backups list"
        )
    proof = signed.check(store, name, one.manifest, signed.keys_of(loaded), published=one.published)
    return stored.read(store, name, published=one.published), proof


def _chosen(store: Store, loaded: LoadedParams, name: str = "", *, everything: bool = False) -> list[StoredSet]:
    """The set of that name, or the newest COMPLETE one, or all; each manifest hashed as it lies there.

    Raises InputError where there is none.
    """
    from lyncdr_helpers.backups import stored

    deployment = loaded.params.deployment
    found = stored.glance(store, deployment)
    if everything:
        wanted = found
    elif name:
        wanted = [one for one in found if one.name == name]
    else:
        wanted = [one for one in found if one.state == "COMPLETE"][-1:]
    if not wanted:
        which = f"set {name}" if name else "set" if everything else "COMPLETE set"
        raise InputError(f"There is no {which} of {deployment} in the store.", "See: lyncdr backups list")
    return [stored.look_at(store, one, deployment) for one in wanted]


def _proofs(store: Store, loaded: LoadedParams, decided: Decided) -> Proofs:
    """Of each set that can be read, whose signature it bears; what never became a set is not signed."""
    from lyncdr_helpers.backups import signed

    keys = signed.keys_of(loaded)
    readable = [one for one, _ in decided if one.published and not one.trouble]
    return {one.name: signed.check(store, one.name, one.manifest, keys) for one in readable}


def _verified(store: Store, one: StoredSet, keys: Keys) -> Verified:
    from lyncdr_helpers.backups import stored
    from lyncdr_helpers.backups.verification import Verified, verify

    if one.trouble or not one.published:
        return Verified(one.name, one.state, 0, 0, (one.trouble or one.reason,))
    note(f"  {one.name}")
    with tempfile.TemporaryDirectory(prefix="lyncdr-") as place:
        return verify(store, stored.read(store, one.name), Path(place), keys)
