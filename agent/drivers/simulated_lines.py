"""A unix socket by which a person at a desk plays a device. Each line is handled and answered."""

import socketserver
import threading
from collections.abc import Callable
from pathlib import Path

MAX_LINE_BYTES = 200
_SILENT_S = 10.0


class LineSocket:
    """Listens until it is stopped."""

    def __init__(self, path: Path, on_line: Callable[[str], str], *, name: str) -> None:
        """``on_line`` gets the lines, one at a time, and returns the reply to each. ``name`` is the thread's name."""
        self._path = path
        path.unlink(missing_ok=True)
        self._server = _Server(str(path), on_line)
        path.chmod(0o600)  # so that only the agent's own user can play a device
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.5}, name=name, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening; a line that comes now is neither handled nor answered."""
        self._server.silence()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._path.unlink(missing_ok=True)


class _Server(socketserver.ThreadingUnixStreamServer):
    # Otherwise closing would wait for each person who keeps a connection open.
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, path: str, on_line: Callable[[str], str]) -> None:
        self._on_line = on_line
        self._lock = threading.Lock()
        self._silent = False
        super().__init__(path, _Connection)

    def silence(self) -> None:
        with self._lock:
            self._silent = True

    def reply(self, line: str) -> str | None:
        with self._lock:
            return None if self._silent else self._on_line(line)


class _Connection(socketserver.StreamRequestHandler):
    timeout = _SILENT_S
    server: _Server

    def handle(self) -> None:
        try:
            while line := self.rfile.readline(MAX_LINE_BYTES):
                reply = self.server.reply(line.decode("utf-8", "replace").strip())
                if reply is None:
                    return
                self.wfile.write(reply.encode() + b"\n")
        except OSError:
            return
