"""Slow down who guesses claim codes, by network address.

Many stations and everybody else of a carrier may share one address. So only a claim that was refused counts: neither
what others succeed in nor what nobody could read, and least of all a try that was not heard because of this limit,
which would then hold for as long as anybody asks. Renewals are no business of it: their signature says who asks.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

from server_broker.accounts.network import network_source

WINDOW_S = 600.0
MAX_REFUSALS = 20
MAX_SOURCES = 10_000


class RefusalLimit:
    """Counts refusals in a sliding window. Safe to use from several threads.

    A try is booked as a refusal before it is heard, and taken back when it was none. So of many at once no more are
    heard than are left, however long each takes.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives monotonic seconds."""
        self._clock = clock
        self._refusals: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def book(self, address: str) -> bool:
        """Count one try of ``address``; False, and nothing counted, when it has used up its refusals for now."""
        source = network_source(address)
        with self._lock:
            recent = self._recent(source)
            if len(recent) >= MAX_REFUSALS:
                return False
            recent.append(self._clock())
            self._refusals[source] = recent
            self._refusals.move_to_end(source)
            if len(self._refusals) > MAX_SOURCES:
                self._refusals.popitem(last=False)
        return True

    def take_back(self, address: str) -> None:
        """Forget the last try of ``address``: it was no refusal."""
        with self._lock:
            if recent := self._refusals.get(network_source(address)):
                recent.pop()

    def _recent(self, source: str) -> deque[float]:
        recent = self._refusals.get(source, deque())
        while recent and recent[0] <= self._clock() - WINDOW_S:
            recent.popleft()
        return recent
