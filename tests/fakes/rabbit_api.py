"""The few requests of RabbitMQ's management API that the county makes, answered from memory over HTTPS.

What a real node answers is tried by ``tests/proofs/own_broker/``.
"""

import base64
import hashlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ACCOUNT, PASSWORD = "keeper", "secret"


class FakeRabbit:
    """A context manager; it listens on 127.0.0.1 while it lasts."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.users: dict[str, dict[str, Any]] = {}
        self.permissions: dict[str, dict[str, str]] = {}
        self.topics: dict[str, dict[str, str]] = {}
        self.connected: set[str] = set()
        self.done: list[str] = []
        """Each change that was asked for, as method and path."""
        self.broken = False
        """Whether it answers with errors."""
        self.add("keeper", "administrator")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> "FakeRabbit":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def add(self, name: str, tags: str, *, password: str = "") -> None:
        """Have a user."""
        salted = b"salt" + hashlib.sha256(b"salt" + password.encode()).digest()
        self.users[name] = {
            "name": name,
            "tags": tags.split(","),
            "hashing_algorithm": "rabbit_password_hashing_sha256",
            "password_hash": base64.b64encode(salted).decode() if password else "",
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length)) if length else None
                wanted = base64.b64encode(f"{ACCOUNT}:{PASSWORD}".encode()).decode()
                if fake.broken:
                    status, answer = 500, {"reason": "broken"}
                elif self.headers.get("Authorization") != f"Basic {wanted}":
                    status, answer = 401, {"reason": "Not authorised"}
                else:
                    parts = [unquote(one) for one in urlsplit(self.path).path.split("/")[2:]]
                    status, answer = fake.answer(self.command, parts, body)
                text = b"" if answer is None else json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_PUT = do_DELETE = _answer

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def answer(self, method: str, parts: list[str], body: Any) -> tuple[int, Any]:
        """Return status and answer to a request for what lies below ``/api``."""
        if method == "GET":
            lists = {
                ("whoami",): self.users["keeper"],
                ("users",): list(self.users.values()),
                ("vhosts", "/", "permissions"): list(self.permissions.values()),
                ("vhosts", "/", "topic-permissions"): list(self.topics.values()),
                ("connections",): [{"user": name} for name in sorted(self.connected)],
            }
            found = lists.get(tuple(parts))
            return (200, found) if found is not None else (404, None)
        self.done.append(f"{method} {'/'.join(parts)}")
        if method == "PUT":
            self._put(parts, body)
            return 204, None
        name = parts[-1]
        if parts[0] == "users":
            for kept in (self.users, self.permissions, self.topics):
                kept.pop(name, None)
        self.connected.discard(name)
        return 204, None

    def _put(self, parts: list[str], body: Any) -> None:
        name = parts[-1]
        if parts[0] == "users":
            self.add(name, body["tags"], password=body.get("password", ""))
        else:
            kept = self.permissions if parts[0] == "permissions" else self.topics
            kept[name] = {"user": name, "vhost": parts[1], **body}
