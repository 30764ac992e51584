"""Slow down who guesses claim codes, by network address.

Many stations and everybody else of a carrier may share one address. So only a claim that was refused counts: neither
what others succeed in nor what nobody could read, and least of all a try that was not heard because of this limit,
which would then hold for as long as anybody asks. Renewals are no business of it: their signature says who asks.
"""

import ipaddress
from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

WINDOW_S = 600.0
MAX_REFUSALS = 20
MAX_SOURCES = 10_000


class RefusalLimit:
    """Counts refusals in a sliding window. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives monotonic seconds."""
        self._clock = clock
        self._refusals: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def exceeded(self, address: str) -> bool:
        """Tell whether ``address`` has used up its refusals for now."""
        with self._lock:
            return len(self._recent(_source(address))) >= MAX_REFUSALS

    def refused(self, address: str) -> None:
        """Count one refusal."""
        source = _source(address)
        with self._lock:
            recent = self._recent(source)
            recent.append(self._clock())
            self._refusals[source] = recent
            self._refusals.move_to_end(source)
            if len(self._refusals) > MAX_SOURCES:
                self._refusals.popitem(last=False)

    def _recent(self, source: str) -> deque[float]:
        recent = self._refusals.get(source, deque())
        while recent and recent[0] <= self._clock() - WINDOW_S:
            recent.popleft()
        return recent


def _source(address: str) -> str:
    """Return what one client is known by: an IPv4 address, or the /64 of an IPv6 one (RFC 6177)."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
