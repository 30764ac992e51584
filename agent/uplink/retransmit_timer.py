"""How long a receipt may take, from how long receipts took: RFC 6298's estimate, from 3 s to 20 s.

It counts from the broker's acknowledgement, so the way's speed does not enter: what is still on a slow way is never
sent once more. On a new connection nothing is known, and the longest holds: when a whole county comes back at once its
receipts take long, and what is sent twice makes them take longer.
"""

LEAST_MS = 3_000
MOST_MS = 20_000
MARGIN_MS = 1_000
"""Receipts that take equally long are still no promise for the next one: the G of RFC 6298, section 2."""


class RetransmitTimer:
    """The retransmission timeout of RFC 6298, section 2, with its doubling (5.5)."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Know nothing: a new connection."""
        self._smooth_ms: float | None = None
        self._varies_ms = 0.0
        self.ms = MOST_MS

    def took(self, ms: int) -> None:
        """Learn from a receipt that can only be for one sending (Karn's rule, RFC 6298, section 3)."""
        if self._smooth_ms is None:
            self._smooth_ms, self._varies_ms = float(ms), ms / 2
        else:
            self._varies_ms = 0.75 * self._varies_ms + 0.25 * abs(self._smooth_ms - ms)
            self._smooth_ms = 0.875 * self._smooth_ms + 0.125 * ms
        self._set(self._smooth_ms + max(MARGIN_MS, 4 * self._varies_ms))

    def missed(self) -> None:
        """No receipt came in that time: wait twice as long, until one teaches better."""
        self._set(self.ms * 2)

    def _set(self, ms: float) -> None:
        self.ms = int(max(LEAST_MS, min(ms, MOST_MS)))
