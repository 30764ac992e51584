"""Faults that the proof must find, planted into small runs of it. Each returns whether it was found."""

from collections.abc import Callable, Iterable
from typing import Any
from unittest.mock import patch

from server_broker.settlement import record
from tests.proofs.settlement.worlds import compare_months

_SEEDS = range(4)


def nobody_is_awaited() -> bool:
    """The engine takes every record for complete. Plain facts alone must say that somebody is blamed too early."""
    with patch.object(record.Record, "complete", lambda *_: True):
        found = compare_months(_SEEDS)
    return found.absent_on_missing_data > 0 and found.differences > 0


def facts_in_the_order_in_which_they_came() -> bool:
    """The engine reads facts as they arrived, and not by their seq."""

    def as_they_came(rows: Iterable[Any], key: object = None) -> list[Any]:
        return list(rows)

    with patch.object(record, "sorted", as_they_came, create=True):
        return compare_months(_SEEDS).order_differences > 0


PLANTED: tuple[Callable[[], bool], ...] = (
    nobody_is_awaited,
    facts_in_the_order_in_which_they_came,
)
