"""A real Mosquitto on loopback, and a wire in between that a test can count, freeze and cut."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from tests.agent.uplink.pki import Authority

START_S = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class MosquittoBroker:
    """Mosquitto with mutual TLS 1.3 for stations and a plain listener for the county."""

    def __init__(
        self, folder: Path, authority: Authority, *, end_entity: str = "broker", more_ports: Sequence[int] = ()
    ) -> None:
        self.folder = folder
        self.more_ports = more_ports
        self.tls_port, self.plain_port = free_port(), free_port()
        self.acl = folder / "stations.acl"
        self.crl = folder / "stations.crl"
        self.crl.write_bytes(authority.revocation_list())
        server = authority.issue(end_entity, host="127.0.0.1")
        self.allow("pattern readwrite cunhui/1/0/%u/#")
        stations = "".join(
            f"""listener {port} 127.0.0.1
cafile {authority.ca_file}
certfile {server.certificate}
keyfile {server.key}
crlfile {self.crl}
require_certificate true
use_identity_as_username true
use_username_as_clientid true
tls_version tlsv1.3
acl_file {self.acl}
"""
            for port in (self.tls_port, *more_ports)
        )
        self.config = folder / "mosquitto.conf"
        self.config.write_text(
            f"""user root
per_listener_settings true
persistence false
log_dest stderr
{stations}listener {self.plain_port} 127.0.0.1
allow_anonymous true
"""
        )
        self.process: subprocess.Popen[bytes] | None = None
        self.said = b""
        """What the broker has logged since it runs."""

    def allow(self, *rules: str) -> None:
        """Write the stations' access list."""
        self.acl.write_text("\n".join(rules) + "\n")

    def reload(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGHUP)

    def start(self) -> None:
        self.process = subprocess.Popen(["mosquitto", "-c", str(self.config)], stderr=subprocess.PIPE)
        assert self.process.stderr is not None
        said = b""
        os.set_blocking(self.process.stderr.fileno(), False)
        while b"running" not in said:
            ready, _, _ = select.select([self.process.stderr], [], [], START_S)
            piece = os.read(self.process.stderr.fileno(), 65_536) if ready else b""
            assert piece, said.decode()
            said += piece
        threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True).start()

    def _drain(self, stream: IO[bytes]) -> None:
        os.set_blocking(stream.fileno(), True)
        while piece := os.read(stream.fileno(), 4096):
            self.said += piece

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End the broker. Mosquitto forgets a SIGTERM that comes just after its start, so it is sent again."""
        for _ in range(10):
            if self.process is None:
                return
            self.process.send_signal(sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(1)
                self.process = None
        raise AssertionError("the broker does not end")


class Wire:
    """A TCP relay. ``up`` and ``down`` count payload bytes. While ``flowing`` is clear, it passes nothing on."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.up = self.down = self.connections = 0
        self.flowing = threading.Event()
        self.flowing.set()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                far = socket.create_connection(("127.0.0.1", self._to_port), timeout=5)
                far.settimeout(None)
            except OSError:
                near.close()
                continue
            self._open += [near, far]
            threading.Thread(target=self._pass, args=(near, far, "up"), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, "down"), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, way: str) -> None:
        try:
            while piece := source.recv(65_536):
                self.flowing.wait()
                setattr(self, way, getattr(self, way) + len(piece))
                sink.sendall(piece)
        except OSError:
            pass
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.flowing.set()
        for end in (self._listener, *self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
