"""换届: a sheet of posts is shown by unit and applied on its day, whole or not at all."""

import datetime as dt
import re
import threading
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from server_broker import trust
from server_broker.attendance.leaving import leave
from server_broker.audit.models import AuditEntry
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.duty.windows import Terms, add_window
from server_broker.people.changes import register
from server_broker.people.models import Holding, HoldingRecord, HoldingState, Person, Unit, UnitKind
from server_broker.people.posts import change_holding, give_post, make_unit
from server_broker.regions.models import Region
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.importing import ImportRefused, preview, take
from server_broker.sheets.reading_rows import read_plan
from server_broker.term_change import term_import
from server_broker.term_change.rows import BOOK, SHEET, TermPlan
from server_broker.term_change.term_export import export_posts
from server_broker.term_change.term_import import TERM_IMPORT
from tests.cast import COUNTY, LI, OPERATOR, OTHER_TOWNSHIP, SHILI_VILLAGE, TOWNSHIP, WANG, YANGBAN_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty, make_county, signed_in, user_of
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
HEADS = ("单位", "职务", "姓名", "编号", "就任日期", "区划代码", "限一人")
BRANCH = "示例村党支部"


@pytest.fixture
def today() -> dt.date:
    return timezone.localdate()


@pytest.fixture(autouse=True)
def county(today: dt.date) -> FictionalCounty:
    """示例村's branch: Zhang is its secretary, Li and Zhao are on file."""
    trust.prepare(settings.HOME)
    made = make_county()
    made.add(LI)
    made.add(ZHAO)
    unit = make_unit(BRANCH, UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    give_post(made.people[ZHANG], unit, "书记", since=today, actor=BY)
    return made


def sheet(*rows: tuple[object, ...]) -> bytes:
    return book({SHEET: [row + (None,) * (len(HEADS) - len(row)) for row in rows]}, heads={SHEET: HEADS})


def plan_of(data: bytes, day: dt.date | None, scope: str = COUNTY) -> TermPlan:
    plan = read_plan(BOOK, read_sheets(data))  # here, because a process of its own for each sheet takes long
    plan.day, plan.scope = day, scope
    return plan


def apply(data: bytes, day: dt.date | None, *, scope: str = COUNTY, actor: str = BY) -> int:
    """Show and do a sheet, and return how many posts changed."""
    plan = plan_of(data, day, scope)
    shown = preview(TERM_IMPORT, plan, scope=scope)
    take(TERM_IMPORT, plan, scope=scope, actor=actor, shown=shown.digest(), renames_confirmed=True)
    return len(shown.changed)


def refusals(data: bytes, day: dt.date | None, scope: str = COUNTY) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        preview(TERM_IMPORT, plan_of(data, day, scope), scope=scope)
    return [str(error) for error in refused.value.errors]


def on(day: dt.date, title: str = "书记") -> list[str]:
    rows = HoldingRecord.objects.as_of(AsOf(begin_of(day))).exclude(state=HoldingState.ENDED)
    rows = rows.filter(subject__post__title=title)
    return sorted(rows.values_list("subject__person__number", flat=True))


def test_posts_change_on_the_day_and_again_changes_nothing(today: dt.date) -> None:
    day = today + 10 * DAY
    data = sheet((BRANCH, "书记", "李示例"), (BRANCH, "副书记", "张示例"), (BRANCH, "组织委员", "空缺"))
    facts = DecidedFact.objects.count()
    assert apply(data, day) == 2  # nobody has been 组织委员 before
    assert [on(day - DAY), on(day), on(day, "副书记"), on(day, "组织委员")] == [["a1"], ["a2"], ["a1"], []]
    # One entry and one decision, which names every row.
    assert AuditEntry.objects.filter(action="posts.replaced").count() == 1
    decided = DecidedFact.objects.order_by("-id").first()
    assert DecidedFact.objects.count() - facts == 1
    written = HoldingRecord.objects.filter(valid_from=begin_of(day)).values_list("pk", flat=True)
    named = set(DecidedRow.objects.filter(fact=decided, table="people_holdingrecord").values_list("row", flat=True))
    assert {str(pk) for pk in written} <= {str(row) for row in named}
    rows = HoldingRecord.objects.count()
    again = preview(TERM_IMPORT, plan_of(data, day), scope=COUNTY)
    assert [change.key for change in again.changed] == []
    assert HoldingRecord.objects.count() == rows


def test_the_preview_says_who_goes_stays_comes_and_what_is_empty(county: FictionalCounty, today: dt.date) -> None:
    unit = Unit.objects.get(name=BRANCH)
    give_post(county.people[LI], unit, "委员", since=today, actor=BY)
    village = Region.objects.get(pk=SHILI_VILLAGE)
    post = Holding.objects.get(person=county.people[ZHANG]).post_id
    add_window(village, Terms("早班", [1], 480, 720, [], [post]), since=today, actor=BY)
    data = sheet((BRANCH, "书记", "李示例", "a2"), (BRANCH, "委员", "李示例"), (BRANCH, "委员", "赵示例"))
    changes = preview(TERM_IMPORT, plan_of(data, today + DAY), scope=COUNTY)
    told = "\n".join(map(str, changes.changed))
    assert f"卸任 张示例 a1 → {today + DAY} 起不再任" in told
    assert f"就任 （无） → 李示例 a2，{today + DAY} 起" in told
    assert "留任 李示例 a2" in told
    assert "赵示例 a3（第一次任职）" in told
    (window,) = changes.warnings
    assert window == f"值班“示例村 早班”按职务应到：书记 {today + DAY} 起是 李示例 a2"
    gone = preview(TERM_IMPORT, plan_of(sheet((BRANCH, "书记", "空缺")), today + DAY), scope=COUNTY)
    assert "没有人" in gone.warnings[0]


def test_everything_that_stands_in_the_way_is_named_at_once(county: FictionalCounty, today: dt.date) -> None:
    register("a8", "张示例", Region.objects.get(pk=TOWNSHIP), actor=BY)
    register("a9", "新示例", Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    leave(county.people[ZHAO], last=today, actor=BY, reason="调走了")
    make_unit(BRANCH, UnitKind.BRANCH, Region.objects.get(pk=YANGBAN_VILLAGE), actor=BY)
    here = (None, SHILI_VILLAGE)
    found = refusals(
        sheet(
            (BRANCH, "书记", "李示例", "a2"),
            (BRANCH, "书记", "钱示例", "", *here),
            (BRANCH, "书记", "李示例", "a1", *here),
            (BRANCH, "书记", "赵示例", "a3", *here),
            (BRANCH, "书记", "新示例", "", today - DAY, SHILI_VILLAGE),
            (BRANCH, "书记", "李示例", "", *here),
            (BRANCH, "书记", "李示例", "a2", *here),
            ("无此支部", "书记", "李示例", "a2"),
            (BRANCH, "主任", "李示例", "", *here, "是"),
            (BRANCH, "主任", "张示例", "a8", *here),
        ),
        today + DAY,
    )
    for row, words in (
        (2, "不止一个，请在“区划代码”列写明：示例村"),
        (3, "没有叫“钱示例”的人员"),
        (4, "编号 a1 是 张示例，不是 李示例"),
        (5, "赵示例 a3 已离开"),
        (6, "新示例 a9 到"),
        (8, "与第 7 行重复"),
        (9, "没有单位“无此支部”"),
        (10, "标了“限一人”，表里却有 2 人"),
    ):
        assert any(error.startswith(f"换届 第 {row} 行") and words in error for error in found), (row, found)
    assert len(found) == 8
    # Two people of one name: the number tells, or the village of the unit.
    by_name = sheet((BRANCH, "书记", "张 示 例", "", *here))
    assert preview(TERM_IMPORT, plan_of(by_name, today + DAY), scope=COUNTY).changed == ()
    register("a7", "张示例", Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    assert "有 3 人，请在“编号”列写明" in refusals(by_name, today + DAY)[0]
    assert "“就任日期”为空" in refusals(sheet((BRANCH, "书记", "李示例", "", *here)), None)[0]


def test_a_township_names_and_ends_nobody_elsewhere(county: FictionalCounty, today: dt.date) -> None:
    give_post(county.people[WANG], Unit.objects.get(name=BRANCH), "书记", since=today, actor=BY)
    data = sheet((BRANCH, "书记", "李示例"))
    changes = preview(TERM_IMPORT, plan_of(data, today + DAY, TOWNSHIP), scope=TOWNSHIP)
    told = f"{changes.changed} {changes.warnings}"
    assert WANG.name not in told
    assert "另有 1 个管辖范围外的人担任，照旧" in told
    apply(data, today + DAY, scope=TOWNSHIP)
    assert on(today + DAY) == ["a2", WANG.number]
    assert "没有编号为 b1" in refusals(sheet((BRANCH, "书记", "王样板", "b1")), today, TOWNSHIP)[0]
    assert "没有单位" in refusals(data, today, OTHER_TOWNSHIP)[0]


def test_nobody_appoints_themselves_and_one_error_stops_all(county: FictionalCounty, today: dt.date) -> None:
    account = user_of(OPERATOR)
    account.person = county.people[LI]
    account.save()
    with pytest.raises(ImportRefused) as refused:
        apply(sheet((BRANCH, "主任", "赵示例"), (BRANCH, "书记", "李示例")), today + DAY, actor=account.username)
    assert "另一个人来定" in str(refused.value.errors[0])
    assert on(today + DAY, "主任") == []


def test_who_is_seconded_stays_so_and_a_break_ends(county: FictionalCounty, today: dt.date) -> None:
    holding = Holding.objects.get(person=county.people[ZHANG])
    change_holding(holding, HoldingState.SECONDED, since=today + DAY, actor=BY, reason="借调到县里")
    data = sheet((BRANCH, "书记", "张示例"))
    changes = preview(TERM_IMPORT, plan_of(data, today + 5 * DAY), scope=COUNTY)
    assert changes.changed == ()
    assert "现在是“借调”，留任以后照旧" in changes.warnings[0]
    change_holding(holding, HoldingState.ENDED, since=today + 3 * DAY, actor=BY, reason="任期满了")
    apply(data, today + 5 * DAY)
    assert [bool(on(today + n * DAY)) for n in (2, 3, 4, 5, 9)] == [True, False, False, True, True]


def test_an_export_goes_in_again_unchanged(county: FictionalCounty, today: dt.date) -> None:
    unit = Unit.objects.get(name=BRANCH)
    give_post(county.people[LI], unit, "委员", since=today + 9 * DAY, actor=BY)
    give_post(county.people[ZHAO], unit, "委员", since=today, until=today + 8 * DAY, actor=BY)
    change_holding(
        Holding.objects.get(person=county.people[ZHANG]), HoldingState.ENDED, since=today + DAY, actor=BY, reason="满了"
    )
    changes = preview(TERM_IMPORT, plan_of(export_posts(COUNTY), today), scope=COUNTY)
    assert changes.changed == ()


def test_an_officer_uploads_looks_and_confirms(county: FictionalCounty, today: dt.date) -> None:
    page: Client = signed_in(OPERATOR)
    bad: Any = page.post("/units/term/", {"file": SimpleUploadedFile("换届.xlsx", sheet((BRANCH, "书记", "钱示例")))})
    assert bad.status_code == 422
    assert "就任日期" in bad.content.decode()
    form = {"file": SimpleUploadedFile("换届.xlsx", sheet((BRANCH, "书记", "李示例"))), "day": str(today + DAY)}
    place = page.post("/units/term/", form)["Location"]
    html = page.get(place).content.decode()
    assert "卸任 1，留任 0，就任 1，空缺 0" in html
    assert on(today + DAY) == ["a1"]
    (digest,) = re.findall(r'name="shown" value="([0-9a-f]{64})"', html)
    Person.objects.filter(number="a2").update(name="李改名")
    changed = page.post(place, {"shown": digest}).content.decode()
    assert "没有叫“李示例”的人员" in changed
    Person.objects.filter(number="a2").update(name="李示例")
    assert "换届已记录" in page.post(place, {"shown": digest}, follow=True).content.decode()
    assert on(today + DAY) == ["a2"]
    assert page.get("/units/term/posts.xlsx").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_whoever_stores_a_row_about_one_of_them_does_not_wait(today: dt.date, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker that stores the facts of all stations refers to people. A term change of a county takes its time."""
    referred: list[int] = []

    def refer() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT id FROM people_person FOR KEY SHARE NOWAIT")
                referred.extend(pk for (pk,) in cursor.fetchall())
        finally:
            connections.close_all()

    def beside(known: Any, turns: Any, *, actor: str) -> None:
        if actor:  # not the preview
            thread = threading.Thread(target=refer)
            thread.start()
            thread.join()
        write(known, turns, actor=actor)

    write = term_import._write
    monkeypatch.setattr(term_import, "_write", beside)
    assert apply(sheet((BRANCH, "书记", "李示例")), today + 10 * DAY) == 1
    assert len(referred) == Person.objects.count()
