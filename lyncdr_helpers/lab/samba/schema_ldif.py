"""The lab's schema (lab/directory/schema.py) as LDIF for Active Directory. Never load it into a real forest."""

from __future__ import annotations

from collections.abc import Iterator

from lyncdr_helpers.lab.blueprint import BASE_DN
from lyncdr_helpers.lab.directory.schema import (
    CLASSES,
    POOL_ATTRIBUTES,
    USER_ATTRIBUTES,
    Attribute,
    ObjectClass,
    Syntax,
)

SCHEMA = f"CN=Schema,CN=Configuration,{BASE_DN}"

SYNTAXES = {
    Syntax.STRING: ("2.5.5.12", 64, ""),
    Syntax.DN: ("2.5.5.1", 127, "KwwCh3McAIVK"),
    Syntax.DN_BINARY: ("2.5.5.7", 127, "KoZIhvcUAQEBCw=="),
    Syntax.BOOLEAN: ("2.5.5.8", 1, ""),
    Syntax.INTEGER: ("2.5.5.9", 2, ""),
    Syntax.OCTETS: ("2.5.5.10", 4, ""),
    Syntax.SID: ("2.5.5.17", 4, ""),
}
"""attributeSyntax, oMSyntax and oMObjectClass in base64 (MS-ADTS 3.1.1.2.2.2)."""

READABLE = "D:(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;DA)(A;;RPWPCRCCDCLCLORCWOWDSDDTSW;;;SY)(A;;RPLCLORC;;;AU)"
"""Who may touch objects of a new class: as for a container, everybody who is signed in may read."""

INDEXED = ("msRTCSIP-PrimaryUserAddress", "msRTCSIP-Line")


def steps() -> list[str]:
    """LDIF texts, each needing that the directory has taken in the one before."""
    attributes = [_attribute(attribute) for attribute in (*USER_ATTRIBUTES, *POOL_ATTRIBUTES)]
    return ["\n".join(step) for step in (attributes, *_classes(), list(_extensions()))]


def _classes() -> Iterator[list[str]]:
    """The classes in generations: those that refer to nothing new, those that refer to them, and so on."""
    waiting = [kind for kind in CLASSES if kind.oid]
    while waiting:
        unknown = {kind.name for kind in waiting}
        ready = [kind for kind in waiting if unknown.isdisjoint((kind.parent, *kind.below))]
        yield [_class(kind) for kind in ready]
        waiting = [kind for kind in waiting if kind not in ready]


def _attribute(attribute: Attribute) -> str:
    syntax, om_syntax, om_class = SYNTAXES[attribute.syntax]
    lines = [
        *_object(attribute.name, "attributeSchema"),
        f"attributeID: {attribute.oid}",
        f"attributeSyntax: {syntax}",
        f"oMSyntax: {om_syntax}",
        *([f"oMObjectClass:: {om_class}"] if om_class else []),
        f"isSingleValued: {'TRUE' if attribute.single else 'FALSE'}",
        f"searchFlags: {int(attribute.name in INDEXED)}",
        "isMemberOfPartialAttributeSet: TRUE",
    ]
    return "\n".join(lines) + "\n"


def _class(kind: ObjectClass) -> str:
    lines = [
        *_object(kind.name, "classSchema"),
        f"governsID: {kind.oid}",
        "objectClassCategory: 1",
        f"subClassOf: {kind.parent}",
        "rDNAttID: cn",
        f"defaultSecurityDescriptor: {READABLE}",
        f"defaultObjectCategory: CN={kind.name},{SCHEMA}",
        *(f"possSuperiors: {above}" for above in kind.below),
        *(f"mayContain: {name}" for name in kind.may),
    ]
    return "\n".join(lines) + "\n"


def _object(name: str, kind: str) -> list[str]:
    return [
        f"dn: CN={name},{SCHEMA}",
        "objectClass: top",
        f"objectClass: {kind}",
        f"cn: {name}",
        f"lDAPDisplayName: {name}",
    ]


def _extensions() -> Iterator[str]:
    """What Lync adds to classes that are there: its attributes, and that contacts may stand in a container."""
    names = [attribute.name for attribute in USER_ATTRIBUTES]
    for kind in ("User", "Contact"):
        lines = [f"dn: CN={kind},{SCHEMA}", "changetype: modify", "add: mayContain"]
        yield "\n".join([*lines, *(f"mayContain: {name}" for name in names)]) + "\n"
    lines = [f"dn: CN=Contact,{SCHEMA}", "changetype: modify", "add: possSuperiors", "possSuperiors: container"]
    yield "\n".join(lines) + "\n"
