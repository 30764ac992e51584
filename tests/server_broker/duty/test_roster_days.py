"""Who is in a window on single dates is set and taken back, checked, audited and never one's own affair."""

import datetime as dt

import pytest
from django.db import connection

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.leaving import leave
from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay, WindowRecord
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put, take_written
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.reading import Asked, turns_of
from server_broker.duty.roster_days import MOST_DATES, name_days, withdraw_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window, change_window, end_window
from server_broker.manifest.county_check import check_county
from server_broker.regions.models import Region
from server_broker.workdays.days import workdays
from tests.cast import CLERK, LI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, user_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
SUNDAY = dt.date(2027, 3, 14)
MONDAY, FRIDAY = SUNDAY + DAY, SUNDAY + 5 * DAY
WEEK = [1, 2, 3, 4, 5]


@pytest.fixture
def village() -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


@pytest.fixture
def zhang(county: FictionalCounty) -> int:
    return county.people[ZHANG].pk


@pytest.fixture
def li(county: FictionalCounty, li: object) -> int:
    return county.people[LI].pk


@pytest.fixture
def morning(village: Region, zhang: int) -> DutyWindow:
    return add_window(village, Terms("上午", WEEK, 480, 720, [zhang]), since=SUNDAY, actor=BY)


@pytest.fixture
def market(village: Region) -> DutyWindow:
    return add_window(village, market_terms(), since=SUNDAY, actor=BY)


def market_terms(start: int = 540, end: int = 900) -> Terms:
    return Terms("赶集", [], start, end, [], days=DaysKind.NAMED)


def crew(*people: int, leaders: tuple[int, ...] = ()) -> Crew:
    return Crew(frozenset(people), leaders=frozenset(leaders))


def due(*people: int, first: dt.date = SUNDAY, last: dt.date = FRIDAY) -> list[tuple[int, dt.date, str]]:
    turns = turns_of(people, Asked(first, last))
    return [(turn.person, turn.day, turn.window.name) for turn in turns if turn.due]


def test_days_are_named_and_taken_back(market: DutyWindow, li: int) -> None:
    assert name_days(market, {SUNDAY: crew(li), FRIDAY: crew(li, leaders=(li,))}, actor=BY, reason="赶集") == 2
    assert name_days(market, {SUNDAY: crew(li)}, actor=BY) == 0
    assert due(li) == [(li, SUNDAY, "赶集"), (li, FRIDAY, "赶集")]
    assert withdraw_days(market, [SUNDAY, MONDAY], actor=BY, reason="不赶集") == 1
    assert due(li) == [(li, FRIDAY, "赶集")]
    actions = AuditEntry.objects.filter(action__startswith="roster_day").order_by("pk").values_list("action", "detail")
    assert [(action, detail["days"]) for action, detail in actions] == [
        ("roster_day.named", 2),
        ("roster_day.withdrawn", 1),
    ]
    assert take_written() == []  # the decisions have named every row


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "1 到"),
        ({SUNDAY + n * DAY: crew(1) for n in range(MOST_DATES + 1)}, "1 到"),
        ({SUNDAY: Crew()}, "请至少选一个人"),
        ({SUNDAY: crew(987654321)}, "没有这个人员"),
        ({SUNDAY: Crew(posts=frozenset({987654321}))}, "没有这个职务"),
        ({SUNDAY: crew(1, leaders=(2,))}, "带班"),
        ({SUNDAY - DAY: crew(1)}, "没有这个值班"),
    ],
)
def test_what_does_not_fit_is_refused(market: DutyWindow, given: dict[dt.date, Crew], said: str) -> None:
    with pytest.raises(WindowRefused, match=said):
        name_days(market, given, actor=BY)
    assert not RosterDay.objects.exists()


def test_who_has_left_or_is_oneself_is_refused(
    county: FictionalCounty, market: DutyWindow, zhang: int, li: int
) -> None:
    user = user_of(CLERK)
    user.person_id = zhang
    user.save()
    name_days(market, {SUNDAY: crew(zhang)}, actor=BY)
    for change in (
        lambda: name_days(market, {SUNDAY: crew(li)}, actor=user.username),  # takes oneself off
        lambda: withdraw_days(market, [SUNDAY], actor=user.username),
        lambda: name_days(market, {MONDAY: crew(zhang, li)}, actor=user.username),
        lambda: end_window(market, last=SUNDAY - DAY + DAY - DAY, actor=user.username, reason="不赶集了"),
    ):
        with pytest.raises((OwnAffair, WindowRefused)):
            change()
    leave(county.people[LI], last=MONDAY, actor=BY, reason="调走")
    with pytest.raises(WindowRefused, match="已离开"):
        name_days(market, {FRIDAY: crew(li)}, actor=BY)


def test_two_at_once_are_refused_where_the_calendar_makes_both_due(
    morning: DutyWindow, market: DutyWindow, zhang: int
) -> None:
    assert workdays(SUNDAY, MONDAY)[MONDAY].working
    name_days(market, {SUNDAY: crew(zhang)}, actor=BY)  # a day off: no weekly window
    with pytest.raises(WindowRefused, match=f"{MONDAY} 的值班“上午”与“赶集”时间重叠"):
        name_days(market, {MONDAY: crew(zhang)}, actor=BY)
    assert due(zhang, last=MONDAY) == [(zhang, SUNDAY, "赶集"), (zhang, MONDAY, "上午")]


def test_a_weekly_window_is_refused_that_meets_a_named_day(market: DutyWindow, village: Region, zhang: int) -> None:
    name_days(market, {MONDAY: crew(zhang)}, actor=BY)
    with pytest.raises(WindowRefused, match="重叠"):
        add_window(village, Terms("上午", WEEK, 480, 720, [zhang]), since=SUNDAY, actor=BY)
    later = add_window(village, Terms("早班", WEEK, 420, 540, [zhang]), since=SUNDAY, actor=BY)
    with pytest.raises(WindowRefused, match="重叠"):
        change_window(market, market_terms(start=480), since=SUNDAY, actor=BY, reason="改早一小时")
    with pytest.raises(WindowRefused, match="重叠"):
        change_window(later, Terms("早班", WEEK, 420, 541, [zhang]), since=SUNDAY, actor=BY, reason="改晚")


def test_seasons_and_swapped_saturdays_count_for_overlaps(village: Region, zhang: int) -> None:
    add_window(village, Terms("夏", WEEK, 480, 720, [zhang], season=(501, 930)), since=SUNDAY, actor=BY)
    add_window(village, Terms("冬", WEEK, 540, 780, [zhang], season=(1001, 430)), since=SUNDAY, actor=BY)
    with pytest.raises(WindowRefused, match="重叠"):
        add_window(village, Terms("国庆", WEEK, 600, 660, [zhang], season=(930, 930)), since=SUNDAY, actor=BY)
    # A Saturday on which it would be there is a working day, and so one of the other too.
    with pytest.raises(WindowRefused, match="重叠"):
        add_window(village, Terms("周六", [6], 700, 800, [zhang]), since=SUNDAY, actor=BY)
    add_window(village, Terms("周六", [6], 780, 800, [zhang]), since=SUNDAY, actor=BY)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"days": DaysKind.NAMED}, "不填星期"),
        ({"weekdays": []}, "请填星期"),
        ({"season": (230, 930)}, "季节"),
        ({"season": (501, 0)}, "季节"),
        ({"marks": "never"}, "没有这种"),
        ({"leaders": [987654321]}, "带班"),
        ({"leader_posts": [987654321]}, "带班"),
    ],
)
def test_terms_that_contradict_themselves_are_refused(
    village: Region, zhang: int, change: dict[str, object], said: str
) -> None:
    terms: dict[str, object] = {"name": "上午", "weekdays": WEEK, "start": 480, "end": 720, "people": [zhang]}
    with pytest.raises(WindowRefused, match=said):
        add_window(village, Terms(**(terms | change)), since=SUNDAY, actor=BY)  # type: ignore[arg-type]


def test_who_leaves_is_named_on_no_day_any_more(
    county: FictionalCounty, market: DutyWindow, zhang: int, li: int
) -> None:
    name_days(market, {day: crew(zhang, li, leaders=(li,)) for day in (MONDAY, FRIDAY)}, actor=BY)
    leave(county.people[LI], last=MONDAY, actor=BY, reason="调走")
    assert due(zhang, li) == [(zhang, MONDAY, "赶集"), (li, MONDAY, "赶集"), (zhang, FRIDAY, "赶集")]
    row = RosterDay.objects.known().order_by("valid_from").last()
    assert row is not None
    assert (row.people, row.leaders) == ([zhang], [])
    assert not WindowRecord.objects.known().at(begin_of(FRIDAY)).get(subject=market).ended


def test_a_named_day_that_somebody_writes_past_the_program_is_noticed(market: DutyWindow, zhang: int, li: int) -> None:
    name_days(market, {SUNDAY: crew(zhang)}, actor=BY)
    assert check_county().problems == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE attendance_rosterday DISABLE TRIGGER USER")
        cursor.execute("UPDATE attendance_rosterday SET people = ARRAY[%s]::bigint[]", [li])
        cursor.execute("ALTER TABLE attendance_rosterday ENABLE TRIGGER USER")
    assert any("当日值班" in problem.sentence() for problem in check_county().problems)


def test_a_named_day_that_no_decision_names_is_noticed(market: DutyWindow, zhang: int) -> None:
    name_days(market, {SUNDAY: crew(zhang)}, actor=BY)
    put(RosterDay, [market.pk], Period(begin_of(MONDAY), end_of(MONDAY)), {"people": [zhang]}, actor=BY)
    take_written()  # the transaction is over
    assert any("当日值班" in problem.sentence() for problem in check_county().problems)
