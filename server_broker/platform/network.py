"""Tell clients apart by their network addresses."""

import ipaddress


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
