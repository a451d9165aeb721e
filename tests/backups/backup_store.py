"""Sets as a backup makes them, with users and contacts made up, dated as a test wants them."""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyncdr_helpers import files
from lyncdr_helpers.adapters.stores import open_path
from lyncdr_helpers.backups import manifest as manifests
from lyncdr_helpers.backups import signed
from lyncdr_helpers.backups.manifest import Alarm, Difference, Manifest, Part, UserRecord
from lyncdr_helpers.clock import stamp
from lyncdr_helpers.contacts.dbimpexp import NAMESPACE, parse, write_import
from lyncdr_helpers.contacts.inventory import holdings
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.journal import Line, read
from lyncdr_helpers.phases.night import describe
from lyncdr_helpers.runfolder import RunFolder, RunSummary, all_runs
from lyncdr_helpers.signatures import SigningKey

POOL = "pool01.lync.test"
CONTACTS = f"contacts/{POOL}.xml"


@dataclass(frozen=True)
class Said:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


@dataclass(frozen=True)
class Deployment:
    """Its parameters, its store, and where its runs are kept."""

    params: Path
    store: Path
    runs_folder: Path

    def names(self) -> list[str]:
        return open_path(self.store).sets()

    def leftovers(self) -> list[str]:
        """What is aside of the sets; the notes that each run leaves there are none."""
        return [path.name for path in self.store.iterdir() if path.name.startswith(".") and path.name != ".notes"]

    def runs(self) -> list[RunSummary]:
        return all_runs(self.runs_folder)

    def lines(self, run: str) -> list[Line]:
        return read(RunFolder(self.runs_folder / run).journal)[0]

    def say(self, line: str) -> None:
        """Add a line to the section `backup` of the parameters."""
        text = self.params.read_text(encoding="utf-8")
        self.params.write_text(text.replace("backup:\n", f"backup:\n  {line}\n", 1), encoding="utf-8")

    def night(
        self,
        days: float,
        *,
        complete: bool = True,
        failed: str = "",
        deployment: str = "lab",
        users: int = 3,
        alarms: int = 0,
        key: SigningKey | None = None,
        summary: bool = True,
    ) -> str:
        """Store the set made so many days ago, signed where a key is given; its name. failed: why; then unpublished."""
        made_at = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        name = name_of(made_at)
        folder = self.params.parent / "work" / name
        lists = [contact_list(f"user{number}@lync.test") for number in range(users)]
        write_import(folder / CONTACTS, lists)
        made = _manifest(name, made_at, folder, lists, complete, deployment).model_copy(
            update={"alarms": tuple(alarm(number) for number in range(alarms))}
            | ({"state": "FAILED", "reason": failed} if failed else {})
        )
        described = describe(made, folder)
        if not summary:
            (folder / described[-1]).unlink()
        if key:
            content = (folder / manifests.NAME).read_bytes()
            files.replace(folder / signed.NAME, signed.sign_manifest(key, content, name, "svc-lyncdr@mgmt02", made_at))
        store = open_path(self.store)
        for path in folder.rglob("*"):
            if path.is_file():
                store.send(path, name, path.relative_to(folder).as_posix())
        if not failed:
            store.publish(name)
        return name

    def unfinished(self, days: float, name: str = "") -> str:
        """A folder that a night of so many days ago left with half a file in it; its name."""
        name = name or name_of(dt.datetime.now(dt.UTC) - dt.timedelta(days=days))
        half = self.params.parent / "half"
        half.write_bytes(b"half a file")
        open_path(self.store).send(half, name, CONTACTS)
        return name

    def aside(self) -> list[str]:
        """The names of what is not published."""
        return open_path(self.store).unpublished()


def name_of(made_at: dt.datetime) -> str:
    """The name that a backup of that moment has."""
    return f"{made_at:%Y%m%d-%H%M%S}-backup-0000"


def alarm(number: int) -> Alarm:
    return Alarm(kind="no-contacts", pool=POOL, address=f"user{number}@lync.test", text="has no contacts; had 34")


def digest_in(said: Said) -> str:
    """The digest that a refused prune says to give."""
    found = re.search(r"--approve ([0-9a-f]{12})", said.err)
    assert found, said
    return found[1]


def edit_manifest(deployment: Deployment, folder: str, **changes: object) -> None:
    """Change what a set's manifest says, after it was stored."""
    path = deployment.store / folder / manifests.NAME
    files.replace_json(path, json.loads(path.read_bytes()) | changes)


def contact_list(user: str) -> ContactList:
    """A user with two contacts."""
    contacts = "".join(f'<Contact Buddy="buddy{number}@lync.test" SubscribePresence="1"/>' for number in range(2))
    spelled = f'<HomedResource xmlns="{NAMESPACE}" UserAtHost="{user}"><Contacts>{contacts}</Contacts></HomedResource>'
    return parse(spelled.encode())


def _manifest(
    name: str, made_at: dt.datetime, folder: Path, lists: list[ContactList], complete: bool, deployment: str
) -> Manifest:
    export = folder / CONTACTS
    missing = Difference(address="ana@lync.test", pool=POOL, reason="not exported; disabled")
    return Manifest(
        name=name,
        deployment=deployment,
        generation="lync2010",
        run=name,
        made_at=stamp(made_at),
        made_by="svc-lyncdr@mgmt02",
        version="0.1",
        params_digest="0" * 64,
        state="COMPLETE" if complete else "INCOMPLETE",
        parts=(
            Part(
                kind="contacts",
                file=CONTACTS,
                pool=POOL,
                size=export.stat().st_size,
                sha256=files.digest_file(export),
            ),
        ),
        users=tuple(
            UserRecord(address=one.user, pool=POOL, contacts=one.contacts, groups=one.groups, digest=one.digest)
            for one in holdings(lists)
        ),
        response_groups={},
        differences=() if complete else (missing,),
        extra=(),
    )
