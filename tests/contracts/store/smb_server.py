"""A real file server: Samba's smbd, with its configuration, its accounts and its shares in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

USER, PASSWORD = "backup", "Writes-4-the-night!"
READER, READER_PASSWORD = "games", "Reads-1-at-a-time!"
"""Two accounts that every Debian has; smbd asks the system for them, and keeps passwords of its own."""

GLOBAL = """
[global]
    server role = standalone server
    workgroup = LYNCDR
    netbios name = DRFS01
    disable netbios = yes
    host msdfs = no
    smb ports = {port}
    interfaces = {address}/8
    bind interfaces only = yes
    passdb backend = tdbsam:{folder}/passdb.tdb
    private dir = {folder}/state
    lock directory = {folder}/state
    state directory = {folder}/state
    cache directory = {folder}/state
    pid directory = {folder}/state
    ncalrpc dir = {folder}/state/ncalrpc
    log file = {folder}/log
    log level = 1
    map to guest = never
    load printers = no
    printcap name = /dev/null
    disable spoolss = yes
    usershare max shares = 0
    invalid users = root
"""
SHARE = """
[{name}]
    path = {path}
    valid users = {USER}, {READER}
    write list = {USER}
    read only = yes
    force user = root
    {more}
"""


class SmbServer:
    """One smbd of this test's own. `shares`: the folder of each share, here."""

    def __init__(self, address: str, shares: dict[str, str], port: int = 445) -> None:
        """`shares`: their names, and what else the configuration is to say of each."""
        self.address, self.port = address, port
        self.folder = Path(tempfile.mkdtemp(prefix="lyncdr-smbd-"))
        self.shares = {name: self.folder / "shares" / name for name in shares}
        for place in (self.folder / "state", *self.shares.values()):
            place.mkdir(parents=True)
        where = {"address": address, "port": port, "folder": self.folder}
        self._config = self.folder / "smb.conf"
        self._config.write_text(
            GLOBAL.format(**where)
            + "".join(
                SHARE.format(name=name, path=self.shares[name], more=more, USER=USER, READER=READER)
                for name, more in shares.items()
            ),
            encoding="utf-8",
        )
        for user, password in ((USER, PASSWORD), (READER, READER_PASSWORD)):
            command = ["smbpasswd", "-c", str(self._config), "-s", "-a", user]
            subprocess.run(command, input=f"{password}\n{password}\n".encode(), check=True, capture_output=True)
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, share: str, folder: str = "") -> str:
        return f"smb://{self.address}:{self.port}/{share}/{folder}".rstrip("/")

    def start(self) -> None:
        """Returns when it takes connections."""
        command = ["/usr/sbin/smbd", "--foreground", "--no-process-group", "--configfile", str(self._config)]
        with (self.folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, start_new_session=True)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self._said()
            with contextlib.suppress(OSError):
                socket.create_connection((self.address, self.port), timeout=1).close()
                return
            time.sleep(0.02)
        raise AssertionError(f"smbd does not listen: {self._said()}")

    def signal(self, number: signal.Signals) -> None:
        """To smbd and to the processes of its connections."""
        assert self._process
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    def kill(self) -> None:
        """Power off: no goodbye to anybody."""
        if self._process:
            self.signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        self.kill()
        shutil.rmtree(self.folder)

    def _said(self) -> str:
        texts = [self.folder / "output", self.folder / "log"]
        return "\n".join(path.read_text(errors="replace") for path in texts if path.exists())[-3000:]
