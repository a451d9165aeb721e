"""The entries of the directory in memory, in step with the database. Raises ldaptor's errors: the wire's own."""

from __future__ import annotations

import bisect
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from ldaptor.protocols.ldap import ldaperrors

from lyncdr_helpers.directory import names
from lyncdr_helpers.lab.directory import filters, rules
from lyncdr_helpers.lab.directory.database import Database
from lyncdr_helpers.ports import Scope

INDEXED = frozenset(
    ("objectClass", "distinguishedName", "cn", "sAMAccountName", "userPrincipalName", "msRTCSIP-PrimaryUserAddress")
)
_AFTER_ALL = ("\U0010ffff",)
"""A key part that sorts behind every other: the end of a subtree."""


class Modify(IntEnum):
    """What a modification does (RFC 4511, 4.6)."""

    ADD = 0
    DELETE = 1
    REPLACE = 2


@dataclass(frozen=True)
class Node:
    """One entry as it stands now."""

    dn: str
    values: dict[str, list[bytes]]


class Tree:
    """All entries below the forest's root. Subtrees are ranges of the sorted keys, so answers have a stable order."""

    def __init__(self, base: str, database: Database) -> None:
        self.base = base
        self._root = names.key(base)
        self._configuration = names.key(f"CN=Configuration,{base}")
        self._database = database
        self._nodes: dict[names.Key, Node] = {}
        self._order: list[names.Key] = []
        self._index: dict[tuple[str, rules.Comparable], set[names.Key]] = defaultdict(set)
        for dn, values in database.rows():
            key = names.key(dn)
            self._nodes[key] = Node(dn, values)
            self._note(key)
        self._order = sorted(self._nodes)

    def __contains__(self, dn: str) -> bool:
        return names.key(dn) in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    # -- reading ----------------------------------------------------------------------------------------------------
    def search(self, base: str, scope: Scope, wanted: Any) -> list[names.Key]:
        """The keys of the matching entries, sorted. Raises noSuchObject, or invalidDNSyntax, for the base."""
        top = self._existing(base)
        test = filters.predicate(wanted)
        possible = filters.candidates(wanted, self._lookup)
        keys = self._order[slice(*self._range(top))] if possible is None else sorted(possible)
        return [key for key in keys if self._reaches(top, scope, key) and test(self._nodes[key].values)]

    def node(self, key: names.Key) -> Node | None:
        return self._nodes.get(key)

    def crosses(self, base: str, scope: Scope) -> bool:
        """Whether the search ends at the configuration partition, which is a naming context of its own."""
        return scope is Scope.SUBTREE and names.key(base) == self._root and self._configuration in self._nodes

    def _reaches(self, top: names.Key, scope: Scope, key: names.Key) -> bool:
        """Whether a search from `top` sees the key. The domain's search does not see the configuration partition."""
        if scope is Scope.BASE:
            return key == top
        if scope is Scope.LEVEL and len(key) != len(top) + 1:
            return False
        border = self._configuration
        return key[: len(top)] == top and (len(top) >= len(border) or key[: len(border)] != border)

    def _range(self, top: names.Key) -> tuple[int, int]:
        return bisect.bisect_left(self._order, top), bisect.bisect_left(self._order, top + _AFTER_ALL)

    def _lookup(self, name: str, value: rules.Comparable) -> Set[names.Key] | None:
        return self._index.get((name, value), frozenset()) if name in INDEXED else None

    def _existing(self, dn: str) -> names.Key:
        key = _key(dn)
        if key not in self._nodes:
            raise ldaperrors.LDAPNoSuchObject(f"{dn} does not exist")
        return key

    # -- writing ----------------------------------------------------------------------------------------------------
    def load(self, entries: Iterable[tuple[str, Mapping[str, Sequence[bytes]]]]) -> None:
        """Add many entries, parents first, in one transaction; those that are there already are left as they are."""
        added = [self._insert(dn, values) for dn, values in entries if dn not in self]
        for key in added:
            self._refer(self._nodes[key].values)
        self._database.write((_text(key), (self._nodes[key].dn, self._nodes[key].values)) for key in added)

    def add(self, dn: str, values: Mapping[str, Sequence[bytes]]) -> None:
        self._refer({rules.attribute(name).name: given for name, given in values.items()})
        self._save(self._insert(dn, values))

    def delete(self, dn: str) -> None:
        key = self._existing(dn)
        start, end = self._range(key)
        if end - start > 1:
            raise ldaperrors.LDAPNotAllowedOnNonLeaf(f"{dn} has children")
        self._forget(key)
        del self._order[start], self._nodes[key]
        self._database.remove(_text(key))

    def modify(self, dn: str, changes: Iterable[tuple[Modify, str, Sequence[bytes]]]) -> None:
        """Apply all changes or none."""
        key = self._existing(dn)
        node = self._nodes[key]
        values = {name: list(given) for name, given in node.values.items()}
        own = rules.spelled(names.rdn(dn)[0])
        for kind, written, given in changes:
            name = rules.attribute(written).name
            if name in (own, "name", "distinguishedName"):
                raise ldaperrors.LDAPNotAllowedOnRDN(f"{name} is part of the object's name")
            _apply(values, kind, name, given)
        rules.check(values)
        self._refer(values)
        self._forget(key)
        self._nodes[key] = Node(node.dn, values)
        self._note(key)
        self._save(key)

    def _insert(self, dn: str, written: Mapping[str, Sequence[bytes]]) -> names.Key:
        key = _key(dn)
        if key in self._nodes:
            raise ldaperrors.LDAPEntryAlreadyExists(f"{dn} exists")
        if key != self._root and key[:-1] not in self._nodes:
            raise ldaperrors.LDAPNoSuchObject(f"the parent of {dn} does not exist")
        values = _complete(dn, written)
        rules.check(values)
        self._nodes[key] = Node(dn, values)
        bisect.insort(self._order, key)
        self._note(key)
        return key

    def _refer(self, values: rules.Values) -> None:
        """Raise unless every DN that the values name exists."""
        for target in rules.targets(values):
            if names.key(target) not in self._nodes:
                raise ldaperrors.LDAPConstraintViolation(f"{target} does not exist")

    def _save(self, key: names.Key) -> None:
        node = self._nodes[key]
        self._database.write([(_text(key), (node.dn, node.values))])

    def _note(self, key: names.Key) -> None:
        for posting in self._postings(key):
            self._index[posting].add(key)

    def _forget(self, key: names.Key) -> None:
        for posting in self._postings(key):
            self._index[posting].discard(key)

    def _postings(self, key: names.Key) -> Iterator[tuple[str, rules.Comparable]]:
        for name, values in self._nodes[key].values.items():
            if name in INDEXED:
                yield from ((name, rules.comparable(name, value)) for value in values)


def _complete(dn: str, written: Mapping[str, Sequence[bytes]]) -> dict[str, list[bytes]]:
    """The attributes with what the directory adds by itself: superclasses, the naming attribute, name and DN."""
    values = {rules.attribute(name).name: list(given) for name, given in written.items() if given}
    naming, name = names.rdn(dn)
    plain = name.encode(errors="surrogateescape")
    values["objectClass"] = rules.with_classes(values.get("objectClass", ()))
    values.setdefault(rules.attribute(naming).name, [plain])
    values["name"] = [plain]
    values["distinguishedName"] = [dn.encode(errors="surrogateescape")]
    return values


def _apply(values: dict[str, list[bytes]], kind: Modify, name: str, given: Sequence[bytes]) -> None:
    have = values.setdefault(name, [])
    spelled = {rules.comparable(name, value) for value in given}
    if kind is Modify.REPLACE:
        have[:] = given
    elif kind is Modify.ADD:
        if any(rules.comparable(name, value) in spelled for value in have):
            raise ldaperrors.LDAPAttributeOrValueExists(f"{name} has that value")
        have.extend(given)
    else:
        gone = [value for value in have if not given or rules.comparable(name, value) in spelled]
        if len(gone) < max(len(given), 1):
            raise ldaperrors.LDAPNoSuchAttribute(f"{name} does not have that value")
        have[:] = [value for value in have if value not in gone]
    if not have:
        del values[name]


def _key(dn: str) -> names.Key:
    try:
        return names.key(dn)
    except ValueError as cause:
        raise ldaperrors.LDAPInvalidDNSyntax(str(cause)) from cause


def _text(key: names.Key) -> str:
    """The key as the database spells it."""
    return json.dumps(key)
