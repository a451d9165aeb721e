"""Conference directories: which pool knows the conferences whose numbers begin so, as the directory has it."""

from __future__ import annotations

from collections.abc import Mapping

from lyncdr_helpers.directory.inventory import below_services, read_pools
from lyncdr_helpers.ports import Directory

ATTRIBUTES = ("msRTCSIP-ConferenceDirectoryId", "msRTCSIP-ConferenceDirectoryHomePool")


def read_conference_directories(directory: Directory, base: str) -> Mapping[int, str]:
    """Number -> FQDN of the home pool, by number; the raw DN where no pool object explains it."""
    pools = read_pools(directory, base)
    found = below_services(directory, base, "msRTCSIP-ConferenceDirectory", ATTRIBUTES)
    return dict(sorted((int(entry.first(ATTRIBUTES[0])), pools.name_of(entry.first(ATTRIBUTES[1]))) for entry in found))
