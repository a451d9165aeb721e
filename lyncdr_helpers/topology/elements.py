"""XML elements by their local names: the namespaces changed from release to release, the names did not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from lxml import etree

from lyncdr_helpers.errors import InputError

REMEDY = "Export the topology again, and do not edit the file."


def local_name(element: Any) -> str:
    """The name without its namespace."""
    return str(etree.QName(element).localname)


def children(element: Any, *names: str) -> Iterator[Any]:
    """The child elements with one of these local names."""
    return element.iterchildren(*(f"{{*}}{name}" for name in names))  # type: ignore[no-any-return]


def child(element: Any, name: str) -> Any | None:
    """The first child with this local name."""
    return next(children(element, name), None) if element is not None else None


def grandchildren(element: Any, around: str, name: str) -> Iterator[Any]:
    """`around/name` below the element."""
    for section in children(element, around):
        yield from children(section, name)


def words(element: Any, name: str) -> str:
    """The text of a child, without the space around it; empty where there is none."""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def needed(element: Any, name: str) -> str:
    """An attribute that must be there. Raises InputError that says in which line it is not."""
    found = str(element.get(name, "")).strip()
    if not found:
        raise InputError(f"line {element.sourceline}: {local_name(element)} has no {name}.", REMEDY)
    return found


def needed_child(element: Any, name: str) -> Any:
    """A child that must be there. Raises InputError that says in which line it is not."""
    found = child(element, name)
    if found is None:
        raise InputError(f"line {element.sourceline}: {local_name(element)} holds no {name}.", REMEDY)
    return found


def flag(element: Any, name: str, attribute: str) -> bool | None:
    """A true or false attribute of a child; None where it is neither, or not there."""
    found = child(element, name)
    written = str(found.get(attribute, "")).strip().lower() if found is not None else ""
    return {"true": True, "1": True, "false": False, "0": False}.get(written)


def count_ignored(root: Any, known: Collection[str], opaque: Collection[str]) -> Counter[str]:
    """How often each unknown element occurs, by local name; nobody looks into it, nor into an opaque one."""
    counts: Counter[str] = Counter()
    waiting = [root]
    while waiting:
        for element in waiting.pop().iterchildren("{*}*"):
            name = local_name(element)
            if name in known:
                waiting.append(element)
            elif name not in opaque:
                counts[name] += 1
    return counts
