"""Probe one of the county's endpoints: open a TLS connection, send nothing over it, and return why it failed, if it
did."""

import socket
import ssl
from pathlib import Path

from agent.doctor.ports import Trouble
from agent.drivers.deadline import Deadline
from agent.drivers.station_tls import county_context, dates_refused

WITHIN_S = 10.0
_REFUSAL_S = 2.0
"""With TLS 1.3 a server judges our certificate after the handshake (RFC 8446, 4.4.2.4): its alert comes late."""


def probe_endpoint(
    host: str,
    port: int,
    ca: Path,
    own: tuple[Path, Path] | None,
    *,
    within_s: float = WITHIN_S,
) -> Trouble:
    """Open a connection and end it; see `agent.doctor.ports.DoctorTools`."""
    try:
        context = county_context(ca)
        if own is not None:
            context.load_cert_chain(*own)
    except OSError:
        # Without a readable CA file nobody can prove to be the county.
        return "stranger"
    try:
        sock = socket.create_connection((host, port), timeout=within_s)
    except (socket.gaierror, UnicodeError):  # UnicodeError: what can't be a host name fails in encodings.idna
        return "name"
    except OSError:
        return "away"
    with sock, Deadline(within_s) as deadline:
        deadline.watch(sock)
        try:
            secured = context.wrap_socket(sock, server_hostname=host)
        except ssl.SSLCertVerificationError as error:
            return "dates" if dates_refused(error) else "stranger"
        except ssl.SSLError:
            return "stranger"
        except OSError:
            return "away"
        with secured:
            return "refused" if own is not None and _refuses_us(secured) else ""


def _refuses_us(secured: ssl.SSLSocket) -> bool:
    """Wait for the alert that refuses our certificate. Silence is good: a broker that accepts it waits for us."""
    secured.settimeout(_REFUSAL_S)
    try:
        return secured.recv(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True
