"""What may be written: the table of schema.py, enforced as Active Directory does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from ldaptor.protocols.ldap import ldaperrors

from lyncdr_helpers.directory import names
from lyncdr_helpers.lab.directory.schema import ATTRIBUTES, CLASSES, Attribute, ObjectClass, Syntax

Values = Mapping[str, Sequence[bytes]]
"""An entry's attributes: name in the schema's spelling -> values."""

Comparable = str | bytes | int | names.Key

_ATTRIBUTES = {attribute.name.lower(): attribute for attribute in ATTRIBUTES}
_CLASSES = {kind.name.lower(): kind for kind in CLASSES}
_INTEGER = re.compile(rb"-?\d{1,10}")


def attribute(name: str) -> Attribute:
    """The attribute type of that name. Raises noSuchAttribute, which is what Active Directory says."""
    try:
        return _ATTRIBUTES[name.lower()]
    except KeyError:
        raise ldaperrors.LDAPNoSuchAttribute(f"attribute {name} is not in the schema") from None


def spelled(name: str) -> str:
    """The name in the schema's spelling; as it is where the schema has none."""
    known = _ATTRIBUTES.get(name.lower())
    return known.name if known else name


@lru_cache(maxsize=200_000)
def comparable(name: str, value: bytes) -> Comparable:
    """A form in which equal values of the attribute are equal; the bytes themselves where they are no such value."""
    known = _ATTRIBUTES.get(name.lower())
    syntax = known.syntax if known else Syntax.STRING
    text = value.decode("utf-8", "surrogateescape")
    if syntax is Syntax.INTEGER and _INTEGER.fullmatch(value):
        return int(value)
    if syntax is Syntax.DN:
        try:
            return names.key(text)
        except ValueError:
            return value
    return text.casefold() if syntax in (Syntax.STRING, Syntax.BOOLEAN) else value


def with_classes(written: Sequence[bytes]) -> list[bytes]:
    """The classes with every superclass, the most general first. Raises objectClassViolation."""
    if not written:
        raise ldaperrors.LDAPObjectClassViolation("an object needs a class")
    chains = [_chain(value.decode("utf-8", "surrogateescape")) for value in written]
    longest = max(chains, key=len)
    if strangers := [chain[-1].name for chain in chains if chain[-1] not in longest]:
        raise ldaperrors.LDAPObjectClassViolation(f"{longest[-1].name} does not go with {', '.join(strangers)}")
    return [kind.name.encode() for kind in longest]


def check(values: Values) -> None:
    """Raise unless the whole entry fits the schema."""
    kinds = [_CLASSES[value.decode().lower()] for value in values["objectClass"]]
    must = {name for kind in kinds for name in kind.must}
    if missing := sorted(name for name in must if not values.get(name)):
        raise ldaperrors.LDAPObjectClassViolation(f"{kinds[-1].name} needs {', '.join(missing)}")
    allowed = must | {name for kind in kinds for name in kind.may}
    for name, given in values.items():
        if name not in allowed:
            raise ldaperrors.LDAPObjectClassViolation(f"{name} is not allowed on {kinds[-1].name}")
        _check_values(attribute(name), given)


def targets(values: Values) -> Iterable[str]:
    """The DNs that the entry refers to: Active Directory wants them to exist."""
    for name, given in values.items():
        if attribute(name).syntax is Syntax.DN and name != "distinguishedName":
            yield from (value.decode("utf-8", "surrogateescape") for value in given)


def _chain(name: str) -> list[ObjectClass]:
    try:
        kind = _CLASSES[name.lower()]
    except KeyError:
        raise ldaperrors.LDAPObjectClassViolation(f"class {name} is not in the schema") from None
    return [*(_chain(kind.parent) if kind.parent else []), kind]


def _check_values(known: Attribute, given: Sequence[bytes]) -> None:
    if known.single and len(given) > 1:
        raise ldaperrors.LDAPConstraintViolation(f"{known.name} takes one value")
    for value in given:
        if not _fits(known.syntax, value):
            raise ldaperrors.LDAPInvalidAttributeSyntax(f"{known.name}: {value[:40]!r} is no {known.syntax}")


def _fits(syntax: Syntax, value: bytes) -> bool:
    if syntax is Syntax.BOOLEAN:
        return value in (b"TRUE", b"FALSE")
    if syntax is Syntax.INTEGER:
        return bool(_INTEGER.fullmatch(value)) and -(2**31) <= int(value) < 2**31
    if syntax is Syntax.DN:
        return isinstance(comparable("distinguishedName", value), tuple)
    return bool(value)
