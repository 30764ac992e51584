"""Identify a client of the web server by its network address."""

import ipaddress

from django.http import HttpRequest


def network_source(address: str) -> str:
    """Return an IPv4 address unchanged, or the /64 network of an IPv6 address: one household (RFC 6177)."""
    return _network(address, 64)


def site_source(address: str) -> str:
    """Return an IPv4 address unchanged, or the /48 network of an IPv6 address: the most that one customer is given."""
    return _network(address, 48)


def _network(address: str, bits: int) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        # A socket for both protocols shows an IPv4 client as ::ffff:192.0.2.1 (RFC 4291, section 2.5.5.2).
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, bits), strict=False))
    return str(parsed)


def client_address(request: HttpRequest) -> str | None:
    """Return by which address wrong tries of this client are counted (setting ``AXES_CLIENT_IP_CALLABLE``): the first
    of an IPv6 client's `network_source`. None if it has no address, as if a proxy passes on what a stranger wrote."""
    source = network_source(request.META.get("REMOTE_ADDR", "")).partition("/")[0]
    return None if source == "unknown" else source
