"""The county's HTTPS addresses for bundles, over a `ShelfCounty`: ranges, pieces of 4 kB, signed requests."""

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from protocol.fetch import read_fetch, verify_fetch
from protocol.refusal import Refused
from tests.agent.uplink.pki import Issued
from tests.fakes.shelf_source import ShelfCounty

PIECE_BYTES = 4_096
"""Each piece is a record of TLS. What is lost of a record when the line breaks is fetched again."""


class ShelfWeb:
    """Serves a county's files on loopback.

    Args:
        record_key: Public, of the only station that may fetch what is private.
    """

    def __init__(self, county: ShelfCounty, issued: Issued, *, record_key: bytes = b"") -> None:
        self.county = county
        self.requests: list[tuple[str, str | None]] = []
        """Path and range of each."""
        self.private: set[str] = set()
        """Paths that need a signed request."""
        self.record_key = record_key
        self.stops_after: int | None = None
        """Before so many bytes of a file are sent, the county calls ``stopped``."""
        self.stopped: Callable[[], None] = lambda: None
        self._nonces: set[bytes] = set()
        web = self

        class Responder(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def version_string(self) -> str:
                return "cunhui"

            def do_GET(self) -> None:
                web.requests.append((self.path, self.headers.get("Range")))
                if self.path in web.private and not web.admits(self.headers.get("Authorization", ""), self.path):
                    self.reply(401)
                    return
                _, kind, name = self.path.split("/")
                content = web.county.files.get((kind, bytes.fromhex(name)))
                if content is None:
                    self.reply(404)
                    return
                wanted = self.headers.get("Range")
                if wanted is None:
                    self.reply(200, content)
                    return
                first, _, last = wanted.removeprefix("bytes=").partition("-")
                part = content[int(first) : int(last) + 1]
                self.reply(206, part, f"bytes {first}-{int(first) + len(part) - 1}/{len(content)}")

            def reply(self, status: int, content: bytes = b"", content_range: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                if content_range:
                    self.send_header("Content-Range", content_range)
                self.end_headers()
                for start in range(0, len(content), PIECE_BYTES):
                    if web.stops_after is not None and start + PIECE_BYTES > web.stops_after:
                        web.stopped()
                    self.wfile.write(content[start : start + PIECE_BYTES])

            def log_message(self, format: str, *args: object) -> None:
                return

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(issued.certificate, issued.key)
        self._server = _Server(context, Responder)
        self.port = int(self._server.server_address[1])
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def admits(self, header: str, path: str) -> bool:
        """Return whether a request is the station's own, new and for this path."""
        try:
            request = read_fetch(header)
            verify_fetch(self.record_key, request, path=path, now=int(time.time() * 1000))
        except Refused:
            return False
        new = request.nonce not in self._nonces
        self._nonces.add(request.nonce)
        return new

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """Makes the handshake on the connection's own thread, so that one which breaks holds up no other."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext, responder: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), responder)
        self._context = context

    def process_request_thread(self, request, client_address) -> None:  # type: ignore[no-untyped-def]
        try:
            request.settimeout(30)
            wrapped = self._context.wrap_socket(request, server_side=True)
        except OSError:
            self.shutdown_request(request)
            return
        super().process_request_thread(wrapped, client_address)

    def handle_error(self, *_: object) -> None:
        """A line that breaks is what this server is for."""
