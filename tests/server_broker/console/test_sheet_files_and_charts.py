"""考勤表 as files and charts: who may take which, what is on record, and what a chart says of whom."""

import io
import re

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.closing.month import month_of
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settling.models import DayCount
from server_broker.timesheets.workbooks import csv_of
from tests.cast import (
    COUNTY,
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    SECRETARY,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    WANG,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.closing.lived_month import (
    LATE,
    MISSED,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    county,
    march,
    village,
)
from tests.server_broker.county import FictionalCounty, signed_in
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.settling.lived import MONDAY

__all__ = ["county", "march"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def lived(march: LivedMonth, monkeypatch: pytest.MonkeyPatch) -> LivedMonth:
    made = march.again()
    monkeypatch.setattr(timezone, "now", lambda: SHOWN_AT)
    return made


def text_of(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def titles(client: Client, code: str) -> list[str]:
    answer = client.get(f"/sheets/{code}/{MONTH}/sheet.xlsx")
    assert answer.status_code == 200
    return list(openpyxl.load_workbook(io.BytesIO(answer.content)).sheetnames)


def test_who_takes_a_sheet_is_on_record_and_sees_no_more_of_the_county(lived: LivedMonth) -> None:
    officer, clerk = signed_in(TOWNSHIP_OFFICER), signed_in(SECRETARY)
    assert titles(officer, SHILI_VILLAGE) == ["示例村", "明细"]
    assert titles(officer, TOWNSHIP) == ["汇总", "示例村"]
    assert titles(signed_in(COUNTY_OFFICER), COUNTY) == ["汇总"]
    taken = AuditEntry.objects.filter(action="sheet.exported").order_by("pk")
    assert [(one.actor, one.subject) for one in taken] == [
        (TOWNSHIP_OFFICER.username, SHILI_VILLAGE),
        (TOWNSHIP_OFFICER.username, TOWNSHIP),
        (COUNTY_OFFICER.username, COUNTY),
    ]
    for client, code in (
        (clerk, TOWNSHIP),
        (officer, COUNTY),
        (signed_in(OTHER_TOWNSHIP_OFFICER), SHILI_VILLAGE),
    ):
        assert client.get(f"/sheets/{code}/{MONTH}/sheet.xlsx").status_code == 404
        assert client.get(f"/sheets/{code}/{MONTH}/sheet.csv").status_code == 404
    assert officer.get(f"/sheets/{SHILI_VILLAGE}/2027-05/sheet.xlsx").status_code == 404
    assert taken.count() == 3


def test_the_csv_is_that_of_the_rules_and_not_for_who_does_not_see_all_in_it(
    lived: LivedMonth, county: FictionalCounty
) -> None:
    path = f"/sheets/{SHILI_VILLAGE}/{MONTH}/sheet.csv"
    given = signed_in(TOWNSHIP_OFFICER).get(path)
    assert given.content == csv_of(month_of(village().identity, MONTH, SHOWN_AT))
    settled_row(county.people[WANG], LATE, village=village())
    answer = signed_in(TOWNSHIP_OFFICER).get(path, follow=True)
    assert "外辖区的人" in answer.content.decode()
    assert WANG.name not in answer.content.decode()
    assert WANG.name in signed_in(COUNTY_OFFICER).get(path).content.decode()
    book = signed_in(TOWNSHIP_OFFICER).get(f"/sheets/{SHILI_VILLAGE}/{MONTH}/sheet.xlsx").content
    cells = [
        cell.value for sheet in openpyxl.load_workbook(io.BytesIO(book)) for row in sheet.iter_rows() for cell in row
    ]
    assert WANG.name not in cells
    assert WANG.number not in cells


def test_a_persons_month_is_a_calendar_a_table_and_a_file(lived: LivedMonth) -> None:
    officer, path = signed_in(TOWNSHIP_OFFICER), f"/people/{lived.zhang.pk}/{MONTH}/"
    page = text_of(officer, path)
    assert "张示例 2027年3月考勤" in page
    assert "3月24日 ：8:30" not in page
    assert re.search(r"3月24日 星期三 08:30 示例村 迟 迟到 22 分钟 8:52 到，迟 22 分钟；12:05 走。", page)
    assert re.search(r"该到 13 天，算出勤 13 天 迟到 1 次，一共 22 分钟", page)
    assert officer.get(path).content.decode().count("<rect") == 31
    file = officer.get(f"{path}sheet.xlsx")
    [sheet] = openpyxl.load_workbook(io.BytesIO(file.content))
    assert sheet["A1"].value.startswith("张示例 2027年3月")
    assert signed_in(OTHER_TOWNSHIP_OFFICER).get(path).status_code == 404
    assert signed_in(OTHER_TOWNSHIP_OFFICER).get(f"{path}sheet.xlsx").status_code == 404
    assert officer.get(f"/people/{lived.zhang.pk}/2027-05/").status_code == 404
    assert "上个月" not in officer.get(f"/people/{lived.zhang.pk}/2000-01/").content.decode()
    wang = Person.objects.get(number=WANG.number)
    assert officer.get(f"/people/{wang.pk}/{MONTH}/").status_code == 404


def test_a_chart_says_the_same_as_its_table(lived: LivedMonth) -> None:
    officer = signed_in(TOWNSHIP_OFFICER)
    page = officer.get(f"/sheets/charts/?place={SHILI_VILLAGE}&month={MONTH}").content.decode()
    # Of two people one was late on the 24th, and one did not touch on leaving on the 17th.
    assert page.count("<title>3月24日：2 个班，按时 1 个</title>") == 1
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert re.search(r"3月24日 星期三 50% 2 个班，按时 1 个", plain)
    assert re.search(r"3月25日 星期四 100% 2 个班，按时 2 个", plain)
    assert re.search(r"示例村 92%", plain)
    assert "style=" not in page
    whole = text_of(signed_in(COUNTY_OFFICER), f"/sheets/charts/?month={MONTH}")
    assert re.search(r"示例镇 92%", whole)
    assert "示例村 92%" not in whole
    assert MISSED > MONDAY


def test_places_stand_in_the_order_of_their_codes_and_of_the_own_region_alone(
    lived: LivedMonth, county: FictionalCounty
) -> None:
    for code, judged, in_time in ((YANSHI_VILLAGE, 4, 4), ("990101002001", 4, 0)):
        DayCount.objects.create(village=Region.objects.get(pk=code), day=LATE, judged=judged, in_time=in_time)
    path = f"/sheets/charts/?month={MONTH}"
    county_page = text_of(signed_in(COUNTY_OFFICER), path)
    assert county_page.index("示例镇 93%") < county_page.index("样板镇 0%")
    township = text_of(signed_in(TOWNSHIP_OFFICER), path)
    assert township.index("示例村 92%") < township.index("演示村 100%")
    assert "样板" not in township


def test_charts_ask_as_much_of_a_county_as_of_a_village(lived: LivedMonth) -> None:
    officer = signed_in(COUNTY_OFFICER)

    def queries(place: str) -> int:
        with CaptureQueriesContext(connection) as caught:
            officer.get(f"/sheets/charts/?place={place}&month={MONTH}")
        return len(caught)

    few = queries(COUNTY)
    for number in range(10, 40):
        region = Region.objects.create(code=f"9901010010{number}", name=f"村{number}")
        DayCount.objects.create(village=region, day=LATE, judged=2, in_time=1)
    assert queries(COUNTY) == few
    assert queries(TOWNSHIP) == few
    assert queries(SHILI_VILLAGE) == few + 1


def test_counts_follow_what_is_settled_again(lived: LivedMonth) -> None:
    assert DayCount.objects.get(day=LATE).in_time == 1
    counted = {one.day: (one.judged, one.in_time) for one in DayCount.objects.filter(judged__gt=0)}
    assert len(counted) == 13
    assert counted[MISSED] == (2, 1)
    assert {ZHANG.number, LI.number} == {one.number for one in (lived.zhang, lived.li)}
