"""Say what is wrong with the console's own certificate, for whoever edits ``county.toml`` or looks at the doctor."""

import datetime as dt
import socket
import ssl

from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.supervisor.config_lines import problem_lines
from server_broker.trust.own_certificate import console_problems


def console_certificate_problems(home: CountyHome, config: CountyConfig, *, now: dt.datetime) -> list[str]:
    """Return what keeps the console's own certificate from being served, each with the line of ``county.toml``."""
    if config.console is None:
        return []
    return problem_lines(home, "console", console_problems(home.root, config.console, now=now))


def served_certificate(console: OwnCertificate, *, timeout_s: float = 1.0) -> bytes | None:
    """Return the certificate (DER) that the console's own name answers with; None if nothing answers there."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        with (
            socket.create_connection(("127.0.0.1", console.port), timeout=timeout_s) as plain,
            context.wrap_socket(plain, server_hostname=console.host) as tls,
        ):
            return tls.getpeercert(binary_form=True)
    except OSError:
        return None
