"""A county's HTTPS server for tests, with TLS 1.3. A test chooses its responses and where they break off."""

import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.agent.uplink.pki import Issued

type Handler = Callable[[str, bytes, str | None], tuple[int, dict[str, str], bytes]]
"""``(path, body, range) -> (status, headers, content)``."""


class Web:
    """Serves ``handler`` on loopback.

    ``cut_after`` lists, for the next responses, after how many bytes of content the connection is broken off.
    """

    def __init__(self, handler: Handler, issued: Issued) -> None:
        self.cut_after: list[int] = []
        self.requests: list[tuple[str, str | None]] = []
        web = self

        class Responder(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.respond(b"")

            def do_POST(self) -> None:
                self.respond(self.rfile.read(int(self.headers["Content-Length"])))

            def respond(self, body: bytes) -> None:
                web.requests.append((self.path, self.headers.get("Range")))
                status, headers, content = handler(self.path, body, self.headers.get("Range"))
                self.send_response(status)
                for key, value in headers.items():
                    self.send_header(key, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if web.cut_after:
                    content = content[: web.cut_after.pop(0)]
                    self.close_connection = True
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(issued.certificate, issued.key)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Responder)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
