"""Get-CsPoolBackupRelationship and Get-CsBackupServiceStatus of a lab whose pools are not paired."""

from __future__ import annotations

from lyncdr_helpers.lab.cmdlets.state import State
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError


def get_relationship(call: Call, state: State) -> None:
    """-PoolFqdn: no pool backs it up, so nothing comes out."""
    state.heed(call, "PoolFqdn")
    state.require_cms()
    state.pool(str(call.get("PoolFqdn")))


def get_status(call: Call, state: State) -> None:
    """-PoolFqdn: an error, as there is no backup service without a pair."""
    state.heed(call, "PoolFqdn")
    pool = state.pool(str(call.get("PoolFqdn")))
    message = f'The pool "{pool.fqdn}" has no backup pool.'
    raise CmdletError(message, "NoBackupPool", Category.InvalidOperation, pool.fqdn)
