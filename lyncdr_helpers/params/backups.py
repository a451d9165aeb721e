"""Backups: what goes into a set, where sets go, how they are proven and kept, and who hears of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from lyncdr_helpers.params.access import Exchange
from lyncdr_helpers.params.sites import Server
from lyncdr_helpers.params.values import LocalPath, Model, Place, Port, Secret, Textfile, TrustedKey

Percent = Annotated[float, Field(gt=0, le=100)]
Ending = Literal["done", "alarm", "incomplete", "failed"]


class StoreLogin(Model):
    """Who signs in to a store at smb:// or s3://."""

    user: str = Field(
        min_length=1, description="smb: DOMAIN\\user; s3: the access key's id.", examples=["EXAMPLE\\svc-lyncdr"]
    )
    password: Secret = Field(
        description="Where its password, or the secret key, is kept.", examples=["keyring:lyncdr/store"]
    )


class Parts(Model):
    """What a set holds beside users and contact lists; a part that is switched off is listed in the set as such."""

    conference_directories: bool = Field(True, description="Conference directories of each pool.", examples=[True])
    response_groups: bool = Field(True, description="Response Groups of each pool.", examples=[True])
    configuration: bool = Field(True, description="The Central Management Store.", examples=[True])
    lis: bool = Field(True, description="The location database.", examples=[True])
    topology: bool = Field(True, description="The published topology document.", examples=[True])
    dns: bool = Field(True, description="What every watched record says, on every server.", examples=[True])


class RestoreCheck(Model):
    """How much of each set is rebuilt from the copy at the DR site, to prove that it can be."""

    users: int = Field(25, ge=1, le=100_000, description="Users chosen at random each night.", examples=[25])
    period_days: int = Field(7, ge=1, le=365, description="Everybody is checked once in so many days.", examples=[7])


class Alarms(Model):
    """When a set looks wrong beside the nights before it."""

    users_percent: Percent = Field(5, description="Fewer users than the night before.", examples=[5])
    contacts_percent: Percent = Field(5, description="Fewer contacts than the night before.", examples=[5])
    size_percent: Percent = Field(20, description="A part smaller than the night before.", examples=[20])


class Backup(Model):
    """Where backup sets go, where they are made, and how they are proven."""

    store: Place = Field(
        min_length=1,
        description="The store at the DR site: a path, a UNC path, smb:// or s3://.",
        examples=["\\\\drfs01\\lyncdr"],
    )
    store_login: StoreLogin | None = Field(None, description="Who signs in to the store; empty: this account.")
    store_ca_file: LocalPath | None = Field(
        None, description="s3: the CA of the endpoint's certificate; empty: the system's.", examples=["ca.pem"]
    )
    s3_endpoint: str | None = Field(
        None,
        pattern=r"^https?://[^/@\s]+$",
        description="s3: another service than Amazon's.",
        examples=["https://s3.example.org"],
    )
    work_folder: LocalPath = Field(
        description="Where a set is put together on this machine.",
        examples=["C:\\ProgramData\\lyncdr\\work"],
    )
    metrics_file: Textfile | None = Field(
        None,
        description="Where each backup leaves its numbers for Prometheus.",
        examples=["C:\\ProgramData\\textfile\\lyncdr.prom"],
    )
    signing_key: Secret | None = Field(
        None,
        description="The Ed25519 private key that signs sets, waivers and records, PEM.",
        examples=["file:keys/lyncdr.pem"],
    )
    trusted_keys: list[TrustedKey] = Field(
        default=[],
        description="Public keys whose signatures count too, beside the signing key's own.",
        examples=[["ed25519:FTRjIyMyPwJagQIOZa7h9wc/9y6ZOwjoUF+ORSfVNAI="]],
    )
    parts: Parts = Field(default_factory=Parts, description="What a set holds beside users and contact lists.")
    restore_check: RestoreCheck = Field(
        default_factory=RestoreCheck, description="How much of each set is rebuilt from the copy at the DR site."
    )
    alarms: Alarms = Field(default_factory=Alarms, description="When a set looks wrong beside the nights before it.")


class GroupChat(Model):
    """Group Chat: its SQL database and its file repository."""

    sql: str = Field(
        min_length=1, description="The SQL Server instance that holds it.", examples=["gcsql01.example.org\\groupchat"]
    )
    database: str = Field(
        "GroupChat", min_length=1, max_length=128, description="Its database.", examples=["GroupChat"]
    )
    dump: Exchange = Field(
        description="The folder that SQL Server writes its backup to: `there` is SQL Server's own path.",
        examples=[{"there": "D:\\dumps", "here": "\\\\gcsql01\\dumps$"}],
    )
    repository: LocalPath = Field(
        description="The file repository, as this machine reaches it.", examples=["\\\\gc01\\repository$"]
    )
    standby_sql: str | None = Field(
        None,
        min_length=1,
        description="The SQL Server instance at the DR site that its database is restored on.",
        examples=["gcsql02.example.org\\groupchat"],
    )
    standby_dump: Exchange | None = Field(
        None,
        description="The folder that the standby SQL Server reads the dump from: `there` is its own path.",
        examples=[{"there": "D:\\dumps", "here": "\\\\gcsql02\\dumps$"}],
    )
    standby_repository: LocalPath | None = Field(
        None,
        description="The share at the DR site that the file repository is restored on, as this machine reaches it.",
        examples=["\\\\gc02\\repository$"],
    )
    standby_server: Server | None = Field(
        None,
        description="The Windows machine at the DR site that Group Chat's server is installed on in an activation.",
        examples=[{"fqdn": "gc02.example.org", "address": "198.51.100.24"}],
    )
    port: Port = Field(5041, description="Where Group Chat's server listens for its clients.", examples=[5041])
    sqlcmd: str = Field(
        "sqlcmd.exe", min_length=1, description="Where sqlcmd is on the management host.", examples=["sqlcmd.exe"]
    )


class Retention(Model):
    """How many backup sets are kept. A set that no rule keeps may be removed by `lyncdr backups prune`."""

    last: int = Field(7, ge=1, le=10_000, description="The newest sets.", examples=[7])
    daily: int = Field(14, ge=0, le=10_000, description="The newest of so many days that have a set.", examples=[14])
    weekly: int = Field(8, ge=0, le=10_000, description="The newest of so many weeks that have a set.", examples=[8])
    monthly: int = Field(
        12, ge=0, le=10_000, description="The newest of so many months that have a set.", examples=[12]
    )


class Notices(Model):
    """Who hears how a backup ended, through apprise."""

    to: list[Secret] = Field(
        min_length=1,
        description="Where each apprise URL is kept: they hold passwords.",
        examples=[["keyring:lyncdr/mail"]],
    )
    on: list[Ending] = Field(
        default=["alarm", "incomplete", "failed"],
        min_length=1,
        description="When.",
        examples=[["incomplete", "failed"]],
    )
