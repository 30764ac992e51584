"""Who is due on a date: each rule of docs/rules.md, section 1, with plain values from its words."""

import datetime as dt
from fractions import Fraction
from typing import Any

import pytest

from server_broker.duty.due import Turn, due_between, due_on
from server_broker.duty.reasons import (
    Away,
    ByName,
    ByPost,
    CutByNotice,
    DayOff,
    ForThisDate,
    HandedOver,
    Left,
    NoPost,
    OnNamedDay,
    OnSwappedDay,
    OnWorkingDay,
    OthersForThisDate,
    Overlaps,
    Stopped,
    TookOver,
)
from server_broker.duty.values import Agreed, CalendarDay, Crew, Days, Held, Notice, Rosters, Window, minute_at

ZHANG, LI, ZHAO = 1, 2, 3
SECRETARY, MEMBER = 10, 11
VILLAGE, OTHER_VILLAGE = 1, 2
DAY = dt.timedelta(days=1)
MONDAY = dt.date(2026, 9, 14)
FRIDAY, SATURDAY, SUNDAY = (MONDAY + number * DAY for number in (4, 5, 6))
WEEK = frozenset({1, 2, 3, 4, 5})
MORNING, AFTERNOON = (480, 720), (840, 1080)


def calendar(**exceptions: CalendarDay) -> dict[dt.date, CalendarDay]:
    """Mondays to Fridays from August to October, but for the dates given as ``d0916``."""
    first = dt.date(2026, 8, 1)
    days = {first + n * DAY: CalendarDay((first + n * DAY).isoweekday() < 6) for n in range(92)}
    return days | {dt.date(2026, int(name[1:3]), int(name[3:])): day for name, day in exceptions.items()}


def window(
    *people: int,
    id: int = 1,
    at: tuple[int, int] = MORNING,
    weekdays: frozenset[int] = WEEK,
    posts: tuple[int, ...] = (),
    **more: Any,
) -> Window:
    crew = Crew(frozenset(people), frozenset(posts))
    return Window(id, VILLAGE, f"{id}", *at, crew=crew, weekdays=weekdays, **more)


def named_window(id: int = 9, at: tuple[int, int] = MORNING) -> Window:
    return Window(id, VILLAGE, f"{id}", *at, crew=Crew(), named_days=True)


def rosters(*windows: Window, days: dict[dt.date, CalendarDay] | None = None, **more: Any) -> Rosters:
    return Rosters(calendar() if days is None else days, windows, **more)


def due(day: dt.date, given: Rosters) -> set[tuple[int, int]]:
    """Return person and window of those who are due."""
    return {(turn.person, turn.window.id) for turn in due_on(day, given) if turn.due}


def one(day: dt.date, given: Rosters, person: int = ZHANG, window: int = 1) -> Turn:
    (found,) = (turn for turn in due_on(day, given) if (turn.person, turn.window.id) == (person, window))
    return found


def test_a_roster_of_monday_to_friday_has_every_working_day_and_swapped_ones() -> None:
    days = calendar(d0919=CalendarDay(True, name="国庆调休"), d0916=CalendarDay(False, name="示例节"))
    full = rosters(window(ZHANG), days=days)
    assert [day.day for day in sorted(days) if day.month == 9 and due(day, full)] == [
        *(1, 2, 3, 4, 7, 8, 9, 10, 11, 14, 15, 17, 18, 19, 21, 22, 23, 24, 25, 28, 29, 30)
    ]
    assert one(MONDAY, full).why == (ByName(), OnWorkingDay())
    assert one(SATURDAY, full).why == (ByName(), OnSwappedDay("国庆调休"))
    off = one(dt.date(2026, 9, 16), full)
    assert (off.due, off.why) == (False, (DayOff("示例节"),))


def test_one_with_saturday_and_sunday_too_has_only_the_working_days() -> None:
    every = rosters(window(ZHANG, weekdays=WEEK | {6, 7}))
    assert not due(SATURDAY, every)
    assert one(SATURDAY, every).why == (DayOff(),)


def test_one_with_fewer_weekdays_has_those_of_them_that_are_working_days() -> None:
    days = calendar(d0919=CalendarDay(True), d0920=CalendarDay(True), d0916=CalendarDay(False))
    fewer = rosters(window(ZHANG, weekdays=frozenset({1, 3, 6})), days=days)
    assert [day.day for day in sorted(days) if day.month == 9 and due(day, fewer)] == [2, 7, 9, 14, 19, 21, 23, 28, 30]
    assert due_on(SUNDAY, fewer) == []


def test_a_roster_of_named_days_has_windows_on_these_alone() -> None:
    given = rosters(named_window(), named={(9, SUNDAY): Crew(frozenset({LI}))})
    assert due(SUNDAY, given) == {(LI, 9)}
    assert one(SUNDAY, given, LI, 9).why == (ByName(), OnNamedDay())
    assert due_on(MONDAY, given) == []


def test_a_named_day_of_a_weekly_window_stands_for_the_people_of_that_date() -> None:
    given = rosters(window(ZHANG), named={(1, MONDAY): Crew(frozenset({LI}), leaders=frozenset({LI}))})
    assert due(MONDAY, given) == {(LI, 1)}
    assert one(MONDAY, given, LI).why == (ByName(), OnWorkingDay(), ForThisDate())
    assert one(MONDAY, given, LI).leads
    assert one(MONDAY, given).why == (OthersForThisDate(),)
    assert due(MONDAY + DAY, given) == {(ZHANG, 1)}


def test_a_named_day_makes_no_working_day_of_a_weekly_window_s_day_off() -> None:
    given = rosters(window(ZHANG), named={(1, SATURDAY): Crew(frozenset({LI}))})
    assert due(SATURDAY, given) == set()


def test_a_window_over_midnight_belongs_to_the_date_on_which_it_starts() -> None:
    night = window(ZHANG, at=(1320, 1800))
    given = rosters(night, holdings=[Held(ZHANG, SECRETARY, days=Days(until=SATURDAY))])
    assert due(FRIDAY, given) == {(ZHANG, 1)}
    turn = one(FRIDAY, given)
    assert (turn.begin, turn.end) == (minute_at(FRIDAY, 1320), minute_at(SATURDAY, 360))


def test_holders_of_the_post_are_due_from_its_first_date_to_its_last() -> None:
    held = Held(LI, SECRETARY, days=Days(MONDAY + DAY, FRIDAY))
    given = rosters(window(posts=(SECRETARY,)), holdings=[held])
    assert [bool(due(MONDAY + n * DAY, given)) for n in range(5)] == [False, True, True, True, False]
    assert one(MONDAY + DAY, given, LI).why == (ByPost(SECRETARY), OnWorkingDay())


def test_who_is_named_and_has_posts_must_hold_one_of_them() -> None:
    given = rosters(window(ZHANG, LI), holdings=[Held(ZHANG, MEMBER, days=Days(until=MONDAY + DAY))])
    assert due(MONDAY, given) == {(ZHANG, 1), (LI, 1)}
    assert due(MONDAY + DAY, given) == {(LI, 1)}
    assert one(MONDAY + DAY, given).why == (NoPost(),)


def test_who_is_away_from_two_posts_is_told_the_same_in_whatever_order_they_come() -> None:
    holdings = [Held(ZHANG, SECRETARY, "seconded"), Held(ZHANG, MEMBER, "suspended")]
    turns = [one(MONDAY, rosters(window(ZHANG), holdings=held)) for held in (holdings, holdings[::-1])]
    assert turns[0] == turns[1]
    assert not turns[0].due


@pytest.mark.parametrize("state", ["seconded", "suspended", "off"])
def test_who_is_seconded_suspended_or_off_post_is_not_due_on_these_dates(state: str) -> None:
    away = Days(MONDAY + DAY, MONDAY + 3 * DAY)
    holdings = [
        Held(ZHANG, SECRETARY, days=Days(until=MONDAY + DAY)),
        Held(ZHANG, SECRETARY, state, away),
        Held(ZHANG, SECRETARY, days=Days(MONDAY + 3 * DAY)),
    ]
    for given in (
        rosters(window(ZHANG), holdings=holdings),
        rosters(window(posts=(SECRETARY,)), holdings=holdings),
    ):
        assert [bool(due(MONDAY + n * DAY, given)) for n in range(5)] == [True, False, False, True, True]
        assert one(MONDAY + DAY, given).why == (Away(state, SECRETARY),)


def test_who_is_away_from_one_post_and_holds_another_is_due_by_that() -> None:
    holdings = [Held(ZHANG, SECRETARY, "seconded"), Held(ZHANG, MEMBER)]
    assert due(MONDAY, rosters(window(ZHANG), holdings=holdings)) == {(ZHANG, 1)}
    assert due(MONDAY, rosters(window(posts=(SECRETARY,)), holdings=holdings)) == set()
    assert due(MONDAY, rosters(window(posts=(SECRETARY, MEMBER)), holdings=holdings)) == {(ZHANG, 1)}


def test_who_has_left_is_not_due() -> None:
    given = rosters(window(ZHANG), left={ZHANG: [Days(MONDAY + DAY)]})
    assert due(MONDAY, given) == {(ZHANG, 1)}
    assert one(MONDAY + DAY, given).why == (Left(),)


def test_a_season_may_pass_new_year() -> None:
    summer, winter = window(ZHANG, season=(501, 915)), window(ZHANG, season=(1001, 901))
    assert [bool(due(dt.date(2026, 9, day), rosters(summer))) for day in (1, 15, 16)] == [True, True, False]
    assert [bool(due(dt.date(2026, 9, day), rosters(winter))) for day in (1, 2)] == [True, False]
    assert due(dt.date(2026, 10, 1), rosters(winter)) == {(ZHANG, 1)}


START = minute_at(MONDAY, 480)


def swapped(*swaps: Agreed, **more: Any) -> Rosters:
    return rosters(window(ZHANG), swaps={(1, MONDAY): swaps}, **more)


def test_a_swap_moves_one_window_of_one_date() -> None:
    given = swapped(Agreed(ZHANG, LI, START - 1))
    assert due(MONDAY, given) == {(LI, 1)}
    assert due(MONDAY + DAY, given) == {(ZHANG, 1)}
    assert one(MONDAY, given, LI).why == (TookOver(ZHANG), OnWorkingDay())
    assert one(MONDAY, given).why == (HandedOver(LI),)


def test_a_swap_that_was_agreed_at_the_start_or_later_moves_nothing() -> None:
    assert due(MONDAY, swapped(Agreed(ZHANG, LI, START))) == {(ZHANG, 1)}


def test_several_swaps_of_one_window_hold_in_the_order_of_their_agreements() -> None:
    assert due(MONDAY, swapped(Agreed(ZHANG, LI, START - 9), Agreed(LI, ZHAO, START - 5))) == {(ZHAO, 1)}
    # Who has it no longer can't give it away again.
    assert due(MONDAY, swapped(Agreed(ZHANG, LI, START - 9), Agreed(ZHANG, ZHAO, START - 5))) == {(LI, 1)}
    back = swapped(Agreed(ZHANG, LI, START - 9), Agreed(LI, ZHANG, START - 5))
    assert due(MONDAY, back) == {(ZHANG, 1)}


def test_who_took_a_window_over_and_is_away_is_not_due_and_nobody_else_is() -> None:
    given = swapped(Agreed(ZHANG, LI, START - 9), holdings=[Held(LI, MEMBER, "suspended")])
    assert due(MONDAY, given) == set()
    assert one(MONDAY, given, LI).why == (Away("suspended", MEMBER), TookOver(ZHANG))


def test_a_provisional_date_is_marked_in_windows_of_named_days_too() -> None:
    days = calendar(d0914=CalendarDay(True, provisional=True))
    given = rosters(window(ZHANG), named_window(at=AFTERNOON), days=days, named={(9, MONDAY): Crew(frozenset({LI}))})
    assert one(MONDAY, given).provisional
    assert one(MONDAY, given, LI, 9).provisional


def stopped(*pieces: tuple[int, int], at: tuple[int, int] = MORNING, village: int = VILLAGE) -> Rosters:
    notices = [Notice(minute_at(MONDAY, begin), minute_at(MONDAY, end), "防汛") for begin, end in pieces]
    return rosters(window(ZHANG, at=at), notices={village: notices})


@pytest.mark.parametrize("pieces", [[(480, 720)], [(0, 1440)], [(480, 691)], [(480, 600), (600, 720)]])
def test_a_notice_that_leaves_less_than_min_rest_takes_the_whole_window(pieces: list[tuple[int, int]]) -> None:
    turn = one(MONDAY, stopped(*pieces))
    assert not turn.due
    assert isinstance(turn.why[0], Stopped)


@pytest.mark.parametrize(
    ("pieces", "rest"),
    [
        ([(480, 690)], (690, 720)),  # exactly min_rest
        ([(660, 900)], (480, 660)),
        ([(540, 600)], (480, 720)),  # a hole needs no touch
        ([(480, 500), (520, 540), (700, 720)], (500, 700)),
    ],
)
def test_a_notice_for_a_part_is_cut_off(pieces: list[tuple[int, int]], rest: tuple[int, int]) -> None:
    turn = one(MONDAY, stopped(*pieces))
    assert turn.due
    assert (turn.begin, turn.end) == tuple(minute_at(MONDAY, minutes) for minutes in rest)
    assert sum(isinstance(reason, CutByNotice) for reason in turn.why) == len(pieces)


def test_a_short_window_that_no_notice_covers_is_due() -> None:
    assert one(MONDAY, stopped((720, 900), at=(480, 500))).due
    assert one(MONDAY, stopped((480, 720), village=OTHER_VILLAGE)).due


def test_a_window_after_midnight_is_stopped_by_the_minutes_of_the_next_date() -> None:
    assert not one(MONDAY, stopped((1320, 1800), at=(1320, 1800))).due
    assert one(MONDAY, stopped((0, 360), at=(1320, 1800))).due


def test_where_a_change_of_the_calendar_brings_two_the_one_of_named_days_stands() -> None:
    days = calendar(d0919=CalendarDay(True, name="调休"))
    given = rosters(
        window(ZHANG), named_window(at=(660, 900)), days=days, named={(9, SATURDAY): Crew(frozenset({ZHANG}))}
    )
    assert due(SATURDAY, given) == {(ZHANG, 9)}
    other = one(SATURDAY, given)
    assert other.why[0] == Overlaps(9)
    assert other.is_exception
    assert not one(SATURDAY, given, window=9).is_exception


def test_windows_that_only_touch_do_not_overlap() -> None:
    given = rosters(window(ZHANG), named_window(at=(720, 900)), named={(9, MONDAY): Crew(frozenset({ZHANG}))})
    assert due(MONDAY, given) == {(ZHANG, 1), (ZHANG, 9)}


def test_a_window_of_the_night_before_overlaps_too() -> None:
    night = named_window(at=(1320, 1320 + 720))
    given = rosters(window(ZHANG), night, named={(9, MONDAY): Crew(frozenset({ZHANG}))})
    assert one(MONDAY + DAY, given).why[0] == Overlaps(9)
    assert one(MONDAY, given).due


def test_the_share_is_one_over_the_windows_that_the_roster_gives() -> None:
    two = (window(ZHANG), window(ZHANG, id=2, at=AFTERNOON))
    elsewhere = Window(3, OTHER_VILLAGE, "3", 1140, 1200, crew=Crew(frozenset({ZHANG})), weekdays=WEEK)
    given = rosters(*two, elsewhere, notices={VILLAGE: [Notice(minute_at(MONDAY, 0), minute_at(MONDAY, 720))]})
    shares = {turn.window.id: (turn.due, turn.share) for turn in due_on(MONDAY, given)}
    half = Fraction(1, 2)
    assert shares == {1: (False, half), 2: (True, half), 3: (True, Fraction(1))}


def test_a_swapped_window_keeps_its_share() -> None:
    given = rosters(
        window(ZHANG),
        window(ZHANG, LI, id=2, at=AFTERNOON),
        swaps={(1, MONDAY): [Agreed(ZHANG, LI, START - 1)]},
    )
    shares = {(turn.person, turn.window.id): turn.share for turn in due_on(MONDAY, given) if turn.due}
    assert shares == {(LI, 1): Fraction(1, 2), (LI, 2): Fraction(1), (ZHANG, 2): Fraction(1, 2)}


def test_leaders_are_due_like_all_others() -> None:
    crew = Crew(frozenset({ZHANG, LI}), frozenset({SECRETARY}), frozenset({LI}), frozenset({SECRETARY}))
    given = rosters(Window(1, VILLAGE, "1", *MORNING, crew=crew, weekdays=WEEK), holdings=[Held(ZHAO, SECRETARY)])
    assert {turn.person: turn.leads for turn in due_on(MONDAY, given)} == {ZHANG: False, LI: True, ZHAO: True}


def test_many_dates_are_answered_as_one_by_one() -> None:
    given = rosters(
        window(ZHANG, at=(1320, 1800)), named_window(at=(300, 400)), named={(9, FRIDAY): Crew(frozenset({ZHANG}))}
    )
    assert list(due_between(MONDAY, SUNDAY, given)) == [
        turn for n in range(7) for turn in due_on(MONDAY + n * DAY, given)
    ]
