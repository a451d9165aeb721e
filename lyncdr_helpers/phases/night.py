"""One backup in the making: what it has, what it could not have, and what it leaves behind when it is cut short."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

from lyncdr_helpers import __version__, files, runfolder
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups.completeness import Completeness
from lyncdr_helpers.backups.manifest import Absence, Kind, Manifest, Part, State, UserRecord
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.errors import InputError, LyncdrError, OperationError, UnknownOutcome
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.runfolder import RunFolder, RunSummary
from lyncdr_helpers.session import Session

CUT_SHORT = "The night was cut short, and its run does not say by what."


@dataclass(frozen=True)
class Source:
    """Where one part comes from. key: what in the parameters switches it; name: its file in the set."""

    kind: Kind
    name: str
    make: Callable[[], Path]
    wanted: bool
    key: str
    pool: str = ""


@dataclass
class Night:
    """What a backup has gathered. `folder`: where the set is put together; nothing of it is visible in the store yet.

    absent: parts that are switched off or could not be made. alarms: what looks wrong beside the nights before.
    """

    session: Session
    folder: Path
    inventory: Inventory
    parts: list[Part] = field(default_factory=list)
    absent: list[Absence] = field(default_factory=list)
    records: list[UserRecord] = field(default_factory=list)
    response_groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    completeness: list[Completeness] = field(default_factory=list)
    alarms: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name of the run, and of its set."""
        return self.session.folder.run

    @property
    def state(self) -> State:
        """COMPLETE: every user and every wanted part is in it."""
        missing = any(pool.missing for pool in self.completeness)
        return "INCOMPLETE" if missing or any(one.why == "failed" for one in self.absent) else "COMPLETE"

    @property
    def size(self) -> int:
        """Of all its parts, in bytes."""
        return sum(part.size for part in self.parts)

    # -- parts ------------------------------------------------------------------------------------------------------
    def take(self, kind: Kind, source: Path, name: str, pool: str = "") -> Part:
        """Move a file into the set. Raises OperationError where this machine's disk refuses."""
        target = self.folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(source, target)
            part = Part(kind=kind, file=name, pool=pool, size=target.stat().st_size, sha256=files.digest_file(target))
        except OSError as cause:
            raise OperationError(
                f"{source.name} cannot be moved to {target}: {cause.strerror or cause}.",
                "Check backup.work_folder: its free space, and this account's rights there and in the exchange folder.",
            ) from cause
        self.parts.append(part)
        return part

    def gather(self, source: Source) -> None:
        """Make one part. Where that fails the night goes on, and the set says what it lacks and why."""
        if not source.wanted:
            self._lacks(source, "off", f"{source.key} in the parameters")
            return
        try:
            self.take(source.kind, source.make(), source.name, source.pool)
        except (OperationError, UnknownOutcome) as error:
            self._lacks(source, "failed", error.message)

    def _lacks(self, source: Source, why: Literal["off", "failed"], reason: str) -> None:
        absence = Absence(kind=source.kind, pool=source.pool, why=why, reason=reason)
        self.absent.append(absence)
        whose = f" of {absence.pool}" if absence.pool else ""
        self.session.fact(f"{absence.kind}{whose}: {why}", reason)
        if why == "failed":
            self.session.tell(f"The set will lack {absence.kind}{whose}: {reason}")

    # -- the end ----------------------------------------------------------------------------------------------------
    def manifest(self, state: State, reason: str = "") -> Manifest:
        """What the set holds by now."""
        return Manifest(
            **_origin(self.session, self.name),
            state=state,
            reason=reason,
            parts=tuple(self.parts),
            absent=tuple(self.absent),
            users=tuple(sorted(self.records, key=lambda record: (record.pool, record.address))),
            response_groups=self.response_groups,
            differences=tuple(one for pool in self.completeness for one in pool.missing),
            extra=tuple(one for pool in self.completeness for one in pool.extra),
            alarms=tuple(self.alarms),
        )

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the night. Whatever ends it badly leaves a set that says FAILED, beside those that count."""
        with self.session.step(name):
            try:
                yield
            except BaseException as error:
                reason = str(error) if isinstance(error, LyncdrError) else f"{type(error).__name__} during {name}."
                self._abandon(reason)
                raise

    def clear(self) -> None:
        """Remove what the night left on this machine and in the exchange folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            exchange.tidy(self.session)

    def _abandon(self, reason: str) -> None:
        mark(self.session, self.manifest("FAILED", reason), self.folder)
        self.clear()


def begin(session: Session, inventory: Inventory) -> Night:
    """A night with nothing in it."""
    folder = work_folder(session, session.folder.run)
    shutil.rmtree(folder, ignore_errors=True)
    return Night(session, folder, inventory)


def work_folder(session: Session, run: str) -> Path:
    """Where a run puts its set together."""
    return session.loaded.locate(session.params.backup.work_folder) / run


def mark(session: Session, failed: Manifest, folder: Path) -> None:
    """Leave a FAILED set's manifest beside its files in the store, unpublished. A store that is gone stays unmarked."""
    written = folder / manifests.NAME
    try:
        files.replace_json(written, failed.spelled())
        session.store.send(written, failed.name, manifests.NAME)
    except (LyncdrError, OSError) as error:
        session.tell(f"The store does not hear that set {failed.name} failed: {error}")


def sweep(session: Session) -> tuple[str, ...]:
    """Mark and clear up what killed nights of this machine left behind; their names.

    Nobody else is at work there: whoever sweeps holds the lock of all backups of this runs folder.
    """
    aside = session.store.unpublished()
    here = [path.name for path in work_folder(session, "").glob("*") if path.is_dir()]
    ours = [run for run in map(partial(_killed, session), sorted({*aside, *here})) if run]
    for run in ours:
        folder = work_folder(session, run.run)
        if run.run in aside and manifests.NAME not in session.store.files(run.run, published=False):
            mark(session, _nothing(session, run), folder)
        shutil.rmtree(folder, ignore_errors=True)
    return tuple(run.run for run in ours)


def _killed(session: Session, name: str) -> RunSummary | None:
    """The run of that name, where it is a backup of this deployment and not the present one."""
    folder = RunFolder(session.loaded.locate(session.params.runs_folder) / name)
    try:
        run = runfolder.summarise(folder) if folder.journal.is_file() and name != session.folder.run else None
    except InputError:
        return None
    return run if run and (run.phase, run.deployment) == ("backup", session.params.deployment) else None


def _nothing(session: Session, run: RunSummary) -> Manifest:
    origin = {**_origin(session, run.run), "made_at": run.began, "made_by": run.by}
    return Manifest(
        **origin, state="FAILED", reason=CUT_SHORT, parts=(), users=(), response_groups={}, differences=(), extra=()
    )


def _origin(session: Session, run: str) -> Mapping[str, Any]:
    return {
        "name": run,
        "deployment": session.params.deployment,
        "generation": session.params.generation,
        "run": run,
        "made_at": stamp(session.clock.now()),
        "made_by": "{user}@{host}".format(**files.whoami()),
        "version": __version__,
        "params_digest": session.loaded.digest,
    }
