"""Secrets taken out of what is kept: in whatever spelling a program would have left them there.

A secret is looked for as it stands, with a NUL after each character (UTF-16 read as something else), in the escapes of
JSON, URLs and HTML, and in base64, also as a part of something longer that was encoded with it. Whatever looks like a
private key goes, too, whether anybody knows it or not.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus

REDACTED = "[redacted]"
SHORTEST = 6
"""A secret of fewer characters stands in too many innocent texts to be looked for."""
SHORTEST_BASE64 = 8

KEY = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)", re.DOTALL)
A_KEY = "PRIVATE KEY-----"


@dataclass(frozen=True)
class Redaction:
    """What is taken out: spellings of secrets, the longest first."""

    spellings: tuple[str, ...] = ()

    @classmethod
    def of(cls, secrets: Iterable[str]) -> Redaction:
        """For these secrets; those that are too short to be told from a word are left out."""
        found = {spelling for secret in secrets if len(secret) >= SHORTEST for spelling in _spellings(secret)}
        return cls(tuple(sorted(found, key=lambda one: (-len(one), one))))

    def text(self, text: str) -> tuple[str, int]:
        """The text without secrets, and how many were taken out."""
        count = 0
        for spelling in self.spellings:
            if spelling in text:
                count += text.count(spelling)
                text = text.replace(spelling, REDACTED)
        if A_KEY in text:
            text, keys = KEY.subn(REDACTED, text)
            count += keys
        return text, count

    def value(self, value: Any) -> tuple[Any, int]:
        """The same for a JSON value, whatever is in it, keys too. Lines of a text that are a list are one text."""
        match value:
            case str():
                return self.text(value)
            case Mapping():
                pairs = [(self.text(str(name)), self.value(one)) for name, one in value.items()]
                made = {name: one for (name, _), (one, _) in pairs}
                return made, sum(before + within for (_, before), (_, within) in pairs)
            case list() | tuple():
                return self._several(value)
        return value, 0

    def facts(self, facts: Mapping[str, Any]) -> Mapping[str, Any]:
        """The facts of a line, with `redacted`: how many secrets were taken out of them, where there were any."""
        made, count = self.all_of(facts)
        return {**made, "redacted": count} if count else facts

    def all_of(self, value: Any) -> tuple[Any, int]:
        """As `value`, after one look at all of it: most of what is kept is clean, and some has ten thousand names."""
        text = json.dumps(value, ensure_ascii=False, default=str)
        if A_KEY in text or any(spelling in text for spelling in self.spellings):
            return self.value(value)
        return value, 0

    def _several(self, several: Iterable[Any]) -> tuple[Any, int]:
        kept = list(several)
        if kept and all(isinstance(one, str) for one in kept):
            whole, count = self.text("".join(kept))
            each = [self.text(one)[0] for one in kept]
            # A key goes over many lines, and then they are no longer these.
            return (each if "".join(each) == whole else whole.splitlines(keepends=True)), count
        found = [self.value(one) for one in kept]
        return [one for one, _ in found], sum(count for _, count in found)


def _spellings(secret: str) -> Iterator[str]:
    plain = [secret, secret.encode("unicode_escape").decode("ascii")]
    plain += [json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]]
    plain += [quote(secret, safe=""), quote_plus(secret), html.escape(secret), html.escape(secret, quote=False)]
    wide = "".join(f"{char}\0" for char in secret)
    yield from (*plain, wide[:-1], json.dumps(wide[:-1])[1:-1])
    for encoding in ("utf-8", "utf-16-le"):
        yield from _base64(secret.encode(encoding))


def _base64(content: bytes) -> Iterator[str]:
    """What stands in base64 of anything that holds these bytes, at each of the three places where they can begin."""
    for before in range(3):
        text = base64.b64encode(bytes(before) + content).decode("ascii").rstrip("=")
        whole = text[(0, 2, 3)[before] : len(text) - ((before + len(content)) % 3 > 0)]
        if len(whole) >= SHORTEST_BASE64:
            yield whole
            yield whole.replace("+", "-").replace("/", "_")
