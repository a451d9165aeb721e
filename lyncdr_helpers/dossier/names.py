"""Whose names and addresses a record holds: what is to become unreadable at each level of redaction."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lyncdr_helpers.journal import Line

Level = Literal["full", "internal", "external"]

ADDRESS = re.compile(r"[\w.+&'=~-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)*")
"""Of mail or SIP, and `user@host`; no longer before the @ than RFC 5321 allows."""

HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+")
"""What may be the name of a machine; `plan.json` looks the same."""

HOSTS = ("fqdn", "domain_controller", "server_name")
"""Parameters that are the name of a machine."""

USERS = ("user", "address")
"""Columns of tables whose addresses are users of the deployment."""

OUR_WORDS = """
sip sipinternal sipinternaltls meet dialin lyncdiscover lyncdiscoverinternal lync skype exchange users contacts
am an as at be by do go he id if in is it me my no of ok on or so to up us we
"""
COMMON = frozenset(OUR_WORDS.split())
"""Names that every deployment has, and words of the record: they say nothing of anybody."""

SHORTEST = 2


@dataclass
class Names:
    """What is known of a deployment's people and machines, in small letters.

    users: addresses of its users, who stay readable within the house. words: names of accounts and machines, which are
    unreadable wherever they stand alone. domains: whatever ends with one is a machine's name.
    """

    users: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    domains: set[str] = field(default_factory=set)

    def learn_params(self, params: Mapping[str, Any]) -> None:
        """From a deployment's parameters: its domains, its machines, and the accounts it signs in with."""
        said = list(_texts(params))
        self.domains |= {str(one).casefold() for one in params.get("sip_domains", ())}
        self.domains |= {text.partition(".")[2].casefold() for name, text in said if name in HOSTS and "." in text}
        self.domains -= {""}
        for name, text in said:
            if name == "user":
                self.add_word(text.rpartition("\\")[2].partition("@")[0])
            for host in HOST.findall(text):
                if self.is_host(host):
                    self.add_word(host.partition(".")[0])

    def is_host(self, name: str) -> bool:
        """Whether a name with dots ends as the deployment's do."""
        return any(f".{name.casefold()}".endswith(f".{domain}") for domain in self.domains)

    def learn_line(self, line: Line) -> None:
        """From a line of a journal: who did it, where, and whom it was about."""
        for name, text in _texts(line.facts):
            if name in ("user", "host", "name") and _is_who(line.facts, text):
                self.add_word(text)
                self.add_word(text.partition(".")[0])
        if line.facts.get("act") in ("move users", "restore contacts"):
            self.add_users(str(one) for one in line.facts.get("targets", ()))
        for _, text in _texts(line.facts):
            self.domains |= {one.rpartition("@")[2].casefold() for one in ADDRESS.findall(text) if "." in one}

    def learn_row(self, row: Mapping[str, str]) -> None:
        """From a row of a table."""
        self.add_users(str(row[name]) for name in USERS if row.get(name))

    def add_users(self, addresses: Iterable[str]) -> None:
        self.users |= {one.casefold().removeprefix("sip:") for one in addresses if "@" in one}

    def add_word(self, text: str) -> None:
        word = text.casefold()
        if len(word) >= SHORTEST and word not in COMMON:
            self.words.add(word)


def name_of(address: str) -> tuple[str, ...]:
    """ana.meier@example.org -> ana, meier: how people write it."""
    local = address.replace("%40", "@").partition("@")[0]
    return tuple(part for part in re.split(r"[._+-]", local.casefold()) if part and not part.isdigit())


def _is_who(facts: Mapping[str, Any], text: str) -> bool:
    """Whether somebody did something under that name: `{"user", "host", ...}`, or whom an approval names."""
    doers = [one for one in (facts, *facts.values()) if isinstance(one, dict) and {"user", "host"} <= one.keys()]
    named = [facts["name"]] if "by" in facts and "name" in facts else []
    return text in [*(one["user"] for one in doers), *(one["host"] for one in doers), *named]


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(the name it stands under, text) of every text within a JSON value."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield "", str(key)
            yield from _texts(one, str(key))
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one, name)
