"""A region sets parameters of the rules from a day on; what must not be is refused with a reason."""

import datetime as dt

import pytest
from django.db import transaction

from server_broker.accounts.models import User
from server_broker.attendance.models import Marks, Swap, SwapRecord
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.duty.windows import Terms, add_window, end_window
from server_broker.people.models import Person, PersonType, Post, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.settlement.parameters import OFF
from server_broker.settling.models import (
    ParameterRecord,
    SettleDue,
    SettledWindow,
    SheetMonth,
    SheetMonthRecord,
)
from server_broker.settling.region_terms import term_rows
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.settling.setting_terms import Reaches, set_term
from server_broker.settling.term_specs import SPECS, TermRefused, Value, value_of
from tests.cast import (
    COUNTY,
    COUNTY_OFFICER,
    LI,
    OPERATOR,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import (
    BY,
    FRIDAY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]

DAY = dt.timedelta(days=1)
NOW = at(MONDAY, 9)


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


def sets(
    code: str,
    name: str,
    value: Value | None,
    since: dt.date = TUESDAY,
    *,
    by: User | None = None,
    locked: bool = False,
    now: dt.datetime = NOW,
) -> Reaches:
    who = by or user_of(OPERATOR)
    return set_term(region(code), name, value, since=since, by=who, reason="按县里文件", now=now, locked=locked)


def holds(code: str, name: str, day: dt.date) -> tuple[str, str]:
    row = next(row for row in term_rows(region(code), at(day, 12)) if row.name == name)
    return row.value, row.source


def refusal(code: str, name: str, value: Value | None, since: dt.date = TUESDAY, **more: object) -> str:
    before = ParameterRecord.objects.count(), AuditEntry.objects.count()
    with pytest.raises(TermRefused) as refused:
        sets(code, name, value, since, **more)  # type: ignore[arg-type]
    assert (ParameterRecord.objects.count(), AuditEntry.objects.count()) == before
    return str(refused.value)


def zhang_s_account(county: FictionalCounty) -> User:
    own = user_of(COUNTY_OFFICER)
    own.person = county.people[ZHANG]
    own.save()
    return own


def test_the_nearest_region_s_value_holds_from_its_day_on() -> None:
    assert holds(SHILI_VILLAGE, "grace_in", MONDAY) == ("10 分钟", "")
    sets(COUNTY, "grace_in", 15)
    sets(TOWNSHIP, "grace_in", 5, WEDNESDAY)
    assert [holds(SHILI_VILLAGE, "grace_in", MONDAY + n * DAY) for n in range(3)] == [
        ("10 分钟", ""),
        ("15 分钟", "示例县"),
        ("5 分钟", "示例镇"),
    ]
    assert holds(YANGBAN_VILLAGE, "grace_in", WEDNESDAY) == ("15 分钟", "示例县")
    coming = next(row for row in term_rows(region(SHILI_VILLAGE), NOW) if row.name == "grace_in").coming
    assert [said for _, said in coming] == ["示例县 15 分钟", "示例镇 5 分钟"]
    sets(TOWNSHIP, "grace_in", None, WEDNESDAY + DAY)
    assert holds(SHILI_VILLAGE, "grace_in", WEDNESDAY + DAY) == ("15 分钟", "示例县")
    assert holds(SHILI_VILLAGE, "grace_in", WEDNESDAY) == ("5 分钟", "示例镇")


def test_what_the_county_locks_no_region_below_sets() -> None:
    sets(SHILI_VILLAGE, "grace_in", 20)
    sets(COUNTY, "grace_in", 10, WEDNESDAY, locked=True)
    assert [holds(SHILI_VILLAGE, "grace_in", day)[0] for day in (TUESDAY, WEDNESDAY)] == ["20 分钟", "10 分钟"]
    assert "县里锁定为 10 分钟" in refusal(SHILI_VILLAGE, "grace_in", 15, WEDNESDAY)
    assert "只有县里能锁定" in refusal(TOWNSHIP, "grace_out", 15, locked=True)
    sets(TOWNSHIP, "grace_in", 15, TUESDAY)
    sets(COUNTY, "grace_in", 10, WEDNESDAY + DAY)
    assert holds(SHILI_VILLAGE, "grace_in", WEDNESDAY + DAY) == ("20 分钟", "示例村")


def test_a_township_s_officer_locks_nothing_for_the_county() -> None:
    assert "只有县里能锁定" in refusal(COUNTY, "grace_in", 5, by=user_of(TOWNSHIP_OFFICER), locked=True)


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("grace_in", "十分钟", "“十分钟”不是整数"),
        ("grace_in", "", "“”不是整数"),
        ("grace_in", "5.5", "“5.5”不是整数"),
        ("grace_in", "٥", "不是整数"),
        ("grace_in", "-1", "-1 超出范围（0–120 分钟）"),
        ("grace_in", "121", "121 超出范围"),
        ("late_absence", "721", "超出范围（1–720 分钟，0 表示不算旷工）"),
        ("place", "anywhere", "可以是只在本村、本镇各村、全县各村"),
        ("marks", "each", "没有这一项规则"),
        ("resident_days", "29", "超出范围（0–28 天）"),
    ],
)
def test_what_is_no_value_is_refused(name: str, text: str, reason: str) -> None:
    with pytest.raises(TermRefused) as refused:
        value_of(name, text)
    assert reason in str(refused.value)


def test_every_parameter_has_a_default_within_its_bounds() -> None:
    for name, spec in SPECS.items():
        row = next(one for one in term_rows(region(COUNTY), NOW) if one.name == name)
        assert (row.source, row.code) == ("", "")
        text = "0" if spec.zero else row.value.split(" ")[0]
        assert value_of(name, {word: code for code, word in spec.choices}.get(text, text)) is not None
    assert value_of("late_absence", "0") == OFF


def test_no_window_is_left_with_an_empty_span(county: FictionalCounty) -> None:
    morning(county.people[ZHANG], start=510, end=540)
    reason = "示例村：“上午”08:30–09:00 一共 30 分钟，上班宽限最多 14 分钟"
    assert reason in refusal(COUNTY, "grace_in", 15)
    assert "下班宽限最多 15 分钟" in refusal(TOWNSHIP, "grace_out", 16)
    assert "剩余最短最多 29 分钟" in refusal(SHILI_VILLAGE, "min_rest", 30)
    sets(YANSHI_VILLAGE, "grace_in", 60)
    sets(COUNTY, "grace_in", 14)
    # A village with a value of its own is not touched by what is set above it.
    sets(SHILI_VILLAGE, "grace_in", 5)
    sets(COUNTY, "grace_in", 60)
    assert "最多 14 分钟" in refusal(SHILI_VILLAGE, "grace_in", None, WEDNESDAY)
    assert "最多 14 分钟" in refusal(COUNTY, "grace_in", 60, locked=True)


def test_a_window_that_wants_no_departure_is_judged_by_its_arrival_alone(county: FictionalCounty) -> None:
    morning(county.people[ZHANG], start=510, end=540, marks=Marks.ARRIVAL)
    sets(COUNTY, "grace_in", 29)
    sets(COUNTY, "grace_out", 60)
    assert "最多 29 分钟" in refusal(COUNTY, "grace_in", 30)


def test_lateness_comes_before_absence() -> None:
    sets(SHILI_VILLAGE, "late_absence", 30)
    assert "要比上班宽限 30 分钟长" in refusal(SHILI_VILLAGE, "grace_in", 30)
    assert "迟到算旷工 30 分钟" in refusal(COUNTY, "grace_in", 40)
    assert "要比下班宽限 10 分钟长" in refusal(COUNTY, "early_absence", 10)
    sets(COUNTY, "early_absence", 11)
    sets(SHILI_VILLAGE, "late_absence", OFF)
    sets(COUNTY, "grace_in", 40)
    assert holds(SHILI_VILLAGE, "late_absence", TUESDAY) == ("不算旷工", "示例村")


def test_a_closed_month_and_a_far_day_are_refused() -> None:
    month = SheetMonth.objects.create(village=region(SHILI_VILLAGE), month=f"{MONDAY:%Y-%m}")
    with transaction.atomic():
        put(SheetMonthRecord, [month.pk], Period(), {"closed_at": NOW.isoformat()}, actor="service")
    reason = f"示例村 {MONDAY:%Y-%m} 的考勤表已经定稿，最早从 2027-04-01 起改"
    for code in (COUNTY, TOWNSHIP, SHILI_VILLAGE):
        assert reason in refusal(code, "grace_in", 5)
    sets(YANSHI_VILLAGE, "grace_in", 5)
    sets(COUNTY, "grace_in", 5, dt.date(2027, 4, 1))
    assert "超过一年" in refusal(COUNTY, "grace_in", 6, MONDAY + 400 * DAY)
    assert "超过一年" in refusal(YANSHI_VILLAGE, "grace_in", 6, MONDAY - 400 * DAY)


def test_what_is_so_already_is_refused() -> None:
    assert "本来就没有另设" in refusal(SHILI_VILLAGE, "grace_in", None)
    sets(SHILI_VILLAGE, "grace_in", 5)
    assert "本来就是这样" in refusal(SHILI_VILLAGE, "grace_in", 5, WEDNESDAY)


def test_nobody_sets_rules_for_windows_of_their_own(county: FictionalCounty) -> None:
    announced()
    morning(county.people[ZHANG])
    own = zhang_s_account(county)
    assert "这里有您自己的班（示例村 上午 08:30–12:00），规则不能由您来定" in refusal(TOWNSHIP, "grace_in", 60, by=own)
    sets(YANGBAN_VILLAGE, "grace_in", 60, by=own)


def test_nor_for_windows_that_ended_since_or_are_still_to_come(county: FictionalCounty) -> None:
    own = zhang_s_account(county)
    window = morning(county.people[ZHANG])
    end_window(window, last=TUESDAY, actor=BY, reason="不再值班")
    now = at(MONDAY + 90 * DAY, 9)
    assert "这里有您自己的班" in refusal(TOWNSHIP, "grace_in", 60, MONDAY, by=own, now=now)
    assert "这里有您自己的班" in refusal(COUNTY, "resident_days", 1, TUESDAY, by=own, now=now)
    sets(TOWNSHIP, "grace_in", 60, WEDNESDAY, by=own, now=now)
    later = Terms("晚上", [6], 1140, 1200, [county.people[ZHANG].pk])
    add_window(region(SHILI_VILLAGE), later, since=MONDAY + 150 * DAY, actor=BY)
    assert "这里有您自己的班（示例村 晚上 19:00–20:00）" in refusal(
        TOWNSHIP, "grace_in", 50, WEDNESDAY, by=own, now=now
    )


def test_nor_where_a_post_a_single_date_or_a_swap_gives_them_one(county: FictionalCounty) -> None:
    own, zhang, li = zhang_s_account(county), county.people[ZHANG], county.add(LI)
    window = morning(li)
    sets(SHILI_VILLAGE, "grace_in", 20, by=own)
    swap = Swap.objects.create(window=window, day=FRIDAY, giver=li, taker=zhang)
    period = Period(begin_of(FRIDAY), end_of(FRIDAY))
    with transaction.atomic():
        put(SwapRecord, [swap.pk], period, {"agreed_at": NOW.isoformat(), "withdrawn": False}, actor=BY)
    assert "这里有您自己的班" in refusal(SHILI_VILLAGE, "grace_in", 60, by=own)
    sets(SHILI_VILLAGE, "grace_in", 30, FRIDAY + DAY, by=own)
    unit = make_unit("示例村委会", UnitKind.COMMITTEE, region(SHILI_VILLAGE), actor=BY)
    give_post(zhang, unit, "委员", since=MONDAY, actor=BY)
    post = Post.objects.get(title="委员")
    of_post = Terms("下午", [1], 840, 1020, [], posts=[post.pk])
    add_window(region(SHILI_VILLAGE), of_post, since=MONDAY + 20 * DAY, actor=BY)
    assert "（示例村 下午 14:00–17:00）" in refusal(SHILI_VILLAGE, "grace_in", 60, FRIDAY + DAY, by=own)


def test_nor_where_they_are_sent_to_live(county: FictionalCounty) -> None:
    own = zhang_s_account(county)
    Person.objects.filter(pk=county.people[ZHANG].pk).update(type=PersonType.RESIDENT)
    for code in (COUNTY, TOWNSHIP, SHILI_VILLAGE):
        assert "您在示例村驻村，规则不能由您来定" in refusal(code, "resident_days", 1, by=own)
    sets(YANGBAN_VILLAGE, "resident_days", 1, by=own)


def test_it_is_a_decision_of_the_county(county: FictionalCounty) -> None:
    sets(TOWNSHIP, "place", "county")
    entry = AuditEntry.objects.get(action="term.set")
    assert (entry.actor, entry.subject) == (OPERATOR.username, TOWNSHIP)
    assert entry.detail == {
        "name": "place",
        "value": "county",
        "locked": False,
        "day": str(TUESDAY),
        "reason": "按县里文件",
    }
    fact = DecidedFact.objects.order_by("-pk").first()
    row = ParameterRecord.objects.get()
    assert DecidedRow.objects.filter(fact=fact, table="settling_parameterrecord", row=str(row.pk)).exists()
    assert (row.value, row.recorded_by, row.reason) == ("county", OPERATOR.username, "按县里文件")


def test_only_what_it_touches_is_settled_again(county: FictionalCounty) -> None:
    announced(MONDAY - 14 * DAY, 50)
    zhang: Person = county.people[ZHANG]
    morning(zhang)
    station = LivedStation()
    for day in (MONDAY, TUESDAY):
        station.touched(ZHANG.token, at(day, 8, 38))
        station.touched(ZHANG.token, at(day, 12, 5))
        station.closed(at(day, 15, 1))
    station.send(at(TUESDAY, 15, 2))
    now = at(TUESDAY, 20)
    mark_due(now)
    settle_due(now, rounds=1000)
    reach = sets(TOWNSHIP, "grace_in", 5, TUESDAY, now=now)
    assert (reach.villages, reach.settled) == (2, 1)
    later = now + dt.timedelta(minutes=5)
    mark_due(later)
    marked = set(SettleDue.objects.values_list("village__code", flat=True))
    assert marked == {SHILI_VILLAGE}
    settle_due(later, rounds=1000)
    results = SettledWindow.objects.current().filter(person=zhang, day__in=[MONDAY, TUESDAY]).order_by("day")
    assert [(one.result, one.late) for one in results] == [("√", 0), ("迟", 8)]
    assert "parameter" in results[1].why
