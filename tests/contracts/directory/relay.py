"""A TCP relay that can be cut: what a firewall, a failing link or a restarted server does to a connection."""

from __future__ import annotations

import contextlib
import socket
import threading


class Relay:
    """Passes bytes from its own address to the server and back. `cut_after`: bytes of answers it passes at most."""

    def __init__(self, address: str, server: tuple[str, int]) -> None:
        self._server = server
        self._listener = socket.create_server((address, 0))
        self._open: list[socket.socket] = []
        self.url = f"ldaps://{address}:{self._listener.getsockname()[1]}"
        self.accepted = 0
        self.cut_after = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Close every connection; new ones are welcome."""
        gone, self._open = self._open, []
        for end in gone:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        """Cut, and take no more connections."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.accepted += 1
                server = socket.create_connection(self._server)
                self._open += [client, server]
                threading.Thread(target=self._pass, args=(client, server, False), daemon=True).start()
                threading.Thread(target=self._pass, args=(server, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(4096):
                passed += len(piece)
                if answers and self.cut_after and passed > self.cut_after:
                    break
                target.sendall(piece)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
