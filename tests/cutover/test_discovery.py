"""The names that clients try: all of them, in their order, for every SIP domain."""

from __future__ import annotations

from lyncdr_helpers.dns import discovery
from lyncdr_helpers.params.dns_rules import CLIENT_NAMES


def test_the_order_of_a_client() -> None:
    """Autodiscovery first, then service records, then names that need no record of their own kind."""
    names = list(dict.fromkeys(one.name for one in discovery.questions(["lync.test"])))
    assert names == [
        "lyncdiscoverinternal.lync.test",
        "lyncdiscover.lync.test",
        "_sipinternaltls._tcp.lync.test",
        "_sipinternal._tcp.lync.test",
        "_sip._tls.lync.test",
        "sipinternal.lync.test",
        "sip.lync.test",
        "sipexternal.lync.test",
        "_sipfederationtls._tcp.lync.test",
    ]


def test_the_parameters_know_the_same_names() -> None:
    """What the parameters take for a client's name is what is looked for."""
    assert set(discovery.STARTS) == set(CLIENT_NAMES)


def test_every_type_that_leads_somewhere() -> None:
    """A host may have addresses of both kinds or an alias, a service its own type alone; each domain has them all."""
    asked = [one.key for one in discovery.questions(["a.test", "b.test"])]
    assert {key for key in asked if key.startswith("sip.")} == {
        f"sip.{domain} {kind}" for domain in ("a.test", "b.test") for kind in ("A", "AAAA", "CNAME")
    }
    assert "_sip._tls.b.test SRV" in asked
    assert len(asked) == len(set(asked)) == 2 * 19
