"""A whole activation, step by step: `python tests/benchmarks/activation.py` brings 10,000 users of Samba back (root).

Then the users are moved home again in blocks, one by plain pypsrp and the next by our act, by turns: what the other
side takes alone, and what looking first, reading back and the journal add to it.
`python tests/benchmarks/activation.py 2000 embedded` does the same with fewer, and without Samba.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from statistics import median

from night import parts
from pypsrp.powershell import PowerShell, RunspacePool

from lyncdr_helpers import journal
from lyncdr_helpers.adapters.winrm_connection import connect
from lyncdr_helpers.directory.inventory import read_inventory
from lyncdr_helpers.lab import lifecycle
from lyncdr_helpers.lab.blueprint import DR_POOL, PRIMARY_POOL, Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.phases.acts import moves
from lyncdr_helpers.plan import Change
from lyncdr_helpers.ports import Command
from lyncdr_helpers.runs.runner import Outcome, run_phase
from lyncdr_helpers.session import Session, open_session
from lyncdr_helpers.shell import cmdlets

USERS, BLOCKS = 10_000, 8
LIMIT, SHARE_LIMIT = 300.0, 0.15
"""Seconds for 10,000 users, of the approved command as a whole; what our part may add to the forced moves."""
CONTACTS = 57
"""The median of contacts a user with which the mean is 80."""


def main(users: int = USERS, directory: str = "samba") -> int:
    """0 when everybody came back."""
    with tempfile.TemporaryDirectory(prefix="lyncdr-activation-") as place:
        blueprint = Blueprint(Path(place) / "lab", users=users, contacts=CONTACTS, directory=directory)  # type: ignore[arg-type]
        claim = claim_subnet(blueprint)
        lab = claim.blueprint
        try:
            lifecycle.up(lab, os.getpid(), lambda said: print(f"  {said}", file=sys.stderr), claim)
            run = partial(run_phase, params_file=lab.params_file)
            assert run("backup").exit_code == 0
            lifecycle.fail(lab.folder, "primary")
            activate = partial(run, "activate", mode="live", because="a benchmark")
            ended = activate(approve=activate().plan)
            verified = run("verify")
            print(table(ended), proof(verified), sep="\n")
            lifecycle.heal(lab.folder, "primary")
            print(shares(lab))
        finally:
            lifecycle.down(lab.folder)
        return ended.exit_code or verified.exit_code


def table(ended: Outcome) -> str:
    """One row a step: seconds, and its share of the whole."""
    lines = journal.read(ended.folder.journal)[0]
    counts = next(line.facts["counts"] for line in lines if line.kind == "plan")
    begun = max((line.n for line in lines if line.kind in ("begin", "resume")), default=0)
    taken = parts([line for line in lines if line.n > begun])
    rows = [*taken.items(), ("kernel, tables, the rest", ended.seconds - sum(taken.values())), ("whole", ended.seconds)]
    head = f"{counts['move-user']:,} users moved: {ended.outcome}"
    end = f"limit for {USERS:,} users {LIMIT:.0f} s: {held(ended.seconds, LIMIT)}"
    return "\n".join([head, *(f"{name:42}{spent:9.2f} s{spent / ended.seconds:7.0%}" for name, spent in rows), end])


def proof(verified: Outcome) -> str:
    lines = journal.read(verified.folder.journal)[0]
    found = {line.facts["name"]: line.facts["value"] for line in lines if line.kind == "fact"}
    contacts = f"{found['contacts_restored']:,} of {found['contacts_expected']:,} contacts"
    return f"verification: {verified.outcome}, {contacts}, {verified.seconds:.1f} s"


def held(seen: float, limit: float) -> str:
    return "held" if seen <= limit else "EXCEEDED"


def shares(lab: Blueprint) -> str:
    """Users a second by either way, and what ours adds to the time that the other side takes."""
    session = open_session("activate", lab.params_file, run="new")
    try:
        with RunspacePool(connect(session.params.management_host, session.loaded.folder)) as pool:
            plainly, ours = partial(_plainly, pool, session), partial(moves.move, session)
            spent: dict[str, list[float]] = {"alone": [], "ours": []}
            for number, block in enumerate(_blocks(session)):
                began = time.perf_counter()
                (ours if number % 2 else plainly)(block)
                spent["ours" if number % 2 else "alone"].append((time.perf_counter() - began) / len(block))
    finally:
        session.close()
    alone, whole = median(spent["alone"]), median(spent["ours"])
    return (
        f"forced moves by turns, {len(spent['alone'])} + {len(spent['ours'])} blocks: {1 / alone:,.0f} users/s by "
        f"pypsrp alone, {1 / whole:,.0f} with looking first, reading back and the journal: "
        f"our share {(share := whole / alone - 1):.0%}, limit {SHARE_LIMIT:.0%}: {held(share, SHARE_LIMIT)}"
    )


def _blocks(session: Session) -> Iterator[Sequence[Change]]:
    """Everybody who is at the DR pool now, to be moved home; eight blocks."""
    homed = read_inventory(session.directory, session.params.directory.base).movable(DR_POOL)
    changes = [Change("move-user", one.address, DR_POOL, PRIMARY_POOL, {"dn": one.dn}) for one in homed]
    size = len(changes) // BLOCKS
    return (changes[number * size : (number + 1) * size] for number in range(BLOCKS))


def _plainly(pool: RunspacePool, session: Session, changes: Sequence[Change]) -> None:
    """The commands that our act gives, in its batches, and nothing else."""
    batch = session.params.thresholds.batch_users
    order = cmdlets.move_users(PRIMARY_POOL, session.params.directory.domain_controller, force=True)
    for start in range(0, len(changes), batch):
        _invoke(pool, order, [f"sip:{one.target}" for one in changes[start : start + batch]])
    _invoke(pool, cmdlets.update_user_database(PRIMARY_POOL))


def _invoke(pool: RunspacePool, order: Command, feed: Sequence[str] = ()) -> None:
    shell = PowerShell(pool)
    shell.add_cmdlet(order.cmdlet).add_parameters(dict(order.parameters))
    shell.invoke((one for one in feed) if feed else None)
    assert not shell.had_errors


if __name__ == "__main__":
    raise SystemExit(main(*(convert(text) for convert, text in zip((int, str), sys.argv[1:], strict=False))))
