"""Backup stores: a path or a UNC path, an SMB share, a bucket. `open_store` knows which one the parameters name."""

from __future__ import annotations

from pathlib import Path

from lyncdr_helpers.adapters.stores.disk import Disk
from lyncdr_helpers.adapters.stores.folders import FolderStore
from lyncdr_helpers.adapters.stores.patience import Patience
from lyncdr_helpers.clock import Clock, SystemClock
from lyncdr_helpers.credentials import SecretReference
from lyncdr_helpers.errors import InputError
from lyncdr_helpers.params.backups import Backup
from lyncdr_helpers.params.reading import LoadedParams
from lyncdr_helpers.ports import Store


def open_store(backup: Backup, loaded: LoadedParams, clock: Clock | None = None) -> Store:
    """The store that the parameters name; nothing is asked of it yet.

    Raises InputError where its password, its CA or the package for it is missing.
    """
    patience = Patience(clock or SystemClock())
    scheme, separator, _ = backup.store.partition("://")
    if not separator:
        return FolderStore(Disk(str(loaded.locate(backup.store))), patience)
    login = backup.store_login
    secret = SecretReference.parse(login.password, loaded.folder).reveal() if login else None
    if scheme == "smb":
        from lyncdr_helpers.adapters.stores.share import Share  # takes its time to import

        return FolderStore(Share(backup.store, login.user if login else None, secret), patience)
    return _bucket(backup, loaded, patience, (login.user, secret) if login and secret else None)


def open_path(path: Path, clock: Clock | None = None) -> Store:
    """The store in a folder of this machine."""
    return FolderStore(Disk(str(path)), Patience(clock or SystemClock()))


def _bucket(backup: Backup, loaded: LoadedParams, patience: Patience, login: tuple[str, str] | None) -> Store:
    try:
        from lyncdr_helpers.adapters.stores.objects import ObjectStore, Service  # an extra, for those who need it
    except ModuleNotFoundError as cause:
        raise InputError(
            "A store at s3:// needs the package obstore.", "Run: pip install lyncdr-helpers[s3]"
        ) from cause
    service = Service(backup.store, backup.s3_endpoint, login, _ca(backup.store_ca_file, loaded))
    try:
        return ObjectStore(service, patience)
    except ValueError as cause:
        raise InputError(
            f"The store {backup.store} cannot be opened: {str(cause).splitlines()[0].rstrip('.')}.",
            "Check backup.store, s3_endpoint, and that store_ca_file holds certificates in PEM.",
        ) from cause


def _ca(path: Path | None, loaded: LoadedParams) -> bytes | None:
    try:
        return loaded.locate(path).read_bytes() if path else None
    except OSError as cause:
        raise InputError(f"backup.store_ca_file cannot be read: {cause}.", "Check the path.") from cause
