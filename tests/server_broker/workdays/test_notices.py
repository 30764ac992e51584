"""A notice stops work in a region from a minute to a minute, and can be taken back."""

import datetime as dt

import pytest

from server_broker.dated.writing import Period
from server_broker.decisions.models import DecidedRow
from server_broker.regions.models import Region
from server_broker.workdays.models import StopNotice
from server_broker.workdays.notices import NoticeRefused, set_notice, stops, take_back
from tests.cast import REGIONS

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]
BY = "han-bangong"
DATE = dt.date(2026, 7, 1)
MORNING = dt.datetime(2026, 7, 1, 8, 0, tzinfo=dt.timezone(dt.timedelta(hours=8)))
HOUR = dt.timedelta(hours=1)
TOWNSHIP = next(code for code in REGIONS if code.endswith("000") and not code.endswith("000000"))


def told(reason: str = "防汛", *, begin: dt.datetime = MORNING, hours: int = 4) -> StopNotice:
    return set_notice(Region.objects.get(pk=TOWNSHIP), Period(begin, begin + hours * HOUR), reason, actor=BY)


def test_a_notice_says_where_and_when_to_the_minute() -> None:
    notice = told(begin=MORNING + dt.timedelta(seconds=40))
    assert [stop[2:] for stop in stops(DATE, DATE)] == [(TOWNSHIP[:9], MORNING, MORNING + 4 * HOUR, "防汛")]
    assert stops(DATE, DATE)[0].region == Region.objects.get(pk=TOWNSHIP).identity
    assert DecidedRow.objects.filter(table="workdays_stopnotice", row=str(notice.pk)).exists()
    assert DecidedRow.objects.filter(table="workdays_stoprecord").exists()


def test_a_night_that_runs_on_sees_the_next_days_notice() -> None:
    told(begin=MORNING + 24 * HOUR)
    assert len(stops(DATE, DATE)) == 1
    assert stops(DATE - dt.timedelta(days=1), DATE - dt.timedelta(days=1)) == []


def test_overlapping_notices_are_each_told() -> None:
    told("防汛")
    told("道路中断", begin=MORNING + HOUR)
    assert [stop.reason for stop in stops(DATE, DATE)] == ["防汛", "道路中断"]


def test_a_notice_that_is_taken_back_from_a_minute_on_held_until_then() -> None:
    notice = told()
    before = dt.datetime.now(dt.UTC)
    take_back(notice, MORNING + HOUR, "水退了", actor=BY)
    assert [(stop.begin, stop.end, stop.reason) for stop in stops(DATE, DATE)] == [(MORNING, MORNING + HOUR, "防汛")]
    assert [stop.end for stop in stops(DATE, DATE, known=before)] == [MORNING + 4 * HOUR]


def test_a_notice_that_is_taken_back_before_it_begins_never_held() -> None:
    notice = told()
    take_back(notice, MORNING - HOUR, "录错了", actor=BY)
    assert stops(DATE, DATE) == []
    with pytest.raises(NoticeRefused, match="已经收回"):
        take_back(notice, MORNING, "再收一次", actor=BY)


@pytest.mark.parametrize(("hours", "reason"), [(0, "防汛"), (-1, "防汛"), (61 * 24, "防汛"), (4, "汛")])
def test_a_notice_that_makes_no_sense_is_refused(hours: int, reason: str) -> None:
    with pytest.raises(NoticeRefused):
        told(reason, hours=hours)
    assert not StopNotice.objects.exists()


def test_a_notice_that_is_over_is_not_taken_back() -> None:
    notice = told()
    with pytest.raises(NoticeRefused, match="已经结束"):
        take_back(notice, MORNING + 4 * HOUR, "晚了", actor=BY)
