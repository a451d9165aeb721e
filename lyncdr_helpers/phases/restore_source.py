"""Files of a backup set, fetched from the store and proven by their digests before anybody reads them."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers import files
from lyncdr_helpers.backups.manifest import Manifest, Part
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.session import Session


def fetch(session: Session, backup: Manifest, part: Part) -> Path:
    """A file of the set, in the run folder below the set's name, fetched once per run.

    Raises Refusal when it is not what was backed up.
    """
    fetched = session.folder.path / "restore" / backup.name / part.file
    if not fetched.exists() or files.digest_file(fetched) != part.sha256:
        session.store.download(backup.name, part.file, fetched)
    if files.digest_file(fetched) != part.sha256:
        raise Refusal(f"{part.file} of set {backup.name} is damaged.", "Begin anew with another set: --backup-set")
    return fetched
