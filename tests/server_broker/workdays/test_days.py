"""The first table that knows a date decides: the county's, what was announced, what is computed, the weekday."""

import datetime as dt

import pytest

from server_broker.workdays import libraries
from server_broker.workdays.county_table import CountyWord, DayRefused, set_day
from server_broker.workdays.days import Source, Workday, workdays
from server_broker.workdays.libraries import note_libraries
from server_broker.workdays.models import LibraryTable

pytestmark = pytest.mark.django_db
BY = "wu-yunwei"


@pytest.fixture
def _libraries() -> None:
    note_libraries()


def day(year: int, month: int, number: int, *, known: dt.datetime | None = None) -> Workday:
    date = dt.date(year, month, number)
    return workdays(date, date, known=known)[date]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@pytest.mark.usefixtures("_libraries")
def test_a_swapped_sunday_of_an_announced_year_is_a_working_day() -> None:
    # 2026-02-14 is a Saturday, 2026-01-04 a Sunday; both were swapped for days off in the week.
    assert day(2026, 2, 14) == (dt.date(2026, 2, 14), True, Source.ANNOUNCED, False, "春节调休")
    assert day(2026, 1, 4) == (dt.date(2026, 1, 4), True, Source.ANNOUNCED, False, "元旦调休")
    assert day(2026, 2, 20) == (dt.date(2026, 2, 20), False, Source.ANNOUNCED, False, "春节")
    assert day(2026, 3, 7) == (dt.date(2026, 3, 7), False, Source.ANNOUNCED, False, "")
    assert day(2026, 3, 9) == (dt.date(2026, 3, 9), True, Source.ANNOUNCED, False, "")


@pytest.mark.usefixtures("_libraries")
def test_a_year_that_is_not_announced_is_computed_and_provisional() -> None:
    assert day(2031, 10, 1) == (dt.date(2031, 10, 1), False, Source.COMPUTED, True, "中秋节、国庆节")
    assert day(2031, 3, 10) == (dt.date(2031, 3, 10), True, Source.COMPUTED, True, "")


@pytest.mark.usefixtures("_libraries")
def test_a_year_that_no_library_knows_goes_by_the_weekday_and_is_provisional() -> None:
    assert day(2060, 10, 1) == (dt.date(2060, 10, 1), True, Source.WEEKDAY, True, "")  # a Friday
    assert day(2060, 10, 2) == (dt.date(2060, 10, 2), False, Source.WEEKDAY, True, "")


@pytest.mark.usefixtures("_libraries")
def test_the_countys_own_table_stands_before_all_others() -> None:
    set_day(dt.date(2026, 2, 14), CountyWord(False, "县庆"), actor=BY)
    set_day(dt.date(2060, 10, 2), CountyWord(True), actor=BY)
    assert day(2026, 2, 14) == (dt.date(2026, 2, 14), False, Source.COUNTY, False, "县庆")
    assert day(2060, 10, 2) == (dt.date(2060, 10, 2), True, Source.COUNTY, False, "")
    assert day(2026, 2, 15).source == Source.ANNOUNCED


@pytest.mark.usefixtures("_libraries")
def test_what_the_county_takes_back_is_the_libraries_again() -> None:
    set_day(dt.date(2026, 2, 14), CountyWord(False, "县庆"), actor=BY)
    said = now()
    set_day(dt.date(2026, 2, 14), CountyWord(None), actor=BY)
    assert day(2026, 2, 14).name == "春节调休"
    assert day(2026, 2, 14, known=said).name == "县庆"


@pytest.mark.usefixtures("_libraries")
def test_a_table_is_not_known_before_it_was_recorded() -> None:
    before = now()
    set_day(dt.date(2026, 2, 14), CountyWord(False, "县庆"), actor=BY)
    assert day(2026, 2, 14, known=before).source == Source.ANNOUNCED
    assert day(2026, 2, 14, known=before - dt.timedelta(days=1)).source == Source.WEEKDAY


@pytest.mark.usefixtures("_libraries")
@pytest.mark.parametrize("date", [dt.date(2019, 12, 31), dt.date(2206, 1, 1)])
def test_a_date_of_no_sensible_year_is_refused(date: dt.date) -> None:
    with pytest.raises(DayRefused):
        set_day(date, CountyWord(True), actor=BY)


@pytest.mark.usefixtures("_libraries")
def test_what_the_county_says_already_is_refused() -> None:
    with pytest.raises(DayRefused):
        set_day(dt.date(2026, 2, 14), CountyWord(None), actor=BY)


def test_the_table_of_an_older_library_answers_for_the_time_before_the_upgrade(monkeypatch: pytest.MonkeyPatch) -> None:
    short = dt.date(2025, 1, 1), dt.date(2025, 12, 31), {"2025-10-01": (False, "国庆节")}
    monkeypatch.setattr(libraries, "version", lambda name: "1.10.0")
    monkeypatch.setitem(libraries._READERS, "chinesecalendar", lambda: short)
    assert note_libraries() == ["chinesecalendar 1.10.0", "holidays 1.10.0"]
    old = now()
    monkeypatch.undo()
    assert [what.split()[0] for what in note_libraries()] == ["chinesecalendar", "holidays"]
    assert note_libraries() == []
    assert day(2026, 10, 10) == (dt.date(2026, 10, 10), True, Source.ANNOUNCED, False, "国庆节调休")
    assert day(2026, 10, 10, known=old)[2:4] == (Source.COMPUTED, True)
    assert day(2025, 1, 1, known=old).working
    assert LibraryTable.objects.count() == 4


@pytest.mark.usefixtures("_libraries")
def test_a_year_costs_two_queries(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert len(workdays(dt.date(2026, 1, 1), dt.date(2026, 12, 31))) == 365
