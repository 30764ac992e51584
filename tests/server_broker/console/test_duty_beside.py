"""Before a post, a transfer or a leaving is confirmed, it is said what becomes of the duty; swaps are listed."""

import datetime as dt
import html
import io
import re
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Swap, SwapRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period, put
from server_broker.duty.roster_days import name_days
from server_broker.duty.values import Crew
from server_broker.duty.windows import Terms, add_window
from server_broker.people.models import Person, Post, Unit, UnitKind
from server_broker.people.posts import make_unit
from server_broker.regions.models import Region
from tests.cast import LI, OTHER_TOWNSHIP_OFFICER, SHILI_VILLAGE, TOWNSHIP_OFFICER, TOWNSHIP_OPERATOR, ZHANG
from tests.server_broker.county import FictionalCounty, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)


def plain(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html.unescape(answer.content.decode())).split())


@pytest.fixture
def branch(county: FictionalCounty) -> Unit:
    return make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)


@pytest.fixture
def evening(county: FictionalCounty, branch: Unit) -> dt.date:
    """Li has the evening of a date that is named, and 书记 has the same evening; the date is returned."""
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    post = Post.objects.create(unit=branch, title="书记")
    for name, crew in (("晚班", Crew(frozenset({county.people[LI].pk}))), ("夜校", Crew(posts=frozenset({post.pk})))):
        made = add_window(village, Terms(name, [], 1140, 1260, [], days=DaysKind.NAMED), since=today, actor=BY)
        name_days(made, {today + 3 * DAY: crew}, actor=BY)
    return today + 3 * DAY


def test_a_post_that_brings_two_windows_at_once_says_so_first(
    evening: dt.date, county: FictionalCounty, branch: Unit
) -> None:
    values = {"act": "post", "day": str(timezone.localdate()), "unit": str(branch.pk), "title": "书记"}
    page = signed_in(TOWNSHIP_OPERATOR)
    address = f"/people/{county.people[LI].pk}/change/"
    said = plain(page.post(address, values | {"reason": "换届选举"}))
    assert f"△ {LI.name} 在 {evening} 的值班“夜校”与“晚班”时间重叠" in said
    said = plain(page.post(address, values | {"reason": "换届选举", "day": str(evening + DAY)}))
    assert "重叠" not in said


@pytest.fixture
def daily(li: Person) -> None:
    """Li, who has no post, has the morning of every weekday."""
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    terms = Terms("上午", [1, 2, 3, 4, 5, 6, 7], 480, 720, [li.pk])
    add_window(village, terms, since=today, actor=BY)


LOST = "次值班不再用到：那些天没有在任的职务。要照旧值班，请把就任日期提前"


@pytest.mark.usefixtures("daily")
def test_a_first_post_that_begins_later_says_what_it_takes_away(county: FictionalCounty, branch: Unit) -> None:
    today = timezone.localdate()
    values = {"act": "post", "unit": str(branch.pk), "title": "书记", "reason": "换届选举"}
    page, address = signed_in(TOWNSHIP_OPERATOR), f"/people/{county.people[LI].pk}/change/"
    said = plain(page.post(address, values | {"day": str(today + 14 * DAY)}))
    assert f"{LI.name} 从 " in said
    assert LOST in said
    assert LOST not in plain(page.post(address, values | {"day": str(today)}))


@pytest.mark.usefixtures("daily")
def test_a_term_change_to_come_says_so_too(county: FictionalCounty, branch: Unit) -> None:
    day = timezone.localdate() + 14 * DAY
    assert LOST in plain(term_change(branch, day))


def test_a_term_change_says_so_too(evening: dt.date, county: FictionalCounty, branch: Unit) -> None:
    said = plain(term_change(branch, timezone.localdate()))
    assert f"{LI.name} 在 {evening} 的值班“夜校”与“晚班”时间重叠" in said


def term_change(branch: Unit, day: dt.date) -> Any:
    """Hand in a sheet that makes Li 书记 of the branch; return the preview."""
    page, file = signed_in(TOWNSHIP_OPERATOR), io.BytesIO()
    book = openpyxl.load_workbook(io.BytesIO(page.get("/units/term/posts.xlsx").content))
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    row = {"单位": branch.name, "职务": "书记", "编号": LI.number, "姓名": LI.name, "区划代码": SHILI_VILLAGE}
    for old in range(sheet.max_row, 1, -1):
        sheet.delete_rows(old)
    sheet.append([row.get(str(head), "") for head in heads])
    book.save(file)
    upload = SimpleUploadedFile("换届.xlsx", file.getvalue())
    return page.post("/units/term/", {"file": upload, "day": str(day)}, follow=True)


@pytest.fixture
def swapped(county: FictionalCounty) -> dt.date:
    """Li takes Zhang's evening of a date over; the date is returned."""
    village, day = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate() + 3 * DAY
    zhang, li = (county.people[one] for one in (ZHANG, LI))
    terms = Terms("晚班", [], 1140, 1260, [], days=DaysKind.NAMED)
    made = add_window(village, terms, since=timezone.localdate(), actor=BY)
    name_days(made, {day: Crew(frozenset({zhang.pk}))}, actor=BY)
    swap = Swap.objects.create(window=made, day=day, giver=zhang, taker=li)
    content = {"agreed_at": timezone.now().isoformat()}
    put(SwapRecord, [swap.pk], Period(begin_of(day), end_of(day)), content, actor=BY)
    return day


def leave(page: Client, county: FictionalCounty) -> str:
    """Record that Li leaves today; return the preview."""
    address = f"/people/{county.people[LI].pk}/change/"
    values = {"act": "leave", "day": str(timezone.localdate()), "reason": "调到县里"}
    answer = page.post(address, values)
    found = re.search(r'name="confirmed" value="([^"]+)"', answer.content.decode())
    assert found is not None
    page.post(address, values | {"confirmed": found[1]})
    return plain(answer)


def test_a_window_taken_over_by_who_leaves_is_seen_with_what_to_do(swapped: dt.date, county: FictionalCounty) -> None:
    page, month = signed_in(TOWNSHIP_OFFICER), {"month": f"{swapped:%Y-%m}"}
    assert f"{ZHANG.name} {LI.name}" in plain(page.get("/rosters/swaps/", month))
    assert "没有人值" not in plain(page.get("/todo/"))
    assert f"{swapped} 换来的值班“晚班”没有人值" in leave(signed_in(TOWNSHIP_OPERATOR), county)
    for address, values in (
        ("/rosters/swaps/", month),
        ("/todo/", {}),
        ("/duty/", {"date": str(swapped), "place": SHILI_VILLAGE}),
    ):
        answer = page.get(address, values)
        assert "没有人值" in plain(answer)
        assert f"/rosters/?village={SHILI_VILLAGE}&amp;month={swapped:%Y-%m}" in answer.content.decode()
    name_days(DutyWindow.objects.get(), {swapped: Crew(frozenset({county.people[ZHANG].pk}))}, actor=BY)


def test_swaps_elsewhere_are_not_shown(swapped: dt.date) -> None:
    said = plain(signed_in(OTHER_TOWNSHIP_OFFICER).get("/rosters/swaps/", {"month": f"{swapped:%Y-%m}"}))
    assert "这个月没有换班" in said
    assert ZHANG.name not in said
