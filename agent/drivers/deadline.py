"""A time limit for a whole conversation.

A socket's own timeout begins anew with each byte, so a peer that sends a byte now and then would never reach it.
"""

import os
import socket
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self


class Deadline:
    """A context that breaks the connections it watches once ``limit_s`` seconds are over."""

    def __init__(self, limit_s: float) -> None:
        self.limit_s = limit_s
        self.over = False
        self._watched: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(limit_s, self._break)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        with self._lock:
            for one in self._watched:
                one.close()
            self._watched.clear()

    def watch(self, connection: socket.socket) -> None:
        """Break ``connection`` too. It is watched by a second descriptor, because wrapping it in TLS detaches the
        first."""
        own = socket.socket(fileno=os.dup(connection.fileno()))
        with self._lock:
            self._watched.append(own)
            if self.over:
                _shut(own)

    def _break(self) -> None:
        with self._lock:
            self.over = True
            for one in self._watched:
                _shut(one)


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        # Closing it would not wake the thread that waits in it, because the connection has another descriptor.
        connection.shutdown(socket.SHUT_RDWR)
