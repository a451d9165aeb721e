"""The lab's domain controller: Samba with LDAP, Kerberos and DNS on one loopback address, its files in one folder.

Needs Linux and root: well-known ports, and a mount namespace of its own, so that nothing outside the folder is touched.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path

import psutil

from lyncdr_helpers import files
from lyncdr_helpers.errors import OperationError, Refusal
from lyncdr_helpers.lab.blueprint import BASE_DN, DIRECTORY_USER, DOMAIN, Blueprint
from lyncdr_helpers.lab.directory.accounts import NETBIOS
from lyncdr_helpers.lab.samba import configuration, schema_ldif
from lyncdr_helpers.ports import RecordSet

SYSTEM_PYTHON = "/usr/bin/python3"
"""Samba's Python bindings belong to the system's interpreter."""

PRIVATE_RUN = 'mount -t tmpfs tmpfs /run && mkdir /run/samba && exec "$@"'
"""Samba keeps sockets in /run/samba, whatever its configuration says: it gets a /run of its own."""

LDAPS = 636
PORTS = (LDAPS, 389, 88, 53)
"""LDAP, Kerberos and DNS where clients look for them."""

CREATE_SECONDS = 600
READY_SECONDS = 30
STOP_SECONDS = 10
POLL_SECONDS = 0.05

Entries = Iterable[tuple[str, Mapping[str, Sequence[str]]]]


class SambaDomain:
    """The forest lync.test on Samba.

    LDAP with StartTLS, LDAPS, Kerberos and the zone lync.test (secure updates only) on the blueprint's
    `domain_controller`. The service account reads, and may change the zone; administrator@lync.test may do anything.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._folder = (blueprint.folder / "samba").resolve()
        self._smb_conf = self._folder / "etc" / "smb.conf"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def krb5_config(self) -> Path:
        """What KRB5_CONFIG must name for clients of this domain."""
        return self._folder / "etc" / "krb5.conf"

    def create(self, entries: Entries, records: Sequence[RecordSet] = ()) -> None:
        """Make the domain with these entries, parents first, and these records in its zone.

        Raises Refusal when there is one already, OperationError with Samba's last words when it cannot be made.
        """
        if self._smb_conf.exists():
            raise Refusal(f"The domain in {self._folder} is there already.", "Take the lab down first.")
        for name in configuration.FOLDERS:
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        files.replace(self.krb5_config, configuration.krb5_conf(self._blueprint).encode())
        files.replace(self._smb_conf, configuration.smb_conf(self._blueprint, self._folder).encode())
        done = subprocess.run(
            [SYSTEM_PYTHON, str(Path(__file__).with_name("provision.py"))],
            input=json.dumps(self._job(entries, records)).encode(),
            capture_output=True,
            timeout=CREATE_SECONDS,
            env=self._environment(),
            check=False,
        )
        (self._folder / "log" / "provision").write_bytes(done.stdout + done.stderr)
        if done.returncode:
            shutil.rmtree(self._folder / "etc")
            raise OperationError(
                f"The Samba domain cannot be made: {_last_words(done.stderr)}.",
                "Install samba, samba-ad-dc and samba-ad-provision, and see log/provision in its folder.",
            )

    def start(self) -> None:
        """Start the domain controller; return when it answers.

        Raises OperationError when its address is taken, or with its last words when it does not start.
        """
        self._require_free_address()
        samba = [_program(), "--interactive", "--debug-stdout", "--configfile", str(self._smb_conf)]
        with (self._folder / "log" / "samba").open("ab") as log:
            self._process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", PRIVATE_RUN, "sh", *samba],
                stdin=subprocess.PIPE,  # Samba ends when it closes, and so with this process
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        try:
            self._wait_until_ready(self._process)
        except OperationError:
            self.stop()
            raise

    def stop(self) -> None:
        """End the domain controller with all its processes; harmless when it does not run."""
        if self._process is None:
            return
        process, self._process = self._process, None
        family = _family(process)
        process.terminate()
        if process.stdin:
            process.stdin.close()
        _, left = psutil.wait_procs(family, STOP_SECONDS)
        for one in left:
            one.kill()
        process.wait()

    def _job(self, entries: Entries, records: Sequence[RecordSet]) -> dict[str, object]:
        secret = self._blueprint.secret
        return {
            "smb_conf": str(self._smb_conf),
            "realm": configuration.REALM,
            "workgroup": NETBIOS,
            "host": configuration.HOST,
            "address": self._blueprint.domain_controller,
            "base": BASE_DN,
            "zone": DOMAIN,
            "administrator": secret("administrator").read_text(encoding="utf-8").strip(),
            "service": {
                "account": DIRECTORY_USER.partition("@")[0],
                "password": secret("directory").read_text(encoding="utf-8").strip(),
            },
            "schema": schema_ldif.steps(),
            "entries": list(entries),
            "records": [astuple(record) for record in records],
        }

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "KRB5_CONFIG": str(self.krb5_config)}

    def _require_free_address(self) -> None:
        """Samba starts on a taken address too, and lets somebody else answer."""
        address = self._blueprint.domain_controller
        for port in PORTS:
            with socket.socket() as knock:
                if knock.connect_ex((address, port)) == 0:
                    raise OperationError(
                        f"The lab's domain controller cannot listen on {address}: port {port} is taken.",
                        "Stop what listens there: lyncdr lab down.",
                    )

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._answers():
                return
            time.sleep(POLL_SECONDS)
        log = self._folder / "log" / "samba"
        raise OperationError(f"Samba does not start: {_last_words(log.read_bytes())}.", f"Look into {log}")

    def _answers(self) -> bool:
        """Whether LDAPS shakes hands, and DNS and Kerberos listen."""
        address = self._blueprint.domain_controller
        trust = ssl.create_default_context(cafile=self._blueprint.ca_file)
        try:
            with socket.create_connection((address, LDAPS), 1) as plain:
                trust.wrap_socket(plain, server_hostname=f"{configuration.HOST}.{DOMAIN}").close()
            for port in PORTS:
                socket.create_connection((address, port), 1).close()
        except (ConnectionError, TimeoutError):
            return False
        return True


def _family(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The process and all that it started; nothing when it has ended already."""
    try:
        leader = psutil.Process(process.pid)
        return [leader, *leader.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _program() -> str:
    found = shutil.which("samba", path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin")))
    if not found:
        raise OperationError("Samba is not installed.", "Install samba and samba-ad-dc, or use --directory embedded.")
    return found


def _last_words(output: bytes) -> str:
    return "; ".join(output.decode("utf-8", "replace").strip().splitlines()[-3:]) or "it said nothing"
