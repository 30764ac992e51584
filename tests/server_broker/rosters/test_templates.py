"""A template is laid over months of several villages in one decision; what stands in the way is named by village."""

import datetime as dt
import html
import re
from collections import Counter
from typing import Any

import pytest
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay
from server_broker.attendance.region_changes import merge_region
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord, RosterTemplate
from server_broker.duty.overlaps import WindowRefused
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.templates import Laying, Pattern, make_template, plan_of
from tests.cast import (
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OPERATOR,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.county import FictionalCounty, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
FIRST, LAST = dt.date(2027, 3, 1), dt.date(2027, 3, 31)
BOTH = (SHILI_VILLAGE, YANSHI_VILLAGE)


@pytest.fixture
def villages(county: FictionalCounty) -> dict[str, DutyWindow]:
    """Both villages have a window 晚班; Zhang and Li are 书记 and 主任 in the one, and Zhao is 书记 in the other."""
    county.add(ZHAO)
    made, today = {}, timezone.localdate()
    for code, holders in ((SHILI_VILLAGE, {"书记": ZHANG, "主任": LI}), (YANSHI_VILLAGE, {"书记": ZHAO})):
        village = Region.objects.get(pk=code)
        unit = make_unit(f"{village.name}两委", UnitKind.COMMITTEE, village, actor=BY)
        for title in ("书记", "主任"):
            unit.posts.create(title=title)
        for title, holder in holders.items():
            give_post(county.people[holder], unit, title, since=today, actor=BY)
        terms = Terms("晚班", [], 1140, 1320, [], days=DaysKind.NAMED)
        made[code] = add_window(village, terms, since=today, actor=BY)
    return made


def template(**other: Any) -> RosterTemplate:
    values: dict[str, Any] = {
        "name": "轮流",
        "window": "晚班",
        "rule": "rota",
        "turns": ["书记", "主任"],
        "dates": "all",
    }
    return make_template(Region.objects.get(pk=TOWNSHIP), Pattern(**(values | other)), actor=BY)


def laid(made: RosterTemplate, *villages: str, **other: Any) -> Laying:
    return Laying(villages or BOTH, FIRST, LAST, TOWNSHIP, **other)


def post(window: DutyWindow, title: str) -> int:
    return int(window.village.units.get().posts.get(title=title).pk)


def confirmed(made: RosterTemplate, **values: Any) -> tuple[str, str]:
    """Lay the template over by the page; return the preview and what was said afterwards, as plain text."""
    page, address = signed_in(TOWNSHIP_OPERATOR), f"/rosters/templates/{made.pk}/apply/"
    values = {"villages": list(BOTH), "month": "2027-03", "months": "1", "reason": "按模板排班"} | values
    preview = page.post(address, values, follow=True).content.decode()
    found = re.search(r'name="confirmed" value="([^"]+)"', preview)
    after = ""
    if found is not None:
        after = page.post(address, values | {"confirmed": found[1]}, follow=True).content.decode()
    plain = [" ".join(re.sub(r"<[^>]+>", " ", html.unescape(one)).split()) for one in (preview, after)]
    return plain[0], plain[1]


def test_two_villages_take_turns_by_post_in_one_decision(villages: dict[str, DutyWindow]) -> None:
    made = template()
    _, after = confirmed(made)
    assert "已记录" in after
    shili, yanshi = villages[SHILI_VILLAGE], villages[YANSHI_VILLAGE]
    rows = RosterDay.objects.known().filter(withdrawn=False)
    had = Counter(row.posts[0] for row in rows.filter(subject=shili))
    assert had == {post(shili, "书记"): 16, post(shili, "主任"): 15}
    # Nobody is 主任 there, so that 书记 has all the turns.
    assert {tuple(row.posts) for row in rows.filter(subject=yanshi)} == {(post(yanshi, "书记"),)}
    assert rows.filter(subject=yanshi).count() == 31
    (entry,) = AuditEntry.objects.filter(action="roster.planned")
    assert (entry.subject, entry.detail["days"]) == (TOWNSHIP, 62)


def test_by_the_week_a_date_without_anybody_is_named_by_village(villages: dict[str, DutyWindow]) -> None:
    made = template(
        rule="weekday", turns=["书记", "主任", "书记", "主任", "书记", "", ""], leaders=["书记"], dates="working"
    )
    preview, after = confirmed(made)
    assert "演示村 2027-03-02 主任：没有人任职，或者请假外出" in preview
    assert "已记录" in after
    row = RosterDay.objects.known().get(subject=villages[SHILI_VILLAGE], valid_from=begin_of(FIRST + DAY))
    assert (row.posts, row.leader_posts) == (
        sorted(post(villages[SHILI_VILLAGE], title) for title in ("书记", "主任")),
        [post(villages[SHILI_VILLAGE], "书记")],
    )
    assert not RosterDay.objects.known().filter(subject=villages[YANSHI_VILLAGE], valid_from=begin_of(FIRST + DAY))


def test_an_overlap_is_named_and_left_out(villages: dict[str, DutyWindow], county: FictionalCounty) -> None:
    zhang = county.people[ZHANG].pk
    evening = Terms("夜校", [1], 1200, 1260, [zhang])
    add_window(Region.objects.get(pk=SHILI_VILLAGE), evening, since=timezone.localdate(), actor=BY)
    plan = plan_of(template(turns=["书记"]), laid(RosterTemplate.objects.get(), SHILI_VILLAGE))
    mondays = [day for day in (FIRST + n * DAY for n in range(31)) if day.isoweekday() == 1]
    assert [words for _, words in plan.in_the_way] == [
        f"{ZHANG.name} 在 {day} 的值班“夜校”与“晚班”时间重叠" for day in mondays
    ]
    assert len(plan.said) == 31 - len(mondays)


def test_leave_gives_the_turn_to_another_and_named_days_are_kept(
    villages: dict[str, DutyWindow], county: FictionalCounty
) -> None:
    window, zhang = villages[SHILI_VILLAGE], county.people[ZHANG].pk
    absence = Absence.objects.create(person_id=zhang, kind=AbsenceKind.LEAVE)
    put(AbsenceRecord, [absence.pk], Period(begin_of(FIRST), end_of(FIRST)), {"code": "sick"}, actor=BY)
    name_days(window, {LAST: Crew(frozenset({zhang}))}, actor=BY)
    made = template()
    plan = plan_of(made, laid(made, SHILI_VILLAGE))
    assert [plan.said[window.pk, day].posts for day in (FIRST, FIRST + DAY)] == [  # type: ignore[index]
        {post(window, title)} for title in ("主任", "书记")
    ]
    assert (plan.kept, len(plan.said)) == (1, 30)
    assert len(plan_of(made, laid(made, SHILI_VILLAGE, replace=True)).said) == 31


def test_a_merged_village_and_one_without_the_window_are_named(villages: dict[str, DutyWindow]) -> None:
    one, other = (Region.objects.get(pk=code) for code in (YANSHI_VILLAGE, SHILI_VILLAGE))
    DutyWindow.ever.filter(pk=villages[YANSHI_VILLAGE].pk).update(name="夜班")
    merge_region(one, other, since=timezone.localdate(), actor=BY, reason="并村")
    made = template(window="早班")
    (merged, without) = plan_of(made, laid(made)).in_the_way
    assert merged == ("演示村", "演示村 已撤并到 示例村：请把班排在 示例村 的值班里")
    assert without[1].startswith("示例村没有值班“早班”；有：")


def test_days_off_and_market_days(villages: dict[str, DutyWindow]) -> None:
    off, market = {6, 7, 13, 14, 20, 21, 27, 28}, {1, 4, 7, 11, 14, 17, 21, 24, 27, 31}
    for dates, days in (("off", off), ("market", market)):
        made = template(name=dates, dates=dates, digits=[1, 4, 7], turns=["书记"])
        assert {cell.day.day for cell in plan_of(made, laid(made, SHILI_VILLAGE)).said} == days


LACKS: list[tuple[dict[str, Any], str]] = [
    ({"name": ""}, "请填模板的名称"),
    ({"turns": []}, "请写谁轮"),
    ({"turns": ["书记", ""]}, "空行"),
    ({"rule": "weekday"}, "七行"),
    ({"dates": "market"}, "尾数"),
    ({"turns": ["书" * 121]}, "最多"),
]


def test_what_a_template_lacks_is_said(county: FictionalCounty) -> None:
    for other, said in LACKS:
        with pytest.raises(WindowRefused, match=said):
            template(**other)


def test_a_name_that_nobody_has_makes_no_template(villages: dict[str, DutyWindow]) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    values = {"name": "值夜", "window": "晚班", "rule": "rota", "dates": "all"}
    said = {"turns": "书记\n张试例、主任\n赵示例", "leaders": "书计"}
    told = html.unescape(page.post("/rosters/templates/add/", values | said, follow=True).content.decode())
    assert "没有添加：“谁轮”第 2 行：示例镇没有叫“张试例”的人或职务，名字相近的有：张示例" in told
    assert "“带班领导”第 1 行：示例镇没有叫“书计”的人或职务，名字相近的有：书记" in told
    assert not RosterTemplate.objects.exists()
    # Zhao is in the one village and Zhang in the other: each village is told by name whom it lacks.
    made = template(turns=["赵示例", "张示例"])
    assert {village: words.partition("的人")[0] for village, words in plan_of(made, laid(made)).in_the_way} == {
        "示例村": "示例村没有叫“赵示例”",
        "演示村": "演示村没有叫“张示例”",
    }


def test_a_template_is_made_shown_and_ended_by_its_pages(villages: dict[str, DutyWindow]) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    values = {"name": "值夜", "window": "晚班", "turns": "书记\n\n主任\n", "rule": "rota", "dates": "all"}
    assert "已添加模板" in page.post("/rosters/templates/add/", values, follow=True).content.decode()
    assert "已有模板" in page.post("/rosters/templates/add/", values, follow=True).content.decode()
    made = RosterTemplate.objects.get()
    assert (made.turns, made.region_id) == (["书记", "主任"], TOWNSHIP)
    assert "值夜" in page.get("/rosters/templates/").content.decode()
    assert (
        "请至少选一个村"
        in page.post(
            f"/rosters/templates/{made.pk}/apply/", {"villages": ["990101002001"]}, follow=True
        ).content.decode()
    )
    assert signed_in(OTHER_TOWNSHIP_OFFICER).get(f"/rosters/templates/{made.pk}/").status_code in (403, 404)
    assert "已停用" in page.post(f"/rosters/templates/{made.pk}/end/", follow=True).content.decode()
    assert page.get(f"/rosters/templates/{made.pk}/").status_code == 404
