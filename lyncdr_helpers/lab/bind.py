"""The lab's zone on a real BIND (Linux only): a `named` of the current user, in a folder of its own.

named listens only on addresses that a network interface carries, and a lab's loopback addresses are on none. So it
listens on a free port of 127.0.0.1, and the lab's address passes every message through to it, byte for byte.
"""

from __future__ import annotations

import binascii
import os
import shutil
import signal
import socket
import subprocess
import time
from base64 import b64decode
from collections.abc import Iterable

from lyncdr_helpers import files
from lyncdr_helpers.adapters.dns import DnsNameserver
from lyncdr_helpers.adapters.tsig import SharedKey
from lyncdr_helpers.errors import LyncdrError, OperationError, Refusal
from lyncdr_helpers.lab.blueprint import DOMAIN, TSIG_KEY, Blueprint
from lyncdr_helpers.lab.dns import zone
from lyncdr_helpers.lab.dns.sockets import MAX_MESSAGE, DnsSockets, read_message, write_message
from lyncdr_helpers.ports import RecordSet

LOOPBACK = "127.0.0.1"
READY_SECONDS = 15
STOP_SECONDS = 10
ANSWER_SECONDS = 5
POLL_SECONDS = 0.05
PORTS = 3
"""How many ports are tried: what was free may be somebody else's before named is there."""
TAKEN = "address in use"
"""What named says then; it goes on without TCP where only that was taken."""

CONFIGURATION = """\
key "{key}" {{ algorithm hmac-sha256; secret "{secret}"; }};
controls {{ }};
options {{
  directory "{folder}";
  pid-file none;
  session-keyfile none;
  lock-file none;
  reuseport no;
  listen-on port {port} {{ {address}; }};
  listen-on-v6 {{ none; }};
  recursion no;
  minimal-any yes;
  notify no;
  allow-transfer {{ none; }};
  dnssec-validation no;
}};
zone "{domain}" {{
  type primary;
  file "{zone_file}";
  update-policy {{ grant {key} zonesub ANY; }};
}};
"""
"""No control channel, and no file outside `directory`."""

TIED = 'exec 3<&0; "$@" & named=$!; (cat <&3 >/dev/null; kill $named) & wait $named'
"""Runs a program until it ends by itself or standard input closes, and so never longer than the lab's process."""


class BindServer:
    """The same zone, address, port and TSIG key as the embedded `ZoneServer`, served by BIND."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._folder = (blueprint.folder / "bind").resolve()
        self._zone_file = self._folder / f"{DOMAIN}.zone"
        self._sockets = DnsSockets(blueprint.nameserver, blueprint.dns_port, self._pass)
        self._process: subprocess.Popen[bytes] | None = None
        self._port = self._said_before = 0

    def create(self, records: Iterable[RecordSet]) -> None:
        """Write its zone. Raises Refusal when there is one already."""
        if self._zone_file.exists():
            raise Refusal(f"The zone {self._zone_file} is there already.", "Take the lab down first.")
        zone.write(self._zone_file, zone.fresh(self._blueprint, records))

    def start(self) -> None:
        """Start named and wait until it answers. Raises OperationError, with the end of its log, when it does not."""
        program = _program()
        for left in reversed(range(PORTS)):
            self._launch(program)
            try:
                self._wait_until_ready()
                self._sockets.start()
            except OperationError:
                self.stop()
                if not (left and TAKEN in self._said()):
                    raise
            else:
                return

    def _launch(self, program: str) -> None:
        self._port = _free_port()
        files.replace(self._folder / "named.conf", self._configuration().encode())
        with (self._folder / "log").open("ab") as log:
            self._said_before = log.tell()
            self._process = subprocess.Popen(
                ["sh", "-c", TIED, "sh", program, "-g", "-4", "-n", "1", "-c", str(self._folder / "named.conf")],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C goes to the lab, and the lab ends its servers in order
            )

    def stop(self) -> None:
        """End named; harmless when it does not run."""
        self._sockets.stop()
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _configuration(self) -> str:
        return CONFIGURATION.format(
            key=TSIG_KEY.rstrip("."),
            secret=self._secret(),
            folder=self._folder,
            address=LOOPBACK,
            port=self._port,
            domain=DOMAIN,
            zone_file=self._zone_file,
        )

    def _secret(self) -> str:
        return self._blueprint.secret("tsig").read_text(encoding="ascii").strip()

    def _wait_until_ready(self) -> None:
        """Until it proves to know this lab's key: another lab's named may have got the port."""
        assert self._process is not None
        deadline = time.monotonic() + READY_SECONDS
        while self._process.poll() is None and TAKEN not in self._said() and time.monotonic() < deadline:
            try:
                key = SharedKey(TSIG_KEY, "hmac-sha256", b64decode(self._secret(), validate=True))
                DnsNameserver("named", LOOPBACK, self._port, signer=key, timeout=0.2).prove_update(DOMAIN)
            except (LyncdrError, binascii.Error):
                time.sleep(POLL_SECONDS)
            else:
                return
        raise OperationError(f"BIND does not start: {self._last_words()}.", f"Look into {self._folder / 'log'}")

    def _last_words(self) -> str:
        return "; ".join(self._said().splitlines()[-3:])

    def _said(self) -> str:
        """What named has written since it was started."""
        return (self._folder / "log").read_bytes()[self._said_before :].decode("utf-8", "replace")

    def _pass(self, wire: bytes, *, datagram: bool) -> bytes | None:
        """Named's own response to the message, over the same transport."""
        try:
            if datagram:
                return self._pass_datagram(wire)
            with socket.create_connection((LOOPBACK, self._port), ANSWER_SECONDS) as stream:
                write_message(stream, wire)
                return read_message(stream) or None
        except OSError:  # named is silent or gone: so is the lab's address
            return None

    def _pass_datagram(self, wire: bytes) -> bytes:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.settimeout(ANSWER_SECONDS)
            sock.connect((LOOPBACK, self._port))
            sock.send(wire)
            return sock.recv(MAX_MESSAGE)


def _program() -> str:
    """Where named is: Debian keeps it off an ordinary user's PATH."""
    found = shutil.which("named", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))
    if found is None:
        raise OperationError("BIND's named is not installed.", "On Debian: apt install bind9")
    return found


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
