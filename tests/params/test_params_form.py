"""Mistakes of form: YAML that does not parse, keys written twice or unknown, values of the wrong kind."""

from __future__ import annotations

import pytest
from params_sample import EXAMPLE, GONE, Changes, Read, changed

TEXT = EXAMPLE.read_text(encoding="utf-8")


def line_of(text: str, part: str) -> int:
    """The number of the line that the part begins in."""
    return text.count("\n", 0, text.index(part)) + 1


UNREADABLE: dict[str, tuple[str | bytes, int, str]] = {
    "nothing": ("", 1, "is empty"),
    "comments only": ("# nothing\n", 1, "is empty"),
    "a list": ("- a\n", 1, "must hold keys and their values"),
    "one word": ("lab\n", 1, "must hold keys and their values"),
    "an open bracket": ("deployment: lab\nsip_domains: [lync.test\n", 2, "is not YAML"),
    "a second colon": ("deployment: lab\ngeneration: a: b\n", 2, "there is a second ': ' here"),
    "a tab": ("sites:\n\tprimary: x\n", 2, "a tab is used to indent"),
    "an open quote": ("deployment: 'lab\n", 1, "a quote is opened and never closed"),
    "two documents": ("a: 1\n---\nb: 2\n", 2, "a file holds one deployment"),
    "a control character": ("deployment: \x01\n", 1, "control character"),
    "not UTF-8": ("deployment: lab\nname: Zürich\n".encode("latin-1"), 2, "is not UTF-8"),
    "nested without end": ("a: " + "[" * 1000, 1, "is nested too deeply"),
    "a starred password": ("deployment: lab\npassword: *hunter2\n", 2, "put it in quotes"),
}


@pytest.mark.parametrize(("content", "line", "said"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_does_not_parse(content: str | bytes, line: int, said: str, mistakes_of: Read) -> None:
    """One mistake, with the line where reading stopped and plain words, and nothing that the file said."""
    (mistake,) = mistakes_of(content)
    assert mistake.line == line
    assert said in mistake.wrong
    assert "hunter2" not in str(mistake)


def test_a_key_written_twice(mistakes_of: Read) -> None:
    """Every repeated key is a mistake at its own line that names the first; the rest of the file is still read."""
    text = TEXT.replace("generation: lync2010", "generation: lync2010\ngeneration: lync2013\ngeneration: sfb2015")
    text = text.replace("  rto_minutes: 60", "  rto_minutes: 0\n  rto_minutes: 60")
    found = mistakes_of(text)
    first = line_of(text, "generation:")
    assert [(one.line, one.key) for one in found] == [
        (first + 1, "generation"),
        (first + 2, "generation"),
        (line_of(text, "  rto_minutes: 0"), "thresholds.rto_minutes"),
        (line_of(text, "  rto_minutes: 0") + 1, "thresholds.rto_minutes"),
    ]
    assert found[0].wrong == f"is written twice: the first one is in line {first}"
    assert found[2].wrong == "must be more than 0"


def test_an_alias_repeats_a_value_and_a_circle_is_refused(mistakes_of: Read) -> None:
    """YAML's anchors work as everywhere; a value that contains itself is a mistake, not an endless loop."""
    shared = TEXT.replace("ca_file: certificates/ca.pem", "ca_file: &ca certificates/ca.pem", 1)
    assert mistakes_of(shared.replace("ca_file: certificates/ca.pem", "ca_file: *ca", 1)) == ()
    found = mistakes_of(TEXT.replace("sip_domains: [example.org", "sip_domains: &all [*all, example.org"))
    assert ("sip_domains.0", "contains itself") in [(one.key, one.wrong) for one in found]


WRONG: list[tuple[Changes, str, str]] = [
    ({"deployment": GONE}, "deployment", "is missing"),
    ({"deployment": 2010}, "deployment", "must be text: put it in quotes"),
    ({"deployment": "with spaces"}, "deployment", "must be a short name"),
    ({"deployment": None}, "deployment", "must be text"),
    ({"generation": "lync2031"}, "generation", "must be one of lync2010, lync2013, sfb2015, sfb2019, perhaps lync2013"),
    ({"generation": ["lync2010"]}, "generation", "must be one of lync2010"),
    ({"sip_domains": "example.org"}, "sip_domains", "must be a list"),
    ({"sip_domains": []}, "sip_domains", "must not be empty"),
    ({"sip_domains.1": "192.0.2.1"}, "sip_domains.1", "must be a name, not an address"),
    ({"sip_domains.1": "example.net."}, "sip_domains.1", "no dot at its end"),
    ({"sites": []}, "sites", "must be a section with keys of its own"),
    ({"sites.dr": GONE}, "sites.dr", "is missing"),
    ({"sites.dr.pools": []}, "sites.dr.pools", "must not be empty"),
    ({"sites.dr.pools.0.servers.0.address": "198.51.100.300"}, "sites.dr.pools.0.servers.0.address", "an IP address"),
    ({"sites.dr.pools.0.edition": "standart"}, "sites.dr.pools.0.edition", "perhaps standard"),
    ({"sites.primary.pools.0.sip_port": 70000}, "sites.primary.pools.0.sip_port", "must be 65535 or less"),
    ({"sites.primary.pools.0.sip_port": "5061"}, "sites.primary.pools.0.sip_port", "must be a whole number"),
    ({"sites.primary.pools.0.sip_port": True}, "sites.primary.pools.0.sip_port", "must be a whole number"),
    ({"failover": {"from_pool": "pool01.example.org", "to": "drse01.example.org"}}, "failover.from", "is missing"),
    ({"directory.url": "https://dc2.example.org"}, "directory.url", "is not of the right form"),
    ({"directory.url": "ldaps://dc2.example.org:99999"}, "directory.url", "port is from 1 to 65535"),
    ({"directory.base": "example.org"}, "directory.base", "is not of the right form"),
    ({"directory.start_tls": "no"}, "directory.start_tls", "must be true or false"),
    ({"directory.ca_file": ""}, "directory.ca_file", "must be a path; leave the key out where there is none"),
    ({"directory.ca_file": 7}, "directory.ca_file", "must be a path"),
    ({"directory.timeout_seconds": "15"}, "directory.timeout_seconds", "must be a number"),
    ({"directory.timeout_seconds": 0}, "directory.timeout_seconds", "must be more than 0"),
    ({"thresholds.batch_users": 2.5}, "thresholds.batch_users", "must be a whole number"),
    ({"thresholds.rtominutes": 60}, "thresholds.rtominutes", "is not a key, perhaps rto_minutes"),
    ({"management_hosts": {}}, "management_hosts", "is not a key, perhaps management_host"),
    ({"nonsense": 1}, "nonsense", "is not a key"),
    ({"dns.records.0.ttl": -1}, "dns.records.0.ttl", "must be 0 or more"),
    ({"backup.store": ""}, "backup.store", "must not be empty"),
    ({"backup.metrics_file": "/srv/metrics/lyncdr.txt"}, "backup.metrics_file", "ends with .prom"),
    ({"backup.trusted_keys": "ed25519:x"}, "backup.trusted_keys", "must be a list"),
    ({"backup.trusted_keys": ["ed25519:x"]}, "backup.trusted_keys.0", "must be a public key, ed25519:BASE64"),
    ({"backup.trusted_keys": ["ed25519:" + "A" * 43 + "="]}, "backup.trusted_keys.0", "must be a public key"),
    ({"backup.trusted_keys": ["keyring:lyncdr/signing"]}, "backup.trusted_keys.0", "must be a public key"),
    ({"backup.signing_key": "ed25519:x"}, "backup.signing_key", "must say where the secret is kept"),
    ({"backup.metrics_file": ""}, "backup.metrics_file", "must be a path; leave the key out"),
]


@pytest.mark.parametrize(("changes", "key", "said"), WRONG, ids=lambda value: str(value)[:60])
def test_a_value_of_the_wrong_kind(changes: Changes, key: str, said: str, mistakes_of: Read) -> None:
    """The key is named and what belongs there is said in plain words, with an example wherever the key is known."""
    mistake = next(one for one in mistakes_of(changed(changes)) if one.key == key)
    assert said in mistake.wrong
    assert mistake.example or key == "nonsense"


def test_a_number_without_end(mistakes_of: Read) -> None:
    """Five thousand digits are not a number here, and no crash either."""
    (mistake,) = mistakes_of(TEXT.replace("sip_port: 5061", f"sip_port: {'7' * 5000}"))
    assert mistake.wrong == "must be a whole number"


def test_half_a_character(mistakes_of: Read) -> None:
    """An escape that is half of a character is a mistake; both halves are one character."""
    assert mistakes_of(TEXT.replace("name: Head office", r'name: "\ud83d\ude00"')) == ()
    found = mistakes_of(TEXT.replace("name: Head office", r'name: "\ud83d"'))
    assert ("sites.primary.name", "holds half a character") in [(one.key, one.wrong) for one in found]


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_a_promise_is_a_finite_number(number: str, mistakes_of: Read) -> None:
    """An endless recovery time is no promise."""
    (mistake,) = mistakes_of(TEXT.replace("rto_minutes: 60", f"rto_minutes: {number}"))
    assert mistake.wrong == "must be a finite number"


def test_a_value_with_a_tag(mistakes_of: Read) -> None:
    """A value that begins with '!' is a tag in YAML: quotes are asked for, and the value is not shown."""
    found = mistakes_of(TEXT.replace("deployment: contoso", "deployment: !hunter2"))
    assert any("put it in quotes" in one.wrong and one.key == "deployment" for one in found)
    assert not any("hunter2" in str(one) for one in found)


def test_keys_are_text(mistakes_of: Read) -> None:
    """A number, a list or nothing as a key is a mistake at its line."""
    found = mistakes_of(TEXT + "\n7: x\n? [a]\n: y\n")
    lines = len(TEXT.splitlines())
    assert [(one.line, one.wrong) for one in found] == [
        (lines + 2, "has a key that is not text"),
        (lines + 3, "has a key that is not text"),
    ]


@pytest.mark.parametrize("written", ["2024-01-01", "no", "1.2.3", "~tilde~x"])
def test_what_only_looks_like_another_kind_stays_text(written: str, mistakes_of: Read) -> None:
    """A date, a 'no', a version: text where text belongs."""
    assert mistakes_of(TEXT.replace("name: Head office", f"name: {written}")) == ()
