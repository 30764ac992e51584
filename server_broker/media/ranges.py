"""Merge byte ranges ``[start, end)``, and find the gaps between them."""

from collections.abc import Iterable

type Span = tuple[int, int]


def merge(spans: Iterable[Span]) -> list[Span]:
    """Return the same bytes as disjoint, non-touching spans in order.

    Example:
        >>> merge([(4, 6), (0, 2), (2, 4)])
        [(0, 6)]
    """
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def missing(spans: Iterable[Span], *, size: int, limit: int) -> list[Span]:
    """Return the first ``limit`` spans of ``[0, size)`` that merged ``spans`` leave out.

    Example:
        >>> missing([(2, 4)], size=6, limit=8)
        [(0, 2), (4, 6)]
    """
    gaps: list[Span] = []
    at = 0
    for start, end in [*spans, (size, size)]:
        if start > at and len(gaps) < limit:
            gaps.append((at, start))
        at = max(at, end)
    return gaps
