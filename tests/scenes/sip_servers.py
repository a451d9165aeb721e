"""kamailio as any number of Lync registrars, each at its own address with its own certificate and TLS versions."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lyncdr_helpers.adapters.dialer import SocketDialer

HERE = Path(__file__).parent
PORT = 5061
START_SECONDS = 30
PROFILE = """\
[server:{place}]
method = {method}
cipher_list = ALL:@SECLEVEL=0
verify_certificate = {asks}
require_certificate = {asks}
private_key = {key}
certificate = {chain}
"""

LENIENT = """\
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl_conf
[ssl_conf]
system_default = system_default
[system_default]
MinProtocol = None
CipherString = ALL:@SECLEVEL=0
"""
"""OpenSSL as it was in the days of TLS 1.0: it loads weak certificates, too."""


@dataclass(frozen=True)
class Endpoint:
    """One registrar. method: kamailio's word for TLS versions. asks: it wants its client's certificate."""

    address: str
    chain: Path
    key: Path
    method: str = "TLSv1.2+"
    asks: bool = False


@contextmanager
def kamailio(folder: Path, endpoints: Sequence[Endpoint]) -> Iterator[None]:
    """A real SIP server that is all of them, from the moment that they take connections."""
    folder.mkdir()
    listeners = "\n".join(f"listen=tls:{one.address}:{PORT}" for one in endpoints)
    text = (HERE / "kamailio.cfg").read_text(encoding="utf-8")
    (folder / "kamailio.cfg").write_text(text.replace("LISTENERS", listeners).replace("FOLDER", str(folder)))
    profiles = [_profile("default", endpoints[0]), *(_profile(f"{one.address}:{PORT}", one) for one in endpoints)]
    (folder / "tls.cfg").write_text("\n".join(profiles))
    (folder / "openssl.cnf").write_text(LENIENT)
    program = shutil.which("kamailio", path=os.environ["PATH"] + os.pathsep + "/usr/sbin")
    assert program
    command = [program, "-DD", "-E", "-f", folder / "kamailio.cfg", "-Y", folder, "-w", folder]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "OPENSSL_CONF": str(folder / "openssl.cnf")},
        )
    try:
        for one in endpoints:
            _wait_for(one.address, process, folder / "log")
        yield
    finally:
        process.terminate()
        process.wait(10)


def _profile(place: str, one: Endpoint) -> str:
    asks = "yes" if one.asks else "no"
    return PROFILE.format(place=place, method=one.method, asks=asks, key=one.key, chain=one.chain)


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """It listens some time before its workers shake hands."""
    until, dialer = time.monotonic() + START_SECONDS, SocketDialer(1.0, None)
    while not (dialer.knock(address, PORT) and any(dialer.tls_versions(address, PORT, "").values())):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < until, log.read_text()
        time.sleep(0.05)
