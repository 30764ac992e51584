"""The columns 身份证号 and 手机号 of the people import."""

import datetime as dt

import pytest
from django.conf import settings
from django.test import Client

from server_broker import trust
from server_broker.people.models import Person, PrivateNumber
from server_broker.people.private_numbers import opened
from server_broker.rosters.roster_import import import_people
from server_broker.sheets import importing
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from server_broker.trust.number_keys import kept_keys
from tests.cast import OPERATOR, SHILI_VILLAGE, YANGBAN_VILLAGE
from tests.server_broker.county import FictionalCounty, make_county, signed_in
from tests.server_broker.people.numbers import IDENTITY, MOBILE, OTHER_IDENTITY, OTHER_MOBILE, identity_number
from tests.server_broker.rosters.test_import_preview import confirm, sent
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db

HEADS = {"人员": ("编号", "姓名", "村代码", "身份证号", "手机号")}


@pytest.fixture(autouse=True)
def county(monkeypatch: pytest.MonkeyPatch) -> FictionalCounty:
    # Read here: a process of its own for each list takes long, and it is tested in `test_import_ugly`.
    monkeypatch.setattr(importing, "read_file", lambda of, source, *, choice: read_plan(of, read_sheets(source)))
    trust.prepare(settings.HOME)
    return make_county()


def rows(*people: tuple[object, ...]) -> bytes:
    return book({"人员": people}, heads=HEADS)


def kept() -> dict[tuple[str, str], str]:
    keys = kept_keys(settings.HOME)
    return {(row.person.number, row.kind): opened(row, keys) for row in PrivateNumber.objects.select_related("person")}


def errors(data: bytes) -> list[str]:
    return [str(error) for error in import_people(data).errors]


def test_numbers_are_shown_masked_and_written_sealed(county: FictionalCounty) -> None:
    data = rows(("c1", "丙示例", SHILI_VILLAGE, IDENTITY, MOBILE), ("a1", "张示例", SHILI_VILLAGE, "", OTHER_MOBILE))
    result = import_people(data, dry_run=True)
    told = "\n".join(map(str, result.changes))
    assert f"身份证号 （无） → 990***********{IDENTITY[-4:]}" in told
    assert IDENTITY not in told
    assert not kept()
    assert import_people(data).ok
    assert kept() == {("c1", "identity"): IDENTITY, ("c1", "mobile"): MOBILE, ("a1", "mobile"): OTHER_MOBILE}
    # Again it changes nothing, and so does an empty cell or a list without the columns.
    assert not import_people(data, dry_run=True).changes
    assert import_people(rows(("c1", "丙示例", SHILI_VILLAGE, "", ""))).ok
    assert len(kept()) == 3


def test_a_digit_in_the_middle_is_a_change_too() -> None:
    days = (dt.date(1970, 1, 1) + dt.timedelta(days=n) for n in range(10_000))
    numbers = (identity_number(f"990101{day:%Y%m%d}123") for day in days)
    other = next(number for number in numbers if number[-1] == IDENTITY[-1] and number != IDENTITY)
    assert import_people(rows(("c1", "丙示例", SHILI_VILLAGE, IDENTITY, ""))).ok
    again = import_people(rows(("c1", "丙示例", SHILI_VILLAGE, other, "")))
    assert "中间的数字不同" in str(again.changes[0])
    assert kept() == {("c1", "identity"): other}


def test_what_excel_spoilt_is_named_with_what_to_do_and_not_repeated() -> None:
    found = errors(
        rows(
            ("c1", "丙示例", SHILI_VILLAGE, 430102199001011000, ""),
            ("c2", "丁示例", SHILI_VILLAGE, "4.30102E+17", ""),
            ("c3", "戊示例", SHILI_VILLAGE, "430102199001011000.0", 13900005678),
            ("c4", "己示例", SHILI_VILLAGE, IDENTITY[:-1] + ("0" if IDENTITY[-1] != "0" else "1"), "1390000567"),
        )
    )
    assert [error.split("：")[0] for error in found] == [f"人员 第 {row} 行" for row in (2, 3, 4, 5, 5)]
    assert all("设为“文本”" in error for error in found[:3])
    assert "校验" in "".join(found[3:])
    assert not any("43010" in error or IDENTITY[:12] in error for error in found)
    assert not Person.objects.filter(number__startswith="c").exists()


def test_an_identity_number_of_two_people_is_refused_without_a_name() -> None:
    found = errors(rows(("c1", "丙示例", SHILI_VILLAGE, IDENTITY, ""), ("c2", "丁示例", SHILI_VILLAGE, IDENTITY, "")))
    assert "与第 2 行相同" in found[0]
    assert import_people(rows(("b1", "王样板", YANGBAN_VILLAGE, OTHER_IDENTITY, ""))).ok
    found = errors(rows(("c1", "丙示例", SHILI_VILLAGE, OTHER_IDENTITY, "")))
    assert "另一个人名下" in found[0]
    assert "王样板" not in found[0]
    assert "b1" not in found[0]


def test_without_the_keys_nothing_goes_in() -> None:
    assert import_people(rows(("c1", "丙示例", SHILI_VILLAGE, IDENTITY, ""))).ok
    (settings.HOME.trust / "numbers.key").unlink()
    assert "numbers.key" in errors(rows(("c2", "丁示例", SHILI_VILLAGE, OTHER_IDENTITY, "")))[0]
    assert import_people(rows(("c2", "丁示例", SHILI_VILLAGE, "", ""))).ok


def test_in_the_console_the_preview_is_masked_and_the_export_has_none() -> None:
    page: Client = signed_in(OPERATOR)
    place = sent(page, rows(("c1", "丙示例", SHILI_VILLAGE, IDENTITY, MOBILE)))
    html = page.get(place).content.decode()
    assert "139****5678" in html
    assert MOBILE not in html
    assert "导入完成" in confirm(page, place, html).content.decode()
    assert kept()["c1", "mobile"] == MOBILE
    exported = page.get("/people/export.xlsx").content
    assert import_people(exported, dry_run=True).ok
    assert not import_people(exported, dry_run=True).changes
