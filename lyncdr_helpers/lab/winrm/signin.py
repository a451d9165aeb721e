"""Who asks: basic, or Negotiate with NTLM, once per connection as HTTP.sys does (RFC 4559, MS-NTHT)."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path

import spnego
from spnego.exceptions import SpnegoError

_ENVIRONMENT = threading.Lock()
"""pyspnego's acceptor reads its users from the file that NTLM_USER_FILE names, and from nowhere else. The variable is
set for one step at a time, so that servers with different users stand side by side in one process."""


class Users:
    """The accounts a server knows, `DOMAIN\\name` -> password, and the file in `folder` that shows them to pyspnego."""

    def __init__(self, users: Mapping[str, str], folder: Path) -> None:
        self._users = {name.lower(): (name, password) for name, password in users.items()}
        self._folder = folder
        self._file = Path()

    def write(self) -> None:
        """Put the accounts on disk, readable to their owner alone. Raises ValueError for a password with a colon."""
        lines = [":".join([*name.rpartition("\\")[::2], password]) for name, password in self._users.values()]
        if any(line.count(":") != 2 for line in lines):
            raise ValueError("A lab password may not contain a colon.")
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".users")
        self._file = Path(name)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    def remove(self) -> None:
        self._file.unlink(missing_ok=True)

    def check(self, name: str, password: str) -> str:
        """The account's name as it is spelled here, or an empty string where name or password is wrong."""
        spelled, right = self._users.get(name.lower(), ("", ""))
        return spelled if right == password else ""

    def spelled(self, name: str) -> str:
        """The name of an account that has signed in, as it is spelled here."""
        return self._users[name.lower()][0]

    def step(self, context: spnego.ContextProxy | None, token: bytes) -> tuple[spnego.ContextProxy, bytes]:
        """One step of a negotiation: its state, and the token for the client. Raises SpnegoError."""
        with _ENVIRONMENT:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self._file)
            try:
                # use_negotiate: Python's own implementation, also on Windows, whose SSPI would know none of our users
                context = context or spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
                return context, context.step(token) or b""
            finally:
                os.environ.pop("NTLM_USER_FILE")
                if before is not None:
                    os.environ["NTLM_USER_FILE"] = before


class SignIn:
    """The state of one connection. user: who has signed in, or an empty string."""

    def __init__(self, users: Users) -> None:
        self.user = ""
        self._users = users
        self._context: spnego.ContextProxy | None = None

    def challenge(self, authorization: str) -> tuple[bool, list[str]]:
        """Whether the request may pass, and the WWW-Authenticate headers of the answer."""
        kind, _, rest = authorization.partition(" ")
        try:
            if kind == "Negotiate":
                return self._negotiate(base64.b64decode(rest))
            if kind == "Basic":
                return self._basic(base64.b64decode(rest).decode())
        except (binascii.Error, UnicodeDecodeError):
            return False, _offers()
        # A client that has negotiated sends no header with what follows on its connection.
        return (True, []) if self._context and self.user else (False, _offers())

    def _basic(self, pair: str) -> tuple[bool, list[str]]:
        name, _, password = pair.partition(":")
        self.user = self._users.check(name, password)
        return (True, []) if self.user else (False, _offers())

    def _negotiate(self, token: bytes) -> tuple[bool, list[str]]:
        try:
            self._context, reply = self._users.step(self._context if not self.user else None, token)
        except SpnegoError:
            self._context, self.user = None, ""
            return False, _offers()
        headers = [f"Negotiate {base64.b64encode(reply).decode()}"] if reply else []
        if not self._context.complete:
            return False, headers
        self.user = self._users.spelled(self._context.client_principal or "")
        return True, headers


def _offers() -> list[str]:
    return ["Negotiate", 'Basic realm="WSMAN"']
