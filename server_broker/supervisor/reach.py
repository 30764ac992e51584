"""Whether a county can be reached on this machine: which ports other programs have, and where its names lead."""

import errno
import socket
import ssl

from server_broker.platform.county_config import CountyConfig, line_of
from server_broker.platform.home import CountyHome

_TIMEOUT_S = 1.0


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of all addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as sock:
        # As servers do: a port is free although connections of a moment ago still linger on it.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("0.0.0.0", port))  # noqa: S104 - only tried
        except OSError as error:
            # A port below 1024, and this is not root: then somebody may answer there or not.
            return error.errno == errno.EACCES and not _answers(port)
    return True


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def taken_ports(home: CountyHome, config: CountyConfig) -> list[str]:
    """Return the ports for stations and browsers that another program has, as lines about ``county.toml``."""
    text = home.config_file.read_text(encoding="utf-8")
    keys = ["web_port", *(["broker_port", "broker_fallback_port"] if config.broker is None else [])]
    ports = {key: getattr(config, key) for key in keys}
    return [
        f"{home.config_file}:{line_of(text, key)}：{key} {port} 已被别的程序占用（ss -ltnp 看是哪个）"
        for key, port in ports.items()
        if port and not is_free(port) and not _is_ours(home, port)
    ]


def _is_ours(home: CountyHome, port: int) -> bool:
    """Tell whether who listens on a port has a certificate of this county's authority."""
    try:
        trusted = ssl.create_default_context(cafile=str(home.root / "ca.pem"))
        with (
            socket.create_connection(("127.0.0.1", port), timeout=_TIMEOUT_S) as plain,
            trusted.wrap_socket(plain, server_hostname="127.0.0.1"),
        ):
            return True
    except OSError:
        return False


def addresses_of(host: str) -> set[str]:
    """Return the addresses to which a name leads; empty if it leads nowhere."""
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)}
    except (socket.gaierror, UnicodeError):
        return set()


def leads_here(addresses: set[str]) -> bool:
    """Tell whether this machine has one of the addresses, by listening on it for a moment."""
    return any(_is_here(address) for address in addresses)


def _is_here(address: str) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as sock:
            sock.bind((address, 0))
    except OSError:
        return False
    return True
