"""An import brings nobody back who has left, fills no merged village, and decides nothing for whoever imports."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.attendance.leaving import leave
from server_broker.attendance.models import DutyWindow, WindowRecord
from server_broker.attendance.region_changes import merge_region
from server_broker.duty.windows import Terms, add_window, end_window
from server_broker.people.changes import PersonRefused, change_person, register
from server_broker.people.models import Person, PersonRecord, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.roster_import import import_people
from tests.cast import LI, OPERATOR, SHILI_VILLAGE, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, user_of, window
from tests.server_broker.rosters.workbooks import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DUTY = (SHILI_VILLAGE, "上午", "1-5", "08:00", "12:00")


def refused(actor: str = "service", **sheets: list[tuple[str, ...]]) -> list[str]:
    return [str(error) for error in import_people(book(sheets), actor=actor, renames=None).errors]


def test_who_has_left_or_is_to_leave_gets_no_duty(county: FictionalCounty) -> None:
    leave(county.people[ZHANG], last=timezone.localdate(), actor="service", reason="调走了")
    assert refused(值班=[(*DUTY, "a1")]) == ["值班 第 2 行：编号 a1 的人员已离开或将要离开，请先办“回来”"]
    assert not DutyWindow.objects.exists()


def test_who_was_in_a_window_that_has_ended_is_imported_as_anybody() -> None:
    shili, yesterday = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate() - dt.timedelta(days=1)
    person = register("z1", "赵示例", shili, actor="service", since=yesterday)
    ended = add_window(shili, Terms("上午", [1], 480, 720, [person.pk]), since=yesterday, actor="service")
    end_window(ended, last=yesterday, actor="service", reason="不再坐班")
    assert refused(人员=[("z1", "赵改名", SHILI_VILLAGE)]) == []
    assert Person.objects.get(number="z1").name == "赵改名"


def test_a_merged_village_is_not_filled_again(county: FictionalCounty) -> None:
    shili, yanshi = (Region.objects.get(pk=code) for code in (SHILI_VILLAGE, YANSHI_VILLAGE))
    merge_region(shili, yanshi, since=timezone.localdate(), actor="service", reason="并村")
    assert refused(人员=[("c1", "丙示例", SHILI_VILLAGE)]) == ["人员 第 2 行：示例村 已撤并"]


def test_nobody_imports_their_own_affairs(county: FictionalCounty) -> None:
    operator = user_of(OPERATOR)
    operator.person = county.people[ZHANG]
    operator.save()
    made = window(SHILI_VILLAGE, "上午", [county.people[ZHANG], county.people[LI]])
    by = operator.username
    own = "这是您自己的事，要由另一个人来定。"
    assert refused(by, 值班=[(*DUTY, "a2")]) == [f"值班 第 2 行：{own}"]
    assert refused(by, 人员=[("a1", "张改名", SHILI_VILLAGE)]) == [f"人员 第 2 行：{own}"]
    assert made.people.count() == 2
    # What changes nothing of one's own is nobody's affair.
    assert refused(by, 人员=[("a1", "张示例", SHILI_VILLAGE), ("a2", "李改名", SHILI_VILLAGE)]) == []


def test_a_number_that_somebody_had_goes_to_nobody_else(county: FictionalCounty) -> None:
    zhang, today = county.people[ZHANG], timezone.localdate()
    change_person(zhang, since=today + dt.timedelta(days=3), number="z9", actor="service", reason="编号重排")
    assert refused(人员=[("z9", "丙示例", SHILI_VILLAGE)]) == ["人员 第 2 行：编号 z9 是或曾是别人的，请换一个编号"]
    with pytest.raises(PersonRefused, match="编号 z9 是或曾是别人的"):
        register("z9", "丙示例", zhang.village, actor="service")


def test_nobody_imports_the_window_that_is_theirs_by_a_post(county: FictionalCounty) -> None:
    operator = user_of(OPERATOR)
    operator.person = county.people[ZHANG]
    operator.save()
    made = window(SHILI_VILLAGE, "上午", [county.people[LI]])
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor="service")
    post = give_post(county.people[ZHANG], branch, "书记", since=timezone.localdate(), actor="service").post_id
    DutyWindow.objects.filter(pk=made.pk).update(posts=[post])
    assert refused(operator.username, 值班=[(*DUTY, "a2")]) == []
    shorter = (*DUTY[:-1], "10:00", "a2")
    assert refused(operator.username, 值班=[shorter]) == ["值班 第 2 行：这是您自己的事，要由另一个人来定。"]
    assert refused("service", 值班=[shorter]) == []


def test_what_an_import_changes_is_dated_and_names_who_did_it(county: FictionalCounty) -> None:
    made = window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    assert refused("wu-yunwei", 人员=[("a1", "张改名", SHILI_VILLAGE)], 值班=[(*DUTY, "a2")]) == []
    person = PersonRecord.objects.known().get(subject=county.people[ZHANG])
    assert (person.name, person.recorded_by, person.reason) == ("张改名", "wu-yunwei", "导入")
    assert WindowRecord.objects.known().get(subject=made).people == [county.people[LI].pk]
