"""人员与卡 says in which windows each person is from today on, by as many queries for many people as for few."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, change_window, end_window
from server_broker.people.models import HoldingState, Person, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from tests.cast import CLERK, LI, OPERATOR, SHILI_VILLAGE, WANG, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.pages import text_of, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
WORKDAYS = [1, 2, 3, 4, 5]


@pytest.fixture
def page(county: FictionalCounty) -> Client:
    return signed_in(OPERATOR)


@pytest.fixture
def village(county: FictionalCounty) -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


def on_duty(page: Client) -> dict[str, str]:
    """Return what the page says under 值班, by number."""
    rows = re.findall(r"<tr>(.*?)</tr>", text_of(page, "/people/"), re.DOTALL)
    cells = [re.findall(r"<td.*?</td>", row, re.DOTALL) for row in rows]
    return {words_of(one[1]): words_of(one[3]) for one in cells if one}


def days_window(village: Region, name: str = "赶集", people: list[int] | None = None) -> DutyWindow:
    terms = Terms(name, [], 480, 720, people or [], days=DaysKind.NAMED)
    return add_window(village, terms, since=timezone.localdate(), actor=BY)


def test_who_is_named_for_a_date_is_in_the_window(page: Client, village: Region, county: FictionalCounty) -> None:
    market = days_window(village)
    assert on_duty(page)[ZHANG.number] == "无"
    day = timezone.localdate() + 40 * DAY
    name_days(market, {day: Crew(frozenset({county.people[ZHANG].pk}))}, actor=BY)
    assert on_duty(page) == {ZHANG.number: "赶集", LI.number: "无", WANG.number: "无"}


def test_who_holds_the_post_of_a_window_is_in_it_until_the_post_ends(
    page: Client, village: Region, county: FictionalCounty
) -> None:
    today = timezone.localdate()
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    holding = give_post(county.people[LI], branch, "书记", since=today, actor=BY)
    add_window(village, Terms("上午", WORKDAYS, 480, 720, [], [holding.post_id]), since=today, actor=BY)
    assert on_duty(page) == {ZHANG.number: "无", LI.number: "上午", WANG.number: "无"}
    change_holding(holding, HoldingState.ENDED, since=today, until=None, actor=BY, reason="卸任")
    assert on_duty(page)[LI.number] == "无"


def test_a_window_of_another_village_is_named_with_it(page: Client, village: Region, county: FictionalCounty) -> None:
    today = timezone.localdate()
    wang = county.people[WANG]
    made = add_window(village, Terms("上午", WORKDAYS, 480, 720, [wang.pk]), since=today, actor=BY)
    assert on_duty(page)[WANG.number] == "示例村 上午"
    change_window(
        made, Terms("上午", WORKDAYS, 480, 720, [county.people[LI].pk]), since=today + DAY, actor=BY, reason="换人"
    )
    assert (on_duty(page)[WANG.number], on_duty(page)[LI.number]) == ("示例村 上午", "上午")


def test_a_window_that_the_viewer_does_not_see_is_not_named(village: Region, county: FictionalCounty) -> None:
    there = Region.objects.get(pk=YANGBAN_VILLAGE)
    add_window(
        there, Terms("外村班", WORKDAYS, 480, 720, [county.people[ZHANG].pk]), since=timezone.localdate(), actor=BY
    )
    own = signed_in(CLERK)
    assert on_duty(own)[ZHANG.number] == "外辖区的值班"
    assert "外村班" not in text_of(own, "/people/")


def test_who_takes_a_window_over_is_in_it_until_the_window_ends(
    page: Client, village: Region, county: FictionalCounty
) -> None:
    today = timezone.localdate()
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    made = add_window(village, Terms("上午", WORKDAYS, 480, 720, [zhang]), since=today, actor=BY)
    swap = Swap.objects.create(window=made, day=today + 7 * DAY, giver_id=zhang, taker_id=li)
    agreed = {"agreed_at": timezone.now().isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(swap.day), end_of(swap.day)), agreed, actor=BY)
    assert (on_duty(page)[ZHANG.number], on_duty(page)[LI.number]) == ("上午", "上午")
    end_window(made, last=today, actor=BY, reason="停办")
    assert (on_duty(page)[ZHANG.number], on_duty(page)[LI.number]) == ("上午", "无")


def test_many_people_take_no_more_queries_than_few(page: Client, village: Region, county: FictionalCounty) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            on_duty(page)
        return len(captured)

    add_window(
        village, Terms("上午", WORKDAYS, 480, 540, [county.people[ZHANG].pk]), since=timezone.localdate(), actor=BY
    )
    few = queries()
    for number in range(20):
        person = Person.objects.create(number=f"n{number}", name=f"示例{number}", village_id=SHILI_VILLAGE)
        market = days_window(village, f"赶集{number}")
        name_days(market, {timezone.localdate() + n * DAY: Crew(frozenset({person.pk})) for n in range(5)}, actor=BY)
    assert queries() == few
