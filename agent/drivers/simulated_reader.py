"""A card reader without hardware: whoever writes a UID line to its unix socket presents that card."""

import socketserver
import threading
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from agent.settings import Setting, Settings, filled

MAX_LINE_BYTES = 200
_SILENT_S = 10.0


class SimulatedReader:
    """Implements `agent.ports.CardReader`. Each line is one touch, answered ``ok`` when the core has it."""

    simulated = True

    settings: ClassVar[Settings] = {"socket": Setting(str, "touch.sock", check=filled, path="socket")}

    def __init__(self, *, socket: Path) -> None:
        self._path = socket
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self, *, touched: Callable[[str], None], ready: Callable[[bool], None]) -> None:
        """Listen on the socket (mode 0600: presenting cards is the operator's)."""
        self._path.unlink(missing_ok=True)
        self._server = _Server(str(self._path), touched)
        self._path.chmod(0o600)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, name="simulated-reader", daemon=True
        )
        self._thread.start()
        ready(True)

    def stop(self) -> None:
        """Stop listening; a line that comes now is not answered."""
        if self._server is None or self._thread is None:
            return
        self._server.silence()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: str, touched: Callable[[str], None]) -> None:
        self._touched = touched
        self._lock = threading.Lock()
        self._silent = False
        super().__init__(path, _Connection)

    def silence(self) -> None:
        with self._lock:
            self._silent = True

    def present(self, uid: str) -> bool:
        with self._lock:
            if not self._silent:
                self._touched(uid)
            return not self._silent


class _Connection(socketserver.StreamRequestHandler):
    timeout = _SILENT_S
    server: _Server

    def handle(self) -> None:
        try:
            while line := self.rfile.readline(MAX_LINE_BYTES):
                if not self.server.present(line.decode("utf-8", "replace").strip()):
                    return
                self.wfile.write(b"ok\n")
        except OSError:
            return
