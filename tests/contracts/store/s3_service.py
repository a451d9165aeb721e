"""Starts the S3 server of s3_server.py in its own environment, with a certificate, a bucket and two users."""

from __future__ import annotations

import json
import ssl
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path

import trustme

ROOT = Path(__file__).parents[3]
PYTHON = ROOT / ".venv" / "s3server" / "bin" / "python"
BUCKET = "lyncdr"
USERS = {"writer": ["s3:*"], "reader": ["s3:ListBucket", "s3:GetObject"]}


class ObjectService:
    """`https://<address>:<port>`, until `stop`. keys: {user: (id, secret)}; ca: what proves the server, in PEM."""

    def __init__(self, folder: Path, address: str, *also: str) -> None:
        """`also`: other addresses that the certificate is good for, where links to the server stand."""
        authority = trustme.CA()
        certificate = authority.issue_cert(address, *also)
        certificate.private_key_pem.write_to_path(folder / "key.pem")
        certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
        wanted = {
            "host": address,
            "bucket": BUCKET,
            "users": USERS,
            "certificate": str(folder / "certificate.pem"),
            "key": str(folder / "key.pem"),
        }
        self.ca = authority.cert_pem.bytes()
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [PYTHON, Path(__file__).with_name("s3_server.py"), json.dumps(wanted)],
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, self._log.read_text()
        said = json.loads(line)
        self.address, self.port = address, said["port"]
        self.keys: dict[str, tuple[str, str]] = {name: (key[0], key[1]) for name, key in said["keys"].items()}
        self.endpoint = f"https://{address}:{self.port}"

    def itself(self, act: str, what: str) -> None:
        """Something that the server does behind the back of S3: see s3_server.py."""
        trusted = ssl.create_default_context(cadata=self.ca.decode())
        urllib.request.urlopen(f"{self.endpoint}/-/{act}/{urllib.parse.quote(what)}", context=trusted).close()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout
        self._process.stdout.close()
