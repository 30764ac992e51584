"""What a station makes of the county's dated turns, and that it makes nothing of dates that they don't have."""

from datetime import date, timedelta

import msgspec
import pytest

from agent.clocking import duty
from agent.clocking.board import shown_to_all
from agent.clocking.duty_dates import DatedTurns, DutyDates
from protocol.bundles import Bundle
from protocol.duty_days import DutyCrew, DutyDay, DutyDays, DutyLess, DutyPerson, DutyTerms
from protocol.kiosk_duty import DutyRow
from protocol.refusal import Refused
from tests.agent.bench import LI, ZHANG, Bench, dates_of, desired, village, window
from tests.fakes.clockwork import HOUR_MS, MINUTE_MS, MORNING_MS

TUESDAY = date(2026, 11, 24)
MIDNIGHT_MS = MORNING_MS - 510 * MINUTE_MS
WEEK = village(windows=[window("week", 510, 720, "p1", weekdays=(1, 2, 3, 4, 5, 6, 7))])


def at(minute: int) -> int:
    return MIDNIGHT_MS + minute * MINUTE_MS


def terms(ident: str, start: int, end: int, *, marks: str = "each", elsewhere: bool = False) -> DutyTerms:
    return DutyTerms(id=ident, name=ident, start=start, end=end, marks=marks, elsewhere=elsewhere)


def turns(*windows: DutyTerms, less: tuple[DutyLess, ...] = (), **day: object) -> DutyDays:
    """Return Tuesday and the days beside it; on Tuesday p1 leads p2 in each of these windows."""
    crews = [DutyCrew(window=place, people=[0, 1], leaders=[0]) for place in range(len(windows))]
    tuesday = DutyDay(crews=list(range(len(windows))), less=list(less), **day)  # type: ignore[arg-type]
    people = [DutyPerson(id="p1"), DutyPerson(id="p2"), DutyPerson(id="p3", name="赵示例", village="演示村")]
    return DutyDays(
        first="2026-11-23", people=people, windows=list(windows), crews=crews, days=[DutyDay(), tuesday, DutyDay()]
    )


def directions(content: DutyDays, *minutes: int, person: str = "p1") -> list[str | None]:
    dates = dates_of(WEEK, content)
    return [duty.direction_at(dates, person, at(minute)) for minute in minutes]


def test_the_county_s_word_about_a_date_stands_before_the_week() -> None:
    assert directions(turns(), 510, 600) == [None, None], "nobody has duty on that date"
    assert directions(turns(terms("night", 1200, 1380)), 600, 1200, 1379) == [None, "in", "out"]


def test_a_date_that_the_turns_do_not_have_goes_by_the_week() -> None:
    dates = dates_of(WEEK, turns())
    by = {day: dates.on(TUESDAY + timedelta(days=day)).by for day in (-2, -1, 0, 1, 2)}
    assert by == {-2: "week", -1: "dates", 0: "dates", 1: "dates", 2: "week"}
    assert duty.direction_at(dates, "p1", at(510 + 2 * 1440)) == "in"
    assert duty.direction_at(dates, "p1", at(510)) is None


def test_a_village_without_any_roster_is_never_manned() -> None:
    nobody = dates_of(village(windows=[]), turns())
    elsewhere = dates_of(WEEK, turns(terms("there", 480, 720, elsewhere=True)))
    assert not nobody.on(TUESDAY).ever_manned
    assert not nobody.on(TUESDAY + timedelta(days=9)).ever_manned
    assert not elsewhere.on(TUESDAY).ever_manned
    assert elsewhere.on(TUESDAY + timedelta(days=9)).ever_manned
    assert dates_of(WEEK, turns(terms("am", 480, 720))).on(TUESDAY + timedelta(days=1)).ever_manned


def test_leave_of_a_part_moves_the_middle_and_not_the_edges() -> None:
    part = DutyLess(window=0, person=0, why="leave", begin=600, end=720)
    content = turns(terms("am", 480, 720), less=(part,))
    assert directions(content, 389, 390, 659, 660, 899, 900) == [None, "in", "in", "out", "out", None]
    assert directions(content, 600, person="p2") == ["out"]


def test_who_is_away_whole_has_no_span_and_bounds_none() -> None:
    whole = DutyLess(window=0, person=0, why="field_duty")
    content = turns(terms("am", 510, 720), terms("pm", 780, 960), less=(whole,))
    assert directions(content, 600, 690, 749) == [None, "in", "in"]
    assert directions(content, 690, 749, 750, person="p2") == ["out", "out", "in"]


def test_a_notice_takes_a_part_from_all() -> None:
    content = turns(terms("am", 480, 720), less=(DutyLess(window=0, why="notice", begin=480, end=600, text="防汛"),))
    assert directions(content, 539, 540, 700) == ["in", "out", "out"]
    assert [duty.on_duty(dates_of(WEEK, content), at(minute)) for minute in (599, 600)] == [True, False]


def test_windows_that_are_judged_as_one_have_one_middle() -> None:
    content = turns(terms("am", 480, 720, marks="ends"), terms("pm", 840, 1020, marks="ends"))
    assert directions(content, 749, 750, 1199, 1200) == ["in", "out", "out", None]


def test_a_window_that_asks_for_arrival_alone_ends_with_its_span() -> None:
    content = turns(terms("am", 480, 720, marks="arrival"), terms("pm", 780, 960))
    assert directions(content, 719, 720, 869, 870) == ["in", "in", "in", "out"]
    (first, second) = duty.spans(dates_of(WEEK, content), "p1", TUESDAY)
    assert (first.departs, second.opens) == (False, first.end)


def test_a_window_elsewhere_bounds_and_has_no_direction_here() -> None:
    content = turns(terms("am", 480, 720), terms("there", 780, 960, elsewhere=True))
    assert directions(content, 749, 750, 900) == ["out", None, None]
    assert [one.window for one in duty.closings(dates_of(WEEK, content), after_ms=at(0), until_ms=at(1439))] == ["am"]


@pytest.mark.parametrize("shows", ["", "nothing", "names", "presence", "a_later_word"])
def test_everybody_sees_no_more_of_the_board_than_the_county_has_decided(station: Bench, shows: str) -> None:
    station.accept(msgspec.structs.replace(desired(), duty_board=shows))
    station.touch(ZHANG)
    home = station.home.current()
    # 李示例 has not touched, and has no other window today.
    seen = {(row.name, row.window, row.arrived is not None) for row in home.duty}
    both = {("张示例", "am"), ("李示例", "am"), ("张示例", "pm")}
    assert {(name, window) for name, window, _ in seen} == (both if shows in ("", "names", "presence") else set())
    assert any(arrived for *_, arrived in seen) == (shows in ("", "presence"))
    assert home.board == shows


def test_who_is_away_is_simply_not_on_a_public_board() -> None:
    rows = [
        DutyRow(name=name, window="上午", start=510, end=720, arrived=505, left=None) for name in ("张示例", "李示例")
    ]
    away = msgspec.structs.replace(rows[1], away="leave")
    for_another = msgspec.structs.replace(rows[0], instead_of="赵示例")
    assert shown_to_all([for_another, away], "presence") == [rows[0]]
    assert shown_to_all([for_another, away], "") == [for_another, away]


def test_the_board_says_who_leads_who_is_away_and_for_whom(station: Bench) -> None:
    station.accept(desired())
    less = (
        DutyLess(window=0, person=1, why="leave"),
        DutyLess(window=1, person=2, why="swapped", taker=0),
        DutyLess(window=2, why="notice", text="防汛"),
    )
    content = turns(terms("am", 510, 720), terms("pm", 870, 1050), terms("夜班", 1200, 1320), less=less)
    tuesday = msgspec.structs.replace(content.days[1], crews=[0, 1], calendar="swapped", name="国庆节")
    station.bundles.put("duty", msgspec.structs.replace(content, days=[DutyDay(), tuesday, DutyDay()]))
    home = station.home.current()
    rows = {(row.name, row.window): row for row in home.duty}
    assert (rows["张示例", "am"].leads, rows["李示例", "am"].away, rows["李示例", "am"].leads) == (True, "leave", False)
    assert rows["张示例", "pm"].instead_of == "赵示例"
    assert home.today is not None
    assert (home.today.by, home.today.calendar, home.today.name) == ("dates", "swapped", "国庆节")
    assert [(one.window, one.why) for one in home.today.stopped] == [("夜班", "防汛")]
    assert [row.name for row in home.duty][:2] == ["张示例", "李示例"]


def test_turns_that_change_in_mid_window_change_nothing_that_was_recorded(station: Bench) -> None:
    station.accept(desired())
    station.bundles.put("duty", turns(terms("am", 510, 720)))
    assert station.touch(ZHANG).direction == "in"
    station.system.pass_ms(HOUR_MS)
    station.bundles.put("duty", turns(terms("am", 300, 600)))
    assert station.touch(LI).direction == "out"
    assert [(row.name, row.start, row.arrived) for row in station.home.current().duty if row.name == "张示例"] == [
        ("张示例", 300, 510)
    ]


def test_turns_that_can_t_be_read_are_as_none_until_they_can() -> None:
    readable, mono = False, 0

    def read() -> Bundle:
        if not readable:
            raise Refused("wrong_hash", "broken")
        return whole

    whole = Bundle(
        id="duty-1", kind="duty", version=1, title="值班表", not_after=2**50, content=msgspec.msgpack.encode(turns())
    )
    dates = DutyDates(
        desired=lambda: WEEK, latest=lambda: DatedTurns(sha256=bytes(32), read=read), mono_ms=lambda: mono
    )
    assert dates.on(TUESDAY).by == "week"
    readable = True
    assert dates.on(TUESDAY).by == "week"
    mono = 60_000
    assert dates.on(TUESDAY).by == "dates"


@pytest.mark.parametrize("person", ["p9", ""])
def test_who_is_in_no_window_has_no_direction(person: str) -> None:
    assert directions(turns(terms("am", 480, 720)), 500, person=person) == [None]
