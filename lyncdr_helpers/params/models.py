"""The parameters of one deployment: what params/*.yml may say. `example.yml` shows every key with its comment."""

from __future__ import annotations

from pydantic import Field

from lyncdr_helpers.params.access import EXAMPLE_HOST, DirectoryAccess, ManagementHost
from lyncdr_helpers.params.backups import Backup, GroupChat, Notices, Retention
from lyncdr_helpers.params.dns import Dns
from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.params.requirements import Requirements
from lyncdr_helpers.params.sites import Failover, Pool, Sites
from lyncdr_helpers.params.values import Fqdn, LocalPath, Model, Name


class Thresholds(Model):
    """The promises of this deployment."""

    export_age_hours: float = Field(26, gt=0, description="The newest complete backup may not be older.", examples=[26])
    rto_minutes: float = Field(60, gt=0, description="Service must be back within.", examples=[60])
    certificate_days: float = Field(
        30,
        gt=0,
        description="Certificates warn so many days before they end: a public CA may take two weeks.",
        examples=[30],
    )
    batch_users: int = Field(100, ge=1, le=5000, description="Users per forced-move batch.", examples=[100])


class Approval(Model):
    """Who must approve a plan before anything changes."""

    second_approver: bool = Field(
        False, description="Whether two different people must approve each plan.", examples=[True]
    )


class Probes(Model):
    """From where the DR site's ports are looked at; whoever must not see them all is left out."""

    from_here: bool = Field(True, description="From this machine.", examples=[True])
    from_management_host: bool = Field(True, description="From the management host.", examples=[True])


class Params(Model):
    """One deployment."""

    deployment: Name = Field(description="A short name; it is part of every record.", examples=["contoso"])
    generation: Generation = Field(description="The product generation of the pools.", examples=["lync2010"])
    sip_domains: list[Fqdn] = Field(min_length=1, description="The SIP domains.", examples=[["example.org"]])
    sites: Sites = Field(description="The two sites, with their pools and servers.")
    failover: Failover = Field(description="Which pool's users go where.")
    requirements: Requirements = Field(
        default_factory=Requirements, description="What must work again after an activation."
    )
    topology_file: LocalPath | None = Field(
        None,
        description="The topology as a file, for `prepare`; empty: the management host is asked for it.",
        examples=["contoso.tbxml"],
    )
    directory: DirectoryAccess = Field(description="The domain controller to ask.")
    management_host: ManagementHost = Field(description="Where cmdlets and dbimpexp run.", examples=[EXAMPLE_HOST])
    dns: Dns = Field(description="Nameservers, resolvers, and the records that move.")
    backup: Backup = Field(description="Where backup sets are made and kept.")
    group_chat: GroupChat | None = Field(None, description="Group Chat; leave it out where there is none.")
    notices: Notices | None = Field(None, description="Who hears how a backup ended; leave it out for nobody.")
    retention: Retention = Field(default_factory=Retention, description="How many backup sets are kept.")
    probes: Probes = Field(default_factory=Probes, description="From where the DR site's ports are looked at.")
    approval: Approval = Field(default_factory=Approval, description="Who must approve a plan.")
    thresholds: Thresholds = Field(default_factory=Thresholds, description="The promises of this deployment.")
    runs_folder: LocalPath = Field(description="Where run folders are kept.", examples=["../runs"])

    @property
    def failed_pool(self) -> Pool:
        return next(pool for pool in self.sites.primary.pools if pool.fqdn == self.failover.from_pool)

    @property
    def target_pool(self) -> Pool:
        return next(pool for pool in self.sites.dr.pools if pool.fqdn == self.failover.to_pool)
