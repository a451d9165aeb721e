"""What a lab looks like: names, addresses, ports and where its files are. Every lab server reads it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from lyncdr_helpers import files
from lyncdr_helpers.params.generation import Generation

DirectoryKind = Literal["embedded", "samba"]
DnsKind = Literal["embedded", "bind", "samba"]
CmsHome = Literal["dr", "primary"]
"""The site whose pool is home to the Central Management Store on the first day."""

PRIMARY_POOL = "pool01.lync.test"
DR_POOL = "drse01.lync.test"
BRANCH_POOL = "sba01.lync.test"
DOMAIN = "lync.test"
BASE_DN = "DC=lync,DC=test"
DIRECTORY_USER = "svc-lyncdr@lync.test"
MANAGEMENT_USER = "LYNC\\svc-lyncdr"
TSIG_KEY = "lyncdr."


@dataclass(frozen=True)
class Blueprint:
    """One lab. `subnet`: the first three bytes of its loopback addresses, so that labs stand side by side.

    contacts: the median of contacts a user.
    """

    folder: Path
    subnet: str = "127.53.0"
    users: int = 250
    contacts: int = 28
    seed: int = 1
    generation: Generation = "lync2010"
    directory: DirectoryKind = "embedded"
    dns: DnsKind = "embedded"
    cms: CmsHome = "dr"

    # -- who stands where -------------------------------------------------------------------------------------------
    @property
    def domain_controller(self) -> str:
        return f"{self.subnet}.10"

    @property
    def primary_server(self) -> str:
        """pool01's only Front End, fe01.lync.test."""
        return f"{self.subnet}.11"

    @property
    def management_host(self) -> str:
        return f"{self.subnet}.20"

    @property
    def dr_server(self) -> str:
        return f"{self.subnet}.21"

    @property
    def group_chat_server(self) -> str:
        """gc02.lync.test, at the DR site: nothing listens there before Group Chat stands there."""
        return f"{self.subnet}.24"

    @property
    def nameserver(self) -> str:
        """The authoritative server; Samba's own DNS answers on the domain controller's address."""
        return self.domain_controller if self.dns == "samba" else f"{self.subnet}.53"

    @property
    def ldap_port(self) -> int:
        """LDAP with StartTLS. Samba needs the well-known ports, and so root."""
        return 389 if self.directory == "samba" else 3890

    @property
    def ldaps_port(self) -> int:
        return 636 if self.directory == "samba" else 6360

    @property
    def dns_port(self) -> int:
        """Not 5353: on a desktop, multicast DNS holds that on every address."""
        return 53 if self.dns == "samba" else 5300

    @property
    def winrm_port(self) -> int:
        return 5986

    @property
    def sip_port(self) -> int:
        return 5061

    @property
    def group_chat_port(self) -> int:
        return 5041

    @property
    def cms_pool(self) -> str:
        """The first home of the Central Management Store; later the directory says where it is."""
        return DR_POOL if self.cms == "dr" else PRIMARY_POOL

    # -- where its files are ----------------------------------------------------------------------------------------
    @property
    def ca_file(self) -> Path:
        """The lab CA's certificate."""
        return self.folder / "ca.pem"

    def certificate(self, host: str) -> tuple[Path, Path]:
        """(certificate chain, private key) of a lab server, PEM. Hosts: dc1, mgmt, pool01, drse01."""
        return self.folder / "certificates" / f"{host}.pem", self.folder / "certificates" / f"{host}.key"

    def secret(self, name: str) -> Path:
        """A file with one lab secret. Names: directory, management, administrator, tsig (base64), signing (PEM)."""
        return self.folder / "secrets" / name

    def pool_store(self, pool: str) -> Path:
        """The SQLite database of a pool: contacts, Response Groups, conferences."""
        return self.folder / "pools" / f"{pool}.sqlite"

    def central_store(self, pool: str) -> Path:
        """The database of a Central Management Store that was made on the pool later on."""
        return self.folder / "pools" / f"{pool}.xds"

    @property
    def mailboxes(self) -> Path:
        """The SQLite database of the users whose contacts are in Exchange."""
        return self.folder / "pools" / "exchange.sqlite"

    @property
    def drive_c(self) -> Path:
        """The management host's `C:\\`."""
        return self.folder / "mgmt" / "c"

    @property
    def exchange(self) -> Path:
        """The folder on that drive that the management host and lyncdr share."""
        return self.drive_c / "lyncdr"

    @property
    def store(self) -> Path:
        """The backup store at the DR site."""
        return self.folder / "dr-store"

    @property
    def params_file(self) -> Path:
        return self.folder / "lab.yml"

    # -- kept on disk -----------------------------------------------------------------------------------------------
    def save(self) -> None:
        files.replace_json(self.folder / "blueprint.json", {**asdict(self), "folder": str(self.folder)})

    @classmethod
    def load(cls, folder: Path) -> Blueprint:
        """The lab that stands in the folder. Raises FileNotFoundError where none does."""
        kept = json.loads((folder / "blueprint.json").read_text(encoding="utf-8"))
        return cls(**{**kept, "folder": folder})
