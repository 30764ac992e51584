"""The county's own table comes in as a sheet or as a signed file: all of it or nothing, and what is shown first."""

import csv
import datetime as dt
import io

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from protocol.calendar_table import CalendarDay, fingerprint, seal_table
from server_broker import trust
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedRow
from server_broker.sheets.importing import ImportRefused, preview, read_import, take
from server_broker.workdays.county_table import CountyWord, county_days, set_day
from server_broker.workdays.models import CountyDay
from server_broker.workdays.sheet import CALENDAR_BOOK, SHEET, CalendarPlan
from server_broker.workdays.sheet_import import CALENDAR_IMPORT, export_sheet, template
from server_broker.workdays.signed_table import export_signed, read_signed
from tests.cast import COUNTY, TOWNSHIP

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("county")]
BY = "wu-yunwei"
REST, WORK = dt.date(2027, 2, 8), dt.date(2027, 2, 20)
NOW = dt.datetime(2026, 11, 29, 8, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _keys() -> None:
    trust.prepare(settings.HOME)


def sheet(*rows: tuple[str, ...], year: str = "") -> CalendarPlan:
    file = io.StringIO()
    csv.writer(file).writerows([("日期", "上班/放假", "名称"), *rows])
    return read_import(CALENDAR_BOOK, file.getvalue().encode(), choice=year)


def taken(plan: CalendarPlan, *, scope: str = COUNTY) -> str:
    shown = preview(CALENDAR_IMPORT, plan, scope=scope)
    done = take(CALENDAR_IMPORT, plan, scope=scope, actor=BY, shown=shown.digest(), renames_confirmed=False)
    return str(done.counts()[SHEET])


def errors(plan: CalendarPlan, *, scope: str = COUNTY) -> list[str]:
    with pytest.raises(ImportRefused) as refused:
        preview(CALENDAR_IMPORT, plan, scope=scope)
    return [str(error) for error in refused.value.errors]


def test_a_sheet_is_taken_whole_signed_by_the_county_and_changes_nothing_again() -> None:
    plan = sheet(("2027.2.8", "放假", "春节"), ("二月二十日", "上班", "春节调休"), year="2027")
    assert taken(plan) == "新增 2，更新 0，未变 0"
    assert county_days() == {REST: CountyWord(False, "春节"), WORK: CountyWord(True, "春节调休")}
    assert DecidedRow.objects.filter(table="workdays_countyday", fact__seq__gt=1).count() == 2
    assert AuditEntry.objects.filter(action="calendar.imported", actor=BY).exists()
    assert taken(plan) == "新增 0，更新 0，未变 2"
    assert CountyDay.objects.count() == 2


def test_what_differs_is_shown_and_the_rest_stays() -> None:
    set_day(REST, CountyWord(False, "除夕"), actor=BY)
    set_day(WORK, CountyWord(True), actor=BY)
    shown = preview(CALENDAR_IMPORT, sheet(("2027-02-08", "放假", "春节")), scope=COUNTY)
    assert [str(change) for change in shown.changed] == [f"{SHEET} 第 2 行 2027-02-08：名称 除夕 → 春节"]
    assert shown.warnings == ()


def test_a_past_date_is_pointed_out() -> None:
    shown = preview(CALENDAR_IMPORT, sheet(("2026-01-05", "放假", "")), scope=COUNTY)
    assert "1 个日期已经过去" in shown.warnings[0]


def test_every_bad_row_is_told_at_once_and_nothing_is_taken() -> None:
    plan = sheet(
        ("2027-02-08", "放假", "春节"),
        ("2027.2.8", "上班", ""),
        ("2027-02-29", "放假", ""),
        ("三月五日", "放假", ""),
        ("2207-03-05", "放假", ""),
        ("2027-03-06", "调休", ""),
        ("2027-03-07", "上班", "名" * 33),
    )
    told = errors(plan)
    assert len(told) == 6
    for row, said in enumerate(
        ["在第 2 行已经写过", "没有 2027 年 2 月 29 日", "没有写年份", "年份不对", "只能填“上班”或“放假”", "太长"], 3
    ):
        assert f"第 {row} 行" in told[row - 3]
        assert said in told[row - 3]
    assert not CountyDay.objects.exists()


def test_a_township_takes_no_table() -> None:
    assert "由县里定" in errors(sheet(("2027-02-08", "放假", "")), scope=TOWNSHIP)[0]


def test_the_export_is_imported_again_and_changes_nothing() -> None:
    set_day(REST, CountyWord(False, "=春节"), actor=BY)
    plan = read_import(CALENDAR_BOOK, export_sheet())
    assert [(day.date, day.working) for day in plan.days] == [(REST, False)]
    assert read_import(CALENDAR_BOOK, template()).is_empty()


def test_a_signed_table_comes_in_as_it_went_out() -> None:
    set_day(REST, CountyWord(False, "春节"), actor=BY)
    plan = read_signed(export_signed(now=NOW))
    assert plan.notes == ["文件是本县自己签发的，签名对。"]
    assert taken(plan) == "新增 0，更新 0，未变 1"


def test_another_countys_table_names_its_key() -> None:
    key = Ed25519PrivateKey.generate()
    day = CalendarDay(date=REST, working=False, name="春节")
    plan = read_signed(seal_table(key, issuer="另一示例县", made_at=0, days=[day]))
    assert "另一示例县" in plan.notes[0]
    assert fingerprint(key.public_key().public_bytes_raw()) in plan.notes[0]
    assert taken(plan) == "新增 1，更新 0，未变 0"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"\xa6\xe6\x98\xa5\xe8\x8a\x82", b"\xa6\xe5\x85\x83\xe6\x97\xa6", "签名不对"),
        (b"2027-02-08", b"2027-02-09", "签名不对"),
        (b"2027-02-08", b"2027-02-30", "不是签发的工作日历文件"),
        (b"issuer", b"issuex", "不是签发的工作日历文件"),
    ],
)
def test_a_table_with_a_bad_signature_is_refused(old: bytes, new: bytes, said: str) -> None:
    set_day(REST, CountyWord(False, "春节"), actor=BY)
    signed = export_signed(now=NOW)
    assert old in signed
    with pytest.raises(ImportRefused) as refused:
        read_signed(signed.replace(old, new))
    assert said in str(refused.value.errors[0])


def test_a_table_that_was_cut_off_or_is_no_file_at_all_is_refused() -> None:
    signed = export_signed(now=NOW)
    for raw in (signed[:-1], b"", b"PK\x03\x04", signed + b"\x00"):
        with pytest.raises(ImportRefused):
            read_signed(raw)


def test_a_name_that_cannot_be_read_is_refused_although_the_signature_fits() -> None:
    day = CalendarDay(date=REST, working=False, name="春\u202e节")
    plan = read_signed(seal_table(Ed25519PrivateKey.generate(), issuer="另一示例县", made_at=0, days=[day]))
    assert "看不见的字符" in errors(plan)[0]
