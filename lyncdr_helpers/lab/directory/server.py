"""The embedded directory: Active Directory's LDAP as far as the lab needs it, with pip packages alone."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from OpenSSL import SSL
from twisted.internet import defer, threads
from twisted.internet.error import CannotListenError
from twisted.internet.ssl import ContextFactory

from lyncdr_helpers.errors import OperationError
from lyncdr_helpers.lab.blueprint import BASE_DN, DOMAIN, Blueprint
from lyncdr_helpers.lab.directory import accounts, site_map
from lyncdr_helpers.lab.directory.database import Database
from lyncdr_helpers.lab.directory.protocol import DirectoryFactory, Site
from lyncdr_helpers.lab.directory.tree import Tree

T = TypeVar("T")
Entries = Iterable[tuple[str, Mapping[str, Sequence[str]]]]
"""(DN, attribute -> values), parents first."""

BORN_WITH: Entries = (
    (BASE_DN, {"objectClass": ["domainDNS"]}),
    (f"CN=Configuration,{BASE_DN}", {"objectClass": ["configuration"]}),
    (f"CN=Services,CN=Configuration,{BASE_DN}", {"objectClass": ["container"]}),
    (f"CN=System,{BASE_DN}", {"objectClass": ["container"]}),
    (f"CN=Users,{BASE_DN}", {"objectClass": ["container"]}),
)
"""What every forest has before anything is installed in it."""


class DirectoryServer:
    """A domain controller's LDAP: StartTLS on the blueprint's `ldap_port`, TLS on its `ldaps_port`.

    Only the lab's accounts get in, with a password and over TLS; one reads, the administrator also writes. Entries are
    in `<folder>/directory`, and an answered write survives a kill. Several servers can run in one process.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._database: Database | None = None
        self._factories: list[DirectoryFactory] = []
        self._ports: list[Any] = []

    def load(self, entries: Entries) -> None:
        """Fill the directory; entries that are there already stay as they are."""
        self._with_tree(lambda tree: tree.load(_encoded(entries)))

    def start(self) -> None:
        """Return when it listens. Raises OperationError when an address is taken."""
        _run_reactor()
        _in_reactor(self._listen)

    def stop(self) -> None:
        """Hang up and stop listening; harmless when it does not run."""
        if self._database:
            _in_reactor(self._hang_up)

    def _with_tree(self, act: Callable[[Tree], None]) -> None:
        if self._database:
            _in_reactor(lambda: act(self._tree))
            return
        database = Database(self._blueprint.folder / "directory")
        try:
            act(self._grow(database))
        finally:
            database.close()

    def _grow(self, database: Database) -> Tree:
        tree = Tree(BASE_DN, database)
        people = (account.entry() for account in accounts.of(self._blueprint))
        tree.load(_encoded((*BORN_WITH, *site_map.entries(self._blueprint), *people)))
        return tree

    def _listen(self) -> None:
        blueprint = self._blueprint
        self._database = Database(blueprint.folder / "directory")
        self._tree = self._grow(self._database)
        tls = _Tls(blueprint)
        site = Site(self._tree, accounts.of(blueprint), f"dc1.{DOMAIN}", tls)
        plain, secure = DirectoryFactory(site, secure=False), DirectoryFactory(site, secure=True)
        self._factories = [plain, secure]
        address = blueprint.domain_controller
        reactor = _reactor()
        try:
            self._ports.append(reactor.listenTCP(blueprint.ldap_port, plain, interface=address))
            self._ports.append(reactor.listenSSL(blueprint.ldaps_port, secure, tls, interface=address))
        except CannotListenError as cause:
            self._hang_up()
            raise OperationError(
                f"The lab's directory cannot listen on {address}: {cause.socketError}.",
                "Stop what listens there: lyncdr lab down.",
            ) from cause

    def _hang_up(self) -> Any:
        """A Deferred of the moment when the addresses are free again."""
        for protocol in [protocol for factory in self._factories for protocol in factory.open]:
            protocol.transport.abortConnection()
        closed = defer.DeferredList([defer.maybeDeferred(port.stopListening) for port in self._ports])
        self._ports, self._factories = [], []
        if self._database:
            self._database.close()
            self._database = None
        return closed


class _Tls(ContextFactory):
    """The domain controller's certificate, with its chain."""

    def __init__(self, blueprint: Blueprint) -> None:
        chain, key = blueprint.certificate("dc1")
        self._context = SSL.Context(SSL.TLS_SERVER_METHOD)
        self._context.set_min_proto_version(SSL.TLS1_2_VERSION)
        self._context.use_certificate_chain_file(str(chain))
        self._context.use_privatekey_file(str(key))

    def getContext(self) -> SSL.Context:  # noqa: N802  # twisted's name
        return self._context


def _encoded(entries: Entries) -> Iterable[tuple[str, Mapping[str, Sequence[bytes]]]]:
    return [
        (dn, {name: [value.encode() for value in values] for name, values in attributes.items()})
        for dn, attributes in entries
    ]


def _reactor() -> Any:
    """The one reactor that twisted has; importing it chooses and installs it."""
    from twisted.internet import reactor

    return reactor


def _run_reactor() -> None:
    """The reactor runs once per process, so it stays when a server stops; its thread ends with the process."""
    reactor = _reactor()
    if reactor.running:
        return
    started = threading.Event()
    reactor.callWhenRunning(started.set)
    threading.Thread(
        target=reactor.run, kwargs={"installSignalHandlers": False}, name="lab-directory", daemon=True
    ).start()
    started.wait()


def _in_reactor(act: Callable[[], T]) -> T:
    result: T = threads.blockingCallFromThread(_reactor(), act)
    return result
