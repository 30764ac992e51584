"""Slow down senders that guess claim codes, by network address.

Many stations and many customers of a mobile carrier may share one address. So only a refused claim counts. Successful
enrolments and malformed requests don't. A try that this limit turned away doesn't either: otherwise the limit would
never end while anybody keeps asking. Renewals are not limited here, because they are signed by a known station.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from threading import Lock

from server_broker.platform.network import network_source

WINDOW_S = 600.0
MAX_REFUSALS = 20
"""Enough for several technicians at one carrier's address who mistype, and far too few to guess a code of 12 digits."""
MAX_SOURCES = 10_000
"""Bounds the memory. Beyond it the address that asked longest ago is forgotten."""


class RefusalLimit:
    """Counts refusals in a sliding window. Safe to use from several threads.

    A try counts as a refusal before it is handled, and the count is taken back if it was not refused. So even if many
    tries come at the same time, no more of them are handled than the limit allows.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock`` gives monotonic seconds."""
        self._clock = clock
        self._refusals: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def book(self, address: str) -> bool:
        """Count one try of ``address``. Return False, and count nothing, if the address has reached the limit."""
        source = network_source(address)
        with self._lock:
            recent = self._refusals.get(source, deque())
            while recent and recent[0] <= self._clock() - WINDOW_S:
                recent.popleft()
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
            # Of two tries under way it may be the other one's time. They are a moment apart, so it does not matter.
            if recent := self._refusals.get(network_source(address)):
                recent.pop()
