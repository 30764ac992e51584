"""Stretches of minutes, and what is left of them."""

from collections.abc import Iterable, Sequence

from server_broker.settlement.times import Minute

type Piece = tuple[Minute, Minute]
"""From a minute up to, not including, another one."""


def without(pieces: Iterable[Piece], taken: Iterable[Piece]) -> list[Piece]:
    """Return what is left of pieces in order when others are taken out."""
    left = list(pieces)
    for begin, end in taken:
        if begin < end:
            cut = [part for a, b in left for part in ((a, min(b, begin)), (max(a, end), b))]
            left = [(a, b) for a, b in cut if a < b]
    return left


def length(pieces: Iterable[Piece]) -> int:
    """Return how many minutes pieces have that do not overlap."""
    return sum(end - begin for begin, end in pieces)


def taken_of(pieces: Sequence[Piece], taken: Iterable[Piece]) -> int:
    """Return how many minutes of the pieces are taken."""
    return length(pieces) - length(without(pieces, taken))
