"""What single sections cannot know: each rule alone finds its mistake, and nothing else does."""

from __future__ import annotations

import inspect

import pytest
from params_sample import GONE, Changes, Read, changed, example

from lyncdr_helpers.params import dns_rules, rules
from lyncdr_helpers.params.models import Params

FE01 = {"fqdn": "fe01.example.org", "address": "192.0.2.11"}
POOL01 = {"fqdn": "pool01.example.org", "edition": "standard", "servers": [FE01]}


def record(name: str, kind: str, *to: str) -> dict[str, object]:
    return {"name": name, "type": kind, "to": list(to)}


CASES: list[tuple[str, Changes, str, str]] = [
    # (rule, what is changed in the example, the key that is named, what is said)
    ("pool_names", {"sites.primary.pools.0.fqdn": "drse01.example.org", "failover.from": "drse01.example.org"},
     "sites.dr.pools.0.fqdn", "drse01.example.org is used twice: it stands at sites.primary.pools.0.fqdn already"),
    ("machines", {"sites.dr.pools.0.servers.0.address": "192.0.2.12", "sites.dr.addresses.1": "198.51.100.21"},
     "sites.dr.pools.0.servers.0.address", "192.0.2.12 is used twice"),
    ("machines", {"sites.dr.pools.0.servers.0.fqdn": "fe02.example.org"}, "sites.dr.pools.0.servers.0.fqdn", "twice"),
    ("machines", {"sites.dr.addresses.1": "192.0.2.100"}, "sites.dr.addresses.1", "192.0.2.100 is used twice"),
    ("machines", {"sites.dr.addresses.1": "192.0.2.11"}, "sites.dr.addresses.1", "192.0.2.11 is used twice"),
    ("editions", {"sites.primary.pools.0.edition": "standard", "sites.primary.pools.0.sql": ""},
     "sites.primary.pools.0.servers", "a Standard Edition pool is one server"),
    ("editions", {"sites.dr.pools.0.sql": "sql02.example.org"}, "sites.dr.pools.0.sql", "Standard Edition"),
    ("back_ends", {"sites.primary.pools.0.sql": GONE}, "sites.primary.pools.0.sql", "is missing"),
    ("failover_pools", {"failover.from": "pool09.example.org"}, "failover.from", "not a pool of sites.primary"),
    ("failover_pools", {"failover.to": "pool01.example.org"}, "failover.to", "not a pool of sites.dr"),
    ("archiving", {"requirements.archiving.must_be_up_to_sign_in": True},
     "requirements.archiving.must_be_up_to_sign_in", "is for archiving that is needed"),
    ("group_chat_backup", {"requirements.group_chat": True, "group_chat": GONE},
     "requirements.group_chat", "the section group_chat is missing"),
    ("directory_sign_in", {"directory.bind.user": ""}, "directory.bind.user", "is missing"),
    ("directory_sign_in", {"directory.bind.password": GONE}, "directory.bind.password", "is missing"),
    ("directory_sign_in", {"directory.bind.method": "ntlm", "directory.bind.user": GONE}, "directory.bind.user",
     "an NTLM bind needs it"),
    ("directory_sign_in", {"directory.url": "ldap://dc2.example.org"}, "directory.url", "in clear"),
    ("directory_sign_in", {"directory.start_tls": True}, "directory.start_tls", "ldap:// only"),
    ("management_sign_in", {"management_host.url": GONE}, "management_host.url", "is missing"),
    ("management_sign_in", {"management_host.user": GONE}, "management_host.user", "is missing"),
    ("management_sign_in", {"management_host.password": GONE}, "management_host.password", "is missing"),
    ("management_sign_in", {"management_host.auth": "kerberos", "management_host.password": GONE},
     "management_host.password", "is missing"),
    ("management_sign_in", {"management_host.auth": "basic", "management_host.url": "http://mgmt02.example.org/wsman"},
     "management_host.url", "in clear"),
    ("store_access", {"backup.store": "D:\\sets", "backup.s3_endpoint": GONE, "backup.store_ca_file": GONE},
     "backup.store_login", "is for smb:// and s3:// only"),
    ("store_access", {"backup.store": r"\\\\drfs01\lyncdr", "backup.s3_endpoint": GONE, "backup.store_ca_file": GONE},
     "backup.store_login", "reached as this account"),
    ("store_access", {"backup.store": "smb://drfs01.example.org/lyncdr", "backup.store_ca_file": GONE},
     "backup.s3_endpoint", "is for a store at s3:// only"),
    ("store_access", {"backup.store": "smb://drfs01.example.org/lyncdr", "backup.s3_endpoint": GONE},
     "backup.store_ca_file", "is for a store at s3:// only"),
    ("store_access", {"backup.s3_endpoint": "http://s3.dr.example.org"}, "backup.store_ca_file", "is for https"),
    ("names", {"dns.servers.1.name": "dc2"}, "dns.servers.1.name", "dc2 is used twice"),
    ("names", {"dns.resolvers.1": {"name": "branch", "address": "203.0.113.54"}}, "dns.resolvers.1.name", "twice"),
    ("update_methods", {"dns.servers.0.host": GONE}, "dns.servers.0.host", "gss-tsig needs the server's name"),
    ("update_methods", {"dns.servers.1.tsig": GONE}, "dns.servers.1.tsig", "tsig needs a key"),
    ("zones", {"dns.records.3.name": "meet.contoso.test"}, "dns.records.3.name", "in no zone of dns.servers"),
    ("record_sets", {"dns.records.1.name": "sip.example.org"}, "dns.records.1", "sip.example.org A is used twice"),
    ("record_sets", {"dns.records.3.name": "dialin.example.org"}, "dns.records.3.type", "a CNAME stands alone"),
    ("record_sets", {"dns.records.4.to": ["drse01.example.org", "sip.example.org"]}, "dns.records.4.to", "one target"),
    ("sip_domains", {"dns.records.0.name": "sip.sub.example.org"}, "dns.records.0.name", "example.org, example.net"),
    ("sip_domains", {"dns.servers.0.zones": ["example.org", "contoso.test"],
                     "dns.records.8": record("_sip._tls.contoso.test", "SRV", "0 0 443 x.contoso.test."),
                     "dns.records.9": record("x.contoso.test", "A", "198.51.100.100")},
     "dns.records.8.name", "none of example.org, example.net"),
    ("service_records", {"dns.records.5.name": "sips.example.org"}, "dns.records.5.name", "_service._tcp"),
    ("service_records", {"dns.records.5.to": ["0 0 drse01.example.org."]}, "dns.records.5.to.0", "priority, weight"),
    ("service_records", {"dns.records.5.to": ["0 0 65536 drse01.example.org."]}, "dns.records.5.to.0", "priority"),
    ("service_records", {"dns.records.5.to": ["0 0 5061 drse01.example.org"]}, "dns.records.5.to.0", "target."),
    ("service_records", {"dns.records.7.to": ["0 0 5061 drse01.example.org."]}, "dns.records.7.to.0",
     "drse01.example.org is outside example.net"),
    ("targets", {"dns.records.0.to": ["192.0.2.11"]}, "dns.records.0.to.0", "192.0.2.11 is not an address of sites.dr"),
    ("targets", {"dns.records.0.to": ["198.51.100.21", "198.51.100.22"]}, "dns.records.0.to.1", "not an address of"),
    ("targets", {"dns.records.0.to": ["drse01.example.org"]}, "dns.records.0.to.0", "must be an IPv4 address"),
    ("targets", {"dns.records.0.to": ["2001:db8::21"]}, "dns.records.0.to.0", "the record's type is A"),
    ("targets", {"dns.records.0.type": "AAAA"}, "dns.records.0.to.0", "the record's type is AAAA"),
    ("targets", {"dns.records.4.to": ["pool01.example.org"]}, "dns.records.4.to.0", "not a pool or server of sites.dr"),
    ("targets", {"dns.records.4.to": ["198.51.100.21"]}, "dns.records.4.to.0", "must be a full name"),
    ("targets", {"dns.records.5.to": ["0 0 5061 pool01.example.org."]}, "dns.records.5.to.0", "not a pool or server"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "changes", "key", "said"), CASES)
def test_a_rule_alone_finds_its_mistake(rule: str, changes: Changes, key: str, said: str, mistakes_of: Read) -> None:
    """One change makes one mistake: its key, its words, and an example."""
    (mistake,) = mistakes_of(changed(changes))
    assert mistake.key == key
    assert said in mistake.wrong
    assert mistake.example


def test_every_rule_has_a_case() -> None:
    """No rule is left without a file that it alone refuses."""
    assert {rule for rule, *_ in CASES} == {rule.findings.__name__ for rule in rules.RULES}


def test_every_function_of_the_rules_is_a_rule() -> None:
    """A rule that is written but not listed would never run."""
    written = {
        name
        for module in (rules, dns_rules)
        for name, value in inspect.getmembers(module, inspect.isfunction)
        if value.__module__ == module.__name__ and not name.startswith("_")
    }
    assert written == {rule.findings.__name__ for rule in rules.RULES}


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda rule: rule.findings.__name__)
def test_a_rule_reads_only_what_it_says_it_needs(rule: rules.Rule) -> None:
    """With the other sections absent it still runs; with one of its own absent it cannot."""
    whole = Params.model_validate(example())
    needed = {name: getattr(whole, name) for name in rule.needs}
    list(rule.findings(Params.model_construct(**needed)))
    for name in rule.needs:
        rest = {key: value for key, value in needed.items() if key != name}
        bare = Params.model_construct(**rest)
        bare.__dict__.pop(name, None)
        with pytest.raises(AttributeError):
            list(rule.findings(bare))


SOUND: dict[str, Changes] = {
    "a record may point to another record that moves": {
        "dns.records.8": record("_sip._tls.example.org", "SRV", "0 0 443 sip.example.org.")
    },
    "an IPv6 address of the DR site in another spelling": {
        "sites.dr.addresses": ["198.51.100.100", "2001:db8:0::21"],
        "dns.records.8": record("webconf.example.org", "AAAA", "2001:0db8::0021"),
    },
    "names in capitals": {"dns.records.0.name": "SIP.Example.ORG", "failover.from": "POOL01.example.org"},
    "an Enterprise pool without its SQL server, after Lync 2010": {
        "generation": "lync2013",
        "sites.primary.pools.0.sql": GONE,
    },
    "StartTLS instead of ldaps": {"directory.url": "ldap://dc2.example.org", "directory.start_tls": True},
    "Kerberos needs neither user nor password": {"directory.bind": {"method": "kerberos"}},
    "a ticket instead of a WinRM password": {
        "management_host.auth": "kerberos",
        "management_host.user": GONE,
        "management_host.password": GONE,
    },
    "a local shell needs no endpoint": {
        "management_host": {"transport": "local", "exchange": {"there": "D:\\x", "here": "D:\\x"}}
    },
    "a share with an account of its own": {
        "backup.store": "smb://drfs01.example.org/lyncdr",
        "backup.s3_endpoint": GONE,
        "backup.store_ca_file": GONE,
    },
    "a UNC path, as this account": {
        "backup.store": r"\\drfs01.example.org\lyncdr",
        "backup.store_login": GONE,
        "backup.s3_endpoint": GONE,
        "backup.store_ca_file": GONE,
    },
    "a bucket of Amazon's, as this machine": {"backup.store_login": GONE, "backup.s3_endpoint": GONE},
    "a bucket without TLS": {"backup.s3_endpoint": "http://minio:9000", "backup.store_ca_file": GONE},
    "several addresses for one name": {"dns.records.0.to": ["198.51.100.21", "198.51.100.100"]},
}


@pytest.mark.parametrize("changes", SOUND.values(), ids=SOUND)
def test_what_is_sound_passes(changes: Changes, mistakes_of: Read) -> None:
    """Rules refuse mistakes, not unusual deployments."""
    assert mistakes_of(changed(changes)) == ()


def test_rules_run_while_other_sections_are_broken(mistakes_of: Read) -> None:
    """A mistake in one section hides no cross-field mistake of the others."""
    found = mistakes_of(changed({"deployment": 7, "directory": GONE, "failover.from": "x.example.org"}))
    assert {mistake.key for mistake in found} == {"deployment", "directory", "failover.from"}


def test_an_example_of_a_rule_can_be_copied(mistakes_of: Read) -> None:
    """Where a rule takes its example from this file, putting the example in makes the file sound."""
    (mistake,) = mistakes_of(changed({"failover.from": "pool09.example.org"}))
    assert mistake.example == "from: pool01.example.org"
    assert mistakes_of(changed({"failover.from": "pool01.example.org"})) == ()
