"""The sheet 单位 brings a county's units at its first set-up, so that the sheet of posts finds them."""

from typing import Any

import pytest
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.dated.locking import known_now
from server_broker.people.models import Holding, Unit, UnitKind, UnitRecord
from server_broker.people.posts import end_unit, make_unit
from server_broker.regions.models import Region
from server_broker.rosters.roster_export import export_people
from server_broker.rosters.roster_import import import_people
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.importing import preview, take
from server_broker.sheets.reading_rows import read_plan
from server_broker.term_change.rows import BOOK as TERM_BOOK
from server_broker.term_change.term_import import TERM_IMPORT
from tests.cast import COUNTY, OTHER_TOWNSHIP, SHILI_VILLAGE, TOWNSHIP, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.rosters.workbooks import book

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]

BY = "service"
type Rows = list[tuple[Any, ...]]
ROWS: Rows = [
    (SHILI_VILLAGE, "示例村党支部", "党支部"),
    (SHILI_VILLAGE, "示例村两委", "村两委"),
    (YANSHI_VILLAGE, "示例村两委", "村两委"),
    (TOWNSHIP, "示例镇", "镇办"),
    (COUNTY, "县委组织部", "县直部门"),
]


def told(rows: Rows, *, scope: str = COUNTY, **others: Rows) -> list[str]:
    return [str(error) for error in import_people(book({**others, "单位": rows}), scope=scope, actor=BY).errors]


def there() -> set[tuple[str, str, str]]:
    return {(unit.region_id, unit.name, unit.get_kind_display()) for unit in Unit.objects.filter(ended=False)}


def test_units_go_in_once_and_out_and_in_again() -> None:
    assert told(ROWS) == []
    assert there() == set(ROWS)
    assert {str(row.recorded_by) for row in UnitRecord.objects.known()} == {BY}
    (entry,) = AuditEntry.objects.filter(action="people.imported")
    assert entry.detail["单位.added"] == 5
    at = known_now()
    assert import_people(book({"单位": ROWS}), scope=COUNTY, actor=BY).changes == ()
    again = import_people(export_people(COUNTY), scope=COUNTY, actor=BY)
    assert (again.errors, again.changes, again.counts["单位"].same) == ((), (), 5)
    assert UnitRecord.objects.known(at).count() == UnitRecord.objects.known().count() == 5
    own = import_people(export_people(TOWNSHIP), scope=TOWNSHIP, actor=BY)
    assert (own.errors, own.counts["单位"].same) == ((), 4)


def test_what_is_wrong_is_told_by_row() -> None:
    made = make_unit("示例村两委", UnitKind.COMMITTEE, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    rows: Rows = [
        (SHILI_VILLAGE, "示例村两委", "党支部"),
        ("990101001999", "没有村", "党支部"),
        (SHILI_VILLAGE, "新", "支委"),
        (SHILI_VILLAGE, None, "党支部"),
        (YANSHI_VILLAGE, "二", "党支部"),
        (YANSHI_VILLAGE, "二", "党支部"),
        (OTHER_TOWNSHIP, "别镇", "镇办"),
    ]
    assert told(rows, scope=TOWNSHIP) == [
        "单位 第 2 行：示例村的“示例村两委”是村两委，不能改成党支部；请核对，或撤销它再添加",
        "单位 第 3 行：没有代码为 990101001999 的区划",
        "单位 第 4 行：“性质”只能填 镇办、县直部门、党支部、村两委，这里是“支委”",
        "单位 第 5 行：“名称”为空",
        "单位 第 7 行：与第 6 行重复（990101001002 二）",
        "单位 第 8 行：不在您的管辖范围内",
    ]
    assert list(Unit.objects.all()) == [made]
    end_unit(made, actor=BY, reason="换名")
    assert told(rows[:1]) == []
    assert Unit.objects.filter(ended=False).get().kind == UnitKind.BRANCH


def test_a_unit_of_a_village_that_the_same_file_brings() -> None:
    new = "990101001009"
    assert told([(new, "新村两委", "村两委")], 区划=[(new, "新村")]) == []
    assert told([(new, "新村支部", "党支部")], 区划=[("990101001008", None)]) == ["区划 第 2 行：“名称”为空"]


def test_with_units_the_sheet_of_posts_sets_up_a_county(county: FictionalCounty) -> None:
    assert told(ROWS) == []
    heads = {"换届": ("单位", "职务", "姓名", "编号", "就任日期", "区划代码")}
    since = f"{timezone.localdate()}"
    data = book({"换届": [("示例村两委", "书记", ZHANG.name, ZHANG.number, since, SHILI_VILLAGE)]}, heads=heads)
    plan = read_plan(TERM_BOOK, read_sheets(data))
    plan.scope = COUNTY
    shown = preview(TERM_IMPORT, plan, scope=COUNTY)
    take(TERM_IMPORT, plan, scope=COUNTY, actor=BY, shown=shown.digest(), renames_confirmed=True)
    held = Holding.objects.get()
    assert (held.person.number, held.post.title, held.post.unit.region_id) == (ZHANG.number, "书记", SHILI_VILLAGE)
    assert preview(TERM_IMPORT, plan, scope=COUNTY).changed == ()
