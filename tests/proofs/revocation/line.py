"""One TLS connection with an MQTT 5 session on it, written from the standards. It uses no code of the product.

The proof needs two things that Paho and Python's own TLS client hide: the ticket of a TLS 1.3 session (RFC 8446,
4.6.1), and whether a later connection really resumed the session.
"""

import select
import socket
import ssl
from types import TracebackType
from typing import Self

ANSWER_S = 3.0
_CONNACK = 0x20


class Line:
    """A context manager: its end closes the connection. ``admitted`` says whether the broker took the session."""

    def __init__(
        self, port: int, station: str, context: ssl.SSLContext, *, ticket: ssl.SSLSession | None = None
    ) -> None:
        self.admitted = False
        self.resumed = False
        self._tls: ssl.SSLSocket | None = None
        try:
            self._connect(port, station, context, ticket)
        except OSError:
            self.close()

    def _connect(self, port: int, station: str, context: ssl.SSLContext, ticket: ssl.SSLSession | None) -> None:
        plain = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_S)
        try:
            self._tls = context.wrap_socket(plain, server_hostname="127.0.0.1", session=ticket)
        except OSError:
            plain.close()
            raise
        self.resumed = bool(self._tls.session_reused)
        self._tls.sendall(connect_packet(station))
        answer = self._tls.recv(256)
        self.admitted = len(answer) > 3 and answer[0] == _CONNACK and answer[3] == 0

    @property
    def ticket(self) -> ssl.SSLSession | None:
        """The ticket that came, if there was one."""
        return self._tls.session if self._tls is not None else None

    def is_open(self, *, within_s: float = 0.0) -> bool:
        """Return whether the session is still up, after waiting up to ``within_s`` for its end."""
        while self._tls is not None:
            if not self._tls.pending() and not select.select([self._tls], [], [], within_s)[0]:
                return True
            try:
                if not self._tls.recv(4096):
                    self.close()
            except OSError:
                self.close()
        return False

    def close(self) -> None:
        """Close the connection without a word."""
        if self._tls is not None:
            self._tls.close()
            self._tls = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def mqtt_text(text: str) -> bytes:
    """Return a UTF-8 string as MQTT writes it (MQTT 5.0, 1.5.4)."""
    raw = text.encode()
    return len(raw).to_bytes(2, "big") + raw


def connect_packet(station: str, *, keepalive_s: int = 60) -> bytes:
    """Return a CONNECT (MQTT 5.0, 3.1) with clean start, no properties, and a will on the station's own ``gone``."""
    flags = b"\x0e"  # clean start, a will, at QoS 1
    will = b"\x00" + mqtt_text(f"cunhui/1/0/{station}/gone") + mqtt_text("will")
    head = mqtt_text("MQTT") + b"\x05" + flags + keepalive_s.to_bytes(2, "big") + b"\x00"
    body = head + mqtt_text(station) + will
    return bytes((0x10, len(body))) + body
