"""Try to connect to the county's broker without a certificate, to see that it refuses."""

import socket
import ssl
from pathlib import Path

_CONNECT = b"\x10\x13\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x06nobody"
"""CONNECT of MQTT 5: clean start, 60 s of keep-alive, client id ``nobody`` (MQTT 5.0, section 3.1)."""
_TIMEOUT_S = 10.0


def admitted(*, port: int, ca: Path) -> bool:
    """Tell whether a broker at a port of this machine answers somebody who shows no certificate.

    Raises:
        OSError: It is not there at all.
    """
    context = ssl.create_default_context(cafile=str(ca))
    with socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as line:
        try:
            with context.wrap_socket(line, server_hostname="127.0.0.1") as broker:
                broker.sendall(_CONNECT)
                return bool(broker.recv(16))
        # With TLS 1.3 the refusal is only heard after the handshake (RFC 8446, section 4.4.2.4).
        except (ssl.SSLError, ConnectionError):
            return False
