"""The spans of duty windows, minute by minute."""

from datetime import date

import msgspec
import pytest

from agent.clocking import duty
from tests.agent.bench import dates_of, village, window
from tests.fakes.clockwork import MINUTE_MS, MORNING_MS

TUESDAY = date(2026, 11, 24)
MIDNIGHT_MS = MORNING_MS - 510 * MINUTE_MS


def at(minute: int) -> int:
    """Return a moment of that Tuesday, 59 s into the minute: seconds are cut off."""
    return MIDNIGHT_MS + minute * MINUTE_MS + 59_000


def test_local_time_is_shanghai() -> None:
    assert duty.local_day(MIDNIGHT_MS) == TUESDAY
    assert duty.local_day(MIDNIGHT_MS - 1) == date(2026, 11, 23)
    assert duty.minute_of_day(at(510), TUESDAY) == 510


@pytest.mark.parametrize(
    ("minute", "direction"),
    [(419, None), (420, "in"), (614, "in"), (615, "out"), (719, "out"), (794, "out"), (795, "in"), (959, "in")],
)
def test_two_windows_of_a_day(minute: int, direction: str | None) -> None:
    # am 510-720, pm 870-1050: am's departures would reach into pm's arrivals, so both end at 795.
    assert duty.direction_at(dates_of(village()), "p1", at(minute)) == direction


@pytest.mark.parametrize(("minute", "direction"), [(899, "out"), (900, None)])
def test_alone_a_span_ends_open_after_the_end(minute: int, direction: str | None) -> None:
    assert duty.direction_at(dates_of(village()), "p2", at(minute)) == direction


@pytest.mark.parametrize(("minute", "direction"), [(106, "in"), (107, "out")])
def test_an_odd_middle_is_rounded_up(minute: int, direction: str) -> None:
    assert duty.direction_at(dates_of(village(windows=[window("w", 100, 113, "p1")])), "p1", at(minute)) == direction


def test_a_window_over_midnight_belongs_to_its_first_date() -> None:
    monday_night = village(windows=[window("night", 1320, 1800, "p1", weekdays=(1,))])
    span = duty.span_at(dates_of(monday_night), "p1", at(350))
    assert span is not None
    assert span.day == date(2026, 11, 23)
    assert duty.direction_at(dates_of(monday_night), "p1", at(350)) == "out"
    assert duty.direction_at(dates_of(monday_night), "p1", at(1320)) is None


def test_who_is_not_on_the_roster_has_no_direction() -> None:
    assert duty.direction_at(dates_of(village()), "p9", at(510)) is None
    assert (
        duty.direction_at(dates_of(village(windows=[window("w", 510, 720, "p1", weekdays=(6, 7))])), "p1", at(510))
        is None
    )


def test_the_countys_parameters_open_the_spans() -> None:
    narrow = village(settings={"open_before_min": 10, "open_after_min": 0})
    assert duty.direction_at(dates_of(narrow), "p2", at(499)) is None
    assert duty.direction_at(dates_of(narrow), "p2", at(500)) == "in"
    assert duty.direction_at(dates_of(narrow), "p2", at(720)) is None


def test_on_duty() -> None:
    assert [duty.on_duty(dates_of(village()), at(minute)) for minute in (509, 510, 719, 720, 870)] == [
        False,
        True,
        True,
        False,
        True,
    ]


def test_windows_close_when_their_departures_end() -> None:
    found = duty.closings(dates_of(village()), after_ms=at(899), until_ms=at(1230))
    assert [(one.window, one.day, (one.closed_ms - MIDNIGHT_MS) // MINUTE_MS) for one in found] == [
        ("am", TUESDAY, 900),
        ("pm", TUESDAY, 1230),
    ]
    assert duty.closings(dates_of(village()), after_ms=at(900), until_ms=at(1229)) == []


def test_closings_look_three_dates_back_at_most() -> None:
    on_friday = at(1439) + 3 * 86_400_000
    found = duty.closings(dates_of(village()), after_ms=0, until_ms=on_friday)
    days = [date(2026, 11, day) for day in (24, 25, 26, 27)]
    assert [(one.day, one.window) for one in found] == [(day, window) for day in days for window in ("am", "pm")]


def test_a_night_before_the_window_began_or_after_it_ended_is_nobody_s_duty() -> None:
    night = window("night", 1320, 1800, "p1", weekdays=(1, 2, 3, 4))
    monday, wednesday = MIDNIGHT_MS - 1440 * MINUTE_MS, MIDNIGHT_MS + 1440 * MINUTE_MS
    for bounds, nights in (
        ({}, [23, 24, 25]),
        ({"since": MIDNIGHT_MS}, [24, 25]),
        ({"until": MIDNIGHT_MS}, [23]),
        ({"since": monday, "until": wednesday}, [23, 24]),
    ):
        state = village(windows=[msgspec.structs.replace(night, **bounds)])
        assert [span.day.day for span in duty.spans(dates_of(state), "p1", TUESDAY)] == nights
