"""The declaration of a disaster: who says that the site is lost, and why. A live activation does nothing without it."""

from __future__ import annotations

from lyncdr_helpers import files
from lyncdr_helpers.errors import Refusal
from lyncdr_helpers.journal import Line
from lyncdr_helpers.session import Session

KIND = "declaration"
"""The kind of its line in the journal: because, pool, by."""


def declare(session: Session, because: str) -> str:
    """Put the reason on record. A run that has one goes on with it; another reason is added, and none is replaced.

    Raises Refusal for a live run that has none; a rehearsal notes that it would.
    """
    reason, earlier = because.strip(), session.journal.last(KIND)
    if reason and (earlier is None or earlier.facts["because"] != reason):
        earlier = session.journal.write(KIND, because=reason, pool=session.params.failed_pool.fqdn, by=files.whoami())
    if earlier is None:
        session.stop_at(
            KIND,
            Refusal(
                f"Nobody has declared that {session.params.failed_pool.fqdn} is lost.",
                'Say why it is given up, in words that stay on record: --because="..." (in the notebook: because).',
            ),
        )
        return "Not declared: a live run would stop here and ask why."
    return spoken(earlier)


def spoken(line: Line) -> str:
    """`pool01.example.org is declared lost by meier on mgmt02 at ...: the building burns`."""
    by = line.facts["by"]
    return "{pool} is declared lost by {who} at {at}: {because}".format(
        **{name: line.facts[name] for name in ("pool", "because")}, who=f"{by['user']} on {by['host']}", at=line.at
    )
