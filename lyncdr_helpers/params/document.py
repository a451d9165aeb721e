"""A YAML file as plain values, with the line of every key and every mistake of its form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from lyncdr_helpers.params.mistakes import Location

TAG = "tag:yaml.org,2002:"
TEXT = frozenset({TAG + "str", TAG + "timestamp", TAG + "merge"})  # a date is text here, and `<<` an ordinary key
PLAIN_WORDS = {
    "mapping values are not allowed here": "there is a second ': ' here, or the line is indented too far",
    "found character '\\t' that cannot start any token": "a tab is used to indent: use spaces",
    "found unexpected end of stream": "a quote is opened and never closed",
    "but found another document": "a file holds one deployment: '---' begins a second one",
}


@dataclass(frozen=True)
class Flaw:
    """Something wrong with the file's form."""

    line: int
    location: Location
    wrong: str


@lru_cache(2)
def _composed(text: str) -> Node | None:
    """The tree of a document. The last ones are kept: a drill reads one deployment for each of its phases."""
    root: Node | None = YAML(typ="rt", pure=True).compose(text)
    return root


@dataclass
class Document:
    """What a YAML file says. `data` is None where nothing can be read at all."""

    data: dict[str, Any] | None = None
    flaws: list[Flaw] = field(default_factory=list)
    _lines: dict[Location, int] = field(default_factory=lambda: {(): 1})

    @classmethod
    def parse(cls, content: bytes) -> Document:
        """Read UTF-8 YAML 1.2. What is wrong with its form is in `flaws`; it never raises."""
        document = cls()
        try:
            document._take(_composed(content.decode("utf-8-sig")))
        except UnicodeDecodeError as error:
            document._flaw(content.count(b"\n", 0, error.start) + 1, (), "is not UTF-8 text: save it as UTF-8")
        except MarkedYAMLError as error:
            document._flaw(_line_of(error), (), f"is not YAML: {_plain(str(error.problem))}")
        except YAMLError:
            document._flaw(1, (), "is not YAML: it holds a control character")
        except RecursionError:
            document._flaw(1, (), "is nested too deeply")
        return document

    def line(self, location: Location) -> int:
        """The line of the key, or of the nearest section around it where the key is missing."""
        while location not in self._lines:
            location = location[:-1]
        return self._lines[location]

    def _flaw(self, line: int, location: Location, wrong: str) -> None:
        self.flaws.append(Flaw(line, location, wrong))

    def _take(self, root: Node | None) -> None:
        if isinstance(root, MappingNode):
            self.data = self._mapping(root, (), ())
        else:
            self._flaw(1, (), "is empty" if root is None else "must hold keys and their values")

    def _value(self, node: Node, location: Location, around: tuple[Node, ...]) -> Any:
        if any(node is other for other in around):
            self._flaw(node.start_mark.line + 1, location, "contains itself")
            return None
        if isinstance(node, MappingNode):
            return self._mapping(node, location, around)
        if isinstance(node, SequenceNode):
            return self._sequence(node, location, around)
        assert isinstance(node, ScalarNode)
        return self._scalar(node, location)

    def _sequence(self, node: SequenceNode, location: Location, around: tuple[Node, ...]) -> list[Any]:
        values = []
        for index, item in enumerate(node.value):
            place = (*location, index)
            self._lines[place] = item.start_mark.line + 1
            values.append(self._value(item, place, (*around, node)))
        return values

    def _mapping(self, node: MappingNode, location: Location, around: tuple[Node, ...]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key, line, item in self._entries(node, location):
            place = (*location, key)
            if key in values:
                self._flaw(line, place, f"is written twice: the first one is in line {self._lines[place]}")
                continue
            self._lines[place] = line
            values[key] = self._value(item, place, (*around, node))
        return values

    def _entries(self, node: MappingNode, location: Location) -> Iterator[tuple[str, int, Node]]:
        for key, item in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, ScalarNode) and key.tag in TEXT:
                yield self._text(key, location), line, item
            else:
                self._flaw(line, location, "has a key that is not text")

    def _text(self, node: ScalarNode, location: Location) -> str:
        """The scalar's text; two escaped halves of a character ("\\ud83d\\ude00", as JSON has them) become one."""
        try:
            return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError:
            self._flaw(node.start_mark.line + 1, location, "holds half a character")
            return ""

    def _scalar(self, node: ScalarNode, location: Location) -> Any:
        text = self._text(node, location)
        try:
            match str(node.tag).removeprefix(TAG):
                case "null":
                    return None
                case "bool":
                    return text.lower() == "true"
                case "int":
                    return _whole(text)
                case "float":
                    return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        if node.tag not in TEXT:
            self._flaw(
                node.start_mark.line + 1, location, "begins with '!', which YAML reads as a tag: put it in quotes"
            )
        return text


def _whole(text: str) -> int:
    digits = text.replace("_", "").lower()
    return int(digits, 0 if re.match(r"[+-]?0[xob]", digits) else 10)


def _line_of(error: MarkedYAMLError) -> int:
    begun_and_never_ended = "stream" in str(error.problem)
    mark = (begun_and_never_ended and error.context_mark) or error.problem_mark
    return mark.line + 1 if mark else 1


def _plain(problem: str) -> str:
    """The parser's complaint in plain words, without the file's own text: that may be a secret."""
    if "alias" in problem or "anchor" in problem:
        return "a value begins with '*' or '&', which has a meaning in YAML: put it in quotes"
    first = problem.strip().splitlines()[0]
    return PLAIN_WORDS.get(first, re.sub(r"'[^'<]{3,}'", "...", first))
