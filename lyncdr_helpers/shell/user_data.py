"""The cmdlets that carry users' data from Lync 2013 on, as typed commands; see shell/cmdlets.py.

An import takes the place of what the pool holds and wants its Front End services stopped first; an update merges, while
they run. What lives in the unified contact store, that is in Exchange, is in no export.
"""

from __future__ import annotations

from lyncdr_helpers.params.generation import Generation
from lyncdr_helpers.ports import Command

WITH_TARGET_POOL: frozenset[Generation] = frozenset({"sfb2015", "sfb2019"})
"""Where Update-CsUserData takes the pool; Lync 2013 finds each user's by itself."""


def export_user_data(pool: str, file: str, domain_controller: str) -> Command:
    """One pool's contact lists and conference directories, as a zip on the management host.

    Never with -Force, which would keep errors quiet: one bad address ends the export, and leaves a file.
    """
    return Command(
        "Export-CsUserData",
        {"PoolFqdn": pool, "FileName": file, "DomainController": domain_controller, "ErrorAction": "Stop"},
    )


def update_user_data(file: str, pool: str, domain_controller: str, generation: Generation) -> Command:
    """Merge the users of an exported zip into what their pool holds, without a restart. It may be run again.

    One bad user must not stop the rest, hence -ErrorAction Continue: the reply's faults name who was left out.
    """
    target = {"TargetPoolFqdn": pool} if generation in WITH_TARGET_POOL else {}
    return Command(
        "Update-CsUserData",
        {
            "FileName": file,
            **target,
            "DomainController": domain_controller,
            "Confirm": False,
            "ErrorAction": "Continue",
        },
        writes=True,
    )


def import_user_data(file: str, pool: str, domain_controller: str) -> Command:
    """Put an exported zip in the place of what the pool holds. Its Front End services must be stopped before.

    It asks no question: the help gives it no -Confirm.
    """
    return Command(
        "Import-CsUserData",
        {"PoolFqdn": pool, "FileName": file, "DomainController": domain_controller, "ErrorAction": "Stop"},
        writes=True,
    )


def count_contact_stores(pool: str) -> Command:
    """For each Front End of a pool, how many of its users have their contacts in Exchange, or are on the way there."""
    return Command("Debug-CsUnifiedContactStore", {"PoolFqdn": pool})


def get_contact_store(address: str) -> Command:
    """Where one user's contacts are, `user@domain` without `sip:`. One user per call, as the help has it."""
    return Command("Debug-CsUnifiedContactStore", {"Identity": f"sip:{address}"})
