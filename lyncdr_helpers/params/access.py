"""How lyncdr reaches the domain controller and the management host."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal

from pydantic import Field

from lyncdr_helpers.params.values import AUTHORITY, Fqdn, LocalPath, Model, Secret, Url


class Bind(Model):
    """How lyncdr signs in to the directory. Reading is enough."""

    method: Literal["simple", "ntlm", "kerberos"] = Field(description="How to bind.", examples=["kerberos"])
    user: str = Field("", description="Who binds; empty with kerberos.", examples=["svc-lyncdr@example.org"])
    password: Secret | None = Field(
        None, description="Where the password is kept.", examples=["keyring:lyncdr/directory"]
    )


class DirectoryAccess(Model):
    """One domain controller of the DR site: every read and every write is pinned to it."""

    url: Url = Field(
        pattern=rf"^ldaps?://{AUTHORITY}$",
        description="ldaps://address, or ldap:// with start_tls.",
        examples=["ldaps://dc2.example.org"],
    )
    start_tls: bool = Field(False, description="Begin TLS on an ldap:// connection.", examples=[False])
    base: str = Field(
        pattern=r"^[Dd][Cc]=[^,=]+(,[Dd][Cc]=[^,=]+)*$",
        description="The forest's root.",
        examples=["DC=example,DC=org"],
    )
    domain_controller: Fqdn = Field(
        description="The DC's name: what its certificate says and what cmdlets are given.", examples=["dc2.example.org"]
    )
    ca_file: LocalPath | None = Field(
        None, description="The CA that signed its certificate; empty: the system's.", examples=["ca.pem"]
    )
    bind: Bind = Field(description="How to sign in to it.")
    timeout_seconds: float = Field(15, gt=0, le=600, description="How long one answer may take.", examples=[15])


class Exchange(Model):
    """One folder seen from two sides: the management host writes exports there, lyncdr reads them."""

    there: str = Field(min_length=1, description="The folder as the management host names it.", examples=["D:\\lyncdr"])
    here: LocalPath = Field(description="The same folder as this machine reaches it.", examples=["\\\\mgmt02\\lyncdr$"])

    def path_there(self, name: str) -> str:
        """A file in the folder, as the management host names it."""
        windows = "\\" in self.there or ":" in self.there
        return str((PureWindowsPath if windows else PurePosixPath)(self.there) / name)

    def path_here(self, name: str) -> Path:
        """The same file, from here."""
        return self.here / name


class ManagementHost(Model):
    """The Windows machine at the DR site with the Lync management shell and dbimpexp.exe."""

    transport: Literal["winrm", "local", "script"] = Field(
        description="winrm: over the network; local: this machine; script: write .ps1 files for a person to run.",
        examples=["winrm"],
    )
    url: Url = Field(
        "",
        pattern=rf"^(https?://{AUTHORITY}(/[\w/]*)?)?$",
        description="winrm: its endpoint.",
        examples=["https://mgmt02.example.org:5986/wsman"],
    )
    server_name: Fqdn | None = Field(
        None,
        description="winrm: the name in its certificate, where the URL holds an address.",
        examples=["mgmt02.example.org"],
    )
    auth: Literal["negotiate", "kerberos", "ntlm", "basic"] = Field(
        "negotiate", description="winrm: how to sign in.", examples=["negotiate"]
    )
    user: str = Field("", description="winrm: who signs in.", examples=["EXAMPLE\\svc-lyncdr"])
    password: Secret | None = Field(
        None, description="winrm: where the password is kept.", examples=["keyring:lyncdr/management"]
    )
    ca_file: LocalPath | None = Field(
        None, description="winrm: the CA of its certificate; empty: the system's.", examples=["ca.pem"]
    )
    dbimpexp: str = Field(
        "dbimpexp.exe",
        min_length=1,
        description="Where dbimpexp is on that machine.",
        examples=["C:\\Program Files\\Common Files\\Microsoft Lync Server 2010\\Support\\DBImpExp.exe"],
    )
    exchange: Exchange = Field(description="The folder that the management host and this machine share.")
    timeout_seconds: float = Field(3600, gt=0, le=86400, description="How long one command may take.", examples=[3600])


EXAMPLE_HOST = {
    "transport": "winrm",
    "url": "https://mgmt02.example.org:5986/wsman",
    "user": "EXAMPLE\\svc-lyncdr",
    "password": "keyring:lyncdr/management",
    "exchange": {"there": "D:\\lyncdr", "here": "\\\\mgmt02\\lyncdr$"},
}
