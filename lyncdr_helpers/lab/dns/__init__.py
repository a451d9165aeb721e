"""The lab's own nameserver, on pip packages alone. `ZoneServer(blueprint)` is all that others need."""

from lyncdr_helpers.lab.dns.server import ZoneServer

__all__ = ["ZoneServer"]
