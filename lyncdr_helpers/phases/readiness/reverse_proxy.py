"""The reverse proxy of the DR site: does something answer where the web's records will lead, and with their names?

Whether it hands on to the DR pool nobody can see from outside: that stays a thing to look at on site.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from lyncdr_helpers.checks import Checklist, judge
from lyncdr_helpers.dns import cutover
from lyncdr_helpers.params.models import Params
from lyncdr_helpers.ports import Door
from lyncdr_helpers.probes.certificates import WEB_HOSTS, Names, judge_certificate
from lyncdr_helpers.session import Session

AREA, PORT = "reverse proxy", 443


def check(session: Session, simple_urls: Sequence[str] = ()) -> Checklist:
    """Two checks of its certificate, which are a must, for each address; that it answers here is a should.

    Nothing where the web's records lead to the pool itself. simple_urls: the hosts of the deployment's own.
    """
    checks = Checklist()
    for address, names in _published(session.params, simple_urls).items():
        name, expected = f"reverse proxy {address}", f"{PORT} open, for {', '.join(names)}"
        with checks.asking(AREA, name, expected, soft=True):
            door = session.dialer.door(address, PORT)
            remedy = "Publish the DR pool's web services there; where this machine may not see it, look from outside."
            there = door is Door.OPEN
            checks.add(judge(AREA, name, there, seen=f"{PORT} {door}", expected=expected, remedy=remedy, soft=True))
            if there:
                facts, days = session.dialer.tls(address, PORT, names[0]), session.params.thresholds.certificate_days
                wanted = Names(wild=tuple(names))
                named, dates, _ = judge_certificate(facts, wanted, session.clock.now(), renew_days=days, of=name)
                # Who vouches for it: a public CA, which the CA file of the parameters need not hold.
                checks.add(named, dates)
    return checks


def _published(params: Params, simple_urls: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Address of the DR site that is no server's -> the web's names that will lead there."""
    web = {f"{host}.{domain}" for host in WEB_HOSTS for domain in params.sip_domains} | set(simple_urls)
    servers = {server.address for pool in params.sites.dr.pools for server in pool.servers}
    found: dict[str, list[str]] = defaultdict(list)
    for record in params.dns.records:
        if record.type in cutover.ADDRESSES and record.name in web:
            for address in record.to:
                if address not in servers:
                    found[address].append(record.name)
    return found
