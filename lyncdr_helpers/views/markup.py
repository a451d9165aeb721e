"""HTML as a tree, so that every text in it is escaped by construction."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree.ElementTree import Element, tostring

Child = Element | str | None


def node(tag: str, *children: Child | Iterable[Child], **attributes: object) -> Element:
    """An element. Strings become text, None and attributes that are None are left out, `class_` is `class`."""
    made = Element(tag, {_name(name): clean(str(value)) for name, value in attributes.items() if value is not None})
    for child in children:
        for one in [child] if child is None or isinstance(child, Element | str) else child:
            _append(made, one)
    return made


def page(title: str, css: str, *body: Child | Iterable[Child]) -> bytes:
    """A whole document that needs nothing beside it."""
    head = node(
        "head",
        node("meta", charset="utf-8"),
        node("meta", name="viewport", content="width=device-width, initial-scale=1"),
        node("title", title),
        node("style", css),
    )
    html = tostring(node("html", head, node("body", *body), lang="en"), encoding="unicode", method="html")
    return f"<!DOCTYPE html>\n{html}\n".encode()


def _append(parent: Element, child: Child) -> None:
    if child is None:
        return
    if isinstance(child, Element):
        parent.append(child)
    elif len(parent):
        parent[-1].tail = (parent[-1].tail or "") + clean(child)
    else:
        parent.text = (parent.text or "") + clean(child)


def clean(text: str) -> str:
    """Half characters and control characters have no place in a document: they are shown as what they are."""
    return "".join(
        char if char.isprintable() or char == "\n" else char.encode("unicode_escape").decode("ascii") for char in text
    )


def _name(attribute: str) -> str:
    return attribute.rstrip("_").replace("_", "-")
