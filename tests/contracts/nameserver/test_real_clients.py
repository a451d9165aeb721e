"""BIND's own clients, dig and nsupdate, against the lab's nameserver."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from nameserver_subjects import Make, client, lab_key

from lyncdr_helpers.lab.blueprint import Blueprint
from lyncdr_helpers.ports import RecordChange, RecordSet

pytestmark = pytest.mark.real("bind")


def dig(blueprint: Blueprint, *asked: str) -> str:
    server = [f"@{blueprint.nameserver}", "-p", str(blueprint.dns_port), "+time=2", "+tries=1", "+norecurse"]
    return subprocess.run(["dig", *server, *asked], capture_output=True, text=True, check=True).stdout


@pytest.fixture
def key_file(embedded: Blueprint, tmp_path: Path) -> Path:
    return write_key(tmp_path / "key", "lyncdr", embedded.secret("tsig").read_text(encoding="ascii").strip())


def write_key(path: Path, name: str, secret: str) -> Path:
    path.write_text(f'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n', encoding="ascii")
    return path


def nsupdate(blueprint: Blueprint, key_file: Path | None, *commands: str) -> tuple[int, str]:
    """(exit code, what it says)."""
    lines = [f"server {blueprint.nameserver} {blueprint.dns_port}", "zone lync.test", *commands, "send", ""]
    options = ["-k", str(key_file)] if key_file else []
    done = subprocess.run(["nsupdate", *options], input="\n".join(lines), capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def put(blueprint: Blueprint, *new: RecordSet) -> None:
    client(blueprint, lab_key(blueprint)).update("lync.test", [RecordChange(None, some) for some in new])


def test_dig_a(embedded: Blueprint, make: Make) -> None:
    """dig sees an authoritative answer, over UDP and over TCP."""
    put(embedded, make("10.0.0.1"))
    for transport in ("+notcp", "+tcp"):
        said = dig(embedded, make("10.0.0.1").name, transport)
        assert "status: NOERROR" in said
        assert "flags: qr aa;" in said
        assert "10.0.0.1" in said


def test_dig_srv_and_alias(embedded: Blueprint, name: str, make: Make) -> None:
    """dig reads an SRV record, and follows an alias in one answer."""
    put(embedded, make("0 0 5061 drse01.lync.test", type="SRV"), make("ns.lync.test", type="CNAME", at=f"alias.{name}"))
    assert dig(embedded, "+short", name, "SRV").strip() == "0 0 5061 drse01.lync.test."
    assert dig(embedded, "+short", f"alias.{name}", "A").split() == ["ns.lync.test.", embedded.nameserver]


def test_dig_any(embedded: Blueprint, name: str, make: Make) -> None:
    """ANY gets one record set of those at the name (RFC 8482), and no error."""
    put(embedded, make("10.0.0.1"), make("2001:db8::1", type="AAAA"))
    said = dig(embedded, name, "ANY")
    assert "status: NOERROR" in said
    assert "ANSWER: 1" in said


def test_dig_denials(embedded: Blueprint, name: str, make: Make) -> None:
    """No such name, no such type, not our zone: three different answers, the first two with the SOA."""
    put(embedded, make("10.0.0.1"))
    for asked, status, authority in (
        ((f"nobody.{name}", "A"), "NXDOMAIN", 1),
        ((name, "SRV"), "NOERROR", 1),
        (("www.example.org", "A"), "REFUSED", 0),
    ):
        said = dig(embedded, *asked)
        assert f"status: {status}" in said
        assert f"ANSWER: 0, AUTHORITY: {authority}" in said


def test_dig_transfer(embedded: Blueprint) -> None:
    """The zone is not handed out whole."""
    assert "Transfer failed" in dig(embedded, "lync.test", "AXFR")


def test_dig_falls_back_to_tcp(embedded: Blueprint, name: str, make: Make) -> None:
    """A long answer is cut over UDP, and dig fetches it whole over TCP by itself."""
    put(embedded, make(*(f"10.0.0.{i}" for i in range(200))))
    said = dig(embedded, name, "A")
    assert "Truncated, retrying in TCP mode" in said
    assert "ANSWER: 200" in said
    assert "tc" in dig(embedded, name, "A", "+ignore").split("flags:")[1].split(";")[0]


def test_nsupdate(embedded: Blueprint, key_file: Path, name: str) -> None:
    """nsupdate with the key file makes a change under prerequisites and verifies the signed answer."""
    code, said = nsupdate(embedded, key_file, f"prereq nxdomain {name}", f"update add {name} 60 A 10.0.0.1")
    assert (code, said) == (0, "")
    changes = [f"prereq yxrrset {name} A 10.0.0.1", f"update delete {name} A", f"update add {name} 30 A 10.0.0.21"]
    assert nsupdate(embedded, key_file, *changes) == (0, "")
    found = client(embedded, None).ask(name, "A")
    assert found is not None
    assert (found.ttl, found.values) == (30, ("10.0.0.21",))


@pytest.mark.parametrize(
    ("prerequisite", "said"),
    [
        ("prereq yxrrset {} A 10.0.0.9", "NXRRSET"),
        ("prereq yxrrset {} SRV", "NXRRSET"),
        ("prereq nxrrset {} A", "YXRRSET"),
        ("prereq nxdomain {}", "YXDOMAIN"),
        ("prereq yxdomain x.{}", "NXDOMAIN"),
    ],
)
def test_nsupdate_prerequisites(embedded: Blueprint, key_file: Path, make: Make, prerequisite: str, said: str) -> None:
    """A prerequisite that does not hold stops the update with its own code."""
    standing = make("10.0.0.1")
    put(embedded, standing)
    code, words = nsupdate(
        embedded, key_file, prerequisite.format(standing.name), f"update add {standing.name} 60 A 10.0.0.21"
    )
    assert code != 0
    assert said in words
    assert client(embedded, None).ask(standing.name, "A") == standing


@pytest.mark.parametrize(
    ("key", "secret", "said"), [("lyncdr", "d3Jvbmc=", "BADSIG"), ("other", None, "BADKEY"), (None, None, "REFUSED")]
)
def test_nsupdate_without_the_key(
    embedded: Blueprint, tmp_path: Path, name: str, key: str | None, secret: str | None, said: str
) -> None:
    """A wrong secret, an unknown key, no key: each has its answer, and nothing changes."""
    known = embedded.secret("tsig").read_text(encoding="ascii").strip()
    key_file = write_key(tmp_path / "bad", key, secret or known) if key else None
    code, words = nsupdate(embedded, key_file, f"update add {name} 60 A 10.0.0.21")
    assert code != 0
    assert said in words
    assert client(embedded, None).ask(name, "A") is None
