"""The cmdlets that tell of pool pairing, from Lync 2013 on, as typed commands; see shell/cmdlets.py."""

from __future__ import annotations

from lyncdr_helpers.ports import Command


def get_backup_relationship(pool: str) -> Command:
    """Which pool backs this one up. What its answer's properties are called is documented nowhere (?)."""
    return Command("Get-CsPoolBackupRelationship", {"PoolFqdn": pool})


def get_backup_status(pool: str) -> Command:
    """How far the backup service has brought the pool's changes to its pair."""
    return Command("Get-CsBackupServiceStatus", {"PoolFqdn": pool})
