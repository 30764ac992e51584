"""By which address the wrong tries of a client are counted."""

from django.http import HttpRequest

from server_broker.platform.network import network_source


def client_address(request: HttpRequest) -> str | None:
    """Return by which address wrong tries of this client are counted (setting ``AXES_CLIENT_IP_CALLABLE``): the first
    of an IPv6 client's `network_source`. None if it has no address, as if a proxy passes on what a stranger wrote."""
    source = network_source(request.META.get("REMOTE_ADDR", "")).partition("/")[0]
    return None if source == "unknown" else source
