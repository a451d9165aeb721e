"""Redaction: names become pseudonyms, the same wherever they stand, that only the salt's holder can make again.

What stands in free text is found by what is known: addresses, the deployment's domains, accounts and machines, and the
names that addresses are made of. Whoever hands a redacted record over reads it first.
"""

from __future__ import annotations

import base64
import hmac
import html
import json
import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from lyncdr_helpers.dossier.names import ADDRESS, COMMON, Level, Names, name_of
from lyncdr_helpers.verifier.bundle import tie

SHA256 = re.compile(r"\b[0-9a-f]{64}\b")
SHORT = re.compile(r"\b[0-9a-f]{12}\b")
SHARE = re.compile(r"\\\\[^\\/\s:*?\"<>|]+")
ACCOUNT = re.compile(r"\b[\w.-]+\\[\w.$-]+")
DOMAIN_NAME = re.compile(r"\bDC=[\w-]+(?:,\s*DC=[\w-]+)*", re.IGNORECASE)
IPV4 = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
IPV6 = re.compile(r"(?<![\w:])(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}(?![\w:])", re.IGNORECASE)
PHONE = re.compile(r"(?:\btel:\+?|\+)\d[\d()./ -]{3,}\d", re.IGNORECASE)
OWN_NAME = re.compile(r"[a-z_]+")
"""What the record calls its own things."""
WORD = re.compile(r"[^\W_][\w'-]*(?:\.[\w'-]+)*")
PAIR = re.compile(r"(?=(\b[^\W\d_][\w'-]*)([,.]? )([^\W\d_][\w'-]*))")
MARKUP = re.compile(r"(<style.*?</style>|<script.*?</script>|<[^>]*>)", re.DOTALL)
ATTRIBUTE = re.compile(r'="([^"]*)"')


class Redactor:
    """Makes one level of a record, in two passes: first it learns whom the record names, and changes nothing; after
    `ready` it makes them unreadable, also where they are spelled otherwise.

    heads: digests that stay, for they tie the levels together and give nothing away.
    """

    def __init__(self, level: Level, salt: str, names: Names, heads: frozenset[str] = frozenset()) -> None:
        self._level = level
        self._salt = salt
        self._names = names
        self._heads = heads
        self._digests: set[str] = set()
        self._met: set[str] = set()
        self._learns = True

    def ready(self) -> None:
        """Everything was seen once."""
        self._learns = False

    def text(self, text: str) -> str:
        """The text with pseudonyms."""
        if self._learns:
            self._met |= {one.casefold().replace("%40", "@") for one in ADDRESS.findall(text)}
            self._digests |= set(SHA256.findall(text)) - self._heads
            return text
        text = ADDRESS.sub(lambda found: self._address(found[0]), text)
        text = PHONE.sub(lambda found: self._called("phone", found[0]), text)
        text = SHA256.sub(lambda found: self._digest(found[0]), text)
        text = SHORT.sub(lambda found: self._short(found[0]), text)
        if self._level == "external":
            text = SHARE.sub(lambda found: "\\\\" + self._called("host", found[0][2:]), text)
            text = ACCOUNT.sub(lambda found: self._called("account", found[0]), text)
            text = DOMAIN_NAME.sub(lambda found: self._called("domain", found[0]), text)
            text = IPV4.sub(lambda found: self._called("ip", found[0]), text)
            text = IPV6.sub(lambda found: self._ipv6(found[0]), text)
            text = self._hosts.sub(lambda found: self._called("host", found[0]), text)
        text = self._people(text)
        return WORD.sub(lambda found: self._word(found[0]), text)

    def value(self, value: Any) -> Any:
        """A JSON value with pseudonyms, also in its names."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self._name(str(name)): self.value(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(one) for one in value]
        return value

    def page(self, page: str) -> str:
        """An HTML page with pseudonyms in its texts and attributes; scripts are left out."""
        return "".join(self._piece(piece) for piece in MARKUP.split(page))

    def notebook(self, content: bytes) -> bytes:
        """An executed notebook: its sources and what they said, as text. Pictures, widgets and pages are left out: what
        is within them cannot be read, and so not be made unreadable.
        """
        document = json.loads(content)
        cells = [self._cell(cell) for cell in document["cells"]]
        about = self.value(document["metadata"].get("lyncdr", {}))
        kept = {"cells": cells, "metadata": {"lyncdr": about}, "nbformat": 4, "nbformat_minor": 5}
        return (json.dumps(kept, indent=1, ensure_ascii=False) + "\n").encode()

    def _name(self, name: str) -> str:
        return name if OWN_NAME.fullmatch(name) else self.text(name)

    # -- pieces ------------------------------------------------------------------------------------------------------
    def _cell(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {"cell_type": cell["cell_type"], "metadata": {}}
        made["source"] = self.text("".join(cell["source"]))
        if cell["cell_type"] == "code":
            made |= {"execution_count": cell.get("execution_count"), "outputs": [*map(self._output, cell["outputs"])]}
        return made

    def _output(self, output: Mapping[str, Any]) -> dict[str, Any]:
        said = output.get("text") or output.get("data", {}).get("text/plain") or ""
        if output["output_type"] == "error":
            said = f"{output.get('ename')}: {output.get('evalue')}"
        text = said if isinstance(said, str) else "".join(said)
        return {"output_type": "stream", "name": "stdout", "text": self.text(text)}

    def _piece(self, piece: str) -> str:
        if piece.startswith("<script"):
            return ""
        if piece.startswith("<style"):
            return piece
        if piece.startswith("<"):
            return ATTRIBUTE.sub(lambda found: f'="{html.escape(self.text(html.unescape(found[1])))}"', piece)
        return html.escape(self.text(html.unescape(piece)), quote=False)

    # -- names -------------------------------------------------------------------------------------------------------
    def _called(self, kind: str, name: str) -> str:
        mac = hmac.new(bytes.fromhex(self._salt), f"{kind} {name.casefold()}".encode(), "sha256")
        return f"{kind}-{base64.b32encode(mac.digest())[:10].decode().lower()}"

    def _is_hidden(self, address: str) -> bool:
        local, _, domain = address.partition("@")
        inside = domain in self._names.words or local in self._names.words or address in self._names.users
        return self._level == "external" or not inside

    def _address(self, address: str) -> str:
        spelled = address.casefold().replace("%40", "@")
        return self._called("person", spelled) if self._is_hidden(spelled) else address

    def _digest(self, digest: str) -> str:
        return digest if digest in self._heads else tie(self._salt, digest)

    def _short(self, short: str) -> str:
        whole = next((one for one in self._digests if one.startswith(short)), "")
        return tie(self._salt, whole)[:12] if whole else short

    def _ipv6(self, text: str) -> str:
        return self._called("ip", text) if "::" in text or text.count(":") == 7 else text

    @cached_property
    def _hosts(self) -> re.Pattern[str]:
        """Names of machines, also at the beginning of a file's name."""
        domains = sorted(map(re.escape, self._names.domains), key=len, reverse=True) or [r"(?!)"]
        return re.compile(rf"(?<![\w-])(?:[\w-]+\.)*(?:{'|'.join(domains)})(?![a-z0-9])", re.IGNORECASE)

    @cached_property
    def _hidden(self) -> set[str]:
        """The addresses that were met and are to become unreadable."""
        return {one for one in self._met if self._is_hidden(one)}

    @cached_property
    def _pairs(self) -> set[tuple[str, str]]:
        return {(name[0], name[-1]) for name in map(name_of, self._hidden) if len(name) > 1}

    @cached_property
    def _single(self) -> set[str]:
        """Whole names before the @, also of accounts and machines outside the house."""
        own = self._names.words if self._level == "external" else set()
        return ({one.partition("@")[0] for one in self._hidden} | own) - COMMON

    @cached_property
    def _surnames(self) -> set[str]:
        return {name[-1] for name in map(name_of, self._hidden) if len(name) > 1 and len(name[-1]) > 3}

    def _people(self, text: str) -> str:
        """`Ana Meier`, `Meier, Ana`."""
        found = {match[0] or (match[1] + match[2] + match[3]) for match in PAIR.finditer(text) if self._is_pair(match)}
        for whole in sorted(found, key=len, reverse=True):
            text = text.replace(whole, self._called("person", whole))
        return text

    def _is_pair(self, match: re.Match[str]) -> bool:
        one, two = match[1].casefold(), match[3].casefold()
        return (one, two) in self._pairs or (two, one) in self._pairs

    def _word(self, word: str) -> str:
        bare = word.rstrip(".'-")
        if bare.casefold() in self._single or (bare[:1].isupper() and bare.casefold() in self._surnames):
            return self._called("name", bare) + word[len(bare) :]
        return word
