"""What one client of the web is known by."""

import ipaddress


def network_source(address: str) -> str:
    """Return an IPv4 address as it is, and the /64 of an IPv6 one: a household's whole network (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
