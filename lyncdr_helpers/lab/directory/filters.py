"""LDAP filters as Python predicates over an entry, and which entries can match at all (RFC 4511, 4.5.1.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

from ldaptor.protocols import pureldap
from ldaptor.protocols.ldap import ldaperrors

from lyncdr_helpers.directory.names import Key
from lyncdr_helpers.lab.directory import rules

Values = Mapping[str, Sequence[bytes]]
Predicate = Callable[[Values], bool]
Lookup = Callable[[str, rules.Comparable], Set[Key] | None]
"""Attribute and value -> the entries that have it; None where no index knows."""


def predicate(wanted: Any) -> Predicate:
    """The test that an LDAP filter stands for. Raises inappropriateMatching for an extensible match."""
    if isinstance(wanted, pureldap.LDAPFilter_and):
        tests = [predicate(part) for part in wanted]
        return lambda values: all(test(values) for test in tests)
    if isinstance(wanted, pureldap.LDAPFilter_or):
        tests = [predicate(part) for part in wanted]
        return lambda values: any(test(values) for test in tests)
    if isinstance(wanted, pureldap.LDAPFilter_not):
        test = predicate(wanted.value)
        return lambda values: not test(values)
    if isinstance(wanted, pureldap.LDAPFilter_present):
        name = _name(wanted.value)
        return lambda values: name in values
    if isinstance(wanted, pureldap.LDAPFilter_substrings):
        return _substrings(wanted)
    if isinstance(wanted, pureldap.LDAPAttributeValueAssertion):
        return _comparison(wanted)
    raise ldaperrors.LDAPInappropriateMatching("this filter is not supported")


def candidates(wanted: Any, lookup: Lookup) -> Set[Key] | None:
    """The entries that can match, from the indexes; None: any of them."""
    if isinstance(wanted, pureldap.LDAPFilter_equalityMatch):
        name, value = _assertion(wanted)
        return lookup(name, rules.comparable(name, value))
    if isinstance(wanted, pureldap.LDAPFilter_and):
        known = [found for part in wanted if (found := candidates(part, lookup)) is not None]
        return min(known, key=len) if known else None
    if isinstance(wanted, pureldap.LDAPFilter_or):
        parts = [candidates(part, lookup) for part in wanted]
        return None if None in parts else frozenset().union(*(part for part in parts if part is not None))
    return None


def _comparison(wanted: Any) -> Predicate:
    name, value = _assertion(wanted)
    asked = rules.comparable(name, value)
    compare = _ORDER.get(type(wanted), _equal)
    return lambda values: any(compare(rules.comparable(name, have), asked) for have in values.get(name, ()))


def _equal(have: rules.Comparable, asked: rules.Comparable) -> bool:
    return have == asked


def _at_least(have: Any, asked: Any) -> bool:
    return type(have) is type(asked) and bool(have >= asked)


def _at_most(have: Any, asked: Any) -> bool:
    return type(have) is type(asked) and bool(have <= asked)


_ORDER: Mapping[type, Callable[[rules.Comparable, rules.Comparable], bool]] = {
    pureldap.LDAPFilter_greaterOrEqual: _at_least,
    pureldap.LDAPFilter_lessOrEqual: _at_most,
}


def _substrings(wanted: Any) -> Predicate:
    name = _name(wanted.type)
    pieces = [(type(piece), _text(piece.value)) for piece in wanted.substrings]
    return lambda values: any(_holds(_text(value), pieces) for value in values.get(name, ()))


def _holds(text: str, pieces: Sequence[tuple[type, str]]) -> bool:
    position = 0
    for kind, piece in pieces:
        if kind is pureldap.LDAPFilter_substrings_initial:
            found = 0 if text.startswith(piece) else -1
        elif kind is pureldap.LDAPFilter_substrings_final:
            found = len(text) - len(piece) if text.endswith(piece) else -1
        else:
            found = text.find(piece, position)
        if found < position:
            return False
        position = found + len(piece)
    return True


def _assertion(wanted: Any) -> tuple[str, bytes]:
    return _name(wanted.attributeDesc.value), wanted.assertionValue.value


def _name(written: bytes) -> str:
    return rules.spelled(written.decode("utf-8", "surrogateescape"))


def _text(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape").casefold()
