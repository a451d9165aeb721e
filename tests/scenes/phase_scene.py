"""The phases driven in this process, on a lab in which a test puts one thing wrong."""

from __future__ import annotations

import csv
import datetime as dt
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ldap3
import trustme
from dr_scene import Scene

from lyncdr_helpers import files
from lyncdr_helpers.adapters.dns import authoritative
from lyncdr_helpers.backups.manifest import Manifest
from lyncdr_helpers.errors import LyncdrError
from lyncdr_helpers.journal import Line, read
from lyncdr_helpers.lab import pki, seed
from lyncdr_helpers.lab.blueprint import DR_POOL, MANAGEMENT_USER, Blueprint
from lyncdr_helpers.lab.claim import claim_subnet
from lyncdr_helpers.lab.cmdlets import cmdlets, programs
from lyncdr_helpers.lab.dns import ZoneServer
from lyncdr_helpers.lab.registrar import Registrar
from lyncdr_helpers.lab.winrm import Cmdlet, Executable, WinrmServer
from lyncdr_helpers.lab.winrm.faults import FaultKind
from lyncdr_helpers.params.reading import read_params
from lyncdr_helpers.phases import activate, backup, prepare, verify
from lyncdr_helpers.plan import Plan
from lyncdr_helpers.ports import RecordChange, RecordSet
from lyncdr_helpers.runfolder import RunFolder, RunSummary, summarise
from lyncdr_helpers.session import Session

Rows = Mapping[str, str]
"""The verdict of each check, by its name."""


@dataclass(frozen=True)
class Ended:
    """How one run ended: its exit code, what the error said, and what stands in its record."""

    folder: RunFolder
    code: int
    text: str

    @property
    def summary(self) -> RunSummary:
        found = summarise(self.folder)
        assert found is not None
        return found

    @property
    def lines(self) -> list[Line]:
        return read(self.folder.journal)[0]

    @property
    def rows(self) -> Rows:
        return {line.facts["name"]: line.facts["verdict"] for line in self.lines if line.kind == "check"}

    def seen(self, name: str) -> str:
        return next(line.facts["seen"] for line in self.lines if line.kind == "check" and line.facts["name"] == name)

    def changed(self, before: Ended) -> Rows:
        """The checks whose verdict is not what it was, and those that are new; `gone` for those that are no more."""
        were, are = before.rows, self.rows
        gone = dict.fromkeys(were.keys() - are.keys(), "gone")
        return gone | {name: verdict for name, verdict in are.items() if were.get(name) != verdict}

    def fact(self, name: str) -> Any:
        return next(line.facts["value"] for line in self.lines if line.kind == "fact" and line.facts["name"] == name)

    def table(self, name: str) -> list[dict[str, str]]:
        with self.folder.table(name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def kinds(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line.kind == kind]


def run(session: Session, phase: Callable[[Session], object]) -> Ended:
    """Drive one phase to whatever end it comes to. An error that is none of ours fails the test."""
    code, text = 0, ""
    try:
        phase(session)
    except LyncdrError as error:
        code, text = error.exit_code, str(error)
    finally:
        session.close()
    return Ended(session.folder, code, text)


# -- the phases, as their notebooks call them ------------------------------------------------------------------------


def prepared(session: Session, *, ending: bool = True) -> None:
    """ending: with what would be lost if the primary died now, which follows from all the rest."""
    published = prepare.topology(session)
    directory = prepare.directory(session)
    requirements = prepare.requirements(session, published, directory)
    management = prepare.management(session, published)
    site = prepare.dr_site(session, published)
    others = [part(session) for part in (prepare.preflight, prepare.names, prepare.standby)]
    stored = prepare.store(session)
    died = [prepare.if_it_died(session, stored).checks] if ending else []
    prepare.finish(session, published, directory, requirements, management, site, *others, stored, *died)


def backed_up(session: Session) -> None:
    night = backup.take_inventory(session)
    backup.export_contacts(session, night)
    backup.export_settings(session, night)
    backup.copy_to_dr(session, night)
    backup.check_restore(session, night)
    backup.finish(session, backup.seal(session, night))


def planned(session: Session) -> tuple[Manifest, Plan]:
    activate.declare(session, "the site is gone")
    activate.reach(session)
    activate.evidence(session)
    chosen = activate.choose_backup(session)
    activate.restorability(session, chosen)
    return chosen, activate.make_plan(session, chosen)


def activated(session: Session, digest: str | None = None) -> None:
    """digest: what is given to the gate; None gives the right one."""
    chosen, plan = planned(session)
    activate.approve(session, plan, plan.digest if digest is None else digest)
    moved = activate.move_users(session, plan)
    endpoints = activate.move_endpoints(session, plan)
    directories = activate.move_conference_directories(session, plan)
    contacts = activate.restore_contacts(session, plan, chosen)
    groups = activate.restore_response_groups(session, plan, chosen)
    chat = activate.restore_group_chat(session, plan, chosen)
    activate.bring_archiving(session)
    edge = activate.point_edge(session, plan)
    records = activate.repoint_dns(session, plan)
    activate.watch_dns(session, 10)
    activate.install_group_chat(session, plan, chat)
    activate.finish(session, moved, endpoints, directories, contacts, groups, chat, edge, records)


def verified(session: Session) -> None:
    expected = verify.expectation(session)
    users, lost_users = verify.users(session, expected)
    endpoints, lost_endpoints = verify.endpoints(session, expected)
    directories, lost_directories = verify.conference_directories(session, expected)
    contacts, _, lost_contacts = verify.contacts(session, expected)
    groups, lost_groups = verify.response_groups(session, expected)
    chat, lost_chat = verify.group_chat(session, expected)
    names, lost_records = verify.dns(session)
    edge, lost_edge = verify.edge(session)
    service = verify.service(session)
    moved = [*lost_users, *lost_endpoints, *lost_directories]
    losses = [*moved, *lost_contacts, *lost_groups, *lost_chat, *lost_records, *lost_edge]
    verify.finish(session, [users, endpoints, directories, contacts, groups, *chat, *names, *edge, *service], losses)


# -- parameters and servers with something wrong ---------------------------------------------------------------------


def variant(scene: Scene, *changes: tuple[str, str]) -> Path:
    """The scene's parameters with the first occurrence of each text replaced, in a file of their own beside them."""
    text = scene.params.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    path = scene.params.with_name("variant.yml")
    path.write_text(text, encoding="utf-8")
    return path


@contextmanager
def management_host(
    scene: Scene,
    folder: Path,
    some_cmdlets: Mapping[str, Cmdlet] | None = None,
    some_programs: Mapping[str, Executable] | None = None,
    faults: Mapping[str, FaultKind] | None = None,
) -> Iterator[Path]:
    """A second management host of the lab, with some of its cmdlets or programs replaced, or meeting a fault once; the
    parameters that lead there.
    """
    lab, address = scene.blueprint, f"{scene.blueprint.subnet}.30"
    chain, key = (folder / path.name for path in lab.certificate("mgmt"))
    for path in lab.certificate("mgmt"):
        files.replace(folder / path.name, path.read_bytes())
    server = WinrmServer(
        address,
        lab.winrm_port,
        (chain, key),
        {MANAGEMENT_USER: lab.secret("management").read_text(encoding="utf-8").strip()},
        {**cmdlets(lab), **(some_cmdlets or {})},
        {**programs(lab), **(some_programs or {})},
    )
    for name, fault in (faults or {}).items():
        server.faults.once(fault, name)
    server.start()
    try:
        yield variant(scene, (f"https://{lab.management_host}:", f"https://{address}:"))
    finally:
        server.stop()


@contextmanager
def dr_server(
    scene: Scene, folder: Path, names: Sequence[str], *, days: int = 365, trusted: bool = True
) -> Iterator[Path]:
    """Another registrar for the DR pool, whose certificate holds these names and ends in so many days; the parameters
    that lead there.
    """
    with claim_subnet(Blueprint(folder)) as claim:
        elsewhere = claim.blueprint
        authority, now = trustme.CA(), dt.datetime.now(dt.UTC)
        issued = authority.issue_cert(
            *names, not_before=now - dt.timedelta(days=90), not_after=now + dt.timedelta(days=days)
        )
        chain, key = elsewhere.certificate("drse01")
        files.replace(chain, issued.cert_chain_pems[0].bytes())
        files.replace(key, issued.private_key_pem.bytes())
        vouching = authority.cert_pem.bytes() if trusted else b""
        files.replace(folder / "bundle.pem", scene.blueprint.ca_file.read_bytes() + vouching)
        registrar = Registrar(elsewhere, DR_POOL)
        registrar.start()
        try:
            yield variant(
                scene,
                *dr_server_at(scene, elsewhere.dr_server),
                ("  ca_file: ca.pem\n  exchange", f"  ca_file: {folder / 'bundle.pem'}\n  exchange"),
            )
        finally:
            registrar.stop()


def dr_server_at(scene: Scene, address: str) -> tuple[tuple[str, str], ...]:
    """The DR pool's server at another address; what DNS says stays right."""
    here = scene.blueprint.dr_server
    return ((f"address: {here}}}\n\nfailover", f"address: {address}}}\n    addresses: [{here}]\n\nfailover"),)


@contextmanager
def lagging_resolver(scene: Scene, folder: Path) -> Iterator[Path]:
    """A resolver named `branch` that still says what the zone was on its first day; the parameters with it."""
    with claim_subnet(Blueprint(folder)) as claim:
        pki.make_secrets(claim.blueprint)
        server = ZoneServer(claim.blueprint)
        server.load(seed.generate(scene.blueprint).zone_records())
        server.start()
        where = f"address: {claim.blueprint.nameserver}, port: {claim.blueprint.dns_port}"
        try:
            yield variant(scene, ("  resolvers:\n", f"  resolvers:\n    - {{name: branch, {where}}}\n"))
        finally:
            server.stop()


# -- the deployment itself with something wrong ----------------------------------------------------------------------


@contextmanager
def zone_changed(scene: Scene, name: str, rtype: str, new: RecordSet | None) -> Iterator[None]:
    """The authoritative server holds `new` there, until the end."""
    loaded = read_params(scene.params)
    server = authoritative(loaded.params.dns.servers[0], loaded.folder)
    old = server.ask(name, rtype)
    assert server.update("lync.test", [RecordChange(old, new)])
    try:
        yield
    finally:
        assert server.update("lync.test", [RecordChange(new, old)])


@contextmanager
def directory_changed(scene: Scene, dn: str, attribute: str, value: str) -> Iterator[None]:
    """The object's attribute has that one value, until the end."""
    lab = scene.blueprint
    trust = ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(lab.ca_file), valid_names=["dc1.lync.test"])
    server = ldap3.Server(lab.domain_controller, lab.ldaps_port, use_ssl=True, tls=trust, get_info=ldap3.NONE)
    password = lab.secret("administrator").read_text(encoding="utf-8").strip()
    with ldap3.Connection(
        server, "administrator@lync.test", password, check_names=False, raise_exceptions=True
    ) as connection:
        connection.search(dn, "(objectClass=*)", ldap3.BASE, attributes=[attribute])
        before = [raw.decode() for raw in connection.response[0]["raw_attributes"].get(attribute, [])]
        connection.modify(dn, {attribute: [(ldap3.MODIFY_REPLACE, [value])]})
        try:
            yield
        finally:
            connection.modify(dn, {attribute: [(ldap3.MODIFY_REPLACE, before)]})


def tree(folder: Path) -> dict[str, str]:
    """The digest of every file below a folder."""
    return {
        path.relative_to(folder).as_posix(): files.digest_file(path) for path in folder.rglob("*") if path.is_file()
    }


def sets(store: Path) -> dict[str, str]:
    """The digest of every file of a store's sets; the notes beside them, which each run adds to, are left out."""
    return {name: digest for name, digest in tree(store).items() if not name.startswith(".notes/")}


def sha256sum(path: Path) -> str:
    """The digest of a file as another program computes it."""
    return subprocess.run(["sha256sum", str(path)], capture_output=True, text=True, check=True).stdout.split()[0]
