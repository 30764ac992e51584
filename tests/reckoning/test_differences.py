"""What differs from an expectation is said, also where a row is there once too often."""

from datetime import date, datetime
from typing import Any

from tests.reckoning.differences import of_all

SLIP = {"person": "甲", "date": date(2026, 3, 2), "start": "08:30", "was": "旷", "now": "√"}
STRANGER = {"kind": "unknown_card", "card": "k-1", "station": "s1", "at": datetime(2026, 3, 2, 8, 20)}  # noqa: DTZ001


def answered(row: dict[str, Any]) -> dict[str, Any]:
    """Return an expected row as an answer writes it."""
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in row.items()}


def test_equal_lists_do_not_differ() -> None:
    assert of_all([SLIP], [answered(SLIP)], "slips") == []
    assert of_all([STRANGER, STRANGER], [answered(STRANGER)] * 2, "exceptions") == []


def test_a_row_once_too_often_is_not_expected() -> None:
    (sentence,) = of_all([SLIP], [answered(SLIP)] * 2, "slips")
    assert sentence.endswith("is not expected")


def test_a_row_once_too_few_is_missing() -> None:
    (sentence,) = of_all([STRANGER, STRANGER], [answered(STRANGER)], "exceptions")
    assert sentence.endswith("is missing")
