"""Verify the signed heads of a batch in several threads, before one of them is asked about.

Nothing else that the worker does costs as much: 105 µs of a processor each, more than all the rest of a touch's way in
this program. The library lets other threads run meanwhile. A verdict is about exactly this key, station and head, so
it does not matter what else becomes of the batch.
"""

import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused

THREADS = min(4, os.cpu_count() or 1)
_FEW = 8
"""So many are verified as fast as another thread begins."""


class HeadClaim(NamedTuple):
    """Something to verify: that the holder of ``key``, a raw Ed25519 public key, signed this head for the station."""

    key: bytes
    station: str
    head: SignedHead


class Verdicts:
    """Which claims are true. What was not verified beforehand is verified when it is asked about."""

    def __init__(self, verified: dict[HeadClaim, bool]) -> None:
        self._verified = verified

    def of(self, key: bytes, station: str) -> Callable[[SignedHead], bool]:
        """Return what tells of a head whether the holder of ``key`` signed it for this station."""
        return lambda head: self[HeadClaim(key, station, head)]

    def __getitem__(self, claim: HeadClaim) -> bool:
        found = self._verified.get(claim)
        if found is None:
            found = self._verified[claim] = is_signed_by(*claim)
        return found


def is_signed_by(key: bytes, station: str, head: SignedHead) -> bool:
    """Tell whether ``head`` bears the signature of this raw Ed25519 public key for this station."""
    try:
        verify_head(key, station=station, signed=head)
    except Refused:
        return False
    return True


def verdicts(claims: Collection[HeadClaim], *, threads: int = THREADS) -> Verdicts:
    """Verify all of ``claims``, in this many threads if there are more than a few."""
    if len(claims) <= _FEW or threads == 1:
        return Verdicts({claim: is_signed_by(*claim) for claim in claims})
    # A share for each thread, because handing over every single one costs a fifth of verifying it.
    listed = list(claims)
    shares = [listed[first::threads] for first in range(threads)]
    verified: dict[HeadClaim, bool] = {}
    for share, found in zip(shares, _pool(threads).map(_each, shares), strict=True):
        verified |= zip(share, found, strict=True)
    return Verdicts(verified)


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    """Return the threads of this program. They begin with the first batch that needs them, and end with the program."""
    return ThreadPoolExecutor(threads, "verify")


def _each(claims: Sequence[HeadClaim]) -> list[bool]:
    return [is_signed_by(*claim) for claim in claims]
