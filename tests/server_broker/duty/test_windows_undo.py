"""Duty windows are changed and ended from a day on, and people leave and come back. What held before is answered."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.as_of import due_under
from server_broker.attendance.following import Follower
from server_broker.attendance.leaving import LeavingRefused, come_back, leave
from server_broker.attendance.models import DutyWindow
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.windows import Terms, add_window, change_window, end_window
from server_broker.fleet.models import Station
from server_broker.people.cards import BindRefused, bind_card
from server_broker.people.models import Card, HoldingRecord, UnitKind
from server_broker.people.posts import PostRefused, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.twin.desired import build
from tests.cast import CLERK, LI, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, user_of, window

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
WEEK = [1, 2, 3, 4, 5, 6, 7]


@pytest.fixture
def today() -> dt.date:
    return timezone.localdate()


@pytest.fixture
def village() -> Region:
    return Region.objects.get(pk=SHILI_VILLAGE)


def terms(*people: int, name: str = "上午", start: int = 480, end: int = 720, posts: tuple[int, ...] = ()) -> Terms:
    return Terms(name, WEEK, start, end, people, posts)


def due(day: dt.date, known: dt.datetime | None = None) -> dict[str, tuple[int, ...]]:
    return {one.window.name: one.people for one in due_under(SHILI_VILLAGE, AsOf(begin_of(day), known))}


def test_a_window_is_renamed_and_ended_from_a_day_on(county: FictionalCounty, village: Region, today: dt.date) -> None:
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    made = add_window(village, terms(zhang), since=today, actor=BY)
    before = timezone.now()
    change_window(made, terms(zhang, li, name="早班"), since=today + 2 * DAY, actor=BY, reason="加人")
    end_window(made, last=today + 4 * DAY, actor=BY, reason="不再坐班")
    assert due(today + DAY) == {"上午": (zhang,)}
    assert due(today + 2 * DAY) == {"早班": (zhang, li)}
    assert due(today + 5 * DAY) == {}
    assert due(today + 5 * DAY, known=before) == {"上午": (zhang,)}
    made.refresh_from_db()
    assert (made.name, made.ended) == ("上午", False)


def test_an_ended_window_is_gone_from_stations_and_lists(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    made = add_window(village, terms(county.people[ZHANG].pk), since=today, actor=BY)
    station = Station.objects.get(pk=SHILI)
    assert [one.people for one in build(station, version=1, now=timezone.now()).windows] == [["a1"]]
    with pytest.raises(WindowRefused, match="那一天没有这个值班"):
        end_window(made, last=today - DAY, actor=BY, reason="登记错了")
    end_window(made, last=today, actor=BY, reason="不再坐班")
    assert due(today + DAY) == {}


def test_a_window_ended_by_mistake_runs_again(county: FictionalCounty, village: Region, today: dt.date) -> None:
    zhang = county.people[ZHANG].pk
    made = add_window(village, terms(zhang), since=today, actor=BY)
    end_window(made, last=today, actor=BY, reason="办错了")
    with pytest.raises(WindowRefused, match="要恢复已结束的值班，请从它结束后的那天起改"):
        change_window(made, terms(zhang), since=today, actor=BY, reason="恢复")
    change_window(made, terms(zhang), since=today + DAY, actor=BY, reason="恢复")
    assert [due(today + n * DAY) for n in (0, 1, 30)] == [{"上午": (zhang,)}] * 3


def test_nobody_is_in_two_windows_at_once_also_in_planned_ones(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    zhang = county.people[ZHANG].pk
    add_window(village, terms(zhang), since=today + 5 * DAY, actor=BY)
    with pytest.raises(WindowRefused, match="张示例 与值班“上午”的时间重叠"):
        add_window(village, terms(zhang, name="全天", start=600, end=900), since=today, actor=BY)
    add_window(village, terms(zhang, name="下午", start=720, end=900), since=today, actor=BY)


def test_what_does_not_fit_is_refused(county: FictionalCounty, village: Region, today: dt.date) -> None:
    zhang = county.people[ZHANG].pk
    for wrong, words in (
        (terms(), "请至少填一个人"),
        (terms(zhang, start=700, end=700), "时间不对"),
        (terms(zhang, end=480 + 1441), "时间不对"),
        (terms(zhang, name=""), "请填名称"),
        (terms(zhang, posts=(99,)), "没有这个职务"),
        (terms(10**6), "没有这个人员"),
    ):
        with pytest.raises(WindowRefused, match=words):
            add_window(village, wrong, since=today, actor=BY)
    with pytest.raises(WindowRefused, match="那时还不在册"):
        add_window(village, terms(zhang), since=today - DAY, actor=BY)
    assert not DutyWindow.ever.exists()


def test_whoever_holds_the_post_on_the_day_is_in_its_window(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    zhang, li = county.people[ZHANG], county.people[LI]
    post = give_post(zhang, branch, "书记", since=today, until=today + DAY, actor=BY).post_id
    give_post(li, branch, "书记", since=today + 2 * DAY, actor=BY)
    add_window(village, terms(posts=(post,)), since=today, actor=BY)
    assert [due(today + n * DAY)["上午"] for n in (0, 1, 2)] == [(zhang.pk,), (zhang.pk,), (li.pk,)]
    assert build(Station.objects.get(pk=SHILI), version=1, now=timezone.now()).windows[0].people == ["a1"]


def test_nobody_takes_themselves_out_of_a_window(county: FictionalCounty, village: Region, today: dt.date) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    made = add_window(village, terms(zhang, li), since=today, actor=BY)
    with pytest.raises(OwnAffair):
        change_window(made, terms(li), since=today, actor=officer.username, reason="我不值班")
    with pytest.raises(OwnAffair):
        end_window(made, last=today, actor=officer.username, reason="我不值班")
    with pytest.raises(OwnAffair):
        leave(county.people[ZHANG], last=today, actor=officer.username, reason="我走了")
    assert due(today) == {"上午": (zhang, li)}


def test_who_leaves_keeps_nothing_and_comes_back_with_nothing(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    give_post(zhang, branch, "书记", since=today, actor=BY)
    clerk = user_of(CLERK)
    clerk.person = zhang
    clerk.save()
    add_window(village, terms(zhang.pk, li.pk), since=today, actor=BY)
    add_window(village, terms(zhang.pk, name="晚班", start=1200, end=1300), since=today, actor=BY)
    yesterday = today - DAY
    with pytest.raises(LeavingRefused, match="那时还不在册"):
        leave(zhang, last=yesterday - DAY, actor=BY, reason="调走")
    leave(zhang, last=today, actor=BY, reason="调走")
    tomorrow = AsOf(begin_of(today + DAY))
    assert due(today)["晚班"] == (zhang.pk,)
    assert due(today + DAY) == {"上午": (li.pk,)}
    assert not Card.objects.filter(bindings__in=zhang.bindings.as_of(tomorrow)).exists()
    assert HoldingRecord.objects.as_of(tomorrow).get(subject__person=zhang).state == "ended"
    assert User.objects.get(pk=clerk.pk).ends_on == today + DAY
    for change in (
        lambda: add_window(village, terms(zhang.pk, name="下周"), since=today + 7 * DAY, actor=BY),
        lambda: give_post(zhang, branch, "委员", since=today + 7 * DAY, actor=BY),
        lambda: bind_card(b"one-more-card-16", zhang, actor=BY),
    ):
        with pytest.raises((WindowRefused, PostRefused, BindRefused), match="张示例 已离开或将要离开"):
            change()
    with pytest.raises(LeavingRefused, match="已经离开"):
        leave(zhang, last=today + DAY, actor=BY, reason="调走")
    come_back(zhang, since=today + 10 * DAY, village=village, actor=BY, reason="调回")
    assert due(today + 10 * DAY) == {"上午": (li.pk,)}
    with pytest.raises(LeavingRefused, match="没有离开"):
        come_back(zhang, since=today, village=village, actor=BY, reason="调回")


def test_what_was_planned_begins_by_the_passing_of_time(county: FictionalCounty, today: dt.date) -> None:
    """The columns of today lag behind if nobody looks; so a chore looks."""
    made = window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('dated.following', 'on', true)")
        cursor.execute("UPDATE attendance_dutywindow SET name = '过时' WHERE id = %s", [made.pk])
        cursor.execute("SELECT set_config('dated.following', '', true)")
    assert Follower().follow(timezone.now()) == 1
    made.refresh_from_db()
    assert made.name == "上午"


def test_nobody_ends_a_window_that_is_planned_to_be_theirs(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    made = add_window(village, terms(li), since=today, actor=BY)
    change_window(made, terms(zhang, li), since=today + 3 * DAY, actor=BY, reason="加人")
    with pytest.raises(OwnAffair):
        end_window(made, last=today, actor=officer.username, reason="以后我也不值班")
    assert due(today + 3 * DAY) == {"上午": (zhang, li)}


def test_nobody_changes_a_window_that_they_take_over_with_a_post(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    officer.person = county.people[ZHANG]
    officer.save()
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    post = give_post(county.people[LI], branch, "书记", since=today, until=today + 2 * DAY, actor=BY).post_id
    give_post(county.people[ZHANG], branch, "书记", since=today + 3 * DAY, actor=BY)
    made = add_window(village, terms(posts=(post,)), since=today, actor=BY)
    shorter = terms(posts=(post,), end=540)
    with pytest.raises(OwnAffair):
        change_window(made, shorter, since=today, actor=officer.username, reason="改短")
    with pytest.raises(OwnAffair):
        end_window(made, last=today, actor=officer.username, reason="不再坐班")
    with pytest.raises(OwnAffair):
        add_window(
            village, terms(name="夜班", start=1200, end=1300, posts=(post,)), since=today, actor=officer.username
        )
    change_window(made, shorter, since=today, actor=BY, reason="改短")


def test_windows_for_posts_are_compared_while_somebody_holds_both(
    county: FictionalCounty, village: Region, today: dt.date
) -> None:
    zhang, li = county.people[ZHANG], county.people[LI]
    branch = make_unit("示例村党支部", UnitKind.BRANCH, village, actor=BY)
    post = give_post(li, branch, "书记", since=today, until=today + 4 * DAY, actor=BY).post_id
    give_post(zhang, branch, "书记", since=today + 5 * DAY, actor=BY)
    add_window(village, terms(posts=(post,)), since=today + 5 * DAY, actor=BY)
    # Li's last day on the post is the day before the window begins.
    add_window(village, terms(li.pk, name="值守"), since=today, actor=BY)
    with pytest.raises(WindowRefused, match="张示例 与值班“上午”的时间重叠"):
        add_window(village, terms(zhang.pk, name="全天"), since=today, actor=BY)


def test_a_window_is_ended_once(county: FictionalCounty, village: Region, today: dt.date) -> None:
    made = add_window(village, terms(county.people[ZHANG].pk), since=today, actor=BY)
    end_window(made, last=today, actor=BY, reason="不再坐班")
    with pytest.raises(WindowRefused, match=f"已经办过结束，最后一天是 {today}"):
        end_window(made, last=today, actor=BY, reason="不再坐班")
