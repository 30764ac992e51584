"""Every result answers why: on what it rests, what is awaited and since when, and what it was before."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import transaction

from server_broker.attendance.models import DutyWindow, Swap, SwapRecord, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.people.cards import report_lost
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.requests.models import Answer, Correction, CountyRequest
from server_broker.settling.models import ParameterRecord, SettledWindow
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.settling.why import Why, why_of
from server_broker.workdays.notices import set_notice
from tests.cast import (
    LI,
    OPERATOR,
    OVERSEER,
    SECRETARY,
    SHILI,
    TOWNSHIP_OFFICER,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    Account,
)
from tests.server_broker.county import FictionalCounty, add_station, user_of
from tests.server_broker.settling.lived import (
    BY,
    MONDAY,
    TUESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)


def lives_on(now: dt.datetime) -> None:
    mark_due(now)
    settle_due(now, rounds=1000)


def why(person: Person, day: dt.date = MONDAY, start: int = 510) -> Why:
    return why_of(SettledWindow.objects.current().get(person=person, day=day, start=start), viewer=None)


def touches(told: Why) -> list[tuple[str, str, bool]]:
    return [(one.at, one.said, one.used) for one in told.touches]


@pytest.fixture
def zhang(county: FictionalCounty) -> Person:
    announced(MONDAY - 14 * DAY, 50)
    return county.people[ZHANG]


@pytest.fixture
def window(zhang: Person, county: FictionalCounty) -> DutyWindow:
    return morning(zhang, county.people[LI])


@pytest.fixture
def shili(window: DutyWindow) -> LivedStation:
    station = LivedStation()
    station.send(at(MONDAY, 6))
    return station


def test_a_late_arrival_says_by_which_touch_and_what_the_others_were(shili: LivedStation, zhang: Person) -> None:
    for hour, minute in ((6, 30), (8, 45), (9, 30), (11, 0), (12, 3), (15, 30)):
        shili.touched(ZHANG.token, at(MONDAY, hour, minute))
    shili.closed(at(MONDAY, 16))
    shili.send(at(MONDAY, 16, 1))
    lives_on(at(MONDAY, 20))
    told = why(zhang)
    assert (told.words, told.reason) == ("迟到 15 分钟", "8:45 到，迟 15 分钟；12:03 走。")
    assert told.sentence == "到岗比上班时间晚了 10 分钟以上，记迟到。"
    assert touches(told) == [
        ("6:30", "离这个班太远", False),
        ("8:45", "算到岗", True),
        ("9:30", "前面有更早的到岗打卡，不用它", False),
        ("11:00", "后面有更晚的离岗打卡，不用它", False),
        ("12:03", "算离岗", True),
        ("15:30", "离这个班太远", False),
    ]
    assert {one.where for one in told.touches} == {"示例村"}
    assert all(one.received_at == at(MONDAY, 16, 1) for one in told.touches)
    assert told.window is not None
    assert (told.window.name, told.window.times) == ("上午", "08:30–12:00")
    assert told.window.due == "因为您在名单上，这天是工作日。"
    assert told.window.due_briefly == "在名单上，工作日"
    assert told.window.source.startswith("按星期的值班，")
    assert told.window.spans == ("7:00–10:15 的打卡算到岗", "10:15–15:00 的打卡算离岗")
    assert told.awaited == ()
    assert told.bore == ()


def test_what_is_awaited_has_the_village_and_since_when(
    shili: LivedStation, zhang: Person, county: FictionalCounty
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    LivedStation(YANSHI).send(at(MONDAY, 6, 5))
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.send(at(MONDAY, 8, 21))
    lives_on(at(MONDAY, 20))
    told = why(zhang)
    assert (told.words, told.sentence) == (
        "数据未到",
        "有站点的记录还没有传齐：先等着，不算缺卡，也不算旷工。",
    )
    assert [(one.station, one.words) for one in told.awaited] == [
        (SHILI, "等示例村站点的记录：现在只到 3月15日 8:20"),
        (YANSHI, "等演示村站点的记录：现在只到 3月14日 6:00"),
    ]
    assert "示例村站点的记录只到 8:20" in told.reason
    assert SHILI not in told.reason
    assert touches(told) == [("8:20", "算到岗", True)]


def test_a_held_fact_is_awaited_and_what_came_of_it_is_told(shili: LivedStation, zhang: Person) -> None:
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.add_body(b"\x81\xa4kind\xa7someday")
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    lives_on(at(MONDAY, 20))
    told = why(zhang)
    assert told.words == "待审"
    assert [(one.words, one.is_fact) for one in told.awaited] == [
        ("示例村站点有一条记录要人看过（县里 3月15日 15:02 收到）", True)
    ]
    assert told.reason.endswith("示例村站点的一条记录可能是本人的打卡，待审。")


def test_the_history_says_what_had_it_settled_anew_and_by_what(shili: LivedStation, zhang: Person) -> None:
    lives_on(at(MONDAY, 9))
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.touched(ZHANG.token, at(MONDAY, 12, 5))
    lives_on(at(MONDAY, 20))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(TUESDAY, 9))
    lives_on(at(TUESDAY, 10))
    told = why(zhang)
    assert [(step.was, step.now) for step in told.steps] == [
        ("数据未到", "正常"),
        ("还没结算", "数据未到"),
        ("", "还没结算"),
    ]
    newest = told.steps[0]
    assert newest.at == at(TUESDAY, 10)
    assert "有打卡传到县里" in newest.cause
    assert newest.touches == (
        "示例村 8:20 的打卡（3月16日 9:00 传到县里）",
        "示例村 12:05 的打卡（3月16日 9:00 传到县里）",
    )
    assert told.steps[1].cause == "到了下结论的时候"
    # What stood before still says why, by what was known then.
    old = SettledWindow.objects.filter(person=zhang, day=MONDAY, result="未").get()
    assert why_of(old, viewer=None).touches == ()
    assert why_of(old, viewer=None).awaited[0].words == "等示例村站点的记录：现在只到 3月14日 6:00"


def test_leave_a_correction_a_notice_and_down_time_are_named(
    shili: LivedStation, zhang: Person, window: DutyWindow, county: FictionalCounty
) -> None:
    li = county.people[LI]
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.closed(at(MONDAY, 15, 1))
    shili.touched(LI.token, at(TUESDAY, 8, 20))
    shili.booted(at(TUESDAY, 12, 45), alive=at(TUESDAY, 11, 40))
    shili.closed(at(TUESDAY, 15, 1))
    shili.send(at(TUESDAY, 15, 2))
    with recorded(at(MONDAY, 7)), transaction.atomic():
        absence = Absence.objects.create(person=li, kind="leave", source="")
        put(AbsenceRecord, [absence.pk], Period(at(MONDAY, 8), at(MONDAY, 18)), {"code": "sick"}, actor=BY)
        set_notice(Region.objects.get(pk=window.village_id), Period(at(TUESDAY, 8), at(TUESDAY, 9)), "防汛", actor=BY)
    asked = CountyRequest.objects.create(
        request=bytes(16), number="1", person=zhang, kind="correction", window=window, day=MONDAY, mark="departure",
        mark_at=at(MONDAY, 12, 10), asked_at=at(TUESDAY, 16),
    )  # fmt: skip
    answer = Answer.objects.create(asked=asked, outcome="accepted", at=at(TUESDAY, 16, 30), actor="chen", step=1)
    Correction.objects.create(
        answer=answer, person=zhang, window=window, day=MONDAY, mark="departure", mark_at=at(MONDAY, 12, 10),
        approved_at=at(TUESDAY, 16, 30),
    )  # fmt: skip
    lives_on(at(TUESDAY, 20))
    assert why(li).bore == ("批准的请假（病假） 8:00–18:00",)
    assert why(li).words == "病假"
    assert why(zhang).bore == ("补卡：12:10 离岗（3月16日 16:30 批准）",)
    assert why(zhang).reason == "8:20 到；12:10 走（补卡）。"
    down = why(li, TUESDAY)
    assert (down.words, down.row.line) == ("站点停用", "4.8")
    assert down.sentence == (
        "请假、外出或停班占了这个班的一部分，只看其余的时间。该打卡的时候村里没有能用的站点：不怪本人，算出勤。"
    )
    assert down.bore == (
        "停班 8:30–9:00（防汛）",
        "11:50–12:31 村里没有能用的站点：离岗在这时候缺了、迟了或早了，都不怪本人",
    )
    assert down.window is not None
    assert down.window.rest == "9:00–12:00"


def test_touches_that_do_not_count_say_why(shili: LivedStation, zhang: Person, county: FictionalCounty) -> None:
    with recorded(at(MONDAY, 14)):
        report_lost(county.cards[ZHANG], actor=BY, since=at(MONDAY, 9), now=at(MONDAY, 14))
    shili.touched(ZHANG.token, at(MONDAY, 8, 20))
    shili.touched(ZHANG.token, at(MONDAY, 12, 5))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    shili.booted(at(TUESDAY, 7), quality="unknown", alive=at(MONDAY, 23))
    shili.touched(LI.token, at(TUESDAY, 8, 20), wall=at(dt.date(2020, 1, 1), 0))
    shili.send(at(TUESDAY, 8, 30))
    lives_on(at(TUESDAY, 20))
    assert touches(why(zhang)) == [("8:20", "算到岗", True), ("12:05", "这张卡已经挂失，不算", False)]
    assert why(zhang).words == "缺卡"
    undated = why(county.people[LI], TUESDAY).touches
    assert [(one.said, one.clock, one.used) for one in undated] == [
        ("站点当时不知道准确时间，要有人看过", "站点当时不知道时间", False)
    ]


def test_a_touch_of_a_village_that_does_not_count_is_named(
    shili: LivedStation, zhang: Person, county: FictionalCounty
) -> None:
    from server_broker.settling.models import Parameter  # noqa: PLC0415

    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    yanshi.touched(ZHANG.token, at(MONDAY, 8, 20))
    yanshi.closed(at(MONDAY, 15, 1))
    yanshi.send(at(MONDAY, 15, 2))
    shili.closed(at(MONDAY, 15, 1))
    shili.send(at(MONDAY, 15, 2))
    village = Region.objects.get(pk=shili_village())
    with recorded(at(MONDAY, 6)), transaction.atomic():
        subject = Parameter.objects.create(region=village, name="place")
        put(ParameterRecord, [subject.pk], Period(), {"value": "village"}, actor=BY)
    lives_on(at(MONDAY, 20))
    assert touches(why(zhang)) == [("8:20", "这个站点的打卡不算这个班的", False)]
    assert why(zhang).touches[0].where == "演示村"
    assert why(zhang).sentence == "上班、下班都没有打卡，记旷工。"


def shili_village() -> str:
    from tests.cast import SHILI_VILLAGE  # noqa: PLC0415

    return SHILI_VILLAGE


def test_a_named_day_says_who_entered_it_and_why(
    shili: LivedStation, zhang: Person, window: DutyWindow, county: FictionalCounty
) -> None:
    from server_broker.duty.roster_days import name_days  # noqa: PLC0415
    from server_broker.duty.values import Crew  # noqa: PLC0415

    with recorded(at(MONDAY, 6)):
        name_days(window, {TUESDAY: Crew(frozenset({zhang.pk}))}, actor=BY, reason="模板“轮值”：三月轮值")
    shili.closed(at(TUESDAY, 15, 1))
    shili.send(at(TUESDAY, 15, 2))
    lives_on(at(TUESDAY, 20))
    told = why(zhang, TUESDAY)
    assert told.window is not None
    assert told.window.due == "因为您在名单上，这天是工作日，这天换成了您。"
    assert told.window.due_briefly == "在名单上，工作日，当日换了人"
    assert told.window.source == "当日值班，3月15日 6:00 录入（模板“轮值”：三月轮值）"
    assert not SettledWindow.objects.filter(person=county.people[LI], day=TUESDAY).exists()


def test_the_number_of_queries_does_not_grow_with_touches(
    shili: LivedStation, zhang: Person, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    counts = []
    for day, number in ((MONDAY, 2), (TUESDAY, 12)):
        for n in range(number):
            shili.touched(ZHANG.token, at(day, 8, 4 * n))
        shili.closed(at(day, 15, 1))
        shili.send(at(day, 15, 2))
        lives_on(at(day, 20))
        row = SettledWindow.objects.current().get(person=zhang, day=day)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            why_of(row, viewer=None)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_whom_the_viewer_does_not_see_is_not_named_in_a_swap(
    zhang: Person, county: FictionalCounty, window: DutyWindow
) -> None:
    li = county.people[LI]
    with transaction.atomic():
        put(WindowRecord, [window.pk], Period(at(MONDAY - DAY, 0)), {"people": [zhang.pk]}, actor=BY)
        swap = Swap.objects.create(window=window, day=MONDAY, giver=zhang, taker=li)
        agreed = {"agreed_at": at(MONDAY - DAY, 8).isoformat(), "withdrawn": False}
        put(SwapRecord, [swap.pk], Period(begin_of(MONDAY), end_of(MONDAY)), agreed, actor=BY)
    lives_on(at(MONDAY, 20))
    row = SettledWindow.objects.current().get(person=zhang, day=MONDAY)

    def briefly(account: Account | None) -> str:
        told = why_of(row, viewer=None if account is None else user_of(account)).window
        assert told is not None
        return told.due_briefly

    for account in (None, SECRETARY, OVERSEER, TOWNSHIP_OFFICER, OPERATOR):
        assert "换给李示例" in briefly(account)
    li.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    li.save()
    for account in (SECRETARY, OVERSEER, TOWNSHIP_OFFICER):
        assert "换给外辖区人员" in briefly(account)
    for account in (None, OPERATOR):
        assert "换给李示例" in briefly(account)
