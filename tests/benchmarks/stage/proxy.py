"""A TCP relay that counts payload: it stands between agent and broker and changes nothing."""

import socket
import threading
import time
from types import TracebackType
from typing import Self

from firmware_scripts.demo.processes import wait_until
from tests.benchmarks.stage.tls_records import LargeRecords

_CHUNK = 65_536


class Proxy:
    """Relays every connection to ``127.0.0.1:port`` while the context lasts. ``sent`` and ``received`` are the
    agent's, in bytes."""

    def __init__(self, port: int) -> None:
        self._to = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        """Where the agent is to connect."""
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._moved = [0, 0]
        self._large = 0
        self._cut = False
        self._moved_s = time.monotonic()
        self._thread = self._acceptor()

    @property
    def sent(self) -> int:
        """Bytes from the agent to the broker."""
        return self._moved[0]

    @property
    def received(self) -> int:
        """Bytes from the broker to the agent."""
        return self._moved[1]

    @property
    def large(self) -> int:
        """Bytes both ways in TLS records of `LARGE_BYTES` and more."""
        return self._large

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()

    def cut(self) -> None:
        """Break every connection and refuse new ones, as if there were no way to the county, until `mend`."""
        if self._cut:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listener.close()
        with self._lock:
            self._cut = True
            for sock in self._open:
                _shut(sock)
            self._open.clear()

    def mend(self) -> None:
        """Take connections again."""
        if self._cut:
            self._cut = False
            self._listener = socket.create_server(("127.0.0.1", self.port))
            self._thread = self._acceptor()
            self._thread.start()

    def wait_quiet(self, *, received: int, quiet_s: float, timeout_s: float = 30) -> None:
        """Wait until at least this much has been received in all, and then until nothing has moved for a while."""

        def quiet() -> bool:
            return self.received >= received and time.monotonic() - self._moved_s >= quiet_s

        wait_until(quiet, what="the link to have said all", timeout_s=timeout_s, every_s=0.01)

    def _acceptor(self) -> threading.Thread:
        return threading.Thread(target=self._accept, name="proxy", daemon=True)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(self._to)
            except OSError:
                near.close()
                continue
            self._relay(near, far)

    def _relay(self, near: socket.socket, far: socket.socket) -> None:
        for sock in (near, far):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._open |= {near, far}
        for way, (source, sink) in enumerate(((near, far), (far, near))):
            threading.Thread(target=self._pump, args=(way, source, sink), name=f"proxy-{way}", daemon=True).start()

    def _pump(self, way: int, source: socket.socket, sink: socket.socket) -> None:
        records = LargeRecords()
        try:
            while chunk := source.recv(_CHUNK):
                with self._lock:
                    self._large += records.feed(chunk)
                    self._moved[way] += len(chunk)
                    self._moved_s = time.monotonic()
                sink.sendall(chunk)
        except OSError:
            pass
        finally:
            _shut(source)
            _shut(sink)
            with self._lock:
                self._open -= {source, sink}


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
