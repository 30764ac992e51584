"""An import shows what it would change, asks where a name changes, and then does exactly what it showed."""

import dataclasses
import datetime as dt
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from server_broker import trust
from server_broker.accounts.models import Role, User
from server_broker.attendance.models import DutyWindow
from server_broker.audit.models import AuditEntry
from server_broker.cli import main
from server_broker.console import importing
from server_broker.console.views import imports
from server_broker.decisions.stream import open_stream
from server_broker.duty.windows import Terms, add_window, end_window
from server_broker.fleet.models import Station
from server_broker.people.models import PendingImport, Person
from server_broker.regions.models import Region
from server_broker.rosters.plan import PersonRow, Plan, StationRow, WindowRow
from server_broker.rosters.roster_import import PEOPLE_IMPORT, import_people, read_import
from server_broker.rosters.rows import BOOK
from server_broker.sheets import pending, reading
from server_broker.sheets.changes import Count
from server_broker.sheets.importing import ImportRefused, OtherThanShown, RenamesUnconfirmed, preview, take
from server_broker.sheets.row_errors import MOST_ERRORS
from tests.cast import (
    ADMINISTRATOR,
    COUNTY,
    LI,
    OPERATOR,
    OTHER_OPERATOR,
    OTHER_TOWNSHIP,
    SHILI,
    SHILI_VILLAGE,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
)
from tests.server_broker.county import FictionalCounty, client_for, make_county, signed_in, user_of
from tests.server_broker.rosters.workbooks import book

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def county() -> FictionalCounty:
    trust.prepare(settings.HOME)
    return make_county()


@pytest.fixture
def page() -> Client:
    return signed_in(OPERATOR)


def upload(page: Client, **sheets: list[tuple[Any, ...]]) -> str:
    """Send a file, and return the address of what it would change."""
    return sent(page, book(sheets))


def sent(page: Client, file: bytes) -> str:
    answer = page.post("/people/import/", {"file": SimpleUploadedFile("名单.xlsx", file)})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def shown_on(html: str) -> str:
    (digest,) = re.findall(r'name="shown" value="([0-9a-f]{64})"', html)
    return str(digest)


def confirm(page: Client, place: str, html: str, **more: str) -> Any:
    return page.post(place, {"shown": shown_on(html), **more}, follow=True)


def test_an_import_says_that_it_does_not_undo_a_planned_end(page: Client, county: FictionalCounty) -> None:
    county.add(LI)
    today = timezone.localdate()
    village = Region.objects.get(pk=SHILI_VILLAGE)
    terms = Terms("下午班", [1, 2, 3, 4, 5], 870, 1020, [county.people[LI].pk])
    window = add_window(village, terms, since=today, actor="wu-yunwei")
    sheets = {"值班": [(SHILI_VILLAGE, "下午班", "1-5", "14:30", "17:30", LI.number)]}
    assert "已另有安排" not in page.get(upload(page, **sheets)).content.decode()
    end_window(window, last=today, actor="wu-yunwei", reason="不再坐班")
    shown = page.get(upload(page, **sheets)).content.decode()
    assert f"下午班：{today + dt.timedelta(days=1)} 起已另有安排，导入只管到前一天" in shown


def test_nothing_changes_before_it_was_shown_and_confirmed(page: Client) -> None:
    place = upload(
        page,
        人员=[("c1", "丙示例", SHILI_VILLAGE), ("a1", "张示例", YANSHI_VILLAGE), ("b1", "王样板", YANGBAN_VILLAGE)],
    )
    html = page.get(place).content.decode()
    assert not Person.objects.filter(number="c1").exists()
    assert "丙示例" in html
    assert f"示例村 {SHILI_VILLAGE}" in html
    assert f"演示村 {YANSHI_VILLAGE}" in html
    assert "会改名" not in html
    done = confirm(page, place, html).content.decode()
    assert "导入完成。人员：新增 1，更新 1，未变 1" in done
    assert Person.objects.get(number="a1").village_id == YANSHI_VILLAGE
    assert not PendingImport.objects.exists()


def test_a_name_that_changes_must_be_confirmed(page: Client) -> None:
    place = upload(page, 人员=[("a1", "王别人", SHILI_VILLAGE), ("c1", "丙示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    assert "1 个已有的编号会改名" in html
    assert "张示例" in html
    assert "王别人" in html
    refused = confirm(page, place, html).content.decode()
    assert "没有导入：有编号会改名" in refused
    assert Person.objects.get(number="a1").name == "张示例"
    assert not Person.objects.filter(number="c1").exists()
    assert "导入完成" in confirm(page, place, refused, renames="confirmed").content.decode()
    assert Person.objects.get(number="a1").name == "王别人"
    entries = list(AuditEntry.objects.filter(actor=OPERATOR.username).order_by("id").values_list("action", "subject"))
    assert entries == [("people.imported", ""), ("person.renamed", "a1")]
    assert "王别人" not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


@pytest.mark.parametrize(
    ("sheets", "key", "action"),
    [
        ({"站点": [(SHILI, "别的站", SHILI_VILLAGE)]}, SHILI, "station.renamed"),
        ({"区划": [(SHILI_VILLAGE, "别的村")]}, SHILI_VILLAGE, "region.renamed"),
    ],
)
def test_a_stations_and_a_regions_name_too(page: Client, sheets: dict[str, Any], key: str, action: str) -> None:
    refused = import_people(book(sheets))
    assert refused.unconfirmed
    assert key in refused.lines()[1]
    assert import_people(book(sheets), renames=[key]).ok
    assert AuditEntry.objects.get(action=action).subject == key
    assert "别的" in (Station.objects.get(pk=SHILI).name + Region.objects.get(pk=SHILI_VILLAGE).name)


def test_what_changed_meanwhile_is_shown_again(page: Client) -> None:
    place = upload(page, 人员=[("a1", "张示例", YANSHI_VILLAGE)])
    html = page.get(place).content.decode()
    Person.objects.filter(number="a1").update(name="A改名")
    again = confirm(page, place, html).content.decode()
    assert "名单在您核对期间有了变化" in again
    assert "会改名" in again
    assert Person.objects.get(number="a1").village_id == SHILI_VILLAGE
    assert shown_on(again) != shown_on(html)


def test_what_changed_elsewhere_does_not_matter(page: Client) -> None:
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    Person.objects.filter(number="b1").update(name="B改名")
    assert "导入完成" in confirm(page, place, html).content.decode()


def test_a_forged_digest_takes_nothing(page: Client) -> None:
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    for shown in ("", "0" * 64):
        assert "有了变化" in page.post(place, {"shown": shown, "renames": "confirmed"}).content.decode()
    assert not Person.objects.filter(number="c1").exists()


def test_a_preview_is_its_accounts_own_and_ends(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    other = signed_in(OTHER_OPERATOR)
    assert other.get(place)["Location"] == "/people/import/"
    newer = upload(page, 人员=[("c2", "丁示例", SHILI_VILLAGE)])
    assert page.get(place)["Location"] == "/people/import/"
    assert page.get(newer).status_code == 200
    later = timezone.now() + pending.KEPT_FOR + dt.timedelta(seconds=1)
    monkeypatch.setattr(timezone, "now", lambda: later)
    page = signed_in(OTHER_OPERATOR)
    upload(page, 人员=[("c3", "戊示例", SHILI_VILLAGE)])
    assert PendingImport.objects.count() == 1
    assert not Person.objects.filter(number__startswith="c").exists()


def test_the_scope_is_asked_again_when_it_is_confirmed(page: Client) -> None:
    user = user_of(OTHER_OPERATOR)
    page = client_for(user)
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    user.region_id = OTHER_TOWNSHIP
    user.save()
    refused = confirm(page, place, html)
    assert "不在您的管辖范围内" in refused.content.decode()
    assert not Person.objects.filter(number="c1").exists()


def test_no_card_number_is_kept_while_it_waits(page: Client) -> None:
    upload(page, 卡=[("04a1b2c3d4e5f6", "a1")])
    kept = PendingImport.objects.get()
    plan = pending.kept(BOOK, kept.token, account=kept.account, now=timezone.now())
    assert plan is not None
    assert (plan.uids, plan.cards[0].tail) == ([], "e5f6")
    assert "04a1b2c3" not in repr(plan)
    assert bytes.fromhex("04a1b2c3d4e5f6").hex() not in repr(plan).replace("\\x", "")


def test_a_roster_shows_who_goes_and_who_comes(page: Client, county: FictionalCounty) -> None:
    county.add(LI)
    import_people(book({"值班": [(SHILI_VILLAGE, "上午班", "1-5", "8:00", "12:00", "a1")]}))
    place = upload(page, 值班=[(SHILI_VILLAGE, "上午班", "1-5", "8:00", "12:30", "a2")])
    html = page.get(place).content.decode()
    assert "a1 张示例 → a2 李示例" in html
    assert "08:00–12:00 → 08:00–12:30" in html
    confirm(page, place, html)
    assert [person.number for person in DutyWindow.objects.get().people.all()] == ["a2"]


def test_a_long_list_is_shown_whole_in_pages(page: Client) -> None:
    rows = [(f"n{number:04}", f"人{number:04}", SHILI_VILLAGE) for number in range(importing.PAGE_SIZE + 30)]
    place = upload(page, 人员=rows)
    html = page.get(place).content.decode() + page.get(f"{place}?page=2").content.decode()
    assert all(name in html for _, name, _ in rows)
    assert f"共 {len(rows)} 行" in html


def test_more_names_than_anybody_looks_through_are_refused(page: Client) -> None:
    rows = [(f"n{number:04}", f"人{number:04}", SHILI_VILLAGE) for number in range(importing.MOST_RENAMES + 1)]
    assert import_people(book({"人员": rows})).ok
    slipped = [(rows[place][0], rows[place - 1][1], SHILI_VILLAGE) for place in range(len(rows))]
    answer = page.post("/people/import/", {"file": SimpleUploadedFile("名单.xlsx", book({"人员": slipped}))})
    assert answer.status_code == 422
    assert "错开了行" in answer.content.decode()
    assert Person.objects.get(number="n0001").name == "人0001"


def test_the_same_again_offers_nothing_to_confirm(page: Client) -> None:
    html = page.get(upload(page, 人员=[("a1", "张示例", SHILI_VILLAGE)])).content.decode()
    assert "没有要改的内容" in html
    assert 'name="shown"' not in html


def test_an_account_without_a_region_is_told_so() -> None:
    page = signed_in(ADMINISTRATOR.placed_in(None))
    file = SimpleUploadedFile("名单.xlsx", book({"人员": []}))
    answer = page.post("/people/import/", {"file": file}, follow=True)
    assert "还没有分配县、镇或村" in answer.content.decode()


def test_the_page_opens_by_its_address(page: Client) -> None:
    html = page.get("/people/import/").content.decode()
    assert "读取并预览" in html
    assert "十进制10位" in html


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_come_one_after_the_other() -> None:
    """Both were shown the same county. The second finds another one and takes nothing."""
    plan = read_import(book({"人员": [("a1", "张示例", YANSHI_VILLAGE)]}))
    other = read_import(book({"人员": [("a1", "张示例", YANGBAN_VILLAGE)]}))
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def run(which: Any) -> None:
        shown = preview(PEOPLE_IMPORT, which, scope=None).digest()
        start.wait(10)
        try:
            take(PEOPLE_IMPORT, which, scope=None, actor="x", shown=shown, renames_confirmed=False)
            outcomes.append("taken")
        except OtherThanShown:
            outcomes.append("other")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(which,)) for which in (plan, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(outcomes) == ["other", "taken"]


def test_a_rename_that_nobody_confirmed_is_not_taken() -> None:
    plan = read_import(book({"人员": [("a1", "王别人", SHILI_VILLAGE)]}))
    shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
    with pytest.raises(RenamesUnconfirmed):
        take(PEOPLE_IMPORT, plan, scope=None, actor="x", shown=shown, renames_confirmed=False)
    assert Person.objects.get(number="a1").name == "张示例"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """``cunhui-server import-people`` with a list of people: its status and what it said."""

    def run(rows: list[tuple[Any, ...]], *options: str, sheet: str = "人员") -> tuple[int, str]:
        file = tmp_path / "名单.xlsx"
        file.write_bytes(book({sheet: rows}))
        status = main(["import-people", "--home", str(settings.HOME.root), str(file), *options])
        said = capsys.readouterr()
        return status, said.out + said.err

    return run


def test_the_command_line_asks_for_each_name(tool: Callable[..., Any]) -> None:
    rows = [("a1", "王别人", SHILI_VILLAGE), ("b1", "王样板", YANGBAN_VILLAGE), ("c1", "丙示例", SHILI_VILLAGE)]
    status, said = tool(rows)
    assert status == 1
    assert "人员 第 2 行：a1 现在叫“张示例”，文件里是“王别人”" in said
    assert "--rename" in said
    assert tool(rows, "--rename", "b1")[0] == 1
    status, said = tool(rows, "--dry-run")
    assert status == 0
    assert "姓名 张示例 → 王别人" in said
    assert "没有改动" in said
    assert not Person.objects.filter(number="c1").exists()
    assert tool(rows, "--rename", "a1")[0] == 0
    assert Person.objects.get(number="a1").name == "王别人"
    assert tool([("a1", "赵又一", SHILI_VILLAGE), ("b1", "钱再一", YANGBAN_VILLAGE)], "--accept-renames")[0] == 0


def test_the_command_line_knows_the_forms(tool: Callable[..., Any]) -> None:
    status, said = tool([], "--card-form", "3+5")
    assert status == 1
    assert "只有卡号的一部分" in said


def test_how_to_choose_the_form_is_told_in_the_words_of_the_place(tool: Callable[..., Any], page: Client) -> None:
    digits = [("77736734", "a1")]
    file = SimpleUploadedFile("名单.xlsx", book({"卡": digits}))
    refused = page.post("/people/import/", {"file": file}).content.decode()
    assert "或在导入时选择“卡号格式”" in refused
    assert ">卡号格式（" in refused
    assert "--" not in "".join(re.findall(r'<ol class="errors".*?</ol>', refused, re.DOTALL))
    status, said = tool(digits, sheet="卡")
    assert status == 1
    assert "--card-form 十进制" in said
    assert tool(digits, "--card-form", "十进制", sheet="卡")[0] == 0
    assert "--card-form" not in tool([("04A22B3C", "nobody")], sheet="卡")[1]


ALIKE = "人员 有编号与另一个编号只差字母大小写，会当作另一个人新增。请核对是不是同一个人："


@pytest.mark.parametrize("number", ["A1", "Ａ１", "Ａ1"])
def test_a_number_that_differs_from_another_only_by_case_is_warned_of(
    page: Client, tool: Callable[..., Any], number: str
) -> None:
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE), (number, "张示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    assert f"{ALIKE}第 3 行 A1（另有 a1）" in html
    assert f"{ALIKE}第 2 行 A1（另有 a1）" in tool([(number, "张示例", SHILI_VILLAGE)], "--dry-run")[1]
    assert "导入完成" in confirm(page, place, html).content.decode()
    assert Person.objects.filter(number__iexact="a1").count() == 2


def test_so_are_two_of_one_file_and_many_are_counted(page: Client) -> None:
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE), ("C1", "丁示例", SHILI_VILLAGE)])
    assert f"{ALIKE}第 3 行 C1（另有 c1）" in page.get(place).content.decode()
    many = [(f"{letter}{number}", "示例", SHILI_VILLAGE) for number in range(100, 130) for letter in "xX"]
    html = page.get(upload(page, 人员=many)).content.decode()
    assert "X119（另有 x119）等 30 个" in html
    assert "X120（" not in html


def test_one_name_twice_in_a_village_is_warned_of_and_taken(page: Client) -> None:
    place = upload(
        page, 人员=[("c1", "张 示例", SHILI_VILLAGE), ("c2", "丙示例", SHILI_VILLAGE), ("c3", "丙示例", YANSHI_VILLAGE)]
    )
    html = page.get(place).content.decode()
    assert "确实同名的照常导入：示例村 990101001001 张示例（a1、c1）" in html
    assert "丙示例（" not in html
    assert "导入完成" in confirm(page, place, html).content.decode()
    again = page.get(upload(page, 人员=[("c1", "张示例", SHILI_VILLAGE)])).content.decode()
    assert "同名" not in again


def test_other_numbers_are_not_warned_of(page: Client) -> None:
    place = upload(page, 人员=[("ａ1", "张示例", YANSHI_VILLAGE), ("a11", "示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    assert "核对后确认导入" in html
    assert "大小写" not in html


def test_a_likeness_that_came_about_meanwhile_is_shown_before_it_is_taken() -> None:
    plan = read_import(book({"人员": [("C1", "丙示例", SHILI_VILLAGE)]}))
    shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
    Person.objects.create(number="c1", name="丙示例", village_id=SHILI_VILLAGE)
    with pytest.raises(OtherThanShown):
        take(PEOPLE_IMPORT, plan, scope=None, actor="x", shown=shown, renames_confirmed=False)


def roster(windows: int, *, people: list[str], village: str = SHILI_VILLAGE) -> Plan:
    rows = [WindowRow(row, village, f"w{row}", [1, 2, 3], row, row + 1, people) for row in range(2, windows + 2)]
    return Plan(
        people=[PersonRow(row, number, f"某{row}", village) for row, number in enumerate(people, 2)], windows=rows
    )


@pytest.mark.parametrize("known", [True, False])
def test_of_errors_without_end_no_more_are_made_than_are_told(known: bool) -> None:
    """Each is an object of the web's: 680 kB of a file came to 400,000 of them, in 50 seconds and 450 MB."""
    plan = roster(100, people=[f"N{number}" for number in range(50)])
    for window in plan.windows:
        window.weekdays[:] = [1]
    plan.windows = [dataclasses.replace(window, start=480, end=540) for window in plan.windows]
    if not known:
        plan.people = []
    with pytest.raises(ImportRefused) as refused:
        preview(PEOPLE_IMPORT, plan, scope=None)
    assert len(refused.value.errors) == MOST_ERRORS + 1
    assert str(refused.value.errors[0]) == "错误太多，只列出了 2000 处：请改好这些，再上传一次"


def test_a_seat_is_held_until_the_changes_are_judged_and_taken(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A seat that is given back after the reading lets the next file in while this one is still being judged."""
    seats = threading.BoundedSemaphore(1)
    monkeypatch.setattr(reading, "_SEATS", seats)
    monkeypatch.setattr(reading, "SEAT_WITHIN_S", 0.05)
    free: list[bool] = []

    def watched[**P, R](step: Callable[P, R]) -> Callable[P, R]:
        def inner(*args: P.args, **kwargs: P.kwargs) -> R:
            free.append(seats.acquire(blocking=False))
            return step(*args, **kwargs)

        return inner

    for room, step in ((imports, read_import), (importing, preview), (importing, take)):
        monkeypatch.setattr(room, step.__name__, watched(step))
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()
    with seats:
        for answer in (page.get(place), page.post(place, {"shown": shown_on(html)})):
            assert answer.status_code == 422
            assert "正有别人在导入" in answer.content.decode()
    assert not Person.objects.filter(number="c1").exists()
    assert confirm(page, place, html).status_code == 200
    assert Person.objects.filter(number="c1").exists()
    assert free == [False] * 4


def test_many_windows_are_taken_in_few_queries(django_assert_max_num_queries: Any) -> None:
    people = [f"N{number}" for number in range(5)]
    plan = roster(300, people=people)
    open_stream(settings.HOME)  # which states every table once
    with django_assert_max_num_queries(74):
        shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
        take(PEOPLE_IMPORT, plan, scope=None, actor="x", shown=shown, renames_confirmed=False)
    made = {window.name: window.pk for window in DutyWindow.objects.all()}
    assert len(made) == 300
    assert DutyWindow.people.through.objects.count() == 1_500
    plan.windows = [dataclasses.replace(window, people=people[:2], weekdays=[7]) for window in plan.windows]
    with django_assert_max_num_queries(74):
        shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
        take(PEOPLE_IMPORT, plan, scope=None, actor="x", shown=shown, renames_confirmed=False)
    assert {window.name: window.pk for window in DutyWindow.objects.all()} == made
    window = DutyWindow.objects.get(name="w7")
    assert ([person.number for person in window.people.all()], window.weekdays) == (["N0", "N1"], [7])
    assert (window.start, window.end) == (7, 8)
    assert preview(PEOPLE_IMPORT, plan, scope=None).counts()["值班"] == Count(same=300)


@pytest.mark.parametrize(
    ("lost", "status"), [({"is_active": False}, 403), ({"role": Role.AUDITOR}, 403), ({"region": OTHER_TOWNSHIP}, 422)]
)
def test_whoever_lost_the_right_while_waiting_for_another_import_takes_nothing(
    monkeypatch: pytest.MonkeyPatch, lost: dict[str, Any], status: int
) -> None:
    """The request began while the account was open; its turn came after it was closed."""
    user = user_of(OTHER_OPERATOR)
    page = client_for(user)
    place = upload(page, 人员=[("c1", "丙示例", SHILI_VILLAGE)])
    html = page.get(place).content.decode()

    def waiting(*args: Any, **kwargs: Any) -> Any:
        region = Region.objects.get(pk=lost.get("region", COUNTY))
        User.objects.filter(pk=user.pk).update(**(lost | {"region": region}))
        return take(*args, **kwargs)

    monkeypatch.setattr(importing, "take", waiting)
    answer = page.post(place, {"shown": shown_on(html)})
    assert answer.status_code == status
    assert not Person.objects.filter(number="c1").exists()
    assert not AuditEntry.objects.filter(action="people.imported").exists()


def test_many_stations_are_taken_in_few_queries(django_assert_max_num_queries: Any) -> None:
    Station.objects.filter(id=SHILI).update(enrolled_at=None)
    rows = [StationRow(row, f"new-{row}", f"站{row}", SHILI_VILLAGE) for row in range(2, 300)]
    plan = Plan(stations=[*rows, StationRow(300, SHILI, "示例村站", YANSHI_VILLAGE)])
    open_stream(settings.HOME)  # which states every table once
    with django_assert_max_num_queries(50):
        shown = preview(PEOPLE_IMPORT, plan, scope=None).digest()
        take(PEOPLE_IMPORT, plan, scope=None, actor="x", shown=shown, renames_confirmed=False)
    assert Station.objects.filter(village=SHILI_VILLAGE).count() == 298
    assert Station.objects.get(id=SHILI).village_id == YANSHI_VILLAGE
