"""A month is shown, objected to, and closed: once, by what the county knew, and what was signed stays."""

import csv
import datetime as dt
import hashlib
import io

import pytest
from django.db import InternalError, ProgrammingError, connection, transaction

from protocol.decisions import MonthClosed, decode_decision
from server_broker.audit.models import AuditEntry
from server_broker.closing import closing
from server_broker.closing.changes import OFF, Between, Said, changed_since
from server_broker.closing.closing import CLOSE, SHOW, close_month, show_month
from server_broker.closing.models import ClosedMonth
from server_broker.closing.month import month_of
from server_broker.closing.refused import MonthRefused
from server_broker.dated.writing import Period, put
from server_broker.decisions.models import DecidedFact
from server_broker.people.cards import bind_card
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.settlement.version import RULES
from server_broker.settling.models import Parameter, ParameterRecord, SettleDue, SheetMonthRecord
from server_broker.settling.moments import moment
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.sheet_csv import sheet_csv
from server_broker.settling.span import Span
from server_broker.settling.term_specs import OBJECTION_DAYS
from server_broker.settling.windows import settle
from tests.cast import (
    COUNTY,
    LI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    UNKNOWN_CARD,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    MAY_CLOSE,
    MISSED,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    closed,
    lived,
    lives_on,
    march,
    officer,
    shown,
    village,
)
from tests.server_broker.county import add_station
from tests.server_broker.settling.lived import BY, MONDAY, LivedStation, at, recorded

__all__ = ["lived", "march"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("lived")]


def refused(why: str, *, known: dt.datetime = MAY_CLOSE) -> None:
    with pytest.raises(MonthRefused, match=why):
        close_month(village(), MONTH, by=officer(), known=known)
    assert not ClosedMonth.objects.exists()
    assert not SheetMonthRecord.objects.exclude(closed_at=None).exists()


def state(now: dt.datetime) -> str:
    return month_of(village().identity, MONTH, now).state


def test_a_month_goes_its_way_and_is_signed() -> None:
    assert (state(at(LAST, 23, 59)), state(at(APRIL, 8))) == ("进行中", "可公示")
    assert shown() == APRIL + 5 * DAY
    assert state(SHOWN_AT) == "公示"
    made = closed()
    content = bytes(made.content)
    assert bytes(made.sha256) == hashlib.sha256(content).digest()
    assert content.startswith(f"rules,{RULES}\r\nvillage,{SHILI_VILLAGE},示例村\r\nmonth,{MONTH}\r\nas_of,".encode())
    of_month = month_of(village().identity, MONTH, at(APRIL + 20 * DAY, 9))
    assert (of_month.state, of_month.closed_at, of_month.closed_by) == ("定稿", MAY_CLOSE, TOWNSHIP_OFFICER.username)
    assert (of_month.sha256, of_month.name) == (bytes(made.sha256).hex(), "示例村")
    assert [one.name for one in of_month.people] == [ZHANG.name, LI.name]
    # After them only the heads of the residents, of whom there are none.
    totals = list(csv.reader(io.StringIO(content.decode())))[-4:-2]
    assert [row[:6] for row in totals] == [
        ["a1", ZHANG.name, "13", "13", "12", "1"],
        ["a2", LI.name, "13", "13", "12", "0"],
    ]


def test_what_is_signed_comes_of_it_again() -> None:
    shown()
    made = closed()
    windows = settle(
        [village().identity], Span(MONDAY.replace(day=1), LAST, MAY_CLOSE), closed={MONTH: moment(MAY_CLOSE)}
    )
    again = sheet_csv(VillageSheet(village().identity, MONTH, MAY_CLOSE, "定稿", RULES, windows))
    assert bytes(made.content).startswith(again)
    signed = [one.result.says() for one in sorted(windows, key=lambda one: (one.person, one.result.day))]
    read = month_of(village().identity, MONTH, at(APRIL + 20 * DAY, 9)).windows
    assert [one.result.says() for one in sorted(read, key=lambda one: (one.person, one.result.day))] == signed


def test_the_county_decides_it_and_the_decision_names_the_digest() -> None:
    shown()
    assert AuditEntry.objects.filter(action=SHOW, subject=SHILI_VILLAGE).count() == 1
    made = closed()
    fact = DecidedFact.objects.order_by("-pk")[0]
    decided = decode_decision(bytes(fact.body))
    assert decided.what == MonthClosed(village=SHILI_VILLAGE, month=MONTH, sha256=bytes(made.sha256))
    assert decided.by == TOWNSHIP_OFFICER.username
    entry = AuditEntry.objects.get(action=CLOSE)
    assert decided.audit == bytes(entry.hash)
    assert entry.detail == {"month": MONTH, "sha256": bytes(made.sha256).hex(), "slip": 0}


def test_what_was_signed_is_never_changed() -> None:
    shown()
    closed()
    for change in (
        "UPDATE closing_closedmonth SET closed_by = 'x'",
        "DELETE FROM closing_closedmonth",
    ):
        with pytest.raises((InternalError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


def test_a_month_is_not_shown_before_it_is_final() -> None:
    def fails(why: str, now: dt.datetime) -> None:
        with pytest.raises(MonthRefused, match=why):
            show_month(village(), MONTH, by=officer(), now=now)
        assert not SheetMonthRecord.objects.exists()

    fails("还没有结束", at(LAST, 23, 59))
    SettleDue.objects.create(village=village(), day=MISSED, why=["touch"], marked_at=SHOWN_AT)
    fails("正在结算", SHOWN_AT)
    SettleDue.objects.update(failed_at=SHOWN_AT)
    fails("一时结算不了", SHOWN_AT)
    SettleDue.objects.all().delete()
    with pytest.raises(MonthRefused, match="没有班"):
        show_month(Region.objects.get(pk=TOWNSHIP), MONTH, by=officer(), now=SHOWN_AT)


def test_a_month_is_not_closed_before_its_time() -> None:
    refused("还没有公示")
    shown()
    refused("公示到 04月06日 为止", known=MAY_CLOSE - dt.timedelta(microseconds=1))
    made = closed()
    with pytest.raises(MonthRefused, match=f"{TOWNSHIP_OFFICER.username} 已在 04月07日 00:00 定稿"):
        close_month(village(), MONTH, by=officer(), known=MAY_CLOSE + DAY)
    with pytest.raises(MonthRefused, match="已经定稿"):
        show_month(village(), MONTH, by=officer(), now=MAY_CLOSE + DAY)
    assert ClosedMonth.objects.get() == made


def test_the_county_may_lock_how_long_objections_are_taken() -> None:
    def sets(code: str, days: int, *, locked: bool = False) -> None:
        made, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=code), name=OBJECTION_DAYS)
        put(ParameterRecord, [made.pk], Period(at(MONDAY, 0)), {"value": days, "locked": locked}, actor=BY)

    with recorded(at(MONDAY, 1)):
        sets(COUNTY, 7)
        sets(TOWNSHIP, 3)
    assert shown() == APRIL + 3 * DAY
    with recorded(at(MONDAY, 2)):
        sets(COUNTY, 7, locked=True)
    assert month_of(village().identity, MONTH, SHOWN_AT).objections_until == APRIL + 7 * DAY


def test_nobody_shortens_the_time_for_objections_once_the_month_is_shown() -> None:
    assert shown() == APRIL + 5 * DAY
    later = SHOWN_AT + dt.timedelta(hours=1)
    for code in (TOWNSHIP, SHILI_VILLAGE):
        made, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=code), name=OBJECTION_DAYS)
        with recorded(later):
            put(ParameterRecord, [made.pk], Period(at(MONDAY, 0)), {"value": 1}, actor=BY)
    assert month_of(village().identity, MONTH, at(APRIL + DAY, 9)).objections_until == APRIL + 5 * DAY
    refused("公示到 04月06日 为止", known=at(APRIL + 2 * DAY, 9))
    assert closed().month == MONTH


def test_nor_by_taking_back_what_held_when_it_was_shown() -> None:
    made, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=TOWNSHIP), name=OBJECTION_DAYS)
    with recorded(at(MONDAY, 1)):
        put(ParameterRecord, [made.pk], Period(at(MONDAY, 0)), {"value": 9}, actor=BY)
    assert shown() == APRIL + 9 * DAY
    with recorded(SHOWN_AT + dt.timedelta(hours=1)):
        put(ParameterRecord, [made.pk], Period(at(MONDAY, 0)), {"value": None}, actor=BY)
    refused("公示到 04月10日 为止")


def test_what_comes_between_keeps_it_open_until_it_is_final_again(lived: LivedMonth) -> None:
    add_station(lived.county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    yanshi.touched(UNKNOWN_CARD, at(MISSED - DAY, 16))
    yanshi.send(at(MISSED - DAY, 17))
    yanshi.touched(UNKNOWN_CARD, at(MISSED, 12, 20))
    yanshi.closed(at(MISSED, 15, 1))
    lives_on(at(APRIL, 8))
    shown()
    with recorded(at(APRIL, 10)):
        bind_card(UNKNOWN_CARD, lived.li, actor=BY)
    lives_on(at(APRIL, 10, 1))
    of_month = month_of(village().identity, MONTH, at(APRIL, 10, 2))
    assert of_month.state == "未定稿"
    [open_window] = of_month.open
    assert (open_window.result.day, open_window.result.result) == (MISSED, "未")
    assert [one.station for one in open_window.awaited] == [YANSHI]
    refused("还有 1 个班数据未到")
    yanshi.send(at(APRIL + DAY, 8))
    lives_on(at(APRIL + DAY, 8, 1))
    assert state(at(APRIL + DAY, 9)) == "公示"
    first, last = MONDAY.replace(day=1), LAST
    [change] = changed_since(Between(village().identity, first, last, SHOWN_AT))
    assert (change.name, change.day, change.was.result, change.now.result) == (LI.name, MISSED, "缺", "√")
    assert [fact.station for fact in change.facts] == [YANSHI]
    # What changed may be shown again, and the days for objections begin anew.
    assert shown(at(APRIL + DAY, 10)) == APRIL + 6 * DAY
    refused("公示到 04月07日 为止")
    assert closed(MAY_CLOSE + DAY).month == MONTH


def test_what_is_shown_and_has_not_changed_is_not_shown_again() -> None:
    shown()
    with pytest.raises(MonthRefused, match="公示以后没有变化"):
        show_month(village(), MONTH, by=officer(), now=at(APRIL, 12))


def test_a_correction_that_was_asked_a_moment_ago_is_not_lost(lived: LivedMonth) -> None:
    shown()
    wish = Wish(
        kind="correction", window=lived.window.pk, day=MISSED, mark="departure",
        mark_at=at(MISSED, 12, 3), note="忘了打卡，有人作证",
    )  # fmt: skip
    ask(lived.li, wish, now=MAY_CLOSE + dt.timedelta(seconds=20))
    refused("刚才有人提了这个月的补卡", known=MAY_CLOSE + dt.timedelta(seconds=30))
    closed(MAY_CLOSE + dt.timedelta(minutes=1))


def test_nobody_closes_behind_somebody_who_has_been_writing_for_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    behind = MAY_CLOSE - dt.timedelta(seconds=110)
    monkeypatch.setattr(closing, "settled_horizon", lambda: behind)
    assert closing.closing_moment(MAY_CLOSE) == behind
    with pytest.raises(MonthRefused, match="请过几分钟再定稿"):
        closing.closing_moment(MAY_CLOSE + dt.timedelta(seconds=11))


def test_what_became_worse_since_it_was_shown_is_shown_again_before_it_is_signed(lived: LivedMonth) -> None:
    shown()
    with recorded(MAY_CLOSE - DAY):
        term, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=TOWNSHIP), name="late_absence")
        put(ParameterRecord, [term.pk], Period(at(MONDAY, 0)), {"value": 15}, actor=BY)
    refused("公示以后有 1 个班变得对本人不利")
    lives_on(MAY_CLOSE)
    refused("公示以后有 1 个班变得对本人不利")
    again = MAY_CLOSE + dt.timedelta(hours=9)
    assert shown(again) == MAY_CLOSE.date() + 5 * DAY
    signed = closed(at(MAY_CLOSE.date() + 6 * DAY, 0))
    assert [one.totals.of("旷") for one in month_of(village().identity, MONTH, again).people] == [1, 0]
    assert signed.people[ZHANG.number] == lived.zhang.pk


def test_what_became_better_since_it_was_shown_is_signed() -> None:
    shown()
    with recorded(MAY_CLOSE - DAY):
        term, _ = Parameter.objects.get_or_create(region=Region.objects.get(pk=TOWNSHIP), name="grace_in")
        put(ParameterRecord, [term.pk], Period(at(MONDAY, 0)), {"value": 30}, actor=BY)
    assert closed().month == MONTH


@pytest.mark.parametrize(
    ("was", "now", "is_worse"),
    [
        (Said("√"), Said("迟", late=11), True),
        (Said("迟", late=11), Said("迟", late=12), True),
        (Said("迟", late=12), Said("迟", late=11), False),
        (Said("缺"), Said("√"), False),
        (Said("旷"), Said("缺"), False),
        (Said("停"), Said("旷"), True),
        (Said("√"), OFF, True),
        (OFF, Said("旷"), True),
        (OFF, Said("√"), False),
        (Said("旷"), Said("假", "事"), False),
        (Said("√"), Said("假", "事"), True),
        (Said("迟", late=40), Said("缺"), True),
        (Said("√"), Said("停"), False),
    ],
)
def test_what_lies_more_heavily_on_somebody(was: Said, now: Said, is_worse: bool) -> None:
    assert now.is_worse_than(was) == is_worse
