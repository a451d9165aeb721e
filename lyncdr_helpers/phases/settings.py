"""What a deployment is made of beside its users, and where each part of it comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from lyncdr_helpers.backups import tree
from lyncdr_helpers.params.sites import Pool
from lyncdr_helpers.phases import (
    conference_directories,
    dns_snapshot,
    exchange,
    group_chat,
    response_groups,
    topology_document,
)
from lyncdr_helpers.phases.night import Night, Source
from lyncdr_helpers.ports import Command
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets


def sources(session: Session, night: Night) -> Iterator[Source]:
    """Every part that a set may have beside inventory and contact lists, wanted or not, in the order of its making."""
    wanted = session.params.backup.parts
    for pool in night.pools:
        yield from _of_pool(session, night, pool)
    make = partial(_by_cmdlet, session)
    yield Source(
        "configuration",
        "settings/configuration.zip",
        partial(make, "configuration.zip", cmdlets.export_configuration),
        wanted.configuration,
        "backup.parts.configuration",
    )
    located = partial(make, "lis.zip", cmdlets.export_lis)
    yield Source("lis", "settings/lis.zip", located, wanted.lis, "backup.parts.lis")
    yield Source(
        "topology",
        "settings/topology.xml",
        partial(topology_document.export, session),
        wanted.topology,
        "backup.parts.topology",
    )
    yield Source("dns", "settings/dns.json", partial(dns_snapshot.export, session), wanted.dns, "backup.parts.dns")
    yield from _group_chat(session, night)


def _of_pool(session: Session, night: Night, pool: Pool) -> Iterator[Source]:
    wanted, at = session.params.backup.parts, f"settings/{pool.fqdn}"
    yield Source(
        "response-groups",
        f"{at}-rgs.zip",
        partial(_response_groups, session, night, pool.fqdn),
        wanted.response_groups,
        "backup.parts.response_groups",
        pool.fqdn,
    )
    key = "backup.parts.conference_directories"
    listed, held = partial(conference_directories.list_directories, session, pool), f"{at}-conference-directories.json"
    yield Source("conference-directories", held, listed, wanted.conference_directories, key, pool.fqdn)
    if session.params.generation == "lync2010":  # later ones carry conferences in the users' own data
        exported = partial(conference_directories.export, session, pool)
        yield Source("conferences", f"{at}-conferences.xml", exported, wanted.conference_directories, key, pool.fqdn)


def _group_chat(session: Session, night: Night) -> Iterator[Source]:
    chat = session.params.group_chat
    dumped = partial(_group_chat_database, session, night)
    yield Source("group-chat-database", "group-chat/database.bak", dumped, chat is not None, "group_chat")
    packed = partial(_group_chat_files, session, night)
    yield Source("group-chat-files", "group-chat/files.tar", packed, chat is not None, "group_chat")


def _group_chat_database(session: Session, night: Night) -> Path:
    path, night.group_chat = group_chat.take_stock(session, partial(group_chat.export_database, session))
    return path


def _group_chat_files(session: Session, night: Night) -> Path:
    path = group_chat.export_files(session)
    night.group_chat = night.group_chat.model_copy(update={"files": len(tree.listed(path))})
    return path


def _response_groups(session: Session, night: Night, pool: str) -> Path:
    night.response_groups[pool] = response_groups.of_pool(session, pool)
    return _by_cmdlet(session, f"{pool}-rgs.zip", partial(cmdlets.export_response_groups, pool))


def _by_cmdlet(session: Session, name: str, command: Callable[[str], Command]) -> Path:
    there, _ = exchange.fresh(session, name)
    return exchange.export_by(session, name, command(there))
