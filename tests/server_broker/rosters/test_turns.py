"""Turns are equal within one, whoever is away stands back, and leaders change by the week."""

import datetime as dt
from collections import Counter

import pytest

from server_broker.rosters.turns import by_weekday, in_rotation, leaders_by_week

MONDAY = dt.date(2027, 3, 1)
MONTH = [MONDAY + dt.timedelta(days=n) for n in range(31)]


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_turns_are_equal_within_one_and_in_order(count: int) -> None:
    found = in_rotation(MONTH, count, lambda place, day: True)
    assert [found[day] for day in MONTH] == [n % count for n in range(31)]
    had = Counter(found.values())
    assert max(had.values()) - min(had[place] for place in range(min(count, 31))) <= 1


def test_it_goes_on_after_whose_turn_was_last() -> None:
    assert list(in_rotation(MONTH[:4], 3, lambda place, day: True, last=1).values()) == [2, 0, 1, 2]


def test_who_was_away_makes_up_for_it() -> None:
    found = in_rotation(MONTH, 3, lambda place, day: not (place == 0 and day.day <= 10))
    had = Counter(found.values())
    assert max(had.values()) - min(had.values()) <= 1
    assert 0 not in {found[day] for day in MONTH[:10]}


def test_a_date_on_which_all_are_away_is_nobodys() -> None:
    found = in_rotation(MONTH, 2, lambda place, day: day.day != 5)
    assert set(MONTH) - set(found) == {MONTH[4]}
    assert leaders_by_week(MONTH[:5], 2, lambda place, day: day.day != 5).keys() == set(MONTH[:4])


def test_leaders_change_on_mondays_and_the_next_stands_in() -> None:
    found = leaders_by_week(MONTH[3:17], 2, lambda place, day: (place, day.day) != (0, 4))
    assert [found[day] for day in MONTH[3:17]] == [1, 0, 0, 0, *[1] * 7, *[0] * 3]
    assert leaders_by_week(MONTH, 0, lambda place, day: True) == {}


def test_by_the_week_an_empty_text_is_nobodys() -> None:
    turns = ["书记", "主任", "", "书记", "主任", "", ""]
    assert by_weekday(MONTH[:8], turns) == {MONTH[0]: 0, MONTH[1]: 1, MONTH[3]: 3, MONTH[4]: 4, MONTH[7]: 0}
