"""One LDAP connection to the embedded directory (RFC 4511). ldaptor codes the messages; what they do is here."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ldaptor.protocols import pureldap
from ldaptor.protocols.ldap import ldaperrors
from ldaptor.protocols.ldap.ldapserver import BaseLDAPServer
from twisted.internet.protocol import Factory

from lyncdr_helpers.lab.directory.accounts import NETBIOS, Account
from lyncdr_helpers.lab.directory.paging import PAGED_RESULTS, Pages
from lyncdr_helpers.lab.directory.root import root_dse
from lyncdr_helpers.lab.directory.tree import Modify, Node, Tree
from lyncdr_helpers.ports import Scope

START_TLS = b"1.3.6.1.4.1.1466.20037"
WHO_AM_I = b"1.3.6.1.4.1.4203.1.11.3"
SCOPES = {0: Scope.BASE, 1: Scope.LEVEL, 2: Scope.SUBTREE}

Controls = Sequence[tuple[str | bytes, Any, bytes | None]]
"""(type, criticality, value) of each."""


@dataclass(frozen=True)
class Site:
    """What all connections share."""

    tree: Tree
    accounts: tuple[Account, ...]
    name: str
    tls: Any


class DirectoryProtocol(BaseLDAPServer):  # type: ignore[misc]  # ldaptor has no types
    """Requests are answered in the order they come, each before the next is read."""

    def __init__(self, site: Site, *, secure: bool) -> None:
        super().__init__()
        self._site = site
        self._secure = secure
        self._account: Account | None = None
        self._pages = Pages()

    def dataReceived(self, recd: bytes) -> None:  # noqa: N802  # twisted's name
        """What is no LDAP ends the connection (RFC 4511, 5.3); the lab's log says why."""
        try:
            super().dataReceived(recd)
        except (AssertionError, AttributeError, IndexError, KeyError, TypeError, ValueError):
            traceback.print_exc()
            self.transport.abortConnection()

    def connectionLost(self, reason: object = None) -> None:  # noqa: ARG002, N802  # twisted's signature
        self.factory.open.discard(self)

    def handle(self, msg: Any) -> None:
        """Answer one request."""
        if isinstance(msg.value, pureldap.LDAPUnbindRequest):
            self.transport.loseConnection()
            return
        if isinstance(msg.value, pureldap.LDAPAbandonRequest):
            return  # by the time it is read, everything before it is answered
        answer, serve = _SERVED[type(msg.value)]
        try:
            serve(self, msg)
        except ldaperrors.LDAPException as error:
            self._answer(msg, answer(resultCode=error.resultCode, errorMessage=error.message or error.name))

    # -- signing in -------------------------------------------------------------------------------------------------
    def _bind(self, msg: Any) -> None:
        self._account = None
        _refuse_critical(msg.controls)
        request = msg.value
        if request.sasl:
            raise ldaperrors.LDAPAuthMethodNotSupported("only simple binds are served")
        if request.dn or request.auth:
            self._account = self._simple(_text(request.dn), request.auth)
        self._answer(msg, pureldap.LDAPBindResponse(resultCode=0))

    def _simple(self, name: str, password: bytes) -> Account:
        if not self._secure:
            raise ldaperrors.LDAPConfidentialityRequired("passwords are taken over TLS only")
        if not password:  # would succeed as nobody (RFC 4513, 5.1.2)
            raise ldaperrors.LDAPUnwillingToPerform("a bind with a name needs a password")
        for account in self._site.accounts:
            if name.lower() in (known.lower() for known in account.names) and account.accepts(password):
                return account
        raise ldaperrors.LDAPInvalidCredentials("unknown user or wrong password")

    def _reader(self) -> Account:
        if self._account is None:  # Active Directory's code and words for it
            raise ldaperrors.LDAPOperationsError("a successful bind must be completed on the connection")
        return self._account

    def _writer(self) -> None:
        if not self._reader().writes:
            raise ldaperrors.LDAPInsufficientAccessRights(f"{self._reader().logon} may only read")

    # -- reading ----------------------------------------------------------------------------------------------------
    def _search(self, msg: Any) -> None:
        request = msg.value
        scope = SCOPES[request.scope]
        if not request.baseObject and scope is Scope.BASE:
            self._entry(msg, Node("", root_dse(self._site.tree, self._site.name)), request.attributes)
            self._answer(msg, pureldap.LDAPSearchResultDone(resultCode=0))
            return
        self._reader()
        _refuse_critical(msg.controls, but=PAGED_RESULTS.encode())
        base = _text(request.baseObject)
        page = self._pages.turn(msg, lambda: self._site.tree.search(base, scope, request.filter))
        for key in page.keys:
            if node := self._site.tree.node(key):
                self._entry(msg, node, request.attributes)
        if page.last and self._site.tree.crosses(base, scope):
            place = f"ldap://{self._site.name}/CN=Configuration,{self._site.tree.base}"
            self._answer(msg, pureldap.LDAPSearchResultReference(uris=[pureldap.LDAPString(place)]))
        self._answer(msg, pureldap.LDAPSearchResultDone(resultCode=page.result), page.controls)

    def _entry(self, msg: Any, node: Node, asked: Sequence[bytes]) -> None:
        chosen = _chosen(node.values, [_text(name).lower() for name in asked])
        values: list[tuple[str, Sequence[bytes]]] = [
            (name, () if msg.value.typesOnly else given) for name, given in chosen.items()
        ]
        self._answer(msg, pureldap.LDAPSearchResultEntry(objectName=node.dn, attributes=values))

    # -- writing ----------------------------------------------------------------------------------------------------
    def _add(self, msg: Any) -> None:
        self._writer()
        _refuse_critical(msg.controls)
        values = {_text(name.value): [value.value for value in given] for name, given in msg.value.attributes}
        self._site.tree.add(_text(msg.value.entry), values)
        self._answer(msg, pureldap.LDAPAddResponse(resultCode=0))

    def _modify(self, msg: Any) -> None:
        self._writer()
        _refuse_critical(msg.controls)
        changes = [
            (Modify(kind.value), _text(name.value), [value.value for value in given])
            for kind, (name, given) in msg.value.modification
        ]
        self._site.tree.modify(_text(msg.value.object), changes)
        self._answer(msg, pureldap.LDAPModifyResponse(resultCode=0))

    def _delete(self, msg: Any) -> None:
        self._writer()
        _refuse_critical(msg.controls)
        self._site.tree.delete(_text(msg.value.value))
        self._answer(msg, pureldap.LDAPDelResponse(resultCode=0))

    def _refuse(self, _msg: Any) -> None:
        self._writer()
        raise ldaperrors.LDAPUnwillingToPerform("this lab's directory does neither rename nor compare")

    # -- the rest ---------------------------------------------------------------------------------------------------
    def _extended(self, msg: Any) -> None:
        if msg.value.requestName == START_TLS:
            self._start_tls(msg)
        elif msg.value.requestName == WHO_AM_I:
            name = f"u:{NETBIOS}\\{self._account.short}" if self._account else ""
            self._answer(msg, pureldap.LDAPExtendedResponse(resultCode=0, response=name))
        else:
            raise ldaperrors.LDAPProtocolError("this extended operation is not served")

    def _start_tls(self, msg: Any) -> None:
        if self._secure:
            raise ldaperrors.LDAPOperationsError("the connection has TLS already")
        self._answer(msg, pureldap.LDAPExtendedResponse(resultCode=0, responseName=START_TLS))
        self.buffer = b""  # what came before TLS must not be read as if it came through it
        self.transport.startTLS(self._site.tls)
        self._secure = True

    def _answer(self, msg: Any, response: Any, controls: Controls | None = None) -> None:
        self.transport.write(pureldap.LDAPMessage(response, id=msg.id, controls=controls).toWire())


class DirectoryFactory(Factory):
    """Makes a protocol per connection and remembers it, so that stopping hangs up. `secure`: TLS from the start."""

    noisy = False

    def __init__(self, site: Site, *, secure: bool) -> None:
        self._site = site
        self._secure = secure
        self.open: set[DirectoryProtocol] = set()

    def buildProtocol(self, addr: object) -> DirectoryProtocol:  # noqa: ARG002, N802  # twisted's signature
        protocol = DirectoryProtocol(self._site, secure=self._secure)
        protocol.factory = self
        self.open.add(protocol)
        return protocol


_SERVED: Mapping[type, tuple[type, Callable[[DirectoryProtocol, Any], None]]] = {
    pureldap.LDAPBindRequest: (pureldap.LDAPBindResponse, DirectoryProtocol._bind),
    pureldap.LDAPSearchRequest: (pureldap.LDAPSearchResultDone, DirectoryProtocol._search),
    pureldap.LDAPAddRequest: (pureldap.LDAPAddResponse, DirectoryProtocol._add),
    pureldap.LDAPModifyRequest: (pureldap.LDAPModifyResponse, DirectoryProtocol._modify),
    pureldap.LDAPDelRequest: (pureldap.LDAPDelResponse, DirectoryProtocol._delete),
    pureldap.LDAPModifyDNRequest: (pureldap.LDAPModifyDNResponse, DirectoryProtocol._refuse),
    pureldap.LDAPCompareRequest: (pureldap.LDAPCompareResponse, DirectoryProtocol._refuse),
    pureldap.LDAPExtendedRequest: (pureldap.LDAPExtendedResponse, DirectoryProtocol._extended),
}
"""Request -> its response and who serves it."""


def _chosen(values: Mapping[str, Sequence[bytes]], asked: Sequence[str]) -> Mapping[str, Sequence[bytes]]:
    """The asked attributes; `*` or nothing means all, `1.1` none (RFC 4511, 4.5.1.8)."""
    if not asked or "*" in asked:
        return values
    return {name: given for name, given in values.items() if name.lower() in asked}


def _refuse_critical(controls: Controls | None, but: bytes = b"") -> None:
    for kind, critical, _ in controls or ():
        if critical and kind != but:
            raise ldaperrors.LDAPUnavailableCriticalExtension(f"control {kind!r} is not served")


def _text(wire: bytes) -> str:
    return wire.decode("utf-8", "surrogateescape")
