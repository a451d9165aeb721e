"""What a lab is made of: parameters, certificates, passwords, and addresses of its own."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path

import pytest
from cryptography import x509

from lyncdr_helpers.backups import signed
from lyncdr_helpers.lab import pki
from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.lab.claim import Claim, Taken, claim_subnet
from lyncdr_helpers.lab.params import render
from lyncdr_helpers.params.reading import read_params

ROOT = Path(__file__).parents[2]


def test_the_checked_in_parameters_are_the_default_labs():
    """params/lab.yml leads to the lab that `lyncdr lab up` starts in .lab beside params."""
    assert (ROOT / "params" / "lab.yml").read_text() == render(Blueprint(ROOT / ".lab"), ROOT / "params")


@pytest.mark.parametrize(
    ("kinds", "directory", "dns"),
    [
        ({}, "ldaps://127.53.63.10:6360", ("127.53.63.53", 5300, "tsig")),
        ({"directory": "samba", "dns": "bind"}, "ldaps://127.53.63.10:636", ("127.53.63.53", 5300, "tsig")),
        ({"directory": "samba", "dns": "samba"}, "ldaps://127.53.63.10:636", ("127.53.63.10", 53, "gss-tsig")),
    ],
)
def test_a_labs_own_parameters(tmp_path, kinds, directory, dns):
    """Whatever a lab runs on, its own parameters are valid, and lead to its addresses, files and secrets."""
    blueprint = Blueprint(tmp_path / "a lab", subnet="127.53.63", generation="lync2013", **kinds)
    pki.make_secrets(blueprint)
    blueprint.params_file.write_text(render(blueprint, blueprint.folder))
    loaded = read_params(blueprint.params_file)
    (server,) = loaded.params.dns.servers
    assert loaded.params.generation == "lync2013"
    assert loaded.params.directory.url == directory
    assert (server.address, server.port, server.update) == dns
    assert loaded.params.target_pool.servers[0].address == "127.53.63.21"
    assert loaded.locate(loaded.params.management_host.exchange.here) == blueprint.drive_c / "lyncdr"
    assert loaded.locate(loaded.params.backup.store) == blueprint.store
    assert signed.keys_of(loaded).to_sign() is not None


def test_certificates(tmp_path):
    """Four certificates of the lab's CA, each with its host's names, the two servers with their addresses too."""
    blueprint = Blueprint(tmp_path, subnet="127.53.63")
    pki.issue(blueprint)
    authority = x509.load_pem_x509_certificate(blueprint.ca_file.read_bytes())
    seen = {}
    for host in ("dc1", "mgmt", "pool01", "drse01"):
        certificate = x509.load_pem_x509_certificate(blueprint.certificate(host)[0].read_bytes())
        certificate.verify_directly_issued_by(authority)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        addresses = [str(one) for one in names.get_values_for_type(x509.IPAddress)]
        seen[host] = names.get_values_for_type(x509.DNSName) + addresses
    shared = ["sip", "sipinternal", "meet", "dialin", "admin", "lyncdiscoverinternal"]
    shared = [f"{host}.lync.test" for host in shared]
    assert seen == {
        "dc1": ["dc1.lync.test", "127.53.63.10"],
        "mgmt": ["mgmt.lync.test", "127.53.63.20"],
        "pool01": ["pool01.lync.test", "fe01.lync.test", *shared],
        "drse01": ["drse01.lync.test", *shared],
    }


@pytest.mark.skipif(os.name != "posix", reason="on Windows the user's profile guards the files")
def test_secrets_are_their_owners(tmp_path):
    """Keys and passwords are for their owner alone, and no two labs share one."""
    labs = [Blueprint(tmp_path / name) for name in ("a", "b")]
    for blueprint in labs:
        pki.issue(blueprint)
        pki.make_secrets(blueprint)
    names = [*pki.PASSWORDS, "tsig", "signing"]
    for path in [labs[0].certificate("dc1")[1], *(labs[0].secret(name) for name in names)]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len({blueprint.secret(name).read_text() for blueprint in labs for name in names}) == 2 * len(names)


def test_two_claims_never_share_a_subnet(tmp_path):
    """Whoever claims second gets the next subnet, and the first again once it is free."""
    wanted = Blueprint(tmp_path)
    with claim_subnet(wanted, range(63, 65)) as first, claim_subnet(wanted, range(63, 65)) as second:
        assert (first.blueprint.subnet, second.blueprint.subnet) == ("127.53.63", "127.53.64")
        with pytest.raises(Taken, match="Every loopback subnet"):
            claim_subnet(wanted, range(63, 65))
    with claim_subnet(wanted, range(63, 65)) as again:
        assert again.blueprint.subnet == "127.53.63"


def test_an_address_in_use_is_named(tmp_path):
    """The address that is taken, who has it and how to see that are told, and nothing stays claimed."""
    blueprint = Blueprint(tmp_path, subnet="127.53.63")
    with (
        socket.create_server((blueprint.dr_server, blueprint.sip_port)),
        pytest.raises(Taken, match=rf"127\.53\.63\.21:5061 is in use by process {os.getpid()}.*ss -ltnp"),
    ):
        Claim(blueprint)
    Claim(blueprint).release()
