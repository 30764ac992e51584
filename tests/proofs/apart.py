"""Share a proof among processes."""

import logging
import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any, Protocol, Self

PROCESSES = 2
"""Fixed, so that a seed means the same on every machine."""
SEEDS_APART = 1_000_000
"""Between the first seeds of two processes."""


class Sum(Protocol):
    """What a process found, and what all of them found."""

    def add(self, other: Self) -> None:
        """Add what another process found."""


def prove_apart[T: Sum](prove: Callable[..., T], total: T, parts: Sequence[dict[str, Any]]) -> T:
    """Call ``prove`` with the arguments of each part, in processes of their own, and return ``total`` with all sums."""
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("fork")) as pool:
        for found in pool.map(_quietly, [prove] * len(parts), parts):
            total.add(found)
    return total


def cuts_apart(cuts: int, seed: int) -> list[dict[str, Any]]:
    """Return for each process its share of the cuts, and where its own seeds begin."""
    return [
        {"cuts": cuts // PROCESSES + (part < cuts % PROCESSES), "seed": seed + part * SEEDS_APART}
        for part in range(PROCESSES)
    ]


def _quietly[T](prove: Callable[..., T], part: dict[str, Any]) -> T:
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    return prove(**part)
