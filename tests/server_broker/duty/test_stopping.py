"""Nobody stops work in a window of their own, and nobody below the county stops it for days that are over."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.utils import timezone

from server_broker import trust
from server_broker.accounts.models import User
from server_broker.dated.days import begin_of
from server_broker.dated.writing import Period
from server_broker.duty.stopping import resume_work, stop_work
from server_broker.regions.models import Region
from server_broker.workdays.libraries import note_libraries
from server_broker.workdays.models import StopNotice, StopRecord
from server_broker.workdays.notices import NoticeRefused, set_notice
from tests.cast import (
    COUNTY,
    OPERATOR,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANGBAN_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, make_county, signed_in, user_of, window
from tests.server_broker.pages import text_of, words_of

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
MONDAY = dt.date(2027, 3, 15)
EIGHT = begin_of(MONDAY) + 8 * HOUR
NOW = EIGHT - 7 * DAY


@pytest.fixture(autouse=True)
def county() -> FictionalCounty:
    trust.prepare(settings.HOME)
    made = make_county()
    note_libraries()
    window(SHILI_VILLAGE, "上午", [made.people[ZHANG]])
    window(SHILI_VILLAGE, "夜班", [made.people[ZHANG]], start=1320, end=1800)
    return made


def region(code: str = TOWNSHIP) -> Region:
    return Region.objects.get(pk=code)


def account(county: FictionalCounty) -> User:
    """The account of the one who is on duty in the village."""
    User.objects.filter(pk=user_of(TOWNSHIP_OFFICER).pk).update(person=county.people[ZHANG])
    return User.objects.get(username=TOWNSHIP_OFFICER.username)


def in_turn(county: FictionalCounty) -> Iterator[User]:
    """The accounts of the one who is on duty, one after the other: a person has one open account at a time."""
    yield account(county)
    for name, code in (("second", TOWNSHIP), ("third", COUNTY)):
        User.objects.filter(person=county.people[ZHANG]).update(is_active=False)
        yield User.objects.create(username=name, role="officer", region_id=code, person=county.people[ZHANG])


def test_whoever_has_a_window_in_it_does_not_make_a_notice_by_any_account(county: FictionalCounty) -> None:
    scopes = [
        (SHILI_VILLAGE, EIGHT, EIGHT + HOUR),
        (TOWNSHIP, EIGHT + 3 * HOUR, EIGHT + DAY),
        (COUNTY, EIGHT - DAY, EIGHT + 5 * DAY),
        (SHILI_VILLAGE, EIGHT + 20 * HOUR, EIGHT + 21 * HOUR),
    ]
    for user in in_turn(county):
        for code, begin, end in scopes:
            with pytest.raises(NoticeRefused, match=r"示例村 (上午|夜班) .*请那时没有班的同事，或者县里来定"):
                stop_work(region(code), Period(begin, end), "下雨停班", by=user, now=NOW)
    assert not StopNotice.objects.exists()
    for code, begin, end in scopes:
        stop_work(region(code), Period(begin, end), "下雨停班", by=user_of(OPERATOR), now=NOW)
    assert StopNotice.objects.count() == len(scopes)


def test_a_notice_that_does_not_meet_the_own_window_is_made(county: FictionalCounty) -> None:
    user = account(county)
    stop_work(region(YANGBAN_VILLAGE), Period(EIGHT, EIGHT + HOUR), "下雨停班", by=user, now=NOW)
    stop_work(region(SHILI_VILLAGE), Period(EIGHT + 4 * HOUR, EIGHT + 14 * HOUR), "下雨停班", by=user, now=NOW)
    assert StopNotice.objects.count() == 2


def test_whose_window_a_notice_takes_away_does_not_take_it_back(county: FictionalCounty) -> None:
    notice = set_notice(region(), Period(EIGHT, EIGHT + 9 * HOUR), "防汛", actor="service")
    with pytest.raises(NoticeRefused, match="3月15日 示例村 上午"):
        resume_work(notice, EIGHT + 6 * HOUR, "水退了", by=account(county), now=NOW)
    assert not StopRecord.objects.filter(stands=False).exists()
    resume_work(notice, EIGHT + 6 * HOUR, "水退了", by=user_of(OPERATOR), now=NOW)
    assert StopRecord.objects.filter(stands=False).exists()


def test_days_before_today_are_the_countys_alone(county: FictionalCounty) -> None:
    now = EIGHT + 30 * DAY
    past = Period(EIGHT, begin_of(MONDAY + 30 * DAY))
    officer, operator = user_of(TOWNSHIP_OFFICER), user_of(OPERATOR)
    with pytest.raises(NoticeRefused, match="只能由县里来补"):
        stop_work(region(), past, "上月停电", by=officer, now=now)
    notice = stop_work(region(), past, "上月停电", by=operator, now=now)
    with pytest.raises(NoticeRefused, match="只能由县里来补"):
        resume_work(notice, EIGHT, "录错了", by=officer, now=now)
    resume_work(notice, EIGHT, "录错了", by=operator, now=now)
    stop_work(region(), Period(now - DAY, now + HOUR), "停电检修", by=officer, now=now)


def test_the_page_says_which_window_is_in_the_way_and_marks_what_was_made_late(county: FictionalCounty) -> None:
    account(county)
    officer, operator = signed_in(TOWNSHIP_OFFICER), signed_in(OPERATOR)
    form = {"region": TOWNSHIP, "from": "2027-03-15T08:00", "to": "2027-03-15T18:00", "reason": "下雨停班"}
    answer = officer.post("/workdays/stops/add/", form, follow=True).content.decode()
    assert "没有设停班：这里有您自己的班（3月15日 示例村 上午 08:00–12:00），不能由您来定" in answer
    operator.post("/workdays/stops/add/", form)
    page = text_of(officer, "/workdays/?month=2027-03")
    assert "有您自己的班（3月15日 示例村 上午 08:00–12:00），请那时没有班的同事，或者县里来收回" in page
    assert "起照常上班" not in page
    assert "起照常上班" in text_of(operator, "/workdays/?month=2027-03")
    assert '<span class="tag">补</span>' not in page
    yesterday = timezone.localdate() - DAY
    late = form | {"from": f"{yesterday}T08:00", "to": f"{yesterday}T18:00"}
    assert "只能由县里来补" in officer.post("/workdays/stops/add/", late, follow=True).content.decode()
    assert "停班已记录" in operator.post("/workdays/stops/add/", late, follow=True).content.decode()
    assert "已结束 补" in words_of(text_of(officer, "/workdays/"))
