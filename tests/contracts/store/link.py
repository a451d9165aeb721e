"""A network link that can fail: bytes pass it, are counted, and stop when a test says so."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable


class Link:
    """Passes bytes from its own address to the server and back.

    sent: bytes that clients sent to the server through it. answered: bytes of answers it passed.
    """

    def __init__(self, address: str, server: tuple[str, int], port: int = 0) -> None:
        self._server = server
        self._open: list[socket.socket] = []
        self._listener = socket.create_server((address, port))
        self.address, self.port = address, self._listener.getsockname()[1]
        self.sent = self.answered = 0
        self._mute = False
        self._stranded: set[socket.socket] = set()
        self._when: Callable[[bytes], bool] | None = None
        self._then: Callable[[], None] = self.cut
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def when(self, seen: Callable[[bytes], bool], then: Callable[[], None]) -> None:
        """Once: as soon as `seen` is true of bytes on their way to the server, pass them on and do `then`."""
        self._when, self._then = seen, then

    def cut(self) -> None:
        """Break every connection; new ones are welcome."""
        gone, self._open = self._open, []
        for end in gone:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def strand(self) -> None:
        """Every connection breaks on the client's side, and the server does not hear of it: a cable is pulled."""
        self._stranded.update(self._open[1::2])
        for client in self._open[::2]:
            _hang_up(client)
        self._open = []

    def lose_the_answer(self, *, for_good: bool = False) -> None:
        """Let the server act on what it was sent, and break the connection before it can say so; or the whole link."""
        self._mute = True
        time.sleep(0.5)
        if for_good:
            self.down()
        else:
            self.cut()
        self._mute = False

    def down(self, seconds: float | None = None) -> None:
        """Break every connection and take no new ones; come back by itself after so many seconds."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        _hang_up(*self._stranded)
        if seconds is not None:
            threading.Timer(seconds, self.up).start()

    def up(self) -> None:
        """Take connections again."""
        self._listener = socket.create_server((self.address, self.port))
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._server)
                except OSError:
                    client.close()
                    continue
                self._open += [client, server]
                threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := client.recv(65536):
                server.sendall(piece)
                self.sent += len(piece)
                if self._when and self._when(piece):
                    self._when = None
                    self._then()
        if server not in self._stranded:
            _hang_up(client, server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := server.recv(65536):
                if self._mute:
                    continue
                client.sendall(piece)
                self.answered += len(piece)
        if server not in self._stranded:
            _hang_up(client, server)


def _hang_up(*ends: socket.socket) -> None:
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
