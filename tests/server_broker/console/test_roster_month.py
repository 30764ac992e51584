"""排班: a village's month is shown with its calendar, saved in one decision, and never over what somebody else said."""

import datetime as dt
import html
import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.regions.models import Region
from tests.cast import LI, SECRETARY, SHILI_VILLAGE, TOWNSHIP_OFFICER, TOWNSHIP_OPERATOR, WANG, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY, REASON = "wu-yunwei", "排三月的班"
DAY = dt.timedelta(days=1)
SUNDAY, MONDAY = dt.date(2027, 3, 14), dt.date(2027, 3, 15)


@pytest.fixture
def night(county: FictionalCounty) -> DutyWindow:
    """A window of named days beside a weekly one, which is Zhang's."""
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    add_window(village, Terms("上午", [1, 2, 3, 4, 5], 480, 720, [county.people[ZHANG].pk]), since=today, actor=BY)
    return add_window(village, Terms("晚班", [], 660, 1320, [], days=DaysKind.NAMED), since=today, actor=BY)


def month(page: Client, **more: str) -> str:
    answer = page.get("/rosters/", {"village": SHILI_VILLAGE, "month": "2027-03"} | more)
    assert answer.status_code == 200
    return answer.content.decode()


def cell(shown: str, window: DutyWindow, day: dt.date) -> dict[str, str]:
    found = re.search(rf'<td[^>]*data-cell="{window.pk}:{day}"[^>]*>', shown)
    assert found is not None
    return dict(re.findall(r'(class|data-\w+)="([^"]*)"', found[0]))


def sent(*changes: tuple[DutyWindow, dt.date, str, str]) -> dict[str, Any]:
    wishes = json.dumps([[window.pk, str(day), was, now] for window, day, was, now in changes])
    return {"village": SHILI_VILLAGE, "month": "2027-03", "changes": wishes, "reason": REASON}


def saved(page: Client, *changes: tuple[DutyWindow, dt.date, str, str], **more: Any) -> str:
    """Send the changes, confirm what is shown, and return the last page as plain text."""
    values = sent(*changes) | more
    answer = page.post("/rosters/save/", values, follow=True)
    found = re.search(r'name="confirmed" value="([^"]+)"', answer.content.decode())
    if found is not None:
        answer = page.post("/rosters/save/", values | {"confirmed": found[1]}, follow=True)
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


def said(window: DutyWindow) -> list[tuple[dt.date, list[int], list[int]]]:
    rows = RosterDay.objects.known().filter(subject=window, withdrawn=False).order_by("valid_from")
    return [(timezone.localdate(row.valid_from), row.people, row.leaders) for row in rows if row.valid_from]


def test_a_month_shows_who_the_week_gives_and_what_was_said(night: DutyWindow, county: FictionalCounty) -> None:
    zhang, li, wang = (county.people[one].pk for one in (ZHANG, LI, WANG))
    name_days(night, {SUNDAY: Crew(frozenset({li, wang}), leaders=frozenset({li}))}, actor=BY)
    morning = DutyWindow.objects.get(name="上午")
    shown = month(signed_in(TOWNSHIP_OFFICER))
    assert cell(shown, night, SUNDAY) | {"class": ""} == {
        "class": "",
        "data-cell": f"{night.pk}:{SUNDAY}",
        "data-said": f"{li}!",
        "data-week": "",
        "data-more": "1",
        "data-away": "",
        "data-label": "3月14日 晚班",
    }
    assert cell(shown, morning, SUNDAY)["class"] == "off rest"
    assert (cell(shown, morning, MONDAY)["data-week"], cell(shown, morning, MONDAY)["class"]) == (str(zhang), "open")
    assert WANG.name not in shown
    assert 'id="roster-form"' in shown
    assert 'id="roster-form"' not in month(signed_in(SECRETARY))  # who looks only
    assert "还没有公布" in shown


def test_many_cells_are_one_decision(night: DutyWindow, county: FictionalCounty) -> None:
    zhang, li = (county.people[one].pk for one in (ZHANG, LI))
    before = DecidedFact.objects.count()
    page = signed_in(TOWNSHIP_OPERATOR)
    changes = [(night, SUNDAY + n * DAY, "", f"{(zhang, li)[n]}{'!' * n}") for n in (0, 1)]
    assert "已记录" in saved(page, *changes)
    assert said(night) == [(SUNDAY, [zhang], []), (MONDAY, [li], [li])]
    assert DecidedFact.objects.count() == before + 1
    entry = AuditEntry.objects.get(action="roster.planned")
    assert (entry.subject, entry.detail["days"], entry.detail["reason"]) == (SHILI_VILLAGE, 2, REASON)
    assert "已记录" in saved(page, (night, MONDAY, f"{li}!", ""))
    assert said(night) == [(SUNDAY, [zhang], [])]


def test_a_preview_says_whom_the_week_would_have_given(night: DutyWindow, county: FictionalCounty) -> None:
    li, morning = county.people[LI].pk, DutyWindow.objects.get(name="上午")
    values = sent((morning, MONDAY, "", str(li)), (night, SUNDAY, "", str(li)))
    preview = signed_in(TOWNSHIP_OPERATOR).post("/rosters/save/", values, follow=True).content.decode()
    assert f'data-label="原来">按星期：{ZHANG.name}</td>' in preview
    assert 'data-label="原来">没有另排</td>' in preview


def test_every_overlap_is_named_and_nothing_is_changed(night: DutyWindow, county: FictionalCounty) -> None:
    zhang = county.people[ZHANG].pk
    days = [MONDAY, MONDAY + DAY]
    told = saved(signed_in(TOWNSHIP_OPERATOR), *((night, day, "", str(zhang)) for day in [SUNDAY, *days]))
    for day in days:
        assert f"{ZHANG.name} 在 {day} 的值班“上午”与“晚班”时间重叠" in told
    assert said(night) == []


def test_a_window_elsewhere_that_meets_has_no_name(night: DutyWindow, county: FictionalCounty) -> None:
    """Li helps on Sunday in a village of the next township."""
    li, there = county.people[LI].pk, Region.objects.get(pk=YANGBAN_VILLAGE)
    terms = Terms("样板晚班", [], 660, 1320, [], days=DaysKind.NAMED)
    made = add_window(there, terms, since=timezone.localdate(), actor=BY)
    name_days(made, {SUNDAY: Crew(frozenset({li}))}, actor=BY)
    told = saved(signed_in(TOWNSHIP_OPERATOR), (night, SUNDAY, "", str(li)))
    assert f"{LI.name} 在 {SUNDAY} 的值班" in told
    assert "别处的值班" in told
    assert "样板" not in told


def test_what_somebody_else_said_meanwhile_is_told_and_stays(night: DutyWindow, county: FictionalCounty) -> None:
    zhang, li = (county.people[one].pk for one in (ZHANG, LI))
    name_days(night, {SUNDAY: Crew(frozenset({li}))}, actor="another-officer")
    told = saved(signed_in(TOWNSHIP_OPERATOR), (night, SUNDAY, "", str(zhang)), (night, SUNDAY + 7 * DAY, "", str(li)))
    assert f"别人已经改过：{SUNDAY} “晚班” another-officer" in told
    assert f"改成 {LI.name}" in told
    assert said(night) == [(SUNDAY, [li], [])]


def test_what_has_begun_is_shown_as_entered_afterwards(night: DutyWindow, county: FictionalCounty) -> None:
    li, page, today = county.people[LI].pk, signed_in(TOWNSHIP_OPERATOR), timezone.localdate()
    wishes = json.dumps([[night.pk, str(today), "", str(li)], [night.pk, str(today + DAY), "", str(li)]])
    values = {"village": SHILI_VILLAGE, "month": f"{today:%Y-%m}", "changes": wishes, "reason": REASON}
    DutyWindow.objects.filter(pk=night.pk).update(start=0)
    preview = page.post("/rosters/save/", values).content.decode()
    assert "1 个班已经开始或者过去" in preview
    assert preview.count("补排</span>") == 1


def test_whom_the_viewer_does_not_see_stays_and_nobody_elsewhere_is_put(
    night: DutyWindow, county: FictionalCounty
) -> None:
    zhang, li, wang = (county.people[one].pk for one in (ZHANG, LI, WANG))
    name_days(night, {SUNDAY: Crew(frozenset({li, wang}))}, actor=BY)
    page = signed_in(TOWNSHIP_OPERATOR)
    saved(page, (night, SUNDAY, str(li), str(zhang)))
    assert said(night) == [(SUNDAY, sorted([zhang, wang]), [])]
    saved(page, (night, SUNDAY, str(zhang), ""))
    assert said(night) == [(SUNDAY, [wang], [])]
    assert "不在您的管辖范围内" in saved(page, (night, MONDAY, "", str(wang)))


def test_what_cannot_be_read_changes_nothing(night: DutyWindow) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    for changes in ("", "[]", "{", "[[1]]", '[["a","2027-03-14","",""]]', '[[9999,"2027-03-14","","1"]]'):
        assert "没有改动" in saved(page, changes=changes)
    for bad in ("x", "1;2", "１", "-1", "p"):
        assert "没有读懂" in saved(page, (night, MONDAY, "", bad))
    assert said(night) == []


def test_a_village_elsewhere_is_not_there(night: DutyWindow) -> None:
    page = signed_in(TOWNSHIP_OPERATOR)
    assert page.post("/rosters/save/", {"village": YANGBAN_VILLAGE, "changes": "[]"}).status_code == 404
    assert "样板村" not in month(page, village=YANGBAN_VILLAGE)


def test_the_month_takes_as_many_queries_for_many_days_as_for_few(
    night: DutyWindow, county: FictionalCounty, django_assert_max_num_queries: Any
) -> None:
    page = signed_in(TOWNSHIP_OFFICER)
    li = county.people[LI].pk
    name_days(night, {SUNDAY + n * DAY: Crew(frozenset({li})) for n in range(7)}, actor=BY)
    with django_assert_max_num_queries(40):
        month(page)


def test_a_month_goes_out_and_in_as_excel(night: DutyWindow, county: FictionalCounty) -> None:
    li, page = county.people[LI].pk, signed_in(TOWNSHIP_OPERATOR)
    name_days(night, {SUNDAY: Crew(frozenset({li}))}, actor=BY)
    for asked in ({"village": SHILI_VILLAGE, "month": "2027-03"}, {"month": "2027-03"}):
        data = page.get("/rosters/export.xlsx", asked).content
        shown = page.post("/rosters/import/", {"file": SimpleUploadedFile("排班表.xlsx", data)}, follow=True)
        assert 'name="shown"' not in shown.content.decode()  # nothing to confirm
    table = f"示例村2027年3月,,\n日期,晚班,带班领导\n14,{LI.name},\n21,,{LI.name}\n".encode()
    answer = page.post("/rosters/import/", {"file": SimpleUploadedFile("排班表.csv", table)}, follow=True)
    token = answer.redirect_chain[-1][0]
    digest = re.search(r'name="shown" value="([^"]+)"', answer.content.decode())
    assert digest is not None
    assert "导入完成" in page.post(token, {"shown": digest[1]}, follow=True).content.decode()
    assert said(night) == [(SUNDAY, [li], []), (SUNDAY + 7 * DAY, [li], [li])]
    assert AuditEntry.objects.filter(action="roster.exported").count() == 2
    assert page.get("/rosters/template.xlsx", {"village": SHILI_VILLAGE}).status_code == 200
