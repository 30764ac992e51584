"""How many of the cuts go to each thing that a station writes, so that rare things are cut as well."""

from collections import Counter

SHARES = {
    "commit": 10,
    "receipt": 5,
    "state": 5,
    "epoch": 5,
    "prune": 5,
    "open": 5,
    "salvage": 5,
    "spool": 5,
    "blob_write": 5,
    "announce": 5,
    "blob_drop": 5,
    "blob_evict": 5,
    "pack": 5,
    "download": 5,
    "identity": 5,
    "command": 5,
    "note": 5,
    "log": 5,
    "export": 5,
}
"""Of a hundred."""

OUTBOX = frozenset({"commit", "receipt", "state", "epoch", "prune", "open", "salvage"})
"""The purposes of the outbox's own workload. The station's workload covers the others."""
STATION = frozenset(SHARES) - OUTBOX | {"commit", "open"}


ALL = OUTBOX | STATION


class Remaining:
    """The cuts that are still to be made, by purpose."""

    def __init__(self, cuts: int, *, only: frozenset[str] = ALL) -> None:
        whole = sum(SHARES[purpose] for purpose in only)
        self._left = Counter({purpose: cuts * SHARES[purpose] // whole for purpose in sorted(only)})
        self._left[max(only, key=lambda purpose: (SHARES[purpose], purpose))] += cuts - self._left.total()

    def any_of(self, purposes: frozenset[str]) -> bool:
        return any(self._left[purpose] for purpose in purposes)

    def take(self, purpose: str) -> bool:
        """Return whether one more is wanted, and count it."""
        if not self._left[purpose]:
            return False
        self._left[purpose] -= 1
        return True
