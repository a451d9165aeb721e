"""The five outside worlds of a deployment, as Protocols. Each says what may be retried and what an empty answer means.

Three outcomes of every act: it is done (the method returns), it failed and provably nothing happened
(OperationError), or nobody knows (UnknownOutcome). An adapter never turns the third into the second.
"""

from lyncdr_helpers.ports.dialer import TLS_VERSIONS, Certificate, Dialer, Door, SipAnswer, TlsFacts, Trust
from lyncdr_helpers.ports.directory import Directory, Entry, Scope
from lyncdr_helpers.ports.nameserver import Nameserver, RecordChange, RecordSet
from lyncdr_helpers.ports.shell import CmdletFault, Command, Finished, Program, Record, Reply, Shell
from lyncdr_helpers.ports.store import Store
from lyncdr_helpers.ports.together import Ports

__all__ = [
    "TLS_VERSIONS",
    "Certificate",
    "CmdletFault",
    "Command",
    "Dialer",
    "Directory",
    "Door",
    "Entry",
    "Finished",
    "Nameserver",
    "Ports",
    "Program",
    "Record",
    "RecordChange",
    "RecordSet",
    "Reply",
    "Scope",
    "Shell",
    "SipAnswer",
    "Store",
    "TlsFacts",
    "Trust",
]
