"""A person's own days on the telephone and on the officer's page: turns and why, touches, leave, requests, swaps."""

import datetime as dt
import html
import re

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.meetings.models import Meeting, MeetingRecord
from server_broker.people.models import UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.public.month import month_of
from server_broker.regions.models import Region
from server_broker.requests.asking import ask
from server_broker.requests.wishes import wish_from
from server_broker.today.own_month import own_month
from server_broker.workdays.county_table import CountyWord, write_days
from server_broker.workdays.notices import set_notice
from tests.cast import LI, SHILI, SHILI_VILLAGE, TOWNSHIP, TOWNSHIP_OFFICER, WANG, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in, touch
from tests.server_broker.public.door import settings_of_the_door, signed_in_telephone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)


@pytest.fixture
def today() -> dt.date:
    return timezone.localdate()


@pytest.fixture
def market(county: FictionalCounty, today: dt.date) -> DutyWindow:
    """Zhang has 赶集 today and tomorrow, Li on the third day. The county has said of these days that people work."""
    write_days({today + n * DAY: CountyWord(True) for n in range(-2, 17)}, actor=BY)
    terms = Terms("赶集", [], 480, 720, [], days=DaysKind.NAMED)
    made = add_window(Region.objects.get(pk=SHILI_VILLAGE), terms, since=today, actor=BY)
    zhang, li = (Crew(frozenset({county.people[cadre].pk})) for cadre in (ZHANG, LI))
    name_days(made, {today: zhang, today + DAY: zhang, today + 2 * DAY: li}, actor=BY)
    return made


def said(page: Client, address: str) -> str:
    answer = page.get(address)
    assert answer.status_code == 200
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def test_the_telephone_says_what_is_due_why_and_what_was_touched(
    market: DutyWindow, county: FictionalCounty, today: dt.date
) -> None:
    at = timezone.now()
    touch(county.stations[SHILI], ZHANG.token, at=at)
    with override_settings(**settings_of_the_door()):
        text = said(signed_in_telephone(county.people[ZHANG]), "/")
        others = said(signed_in_telephone(county.people[WANG]), "/")
    now = text.split("今天", 1)[1].split("接下来 14 天")[0]
    assert "08:00–12:00 赶集 因为您在名单上，这天专门排了您。" in now
    assert f"{timezone.localtime(at):%H:%M} 上班 示例村" in now
    ahead = text.split("接下来 14 天")[1]
    tomorrow = today + DAY
    assert f"{tomorrow.month}月{tomorrow.day}日" in ahead
    assert ahead.count("08:00–12:00 赶集") == 1
    assert "赶集" not in others
    assert "接下来 14 天没有您的值班" in others


def test_a_swap_leave_and_a_notice_are_said_on_their_days(
    market: DutyWindow, county: FictionalCounty, today: dt.date
) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    tomorrow = today + DAY
    swap = Swap.objects.create(window=market, day=tomorrow, giver=zhang, taker=li)
    agreed = {"agreed_at": (begin_of(tomorrow) + dt.timedelta(hours=7)).isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(tomorrow), end_of(tomorrow)), agreed, actor=BY)
    absence = Absence.objects.create(person=zhang, kind=AbsenceKind.LEAVE)
    noon = begin_of(today + 3 * DAY) + dt.timedelta(hours=12)
    put(AbsenceRecord, [absence.pk], Period(begin_of(today + 2 * DAY), noon), {"code": "sick"}, actor=BY)
    set_notice(Region.objects.get(pk=TOWNSHIP), Period(begin_of(today + 2 * DAY), noon), "防汛", actor=BY)
    own, hers = own_month(zhang, timezone.now()), own_month(li, timezone.now())
    assert [(turn.due, turn.why) for turn in own.ahead[0].turns] == [(False, "不用到：换给李示例。")]
    assert [day.away for day in own.ahead[1:4]] == [["病假 全天"], ["病假 00:00–12:00"], []]
    assert [turn.why for turn in hers.ahead[0].turns] == ["因为您替张示例，这天专门排了您。"]
    assert [turn.why for turn in hers.ahead[1].turns] == ["不用到：停班（防汛）。"]


def test_a_post_and_a_window_elsewhere_are_named(county: FictionalCounty, today: dt.date) -> None:
    zhang, village = county.people[ZHANG], Region.objects.get(pk=YANGBAN_VILLAGE)
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    post = give_post(zhang, branch, "书记", since=today, actor=BY).post_id
    made = add_window(village, Terms("夜班", [], 1200, 1800, [], days=DaysKind.NAMED), since=today, actor=BY)
    name_days(made, {today + DAY: Crew(posts=frozenset({post}), leader_posts=frozenset({post}))}, actor=BY)
    (turn,) = own_month(zhang, timezone.now()).ahead[0].turns
    assert (turn.why, turn.where, turn.leads, turn.times) == (
        "因为您任书记，这天专门排了您。",
        "样板村",
        True,
        "20:00–06:00",
    )


def test_a_meeting_stands_on_its_day_for_those_who_are_expected(county: FictionalCounty, today: dt.date) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    begin = begin_of(today + DAY) + dt.timedelta(hours=14)
    region = Region.objects.get(pk=SHILI_VILLAGE)
    meeting = Meeting.objects.create(region=region)
    content = {
        **{"kind": "other", "title": "防汛会", "place": "村部", "stations": [], "chair": None, "voters": []},
        **{"begin": begin.isoformat(), "end": (begin + dt.timedelta(hours=1)).isoformat(), "expected": [zhang.pk]},
        **{"rule": "none", "numerator": 0, "denominator": 1, "agenda": [], "papers": []},
    }
    put(MeetingRecord, [meeting.pk], Period(), content, actor=BY)
    now = timezone.now()
    assert own_month(zhang, now).ahead[0].meetings == ["14:00–15:00 防汛会，村部"]
    assert own_month(li, now).ahead[0].is_empty


def test_a_request_stands_on_its_day_with_its_state(county: FictionalCounty, today: dt.date) -> None:
    zhang, now = county.people[ZHANG], timezone.now()
    values = {"kind": "leave", "code": "personal", "from": str(today + DAY), "part": "all"}
    ask(zhang, wish_from(values, zhang, now), now=now)
    (asked,) = month_of(zhang, now).own.ahead[0].asked
    assert "请假：事假" in asked
    assert "等" in asked


def test_the_officer_sees_the_same_days(market: DutyWindow, county: FictionalCounty) -> None:
    text = said(signed_in(TOWNSHIP_OFFICER), f"/people/{county.people[ZHANG].pk}/")
    assert "本月和接下来 14 天" in text
    assert text.count("08:00–12:00 赶集") == 2
    assert "因为您" not in text.split("本月和接下来 14 天")[0]
