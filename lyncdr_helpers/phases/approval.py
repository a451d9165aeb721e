"""A run's plan and its approvals, on record: what a run may do, given by people and kept over a crash.

Where the parameters ask for a second approver, two people of different names approve the digest of one plan. Each
approval is a line of its own: digest, name (who approves), by (the account, machine and process that wrote it). The
first name is the account that runs the phase; the second is another account's (`lyncdr approve`, or the same command
run by somebody else), or one that is typed into the gate at the first one's screen.

That proves no identity: an account is what the system calls it, a typed name is what somebody typed, and whoever may
write into the run folder may write there in anybody's name. It keeps one tired person from going alone by mistake.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lyncdr_helpers import files, plan, runfolder
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.backups import signed
from lyncdr_helpers.clock import Clock, SystemClock
from lyncdr_helpers.dossier import sealing
from lyncdr_helpers.errors import InputError, Refusal
from lyncdr_helpers.journal import Journal, Line
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

KIND = "approval"


@dataclass(frozen=True)
class Approval:
    """Who approved, when (as the journal has it), from which account and machine."""

    name: str
    at: str
    account: str
    host: str

    @property
    def who(self) -> str:
        """`meier`; a name that was typed at another's screen says whose it was: `Berta Alm, named by meier`."""
        return self.name if is_same(self.name, self.account) else f"{self.name}, named by {self.account}"

    @property
    def text(self) -> str:
        """`meier on mgmt02 at ...`."""
        return f"{self.who} on {self.host} at {self.at}"


@dataclass(frozen=True)
class Standing:
    """How far the approval of one plan has come. needed: how many people."""

    needed: int
    given: tuple[Approval, ...]

    @property
    def whole(self) -> bool:
        return len(self.given) >= self.needed

    def has(self, name: str) -> bool:
        """Whether somebody of that name approved it already."""
        return any(is_same(one.name, name) for one in self.given)

    @property
    def text(self) -> str:
        return " and ".join(one.text for one in self.given)


def propose(session: Session, made: Plan) -> None:
    """Put the plan on record, as plan.json and in the journal, with how many people must approve it."""
    files.replace_json(session.folder.plan, made.as_json())
    needed = 2 if session.params.approval.second_approver else 1
    session.journal.write(
        "plan", digest=made.digest, scope=made.scope, counts=made.counts(), basis=made.basis, approvals=needed
    )


def of_line(line: Line) -> Approval:
    """The approval that a line of the journal holds; its name is the account's where nobody was named."""
    by = line.facts.get("by", {})
    account = str(by.get("user", "?"))
    return Approval(str(line.facts.get("name", account)), line.at, account, str(by.get("host", "?")))


def standing(lines: Sequence[Line], digest: str) -> Standing:
    """Who approved that plan, from the lines of its run."""
    plans = [line.facts for line in lines if line.kind == "plan" and line.facts.get("digest") == digest]
    given = [line for line in lines if line.kind == KIND and line.facts.get("digest") == digest]
    return Standing(int(plans[-1].get("approvals", 1)) if plans else 1, tuple(map(of_line, given)))


def require(session: Session, made: Plan, digest: str, second: str = "") -> None:
    """The gate: raises Refusal unless people gave the digest of exactly this plan, now or earlier in this run.

    digest: given by whoever runs this. second: the name of somebody else who approves it, at the same screen.
    """
    if approved(session) is not None:
        return
    me = files.whoami()["user"]
    if digest.strip() or not _now(session, made).has(me):
        plan.require_approval(made, digest)
    for name in (me, second.strip()):
        now = _now(session, made)
        if name and not now.whole and not now.has(name):
            session.journal.write(KIND, digest=made.digest, name=name, by=files.whoami())
    now = _now(session, made)
    if not now.whole:
        raise _lacking(session, made, now, second.strip())


def gate(session: Session, made: Plan, digest: str, second: str = "") -> str:
    """`require` as a step of its own, in words for whoever stands before it; a rehearsal notes it and goes on."""
    with session.step("approval"):
        if approved(session):
            return f"Approved already by {_now(session, made).text}."
        try:
            require(session, made, digest, second)
        except Refusal as refusal:
            session.stop_at(KIND, refusal)
            return f"Rehearsal: a live run would stop here and wait for --approve {made.short}"
        return f"Approved by {_now(session, made).text}: {made.scope}, digest {made.short}."


def approved(session: Session) -> Plan | None:
    """The plan this run is bound to since its approval, or None. Raises Refusal when plan.json is another one."""
    digests = [str(line.facts["digest"]) for line in session.journal.of_kind(KIND)]
    bound = next((one for one in reversed(digests) if standing(session.journal.lines, one).whole), None)
    return _kept(session.folder, bound) if bound else None


def give(params_file: Path, run: str, digest: str, clock: Clock | None = None) -> tuple[Plan, Standing]:
    """Approve a plan that waits, from one's own account; the plan, and who approved it by then.

    Raises Refusal for another digest, a run that does not wait, or whoever approved it already; Locked while the run is
    at work; InputError where there is no such run.
    """
    clock = clock or SystemClock()
    loaded = read_params(params_file)
    runs = loaded.locate(loaded.params.runs_folder)
    folder = runfolder.existing(runs, run)
    found = runfolder.summarise(folder)
    if found is None or not found.plan:
        raise InputError(f"Run {run} has no plan.", "See: lyncdr runs list")
    lock = files.Lock(runs / f"{found.phase}.lock", clock)
    lock.take(run)
    try:
        journal = Journal.open(folder.journal, clock)
        proposed = _waiting(folder)
        plan.require_approval(proposed, digest)
        me, now = files.whoami(), standing(journal.lines, proposed.digest)
        if now.whole or now.has(me["user"]):
            raise Refusal(f"The plan {proposed.short} was approved by {now.text}.", _who_else(now, folder))
        journal.write(KIND, digest=proposed.digest, name=me["user"], by=me)
        _seal(loaded, folder, clock)
        return proposed, standing(journal.lines, proposed.digest)
    finally:
        lock.free()


def _seal(loaded: LoadedParams, folder: RunFolder, clock: Clock) -> None:
    """The record of the run has one line more than when it was sealed."""
    store = partial(open_store, loaded.params.backup, loaded, clock)
    for trouble in sealing.seal(folder, clock, signed.keys_of(loaded), store):
        print(trouble)


def _waiting(folder: RunFolder) -> Plan:
    """The plan that is to be approved. Raises Refusal for a rehearsal, and for a run that is over."""
    found = runfolder.summarise(folder)
    assert found is not None, "whoever has a plan has begun"
    if found.mode != "live" or found.finished:
        raise Refusal(f"Run {found.run} waits for nobody: {found.mode}, {found.outcome}.", "See: lyncdr runs list")
    return _kept(folder, found.plan)


def _kept(folder: RunFolder, digest: str) -> Plan:
    kept = plan.from_json(json.loads(folder.plan.read_text(encoding="utf-8")))
    if kept.digest != digest:
        raise Refusal("plan.json is not the plan that was approved.", "Begin anew: --run new")
    return kept


def _now(session: Session, made: Plan) -> Standing:
    return standing(session.journal.lines, made.digest)


def _lacking(session: Session, made: Plan, now: Standing, second: str) -> Refusal:
    again = f" {second} is one of them: it must be somebody else." if second and now.has(second) else ""
    return Refusal(
        f"The plan waits for a second person: {made.scope}; digest {made.short}. Approved by {now.text}.{again}",
        "They say so in the gate; or as themselves, from any machine that reaches the runs: lyncdr approve "
        f"{session.folder.run} {made.short} --params {session.loaded.path}. Then the same again, with --approve "
        f"{made.short}",
    )


def _who_else(now: Standing, folder: RunFolder) -> str:
    if now.whole:
        return "Nobody else is needed: whoever runs the phase can go on."
    return f"Somebody else must approve it, from an account of their own. Run: {folder.run}"


def is_same(one: str, other: str) -> bool:
    """Whether two names are one: capitals and spaces do not make two people."""
    return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
