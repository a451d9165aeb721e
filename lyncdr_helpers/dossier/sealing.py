"""Sealing a run's folder when an execution of it is over. Whether that works changes nothing about how it ended.

Who seals, and when: the session, when it writes the journal's end, so that every run is sealed, in JupyterLab and under
papermill too; then the runner, once more, when the executed notebook, the report and the notices lie in the folder, and
also where the kernel died and the session could not. A notebook that a person saves into the folder afterwards is in no
manifest; the proof says so, and holds what it says against the journal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lyncdr_helpers import files
from lyncdr_helpers.backups.signed import Keys
from lyncdr_helpers.clock import Clock
from lyncdr_helpers.dossier import manifest, timestamp, witness
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.ports import Store
from lyncdr_helpers.runfolder import RunFolder
from lyncdr_helpers.verifier.contents import MANIFEST, SIGNATURE, STAMP_REQUEST

LATER = ("report.html", "notices.jsonl")
"""What is written when the journal has ended."""


def digests(folder: RunFolder) -> dict[str, str]:
    """File -> SHA-256 of what an execution leaves, for the journal's own keeping; empty where it cannot be read."""
    return {name: _digest(folder, name) for name in manifest.held(folder) if not _comes_later(name)}


def seal(folder: RunFolder, clock: Clock, keys: Keys, open_store: Callable[[], Store]) -> Iterator[str]:
    """Write the manifest, last of all and in one step; sign it; leave its head in the store at the DR site.

    Yields, in words, what did not work.
    """
    try:
        content = manifest.make(folder, clock)
        for stale in (SIGNATURE, STAMP_REQUEST):
            (folder.path / stale).unlink(missing_ok=True)
        files.replace(folder.path / MANIFEST, content)
        files.replace(folder.path / STAMP_REQUEST, timestamp.request(files.digest(content)))
    except (LyncdrError, OSError) as error:
        yield f"The record of {folder.run} is not sealed: {error}"
        return
    try:
        _sign(folder, content, keys, clock)
    except (LyncdrError, OSError) as error:
        yield f"The record of {folder.run} is sealed, and not signed: {error}"
    try:
        witness.keep(open_store(), content, clock)
    except LyncdrError as error:
        yield f"The record of {folder.run} is sealed, and its head is not copied to the DR site: {error}"


def is_sealed(folder: RunFolder) -> bool:
    return (folder.path / MANIFEST).exists()


def _sign(folder: RunFolder, content: bytes, keys: Keys, clock: Clock) -> None:
    if key := keys.to_sign():
        who = "{user}@{host}".format(**files.whoami())
        made = key.sign(files.digest(content), purpose="journal head", name=folder.run, by=who, at=clock.now())
        files.replace(folder.path / SIGNATURE, made.spelled())


def _digest(folder: RunFolder, name: str) -> str:
    try:
        return files.digest_file(folder.path / name)
    except OSError:
        return ""


def _comes_later(name: str) -> bool:
    return name in LATER or ("/" not in name and name.endswith(".ipynb"))
