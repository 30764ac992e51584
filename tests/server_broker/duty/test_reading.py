"""Who is due, read from the database: as of any time, by the same number of queries for many villages and dates."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.locking import known_now
from server_broker.dated.writing import Period, put
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, turns_in, turns_of
from server_broker.duty.reasons import Overlaps, Stopped
from server_broker.duty.roster_days import name_days, withdraw_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, change_window
from server_broker.people.models import HoldingState, Person, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.workdays.notices import set_notice
from tests.cast import LI, SHILI_VILLAGE, TOWNSHIP, WANG, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
SUNDAY = dt.date(2027, 3, 14)
MONDAY = SUNDAY + DAY


@pytest.fixture
def village() -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


@pytest.fixture
def morning(county: FictionalCounty, village: Region) -> DutyWindow:
    terms = Terms("上午", [1, 2, 3, 4, 5], 480, 720, [county.people[ZHANG].pk])
    return add_window(village, terms, since=SUNDAY, actor=BY)


def turns(day: dt.date = MONDAY, known: dt.datetime | None = None, village: str = SHILI_VILLAGE) -> list[Turn]:
    return turns_in([Region.objects.get(pk=village).identity], Asked(day, day, known))


def due(day: dt.date = MONDAY, known: dt.datetime | None = None) -> set[tuple[int, str]]:
    return {(turn.person, turn.window.name) for turn in turns(day, known) if turn.due}


def test_a_named_day_and_a_swap_count_as_the_county_knew_them(morning: DutyWindow, county: FictionalCounty) -> None:
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    at_first = known_now()
    assert due() == {(zhang, "上午")}
    name_days(morning, {MONDAY: Crew(frozenset({li}))}, actor=BY)
    named = known_now()
    assert due() == {(li, "上午")}
    swap = Swap.objects.create(window=morning, day=MONDAY, giver_id=li, taker_id=zhang)
    agreed = {"agreed_at": (begin_of(MONDAY) + dt.timedelta(hours=7)).isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(MONDAY), end_of(MONDAY)), agreed, actor=BY)
    swapped = known_now()
    assert due() == {(zhang, "上午")}
    put(SwapRecord, [swap.pk], Period(begin_of(MONDAY), end_of(MONDAY)), {"withdrawn": True}, actor=BY)
    withdraw_days(morning, [MONDAY], actor=BY)
    assert [due(known=known) for known in (at_first, named, swapped, None)] == [
        {(zhang, "上午")},
        {(li, "上午")},
        {(zhang, "上午")},
        {(zhang, "上午")},
    ]
    assert [turn.why for turn in turns(known=named)] != [turn.why for turn in turns(known=at_first)]


def test_posts_terms_and_notices_count_on_their_dates(
    morning: DutyWindow, village: Region, county: FictionalCounty
) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    holding = give_post(li, branch, "书记", since=timezone.localdate(), actor=BY)
    terms = Terms("早班", [1, 2, 3, 4, 5], 420, 720, [zhang.pk], [holding.post_id], leader_posts=[holding.post_id])
    change_window(morning, terms, since=MONDAY + DAY, actor=BY, reason="改早")
    change_holding(
        holding, HoldingState.SECONDED, since=MONDAY + 2 * DAY, until=MONDAY + 3 * DAY, actor=BY, reason="借调"
    )
    set_notice(
        Region.objects.get(pk=TOWNSHIP), Period(begin_of(MONDAY + 4 * DAY), end_of(MONDAY + 4 * DAY)), "防汛", actor=BY
    )
    week = [due(MONDAY + n * DAY) for n in range(5)]
    both = {(zhang.pk, "早班"), (li.pk, "早班")}
    assert week == [{(zhang.pk, "上午")}, both, {(zhang.pk, "早班")}, {(zhang.pk, "早班")}, set()]
    assert {turn.person: turn.leads for turn in turns(MONDAY + DAY)} == {zhang.pk: False, li.pk: True}
    assert all(isinstance(turn.why[0], Stopped) for turn in turns(MONDAY + 4 * DAY))


def test_a_window_elsewhere_at_the_same_time_is_an_exception(morning: DutyWindow, county: FictionalCounty) -> None:
    zhang = county.people[ZHANG].pk
    there = DutyWindow.objects.create(
        village_id=YANGBAN_VILLAGE, name="赶集", weekdays=[], days=DaysKind.NAMED, start=600, end=900
    )
    put(RosterDay, [there.pk], Period(begin_of(MONDAY), end_of(MONDAY)), {"people": [zhang]}, actor=BY)
    (turn,) = turns()
    assert turn.why[0] == Overlaps(there.pk)
    assert [one.window.id for one in turns_of([zhang], Asked(MONDAY, MONDAY)) if one.due] == [there.pk]


def test_queries_do_not_grow_with_villages_people_or_dates(morning: DutyWindow, county: FictionalCounty) -> None:
    villages = [Region.objects.get(pk=code).identity for code in (SHILI_VILLAGE, YANGBAN_VILLAGE)]

    def queries(asked: Asked, *places: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            turns_in(places, asked)
        return len(captured)

    few = queries(Asked(MONDAY, MONDAY), villages[0])
    for number in range(6):
        person = Person.objects.create(number=f"n{number}", name=f"示例{number}", village_id=YANGBAN_VILLAGE)
        made = DutyWindow.objects.create(
            village_id=YANGBAN_VILLAGE, name=f"值班{number}", weekdays=[1, 2, 3, 4, 5], start=480, end=720
        )
        made.people.set([person, county.people[WANG]])
        put(RosterDay, [made.pk], Period(begin_of(MONDAY), end_of(MONDAY)), {"people": [person.pk]}, actor=BY)
    assert queries(Asked(MONDAY, MONDAY + 30 * DAY), *villages) == few <= 20
