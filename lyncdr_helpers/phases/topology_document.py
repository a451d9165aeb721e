"""The published topology as a file: what Publish-CsTopology takes, should the Central Management Store be lost."""

from __future__ import annotations

import re
from pathlib import Path

from lyncdr_helpers.errors import InputError, OperationError
from lyncdr_helpers.phases import work_folder
from lyncdr_helpers.session import Session
from lyncdr_helpers.shell import cmdlets
from lyncdr_helpers.shell.documents import local_names, read_document
from lyncdr_helpers.topology import reading
from lyncdr_helpers.topology.document import Topology

ENCODING = re.compile(r"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([\w.-]+)["']""")
REMEDY = "Run Get-CsTopology -AsXml on the management host and look at what it writes."


def export(session: Session) -> Path:
    """The document, judged: well-formed, a topology, and every pool of the parameters is in it. Raises OperationError.

    A .NET text has no encoding; the file has the one that the text declares, else UTF-8.
    """
    content = ask(session)
    try:
        clusters = {str(one.get("Fqdn")).lower() for one in local_names(read_document(content, "Topology"), "Cluster")}
    except InputError as cause:
        raise OperationError(f"Get-CsTopology wrote no topology: {cause.message}", REMEDY) from cause
    ours = [pool.fqdn for site in (session.params.sites.primary, session.params.sites.dr) for pool in site.pools]
    if missing := [pool for pool in ours if pool not in clusters]:
        raise OperationError(
            f"The published topology does not hold {', '.join(missing)}.",
            "Compare the pools under sites with what Topology Builder shows.",
        )
    with work_folder.making(session, "topology.xml") as path:
        path.write_bytes(content)
    return path


def read(session: Session) -> Topology:
    """What the document says. Raises OperationError where it cannot be had, or is none."""
    try:
        return reading.parse(ask(session), "Get-CsTopology")
    except InputError as cause:
        raise OperationError(f"Get-CsTopology wrote no topology: {cause.message}", REMEDY) from cause


def ask(session: Session) -> bytes:
    """The document as the management host has it now, not judged. Raises OperationError."""
    return _encoded(_published(session))


def _published(session: Session) -> str:
    reply = session.shell.invoke(cmdlets.get_topology())
    if reply.faults:
        raise OperationError(f"Get-CsTopology failed: {reply.faults[0].message}", REMEDY)
    if len(reply.output) != 1 or not isinstance(text := reply.output[0].get("Value"), str):
        raise OperationError(f"Get-CsTopology wrote {len(reply.output)} objects instead of one text.", REMEDY)
    return text


def _encoded(text: str) -> bytes:
    declared = ENCODING.match(text)
    try:
        return text.encode(declared[1] if declared else "utf-8")
    except (LookupError, UnicodeError) as cause:
        raise OperationError(f"Get-CsTopology wrote a text that cannot be encoded: {cause}.", REMEDY) from cause
