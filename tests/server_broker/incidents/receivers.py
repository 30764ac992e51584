"""Receivers on this machine, as rude as real ones: they answer, hang, drip, hang up, refuse, or lead elsewhere."""

import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

type Mood = str
"""``ok``, ``hang``, ``drip``, ``close``, ``500``, ``302``, ``refuse`` (by its errcode), ``rubbish``, ``long``."""


@dataclass
class Webhook:
    """A receiver of webhooks by HTTPS, and what it has got."""

    port: int = 0
    mood: Mood = "ok"
    got: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    """Lets those go that hang, at the end of a test."""

    @property
    def named(self) -> str:
        return f"localhost:{self.port}"

    def url(self, path: str = "/robot/send?access_token=s3cret") -> str:
        return f"https://{self.named}{path}"

    def texts(self) -> list[str]:
        return [body["text"]["content"] for _, body in self.got]


@contextmanager
def webhook(certificate: Path, key: Path) -> Iterator[Webhook]:
    """Run a receiver for a block."""
    receiver = Webhook()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            match receiver.mood:
                case "hang":
                    receiver.released.wait(30)
                    return
                case "close":
                    return
                case "drip":
                    self._drip()
                    return
            receiver.got.append((self.path, body))
            status = {"500": 500, "302": 302}.get(receiver.mood, 200)
            answered = {
                "refuse": b'{"errcode": 310000, "errmsg": "sign not match https://localhost/?access_token=s3cret"}',
                "rubbish": b"<html>",
                "long": b" " * 200_000,
            }.get(receiver.mood, b'{"errcode": 0, "errmsg": "ok"}')
            self.send_response(status)
            if status == 302:
                self.send_header("Location", receiver.url("/elsewhere"))
            self.send_header("Content-Length", str(len(answered)))
            self.end_headers()
            self.wfile.write(answered)

        def _drip(self) -> None:
            """Send a byte now and then, each long before any limit for one read."""
            with suppress(OSError):
                self.wfile.write(b"HTTP/1.1 200 OK\r\n")
                while not receiver.released.wait(0.02):
                    self.wfile.write(b"X")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that hangs up is no news."""

    with Server(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        receiver.port = server.server_address[1]
        running = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        running.start()
        try:
            yield receiver
        finally:
            receiver.released.set()
            server.shutdown()
            running.join()


@dataclass
class MailServer:
    """A server that takes mail (RFC 5321), without TLS, and what it has got."""

    port: int = 0
    mood: Mood = "ok"
    got: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def named(self) -> str:
        return f"localhost:{self.port}"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Run a server that takes mail for a block."""
    server = MailServer()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]
        running = threading.Thread(target=_serve, args=(server, listener), daemon=True)
        running.start()
        yield server
        server.released.set()
        listener.shutdown(socket.SHUT_RDWR)
    running.join()


def _serve(server: MailServer, listener: socket.socket) -> None:
    with suppress(OSError):
        while True:
            line, _ = listener.accept()
            with line, suppress(OSError):
                _converse(server, line)


def _converse(server: MailServer, line: socket.socket) -> None:
    if server.mood == "hang":
        server.released.wait(30)
        return
    if server.mood == "drip":
        while not server.released.wait(0.02):
            line.sendall(b"2")
        return
    line.sendall(b"220 mail.example\r\n")
    with line.makefile("rb") as said:
        for command in said:
            match command[:4].upper():
                case b"EHLO":
                    line.sendall(b"250-mail.example\r\n250 8BITMIME\r\n")
                case b"RCPT" if server.mood == "refuse":
                    line.sendall(b"550 no such box\r\n")
                case b"RCPT":
                    server.recipients.append(command.decode().partition("<")[2].partition(">")[0])
                    line.sendall(b"250 ok\r\n")
                case b"DATA":
                    line.sendall(b"354 go on\r\n")
                    server.got.append(b"".join(iter(said.readline, b".\r\n")).decode())
                    line.sendall(b"250 taken\r\n")
                case b"QUIT":
                    line.sendall(b"221 bye\r\n")
                    return
                case _:
                    line.sendall(b"250 ok\r\n")
