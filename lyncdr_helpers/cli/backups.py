"""`lyncdr backups`: the sets in the store at the DR site: which there are, whether they are whole, which may go."""

from __future__ import annotations

import datetime as dt
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lyncdr_helpers.cli.options import AsJson, Params
from lyncdr_helpers.cli.output import answer, explain, note, table
from lyncdr_helpers.errors import OUTCOMES, CheckFailed, InputError, Refusal

if TYPE_CHECKING:
    from lyncdr_helpers.backups.manifest import Manifest
    from lyncdr_helpers.backups.signed import Keys
    from lyncdr_helpers.backups.verification import Verified
    from lyncdr_helpers.params.reading import LoadedParams
    from lyncdr_helpers.phases.prune import Decided
    from lyncdr_helpers.ports import Store
    from lyncdr_helpers.signatures import Proof

    Proofs = Mapping[str, Proof]

NAMED = 20
"""How many things of a kind are named on the terminal; --json names all."""

HELP = """Look at the backup sets at the DR site, prove them, and remove old ones.

\b
    lyncdr backups list   --params params/contoso.yml
    lyncdr backups show   20260301-021409-backup-3f2a --params params/contoso.yml
    lyncdr backups verify --params params/contoso.yml --all
    lyncdr backups prune  --params params/contoso.yml                   makes the plan, and stops at the gate
    lyncdr backups prune  --params params/contoso.yml --approve DIGEST
"""

app = typer.Typer(help=HELP, short_help="Look at the backup sets, prove them, remove old ones.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A set, as `lyncdr backups list` names it.")]


@app.command("list")
def list_sets(params: Params, as_json: AsJson = False) -> None:
    """List every set, oldest first, with whose signature it bears and the rule that keeps it.

    The rules stand in the parameters under `retention`. A set that no rule keeps stays until `lyncdr backups prune`.
    """
    from lyncdr_helpers.backups import stored
    from lyncdr_helpers.phases import prune

    loaded, store = _open(params)
    now = dt.datetime.now(dt.UTC)
    decided = prune.decide(loaded, stored.look(store, loaded.params.deployment), now)
    proofs = _proofs(store, loaded, decided)
    if as_json:
        answer({"sets": _facts(decided, proofs, now)})
    else:
        _print_sets(decided, proofs, now, loaded)


@app.command()
def show(name: Name, params: Params, as_json: AsJson = False) -> None:
    """Show what a set holds, who made it, and each user it cannot bring back."""
    loaded, store = _open(params)
    manifest, proof = _manifest(store, name, loaded)
    if as_json:
        answer(manifest.spelled() | {"signature": proof.facts()})
        return
    print(f"Set {manifest.name} of {manifest.deployment}: {manifest.state}")
    print(f"Made at {manifest.made_at} by {manifest.made_by} with lyncdr {manifest.version}, run {manifest.run}.")
    print(f"Manifest: {proof}")
    for pool in sorted({user.pool for user in manifest.users}):
        print(f"{pool}: {len(manifest.users_of(pool)):,} users, {manifest.contacts_of(pool):,} contacts")
    print()
    parts = [(part.kind, part.pool, part.file, _bytes(part.size), part.sha256) for part in manifest.parts]
    table([("part", "pool", "file", "size", "SHA-256"), *parts])
    _print_named("Users it cannot bring back", [f"{one.address}: {one.reason}" for one in manifest.differences])
    _print_named("Exported, and not homed there", [f"{one.address}: {one.reason}" for one in manifest.extra])


@app.command()
def verify(
    params: Params,
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Empty: the newest COMPLETE set.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Every set of the deployment.")] = False,
    as_json: AsJson = False,
) -> None:
    """Prove that a set is what was stored: its signature, the hash of every file, and every user, read again.

    Exit code 3, with the names, when a signature is bad, or missing though the parameters name a key, or a file or a
    user is damaged. Without NAME it proves the set that an activation
    would take.
    """
    from lyncdr_helpers.backups import signed

    if name and everything:
        raise InputError("NAME and --all are two questions.", "Give one of them.")
    loaded, store = _open(params)
    keys = signed.keys_of(loaded)
    found = [_verified(store, one, trouble, keys) for one, trouble in _to_verify(store, loaded, name, everything)]
    damaged = [one.name for one in found if not one.whole]
    if as_json:
        code = CheckFailed.exit_code if damaged else 0
        sets = [vars(one) | {"whole": one.whole} for one in found]
        answer({"outcome": OUTCOMES[code] if code else "done", "exit_code": code, "damaged": damaged, "sets": sets})
    else:
        for one in found:
            _print_verified(one)
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
    last COMPLETE set, a set that a live activation rests on, and whatever cannot be read. After a crash, the same
    command goes on where it stopped.

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
            facts |= {"plan": made.digest, "sets": _facts(decided, proofs, session.clock.now())}
        if not as_json:
            _print_sets(decided, proofs, session.clock.now(), session.loaded)
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

    Raises InputError for no such set, CheckFailed for a damaged one.
    """
    from lyncdr_helpers.backups import signed, stored

    ours = {one.name: one for one in stored.look(store, loaded.params.deployment)}
    if name not in ours:
        raise InputError(
            f"There is no set {name} of {loaded.params.deployment} in the store.", "See: lyncdr backups list"
        )
    if trouble := ours[name].trouble:
        raise CheckFailed(f"Set {name} cannot be read: {trouble}", "Use another one: lyncdr backups list")
    proof = signed.check(store, name, ours[name].manifest, signed.keys_of(loaded))
    return stored.read(store, name), proof


def _proofs(store: Store, loaded: LoadedParams, decided: Decided) -> Proofs:
    """Of each set that can be read, whose signature it bears."""
    from lyncdr_helpers.backups import signed

    keys = signed.keys_of(loaded)
    return {one.name: signed.check(store, one.name, one.manifest, keys) for one, _ in decided if not one.trouble}


def _to_verify(store: Store, loaded: LoadedParams, name: str, everything: bool) -> list[tuple[str, str]]:
    """(name, why it cannot be read or empty) of each set to prove."""
    from lyncdr_helpers.backups import stored

    found = stored.look(store, loaded.params.deployment)
    if everything:
        wanted = found
    elif name:
        wanted = [one for one in found if one.name == name]
    else:
        wanted = [one for one in found if one.state == "COMPLETE"][-1:]
    if not wanted:
        which = f"set {name}" if name else "set" if everything else "COMPLETE set"
        raise InputError(f"There is no {which} of {loaded.params.deployment} in the store.", "See: lyncdr backups list")
    return [(one.name, one.trouble) for one in wanted]


def _verified(store: Store, name: str, trouble: str, keys: Keys) -> Verified:
    from lyncdr_helpers.backups import stored
    from lyncdr_helpers.backups.verification import Verified, verify

    if trouble:
        return Verified(name, "UNREADABLE", 0, 0, (trouble,))
    note(f"  {name}")
    with tempfile.TemporaryDirectory(prefix="lyncdr-") as place:
        return verify(store, stored.read(store, name), Path(place), keys)


# -- showing it --------------------------------------------------------------------------------------------------------
def _facts(decided: Decided, proofs: Proofs, now: dt.datetime) -> list[Mapping[str, Any]]:
    return [
        {
            "name": one.name,
            "state": one.state,
            "made_at": one.made_at.isoformat() if one.made_at else None,
            "age_hours": round((now - one.made_at).total_seconds() / 3600, 2) if one.made_at else None,
            "users": one.users,
            "contacts": one.contacts,
            "size": one.size,
            "signature": proofs[one.name].facts() if one.name in proofs else None,
            "kept": decision.kept,
            "reason": decision.reason,
            "trouble": one.trouble,
        }
        for one, decision in decided
    ]


def _print_sets(decided: Decided, proofs: Proofs, now: dt.datetime, loaded: LoadedParams) -> None:
    if not decided:
        print(f"The store holds no set of {loaded.params.deployment}.")
        return
    head = ("name", "state", "age", "users", "contacts", "size", "signed by", "retention")
    rows = [
        (
            one.name,
            one.state,
            _age(one.made_at, now),
            f"{one.users:,}",
            f"{one.contacts:,}",
            _bytes(one.size),
            proofs[one.name].brief if one.name in proofs else "?",
            f"keeps it: {decision.reason}" if decision.kept else f"prune removes it: {decision.reason}",
        )
        for one, decision in decided
    ]
    table([head, *rows])


def _print_verified(one: Verified) -> None:
    if one.whole:
        print(f"{one.name}: whole: {one.files} files, {one.users:,} users ({one.state})")
    else:
        _print_named(f"{one.name}: DAMAGED ({one.state})", one.faults)
    _print_named(f"{one.name}: also in its folder, and no part of it", one.beside)


def _print_named(head: str, lines: Sequence[str]) -> None:
    if lines:
        print(f"{head}: {len(lines):,}")
        _print_indented(lines[:NAMED])
    if len(lines) > NAMED:
        print(f"  and {len(lines) - NAMED:,} more; --json names all")


def _print_indented(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"  {line}")


def _age(made_at: dt.datetime | None, now: dt.datetime) -> str:
    if made_at is None:
        return "?"
    hours = (now - made_at).total_seconds() / 3600
    if hours < 0:
        return "future"
    return f"{hours:.0f} h" if hours < 48 else f"{hours / 24:.0f} d"


def _bytes(size: int) -> str:
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}"
        size //= 1000
    return f"{size:,} GB"
