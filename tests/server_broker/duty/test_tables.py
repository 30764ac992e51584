"""PostgreSQL keeps named days, swaps and absences as they were recorded, and a window's terms of today in step."""

import datetime as dt
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from server_broker.attendance import following
from server_broker.attendance.following import Follower
from server_broker.attendance.models import DaysKind, DutyWindow, Marks, RosterDay, Swap, SwapRecord, WindowRecord
from server_broker.attendance.seasons import Season, stretch_from
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import Dated
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.twin.desired import refresh
from tests.cast import LI, SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, window

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

type Date = tuple[int, int, int]

DAY = dt.date(2026, 10, 1)
ON_THE_DAY = Period(begin_of(DAY), end_of(DAY))
BY = "wu-yunwei"


def sql(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def made(county: FictionalCounty) -> DutyWindow:
    """A window with a named day, a swap and an absence beside it."""
    zhang, li = county.people[ZHANG], county.people[LI]
    found = window(SHILI_VILLAGE, "上午", [zhang])
    put(RosterDay, [found.pk], ON_THE_DAY, {"people": [li.pk]}, actor=BY)
    swap = Swap.objects.create(window=found, day=DAY, giver=li, taker=zhang)
    put(SwapRecord, [swap.pk], ON_THE_DAY, {"agreed_at": "2026-09-30T08:00:00+08:00"}, actor=BY)
    absence = Absence.objects.create(person=zhang, kind=AbsenceKind.LEAVE, source="request:1")
    put(AbsenceRecord, [absence.pk], ON_THE_DAY, {"code": "sick"}, actor=BY)
    return found


@pytest.mark.parametrize("model", [RosterDay, SwapRecord, AbsenceRecord])
def test_nobody_changes_or_removes_a_row(made: DutyWindow, model: type[Dated]) -> None:
    table = model._meta.db_table
    before = sql(f"SELECT * FROM {table}")
    assert len(before) == 1
    for statement in (f"UPDATE {table} SET reason = 'other'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError), transaction.atomic():
            sql(statement)
    assert sql(f"SELECT * FROM {table}") == before


def test_a_named_day_is_one_local_day(made: DutyWindow) -> None:
    long = Period(end_of(DAY), end_of(DAY + dt.timedelta(days=2)))
    with pytest.raises(IntegrityError), transaction.atomic():
        put(RosterDay, [made.pk], long, {"withdrawn": True}, actor=BY)


def test_terms_of_today_and_their_rows_are_in_step(made: DutyWindow, county: FictionalCounty) -> None:
    first = WindowRecord.objects.known().get(subject=made)
    assert (first.days, first.season_from, first.season_to, first.marks) == (DaysKind.WEEKLY, 0, 0, Marks.EACH)
    assert (first.leaders, first.leader_posts) == ([], [])
    sql("UPDATE attendance_dutywindow SET days = 'named', marks = 'ends', season_from = 501, season_to = 930")
    row = WindowRecord.objects.known().get(subject=made)
    assert (row.days, row.season_from, row.season_to, row.marks) == (DaysKind.NAMED, 501, 930, Marks.ENDS)
    content = {"marks": "arrival", "leaders": [county.people[ZHANG].pk]}
    put(WindowRecord, [made.pk], Period(row.valid_from), content, actor=BY)
    made.refresh_from_db()
    assert (made.marks, made.leaders, made.days) == (Marks.ARRIVAL, [county.people[ZHANG].pk], DaysKind.NAMED)


def test_a_station_of_today_gets_no_window_of_named_days(made: DutyWindow) -> None:
    desired = refresh(SHILI)
    assert desired is not None
    assert [one.id for one in desired.windows] == [str(made.pk)]
    sql("UPDATE attendance_dutywindow SET days = 'named'")
    desired = refresh(SHILI)
    assert desired is not None
    assert desired.windows == []


def test_a_station_of_today_gets_a_season_as_since_and_until(made: DutyWindow) -> None:
    sql("UPDATE attendance_dutywindow SET season_from = 1001, season_to = 301")
    sent = []
    for day in (dt.date(2027, 1, 5), dt.date(2027, 3, 1), dt.date(2027, 3, 2)):
        desired = refresh(SHILI, now=begin_of(day))
        assert desired is not None
        sent += [(one.since, one.until) for one in desired.windows]
    winters = [(dt.date(2026, 10, 1), dt.date(2027, 3, 2)), (dt.date(2027, 10, 1), dt.date(2028, 3, 2))]
    known_since = begin_of(timezone.localdate())
    assert [until for _, until in sent] == [begin_of(winters[n][1]).timestamp() * 1000 for n in (0, 0, 1)]
    first = max(known_since, begin_of(winters[0][0]))
    assert [since for since, _ in sent] == [at.timestamp() * 1000 for at in (first, first, begin_of(winters[1][0]))]


@pytest.mark.parametrize(
    ("season", "day", "stretch"),
    [
        ((501, 930), (2026, 5, 1), ((2026, 5, 1), (2026, 9, 30))),
        ((501, 930), (2026, 4, 30), ((2026, 5, 1), (2026, 9, 30))),
        ((501, 930), (2026, 10, 1), ((2027, 5, 1), (2027, 9, 30))),
        ((1001, 430), (2026, 1, 1), ((2025, 10, 1), (2026, 4, 30))),
        ((1001, 430), (2026, 12, 31), ((2026, 10, 1), (2027, 4, 30))),
        ((229, 229), (2025, 3, 1), ((2028, 2, 29), (2028, 2, 29))),
        ((101, 1231), (2026, 3, 1), ((2025, 2, 28), (2027, 3, 2))),
    ],
)
def test_the_stretch_of_a_season(season: Season, day: Date, stretch: tuple[Date, Date]) -> None:
    first, last = (dt.date(*date) for date in stretch)
    assert stretch_from(season, dt.date(*day)) == (first, last)


def test_stations_of_a_village_with_a_season_are_told_of_each_new_day(
    made: DutyWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("UPDATE attendance_dutywindow SET season_from = 1001, season_to = 301")
    told: list[list[str]] = []
    monkeypatch.setattr(following, "desired_changed", lambda stations: told.append(list(stations)))
    follower, night = Follower(), begin_of(dt.date(2027, 3, 1)) + dt.timedelta(hours=23, minutes=59)
    for minutes in (0, 1, 2):
        follower.follow(night + dt.timedelta(minutes=minutes))
    assert told == [[SHILI], [SHILI]], "at the start and at midnight"
