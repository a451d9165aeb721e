"""One backup in the making: what it has, what it could not have, and what it leaves behind when it is cut short."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from lyncdr_helpers import __version__, files, runfolder
from lyncdr_helpers.backups import alarms, stored
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import summary as summaries
from lyncdr_helpers.backups.completeness import Completeness
from lyncdr_helpers.backups.manifest import (
    Absence,
    Alarm,
    GroupChatRecord,
    Kind,
    Manifest,
    Part,
    Purpose,
    State,
    UserRecord,
)
from lyncdr_helpers.checks import Check, Verdict
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.directory.inventory import Inventory
from lyncdr_helpers.errors import InputError, LyncdrError, OperationError, UnknownOutcome
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import exchange
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.session import Session

UNFINISHED = "It was begun, and nothing says that it ended: it is being made, or was cut short."
MEANT = "Ask whether it is meant. If it is not, the set that it is compared with still has what is gone."


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

    pools: whose users' lists and settings are in it.
    absent: parts that are switched off or could not be made. alarms: what looks wrong beside `compared_with`, the set
    of a night before.
    """

    session: Session
    folder: Path
    inventory: Inventory
    pools: tuple[Pool, ...]
    purpose: Purpose = "restore"
    parts: list[Part] = field(default_factory=list)
    absent: list[Absence] = field(default_factory=list)
    records: list[UserRecord] = field(default_factory=list)
    response_groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    group_chat: GroupChatRecord = field(default_factory=GroupChatRecord)
    completeness: list[Completeness] = field(default_factory=list)
    alarms: tuple[Alarm, ...] = ()
    compared_with: str = ""

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

    @cached_property
    def earlier(self) -> tuple[Manifest, ...]:
        """The sets that this night is held against, oldest first; read when they are first asked for."""
        return stored.earlier(self.session.store, self.session.params.deployment)

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
        params = self.session.params
        return Manifest(
            name=self.name,
            deployment=params.deployment,
            generation=params.generation,
            run=self.name,
            made_at=stamp(self.session.clock.now()),
            made_by="{user}@{host}".format(**files.whoami()),
            version=__version__,
            params_digest=self.session.loaded.digest,
            state=state,
            reason=reason,
            parts=tuple(self.parts),
            absent=tuple(self.absent),
            users=tuple(sorted(self.records, key=lambda record: (record.pool, record.address))),
            response_groups=self.response_groups,
            group_chat=self.group_chat,
            differences=tuple(one for pool in self.completeness for one in pool.missing),
            extra=tuple(one for pool in self.completeness for one in pool.extra),
            alarms=self.alarms,
            compared_with=self.compared_with,
            purpose=self.purpose,
        )

    def compare(self) -> None:
        """Hold the set against the nights before. What looks wrong is for people; the state does not rest on it."""
        if self.purpose != "restore":
            return
        before = alarms.beside(self.earlier)
        self.alarms = alarms.compare(self.earlier, self.manifest(self.state), self.session.params.backup.alarms)
        self.compared_with = before.name if before else ""
        self.session.fact("alarms", [str(one) for one in self.alarms])
        if before:
            self.session.record(*_checks(self.alarms, before.name))

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of the night."""
        with self.session.step(name), self.guarded(name):
            yield

    @contextmanager
    def guarded(self, name: str) -> Iterator[None]:
        """Whatever ends it badly is said by the set in the store too, and leaves nothing on this machine."""
        try:
            yield
        except BaseException as error:
            self._abandon(str(error) if isinstance(error, LyncdrError) else f"{_spoken(error)} during {name}.")
            raise

    def clear(self) -> None:
        """Remove what the night left on this machine and in the exchange folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        with suppress(OSError):
            exchange.tidy(self.session)

    def _abandon(self, reason: str) -> None:
        try:
            _mark(self.session, self.manifest("FAILED", reason), self.folder)
        except (LyncdrError, OSError) as error:
            self.session.tell(f"The store does not hear why set {self.name} failed: {error}")
        self.clear()


def begin(session: Session, inventory: Inventory, pools: Sequence[Pool], purpose: Purpose = "restore") -> Night:
    """A night with nothing in it. From now on the store holds a set of its name that says FAILED, until it is sealed:
    whatever ends the night, be it a power cut, leaves nothing that could pass for a set. Raises as the store does.
    """
    night = Night(session, work_folder(session, session.folder.run), inventory, tuple(pools), purpose)
    try:
        _mark(session, night.manifest("FAILED", UNFINISHED), night.folder)
    except BaseException:
        night.clear()
        raise
    return night


def work_folder(session: Session, run: str) -> Path:
    """Where a run puts its set together."""
    return session.loaded.locate(session.params.backup.work_folder) / run


def sweep(session: Session) -> tuple[str, ...]:
    """Remove what killed nights left on this machine; their names. The store keeps what it has of them.

    Nobody else is at work there: whoever sweeps holds the lock of all backups of this runs folder.
    """
    swept = [path for path in work_folder(session, "").glob("*") if path.is_dir() and _is_earlier(session, path.name)]
    for path in swept:
        shutil.rmtree(path, ignore_errors=True)
        exchange.tidy(session, path.name)
    return tuple(path.name for path in swept)


def _mark(session: Session, failed: Manifest, folder: Path) -> None:
    """Leave a FAILED set's manifest beside its files in the store, unpublished."""
    for name in describe(failed, folder):
        session.store.send(folder / name, failed.name, name)


def describe(made: Manifest, folder: Path) -> list[str]:
    """Write the manifest and its summary into the folder; the names of the files."""
    files.replace_json(folder / manifests.NAME, made.spelled())
    short = summaries.of(made, files.digest_file(folder / manifests.NAME))
    files.replace_json(folder / summaries.NAME, short.model_dump(mode="json"))
    return [manifests.NAME, summaries.NAME]


def _checks(found: Sequence[Alarm], before: str) -> Iterator[Check]:
    """A row for each alarm, or one that says there is none."""
    area, expected = "nights before", f"as in set {before}"
    for alarm in found:
        name = " of ".join(filter(None, [alarm.kind, alarm.address or alarm.pool]))
        yield Check(area, name, Verdict.WARN, alarm.text, expected, MEANT)
    if not found:
        yield Check(area, "alarms", Verdict.PASS, "none", expected)


def _is_earlier(session: Session, name: str) -> bool:
    """Whether that is the run of another backup of this deployment."""
    folder = RunFolder(session.loaded.locate(session.params.runs_folder) / name)
    try:
        run = runfolder.summarise(folder) if name != session.folder.run else None
    except InputError:
        return False
    return run is not None and (run.phase, run.deployment) == ("backup", session.params.deployment)


def _spoken(error: BaseException) -> str:
    return "Interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__
