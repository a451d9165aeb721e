"""The DR site's ports and certificates, from here and from the management host, over real sockets and WinRM."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from dead_ends import blackhole, says_nothing, served
from phase_scene import management_host

from lyncdr_helpers.lab.blueprint import DR_POOL
from lyncdr_helpers.lab.registrar import Registrar
from lyncdr_helpers.lab.winrm import Call, Category, CmdletError
from lyncdr_helpers.phases import readiness_probes
from lyncdr_helpers.phases.readiness_probes import Probed
from lyncdr_helpers.probes.survey import PROBE_SECONDS
from lyncdr_helpers.session import Session, open_session

MUST_HERE, SHOULD_HERE = f"{DR_POOL} must answer from here", f"{DR_POOL} should answer from here"
FROM_THERE = f"{DR_POOL} should answer from mgmt.lync.test"
MUST_PORTS = [135, 443, 444, 445, 5061, 5062, 5063, 5065, 5071, 8057]
CERTIFICATE = [f"{DR_POOL}:5061 {what}" for what in ("names", "dates", "trust", "strength", "TLS versions")]


def verdicts(probed: Probed) -> dict[str, str]:
    return {one.name: str(one.verdict) for one in probed.checks}


def seen(probed: Probed, name: str) -> str:
    return next(one.seen for one in probed.checks if one.name == name)


def doors(probed: Probed) -> dict[int, str]:
    return {row["port"]: row["door"] for row in probed.rows}


def may_listen_below_1024() -> bool:
    try:
        socket.create_server(("127.53.63.200", 443)).close()
    except PermissionError:
        return False
    return True


@pytest.fixture
def registrar(scene) -> Iterator[Registrar]:
    """The DR pool's registrar, which is all of it that the lab has."""
    server = Registrar(scene.blueprint, DR_POOL)
    server.start()
    yield server
    server.stop()


# -- from here --------------------------------------------------------------------------------------------------------
def test_a_registrar_and_nothing_else(scene, registrar):
    """Its certificate is green for all its names; every other port is refused, and named with what is lost."""
    probed = readiness_probes.from_here(scene.session())
    assert verdicts(probed) == {MUST_HERE: "fail", SHOULD_HERE: "warn", **dict.fromkeys(CERTIFICATE, "pass")}
    assert doors(probed)[5061] == "open"
    assert {door for port, door in doors(probed).items() if port != 5061} == {"refused"}
    assert "444 refused (conferences and branch appliances reach the Focus)" in seen(probed, MUST_HERE)
    assert "5061" not in seen(probed, MUST_HERE)


def test_rows(scene, registrar):
    """One row for each port, whole, with the certificate where one was shown."""
    probed = readiness_probes.from_here(scene.session())
    assert sorted(row["port"] for row in probed.rows if row["severity"] == "must") == MUST_PORTS
    (row,) = [row for row in probed.rows if row["port"] == 5061]
    assert (row["machine"], row["address"]) == (DR_POOL, scene.blueprint.dr_server)
    assert (row["seen_from"], row["severity"], row["door"], row["note"]) == ("here", "must", "open", "")
    assert row["certificate"] == f"CN={DR_POOL},OU={row['certificate'].partition('OU=')[2]}"
    assert "TLSv1.2" in row["versions"]
    assert row["ends"] > "2026"
    assert all(list(one) == list(row) for one in probed.rows)


@pytest.mark.skipif(not may_listen_below_1024(), reason="listens on ports below 1024")
def test_a_site_where_all_answer(scene, registrar):
    """Everything is green when every port has its server; only web services that speak no TLS show no certificate."""
    with ExitStack() as stack:
        for port in [*MUST_PORTS, 80, 4443, 8058, 8060, 8061, 8080, 8404]:
            if port != 5061:
                stack.enter_context(served(scene.blueprint.dr_server, lambda connection: connection.close(), port))
        probed = readiness_probes.from_here(scene.session())
    unseen = {f"{DR_POOL}:{port} certificate": "unknown" for port in (443, 4443)}
    green = dict.fromkeys([MUST_HERE, SHOULD_HERE, *CERTIFICATE], "pass")
    assert verdicts(probed) == {**green, **unseen}


def test_a_site_that_is_lost(scene, registrar):
    """Where nobody is, everything that must answer is red and no certificate is green."""
    scene.fail("dr")
    time.sleep(0.3)
    probed = readiness_probes.from_here(scene.session())
    assert verdicts(probed) == {MUST_HERE: "fail", SHOULD_HERE: "warn"}
    assert set(doors(probed).values()) == {"refused"}


def test_a_machine_that_drops_everything(scene):
    """Silence is told from a refusal, and costs the probes' time, not the session's."""
    with blackhole(scene.blueprint.dr_server, 5061):
        began = time.monotonic()
        probed = readiness_probes.from_here(scene.session())
        assert time.monotonic() - began < PROBE_SECONDS + 2
    assert doors(probed)[5061] == "silent"
    assert "5061 silent (clients sign in, servers talk SIP)" in seen(probed, MUST_HERE)


def test_a_service_that_hangs(scene):
    """An open port that never speaks shows no certificate: unknown, which is not green."""
    with served(scene.blueprint.dr_server, says_nothing, 5061):
        probed = readiness_probes.from_here(scene.session())
    assert verdicts(probed)[f"{DR_POOL}:5061 certificate"] == "unknown"
    assert "did not answer in time" in seen(probed, f"{DR_POOL}:5061 certificate")


# -- from the management host -----------------------------------------------------------------------------------------
@pytest.fixture
def from_there(scene, tmp_path: Path) -> Iterator[Callable[..., Session]]:
    """A session whose management host has this New-Object; without one it has the lab's."""
    with ExitStack() as stack:

        def session(cmdlet: Callable[[Call], None] | None = None, mode: str = "live", **changes: str) -> Session:
            some = {"New-Object": cmdlet} if cmdlet else {}
            params = stack.enter_context(management_host(scene, tmp_path, some))
            text = params.read_text()
            for old, new in changes.items():
                assert old in text
                text = text.replace(old, new)
            params.write_text(text)
            opened = open_session("prepare", params, mode=mode, run="new", locked=False)
            stack.callback(opened.close)
            return opened

        yield session


def test_ports_from_the_management_host(registrar, from_there):
    """It really connects, from there: what listens is open and the rest refused; it is no machine of the pool."""
    probed = readiness_probes.from_management_host(from_there())
    assert verdicts(probed) == {FROM_THERE: "warn"}
    assert sorted(doors(probed)) == MUST_PORTS
    assert doors(probed)[5061] == "open"
    assert {door for port, door in doors(probed).items() if port != 5061} == {"refused"}
    assert {row["seen_from"] for row in probed.rows} == {"mgmt.lync.test"}
    assert "actively refused it" in next(row["note"] for row in probed.rows if row["port"] == 444)


def test_a_management_host_that_is_the_dr_server(registrar, from_there):
    """On the DR pool's own server what must answer must, and red is red."""
    session = from_there(**{"drse01.lync.test, address": "mgmt.lync.test, address"})
    assert list(verdicts(readiness_probes.from_management_host(session)).items()) == [
        ("mgmt.lync.test must answer from mgmt.lync.test", "fail")
    ]


@pytest.mark.parametrize(
    ("error_id", "message"),
    [
        ("CommandNotFoundException", "The term 'New-Object' is not recognized as the name of a cmdlet."),
        (
            "CannotCreateTypeConstrainedLanguage,Microsoft.PowerShell.Commands.NewObjectCommand",
            "Cannot create type. Only core types are supported in this language mode.",
        ),
    ],
)
def test_a_session_that_may_not_try(scene, from_there, error_id, message):
    """A no-language endpoint, or a constrained one, makes no connection: unknown with its reason, and asked once."""
    asked = []

    def refuse(call: Call) -> None:
        asked.append(call.get("ArgumentList"))
        raise CmdletError(message, error_id, Category.PermissionDenied)

    probed = readiness_probes.from_management_host(from_there(refuse))
    assert verdicts(probed) == {FROM_THERE: "unknown"}
    assert message in seen(probed, FROM_THERE)
    assert set(doors(probed).values()) == {"not seen"}
    assert len(asked) == 1


def test_a_machine_that_is_silent_from_there(from_there, monkeypatch):
    """It is asked once: Windows waits for 21 seconds, and the machine's other ports would take as long each."""
    monkeypatch.setattr(readiness_probes, "SILENT_AFTER", 0.5)
    asked = []

    def wait(call: Call) -> None:
        asked.append(call.get("ArgumentList"))
        time.sleep(0.7)
        raise CmdletError("did not properly respond", "ConstructorInvokedThrowException,x", Category.InvalidOperation)

    probed = readiness_probes.from_management_host(from_there(wait))
    assert len(asked) == 1
    assert sorted(set(doors(probed).values())) == ["not seen", "silent"]
    assert "was silent on 5061, and was not asked again" in " ".join(row["note"] for row in probed.rows)
    assert verdicts(probed) == {FROM_THERE: "unknown"}


def test_no_time_left_there(registrar, from_there, monkeypatch):
    """When its time is up the rest is not seen, and said not to be."""
    monkeypatch.setattr(readiness_probes, "THERE_SECONDS", 0.0)
    probed = readiness_probes.from_management_host(from_there())
    assert verdicts(probed) == {FROM_THERE: "unknown"}
    assert "no time left" in seen(probed, FROM_THERE)


def test_a_management_host_that_is_cut_off(scene, from_there):
    """Nothing was changed and nothing is known: unknown, and the phase goes on."""
    session = from_there(**{f"https://{scene.blueprint.subnet}.30:": "https://127.53.63.99:"})
    probed = readiness_probes.from_management_host(session)
    assert verdicts(probed) == {FROM_THERE: "unknown"}
    assert "127.53.63.99" in seen(probed, FROM_THERE)


def test_both_together(scene, registrar, from_there):
    """All checks and all rows, from both places."""
    session = from_there()
    probed = readiness_probes.probe(session)
    assert list(verdicts(probed)) == [MUST_HERE, SHOULD_HERE, *CERTIFICATE, FROM_THERE]
    assert {row["seen_from"] for row in probed.rows} == {"here", "mgmt.lync.test"}


def test_a_rehearsal_looks_too(scene, registrar, from_there):
    """Looking changes nothing, so a rehearsal does it as well."""
    probed = readiness_probes.probe(from_there(mode="rehearse"))
    assert {row["port"] for row in probed.rows if row["door"] == "open"} == {5061}
    assert len([row for row in probed.rows if row["door"] == "open"]) == 2
