"""0_start_here: what this deployment is, and where it stands."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers import runfolder
from lyncdr_helpers.adapters.stores import open_store
from lyncdr_helpers.backups import stored
from lyncdr_helpers.backups.stored import StoredSet
from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.params.reading import LoadedParams, read_params
from lyncdr_helpers.runfolder import RunSummary
from lyncdr_helpers.session import found


def deployment(params_file: str | Path) -> LoadedParams:
    """The parameters, read and checked. Raises InputError with every mistake in the file."""
    return read_params(found(params_file))


def backups(loaded: LoadedParams) -> list[StoredSet]:
    """What lies in the DR store, oldest first, also what never became a set; none, where the store is not there yet."""
    store = open_store(loaded.params.backup, loaded)
    try:
        return stored.look(store, loaded.params.deployment)
    except OperationError as error:
        print(error)
        return []


def runs(loaded: LoadedParams) -> list[RunSummary]:
    """Every run of this deployment, oldest first."""
    return runfolder.all_runs(loaded.locate(loaded.params.runs_folder))
