"""The result of a week: what was presented, what was acknowledged, and what psql counts in the county. No I/O."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """Counted in facts."""

    acknowledged: int
    lost: int
    """Acknowledged, and not in the county."""
    doubled: int
    """In the county more often than it was presented."""
    invented: int
    """In the county, but never presented."""
    unacknowledged: int
    """Presented again and again, and never acknowledged."""


def judge(*, presented: Mapping[str, int], acknowledged: Collection[str], stored: Counter[str]) -> Verdict:
    """Compare.

    Args:
        presented: How often each fact reached the contender, answered or not, because a fact without an answer is
            presented again.
        stored: How often the county has each.
    """
    there = {fact for fact, count in stored.items() if count > 0}
    return Verdict(
        acknowledged=len(set(acknowledged)),
        lost=len(set(acknowledged) - there),
        doubled=sum(max(0, count - presented[fact]) for fact, count in stored.items() if presented.get(fact)),
        invented=sum(count for fact, count in stored.items() if not presented.get(fact)),
        unacknowledged=len({fact for fact, count in presented.items() if count} - set(acknowledged)),
    )
