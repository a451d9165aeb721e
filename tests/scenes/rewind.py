"""A lab put back to where it was, in the time of a blink: one lab then serves many disasters."""

from __future__ import annotations

import shutil
import sqlite3
import ssl
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
from dr_scene import Scene, make_scene
from phase_scene import sets, tree

from lyncdr_helpers.adapters.dns import authoritative
from lyncdr_helpers.contacts.lists import ContactList
from lyncdr_helpers.lab import group_chat, lifecycle, sites
from lyncdr_helpers.lab.blueprint import BASE_DN
from lyncdr_helpers.lab.forest import POOLS
from lyncdr_helpers.lab.pools import PoolStore
from lyncdr_helpers.lab.sites import Sites
from lyncdr_helpers.lab.sql_errors import SqlError
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.ports import RecordChange, RecordSet

Values = Mapping[str, list[bytes]]
"""Attribute -> its values, as the directory has them."""

WRITTEN = [
    f"msRTCSIP-{name}"
    for name in (
        *("PrimaryUserAddress", "UserEnabled", "PrimaryHomeServer", "UserPolicies", "TargetHomeServer"),
        *("ConferenceDirectoryHomePool", "BackEndServer"),
    )
]
"""What an activation, or somebody meanwhile, may write in the directory."""
NOTHING: Values = {name: [] for name in WRITTEN}
LYNC = "(|(msRTCSIP-PrimaryHomeServer=*)(objectClass=msRTCSIP-ConferenceDirectory)(msRTCSIP-BackEndServer=*))"

FOLDERS = ("mgmt", "sql", "group-chat", "dr-store", "work", "runs")
FILES = ("lab.yml", "edge-next-hop")
DATABASES = "pools"
"""What stands in the lab's folder and may change, but for what the nameserver and the directory keep themselves."""


@dataclass(frozen=True)
class Moment:
    """What a lab was. kept: copies of its files. zone: name and type -> record."""

    scene: Scene
    kept: Path
    up: Sites
    entries: Mapping[str, Values]
    zone: Mapping[tuple[str, str], RecordSet | None]

    def rewind(self) -> None:
        """Make the lab so again. Nobody may be at work on it."""
        lab = self.scene.blueprint.folder
        for part in ("primary", "wan", "dr"):
            if getattr(self.up, part) != getattr(sites.read(lab), part):
                (lifecycle.heal if getattr(self.up, part) else lifecycle.fail)(lab, part)
        for name in FOLDERS:
            _put_back(self.kept / name, lab / name)
        for name in FILES:
            _put_back_file(self.kept / name, lab / name)
        _copy_databases(self.kept / DATABASES, lab / DATABASES)
        self._rehome()
        self._repoint()

    def _rehome(self) -> None:
        with signed_in(self.scene) as connection:
            present = _entries(connection)
            for dn in self.entries | present:
                now, then = present.get(dn, NOTHING), self.entries.get(dn, NOTHING)
                changed = [name for name in WRITTEN if sorted(now[name]) != sorted(then[name])]
                if changed:
                    connection.modify(dn, {name: [(ldap3.MODIFY_REPLACE, then[name])] for name in changed})

    def _repoint(self) -> None:
        now = _zone(self.scene)
        changes = [RecordChange(now[key], then) for key, then in self.zone.items() if now[key] != then]
        if changes:
            assert _nameserver(self.scene).update("lync.test", changes)


def remember(scene: Scene, kept: Path) -> Moment:
    """What the lab is now; its files go into the folder."""
    lab = scene.blueprint.folder
    for name in FOLDERS:
        if (lab / name).exists():
            shutil.copytree(lab / name, kept / name)
    for name in FILES:
        _put_back_file(lab / name, kept / name)
    _copy_databases(lab / DATABASES, kept / DATABASES)
    with signed_in(scene) as connection:
        return Moment(scene, kept, sites.read(lab), _entries(connection), _zone(scene))


def everything(scene: Scene) -> dict[str, Any]:
    """All that an activation, or whoever disturbs it, may change: to be compared between labs of the same seed."""
    lab = scene.blueprint
    pools = {}
    for pool in POOLS:
        with PoolStore(lab.pool_store(pool)) as store:
            lists = {one.user: _spelled(one) for one in store.lists()}
            pools[pool] = (lists, [(one.kind, one.name, one.owner) for one in store.response_groups()])
    with signed_in(scene) as connection:
        entries = {
            dn: {name: sorted(some) for name, some in found.items()} for dn, found in _entries(connection).items()
        }
    return {
        "pools": pools,
        "directory": entries,
        "zone": scene.zone(),
        "group chat": _group_chat(scene),
        "files": tree(group_chat.standby_repository(lab)),
        "exchange folder": sorted(path.name for path in lab.exchange.iterdir()),
        "store": sets(lab.store),
    }


def _spelled(found: ContactList) -> list[tuple[str, tuple[str, ...]]]:
    """Each contact, as often as it stands there, with the names of its groups: their numbers may differ."""
    names = {group.number: group.external_uri or group.name for group in found.groups}
    return sorted((one.buddy, tuple(sorted(names[number] for number in one.groups))) for one in found.contacts)


def _group_chat(scene: Scene) -> dict[str, int]:
    try:
        return dict(group_chat.standby_server(scene.blueprint).rows(group_chat.DATABASE))
    except SqlError:
        return {}


# -- files -----------------------------------------------------------------------------------------------------------
def _put_back(kept: Path, folder: Path) -> None:
    """Make a folder what its copy is; files of the same size and moment are the same."""
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    for path in sorted(folder.rglob("*"), reverse=True) if folder.exists() else ():
        twin = kept / path.relative_to(folder)
        if path.is_dir():
            if not twin.is_dir():
                path.rmdir()
        elif not twin.is_file():
            path.unlink()
    for twin in sorted(kept.rglob("*")):
        path = folder / twin.relative_to(kept)
        if twin.is_dir():
            path.mkdir(parents=True, exist_ok=True)
        else:
            _put_back_file(twin, path)


def _put_back_file(kept: Path, path: Path) -> None:
    if not kept.exists():
        path.unlink(missing_ok=True)
    elif not path.exists() or _stamp(kept) != _stamp(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(kept, path)


def _stamp(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_size, found.st_mtime_ns


def _copy_databases(source: Path, target: Path) -> None:
    """By SQLite's own copying, as the lab's servers may have them open; other files there are gone."""
    target.mkdir(parents=True, exist_ok=True)
    for path in target.iterdir():
        if path.suffix in (".sqlite", ".xds") and not (source / path.name).exists():
            path.unlink()
    for path in source.glob("*.sqlite"):
        with closing(sqlite3.connect(path)) as begun, closing(sqlite3.connect(target / path.name)) as copied:
            begun.backup(copied)


# -- the directory and the zone --------------------------------------------------------------------------------------
@contextmanager
def signed_in(scene: Scene) -> Iterator[ldap3.Connection]:
    """The lab's own domain controller, as its administrator."""
    lab = scene.blueprint
    trust = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(lab.ca_file), valid_names=["dc1.lync.test"])
    server = ldap3.Server(lab.domain_controller, lab.ldaps_port, use_ssl=True, tls=trust, get_info=ldap3.NONE)
    password = lab.secret("administrator").read_text(encoding="utf-8").strip()
    with ldap3.Connection(
        server, "administrator@lync.test", password, check_names=False, raise_exceptions=True
    ) as connection:
        yield connection


def _entries(connection: ldap3.Connection) -> dict[str, Values]:
    found = {}
    for base in (BASE_DN, f"CN=Configuration,{BASE_DN}"):
        connection.search(base, LYNC, attributes=WRITTEN)
        for entry in connection.response:
            if entry["type"] == "searchResEntry":
                values = {name.lower(): list(some) for name, some in entry["raw_attributes"].items()}
                found[entry["dn"]] = {name: values.get(name.lower(), []) for name in WRITTEN}
    return found


def _zone(scene: Scene) -> dict[tuple[str, str], RecordSet | None]:
    server = _nameserver(scene)
    records = read_params(scene.params).params.dns.records
    return {(record.name, record.type): server.ask(record.name, record.type) for record in records}


def _nameserver(scene: Scene) -> Any:
    """The lab's own, whatever stands before it in the parameters."""
    loaded, lab = read_params(scene.params), scene.blueprint
    server = loaded.params.dns.servers[0].model_copy(update={"address": lab.nameserver, "port": lab.dns_port})
    return authoritative(server, loaded.folder)


def beginning(folder: Path) -> Iterator[Moment]:
    """A lab that has just lost its primary, for a fixture to hand on to many tests: each puts it back."""
    made = make_scene(folder / "lab")
    try:
        made.lose_primary()
        yield remember(made, folder / "kept")
    finally:
        lifecycle.down(made.blueprint.folder)
