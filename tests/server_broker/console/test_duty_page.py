"""The page 谁该到岗, and the forms by which a window gets its days, season and leaders and its dates are named."""

import datetime as dt
import html
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.regions.models import Region
from server_broker.workdays.notices import set_notice
from tests.cast import (
    CLERK,
    COUNTY_OFFICER,
    LI,
    OPERATOR,
    OTHER_TOWNSHIP_OFFICER,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    TOWNSHIP_OPERATOR,
    WANG,
    YANGBAN_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
REASON = "照实登记"


@pytest.fixture
def monday() -> dt.date:
    """A Monday to come that no library calls a holiday."""
    return dt.date(2027, 3, 15)


@pytest.fixture
def market(county: FictionalCounty, monday: dt.date) -> DutyWindow:
    """A window of named days beside a weekly one; Li leads on the Monday, and Wang of the next township helps."""
    village = Region.objects.get(pk=SHILI_VILLAGE)
    today = timezone.localdate()
    people = {cadre: county.people[cadre].pk for cadre in (ZHANG, LI, WANG)}
    add_window(village, Terms("上午", [1, 2, 3, 4, 5], 480, 720, [people[ZHANG]]), since=today, actor=BY)
    made = add_window(village, Terms("赶集", [], 840, 1080, [], days=DaysKind.NAMED), since=today, actor=BY)
    crew = Crew(frozenset({people[LI], people[WANG]}), leaders=frozenset({people[LI]}))
    name_days(made, {monday: crew}, actor=BY)
    return made


def shown(page: Client, day: dt.date, place: str = SHILI_VILLAGE, **more: str) -> str:
    answer = page.get("/duty/", {"date": str(day), "place": place} | more)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def test_it_says_who_is_due_who_leads_and_why(market: DutyWindow, monday: dt.date) -> None:
    said = shown(signed_in(TOWNSHIP_OFFICER), monday)
    assert "上午 08:00–12:00 · 工作日" in said
    assert f"{ZHANG.name} 在名单上" in said
    assert "赶集 14:00–18:00 · 当日安排" in said
    assert f"{LI.name} 带班 在名单上" in said
    assert "该到 3 人次" in said


def test_whom_the_viewer_does_not_see_has_no_name(market: DutyWindow, monday: dt.date) -> None:
    assert WANG.name not in shown(signed_in(TOWNSHIP_OFFICER), monday)
    assert "外辖区人员 在名单上" in shown(signed_in(TOWNSHIP_OFFICER), monday)
    assert WANG.name in shown(signed_in(COUNTY_OFFICER), monday)


def test_a_village_elsewhere_is_not_shown(market: DutyWindow, monday: dt.date) -> None:
    said = shown(signed_in(OTHER_TOWNSHIP_OFFICER), monday, SHILI_VILLAGE)
    assert "赶集" not in said
    assert LI.name not in said
    assert "示例" not in re.sub("示例县|示例村慧", "", said)


def test_who_is_off_and_away_is_said(market: DutyWindow, monday: dt.date, county: FictionalCounty) -> None:
    tuesday = monday + DAY
    set_notice(Region.objects.get(pk=TOWNSHIP), Period(begin_of(tuesday), end_of(tuesday)), "防汛", actor=BY)
    absence = Absence.objects.create(person=county.people[ZHANG], kind=AbsenceKind.LEAVE)
    put(AbsenceRecord, [absence.pk], Period(begin_of(monday), end_of(monday)), {"code": "sick"}, actor=BY)
    page = signed_in(CLERK)
    assert f"{ZHANG.name} 请假 在名单上" in shown(page, monday)
    assert f"{ZHANG.name} 休：停班（防汛）" in shown(page, tuesday)
    assert "休息日" in shown(page, monday - DAY)
    assert "没有值班" in shown(page, monday - DAY)


def test_a_date_that_no_table_knows_is_provisional(market: DutyWindow) -> None:
    assert "暂定" in shown(signed_in(CLERK), timezone.localdate() + 399 * DAY)
    assert "最远看到" in shown(signed_in(CLERK), timezone.localdate() + 401 * DAY)


def test_it_says_what_was_known_on_an_earlier_day(market: DutyWindow, monday: dt.date) -> None:
    yesterday = timezone.localdate() - DAY
    assert "没有值班" in shown(signed_in(CLERK), monday, as_of=str(yesterday))


def test_the_page_takes_as_many_queries_for_a_township_as_for_a_village(
    market: DutyWindow, monday: dt.date, django_assert_max_num_queries: Any
) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    for place in (SHILI_VILLAGE, TOWNSHIP):
        with django_assert_max_num_queries(34):
            shown(page, monday, place)


def confirmed(page: Client, address: str, **values: Any) -> str:
    answer = page.post(address, {"reason": REASON} | values, follow=True)
    shown = answer.content.decode()
    found = re.search(r'name="confirmed" value="([^"]+)"', shown)
    assert found is not None, re.sub(r"<[^>]+>|\s+", " ", shown)[:1500]
    done = page.post(address, {"reason": REASON, "confirmed": found[1]} | values, follow=True)
    return done.content.decode()


def test_dates_are_named_and_taken_back_by_form(market: DutyWindow, monday: dt.date, county: FictionalCounty) -> None:
    page, address = signed_in(OPERATOR), f"/windows/{market.pk}/days/"
    li = county.people[LI].pk
    values = {"act": "name", "day": str(monday + DAY), "until": str(monday + 2 * DAY), "people": [li], "leaders": [li]}
    assert "已记录" in confirmed(page, address, **values)
    rows = RosterDay.objects.known().filter(subject=market, valid_from__gte=begin_of(monday + DAY))
    assert [(row.people, row.leaders) for row in rows] == [([li], [li])] * 2
    assert "排班" in confirmed(page, address, act="withdraw", day=str(monday + DAY))
    assert rows.filter(withdrawn=False).count() == 1


def test_a_clerk_keeps_whom_they_do_not_see(market: DutyWindow, monday: dt.date, county: FictionalCounty) -> None:
    zhang, li, wang = (county.people[cadre].pk for cadre in (ZHANG, LI, WANG))
    values = {"act": "name", "day": str(monday), "people": [zhang]}
    confirmed(signed_in(TOWNSHIP_OPERATOR), f"/windows/{market.pk}/days/", **values)
    row = RosterDay.objects.known().get(subject=market)
    assert (row.people, row.leaders) == (sorted([zhang, wang]), [])
    assert li not in row.people


def test_the_form_of_a_window_has_its_new_terms(market: DutyWindow, county: FictionalCounty) -> None:
    page, today = signed_in(OPERATOR), timezone.localdate()
    zhang = county.people[ZHANG].pk
    values = {"village": SHILI_VILLAGE, "day": str(today), "name": "夏天", "days": "weekly", "weekdays": "1-5"}
    values |= {"season_from": "5月1日", "season_to": "09-30", "start": "14:00", "end": "17:00", "marks": "arrival"}
    confirmed(page, "/windows/add/", people=[zhang], leaders=[zhang], **values)
    row = WindowRecord.objects.known().get(name="夏天", ended=False)
    assert (row.season_from, row.season_to, row.marks, row.leaders) == (501, 930, "arrival", [zhang])
    said = page.get(f"/windows/{row.subject_id}/").content.decode()
    assert "周一二三四五 05-01 至 09-30 14:00–17:00 只打上班" in said
    assert f"{ZHANG.name}（带班）" in said


def test_a_window_elsewhere_is_not_there(market: DutyWindow, monday: dt.date) -> None:
    there = DutyWindow.objects.create(
        village_id=YANGBAN_VILLAGE, name="赶集", weekdays=[], start=0, end=60, days="named"
    )
    answer = signed_in(TOWNSHIP_OPERATOR).post(f"/windows/{there.pk}/days/", {"act": "name", "day": str(monday)})
    assert answer.status_code == 404
