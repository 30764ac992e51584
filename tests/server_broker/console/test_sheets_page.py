"""考勤表: what officers see of villages' months, and how they show and close them."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.closing import closing
from server_broker.closing.models import ClosedMonth
from server_broker.duty.windows import Terms, add_window
from server_broker.regions.models import Region
from server_broker.requests.asking import Wish, ask
from server_broker.settling.models import NOTHING_TOLD, SettleDue
from server_broker.workdays.county_table import CountyWord, write_days
from tests.cast import (
    CLERK,
    COUNTY_OFFICER,
    LI,
    OTHER_TOWNSHIP_OFFICER,
    OVERSEER,
    SECRETARY,
    SHILI_VILLAGE,
    STRAY,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN,
    YANGBAN_VILLAGE,
    YANSHI,
    YANSHI_VILLAGE,
    ZHANG,
    ZHAO,
)
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LAST,
    LATE,
    MAY_CLOSE,
    MISSED,
    MONTH,
    NEXT,
    SHOWN_AT,
    LivedMonth,
    closed,
    county,
    lives_on,
    march,
    shown,
    village,
)
from tests.server_broker.county import FictionalCounty, add_station, requested, signed_in, touch
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.settling.lived import BY, MONDAY, LivedStation, at, morning, recorded

__all__ = ["county", "march"]

pytestmark = pytest.mark.django_db

LIST = f"/sheets/?month={MONTH}"
SHEET = f"/sheets/{SHILI_VILLAGE}/{MONTH}/"
SHOW, CLOSE = f"/sheets/{MONTH}/show/", f"/sheets/{MONTH}/close/"

type Clock = Callable[[dt.datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets what time it is for the pages."""

    def set_clock(now: dt.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now)
        monkeypatch.setattr(closing, "settled_horizon", lambda: now)

    return set_clock


@pytest.fixture
def lived(march: LivedMonth, clock: Clock) -> LivedMonth:
    made = march.again()
    clock(SHOWN_AT)
    return made


def text_of(client: Client, path: str, **sent: object) -> str:
    answer = client.post(path, sent, follow=True) if sent else client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def test_the_list_says_how_far_each_village_is_and_what_it_waits_for(
    lived: LivedMonth, county: FictionalCounty, clock: Clock
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    yanshi = LivedStation(YANSHI)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    yanshi.send(at(APRIL, 8))
    lives_on(at(APRIL, 8, 30))
    page = text_of(signed_in(TOWNSHIP_OFFICER), LIST)
    assert re.search(r"全部 2 进行中 0 未定稿 1 可公示 1 公示中 0 已定稿 0", page)
    assert re.search(r"演示村 △ 未定稿 13 个班数据未到 最早从 3月14日 06:00 起等", page)
    assert "公示能公示的 1 个" in page
    # Another township's officer reads nothing of it; the county's does.
    assert "示例村" not in text_of(signed_in(OTHER_TOWNSHIP_OFFICER), LIST)
    assert "示例村" in text_of(signed_in(COUNTY_OFFICER), LIST)
    # The whole county at a time is not shown by one key.
    assert "公示能公示的" not in text_of(signed_in(COUNTY_OFFICER), LIST)
    assert "公示能公示的 1 个" in text_of(signed_in(COUNTY_OFFICER), f"{LIST}&place={TOWNSHIP}")
    clock(at(LAST, 12))
    assert "进行中 2" in text_of(signed_in(TOWNSHIP_OFFICER), LIST)


def test_a_station_that_has_told_nothing_is_awaited_without_a_minute(
    lived: LivedMonth, county: FictionalCounty, clock: Clock
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    LivedStation(YANSHI)
    zhao = county.add(ZHAO)
    morning(zhao, village=YANSHI_VILLAGE)
    lives_on(at(APRIL, 8, 30))
    officers = signed_in(TOWNSHIP_OFFICER)
    assert "演示村 △ 未定稿 13 个班数据未到 有站点一条记录都还没有到 —" in text_of(officers, LIST)
    sheet = f"/sheets/{YANSHI_VILLAGE}/{MONTH}/"
    assert "演示村站点 一条记录都还没有传到县里 — 13" in text_of(officers, sheet)
    why = text_of(officers, f"/sheets/{YANSHI_VILLAGE}/windows/{zhao.pk}/{MONDAY}/510/")
    assert "演示村站点还没有记录，要齐到 15:00" in why
    assert "等演示村站点的记录：一条都还没有到" in why
    assert f",{YANSHI}@," in officers.get(f"{sheet}sheet.csv").content.decode()
    assert officers.get(f"{sheet}sheet.xlsx").status_code == 200


def test_what_is_awaited_longest_stands_first(lived: LivedMonth, county: FictionalCounty) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    LivedStation(YANSHI)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    second = LivedStation.at_village("yanshi-02", YANSHI_VILLAGE)
    second.send(at(APRIL, 8))
    lives_on(at(APRIL, 8, 30))
    assert re.search(
        "未定稿 13 个班数据未到 最早从 3月14日 06:00 起等，有站点一条记录都还没有到",
        text_of(signed_in(TOWNSHIP_OFFICER), LIST),
    )
    page = text_of(signed_in(TOWNSHIP_OFFICER), f"/sheets/{YANSHI_VILLAGE}/{MONTH}/")
    assert page.index("一条记录都还没有传到县里") < page.index("那以后的记录还没传到县里")


def test_a_board_that_took_anothers_place_is_called_by_its_stations_village(county: FictionalCounty) -> None:
    day = timezone.localdate() - DAY
    settled_row(county.people[WANG], day, "未", line="7", awaited=[[f"{YANGBAN}/2", NOTHING_TOLD]])
    page = text_of(signed_in(OTHER_TOWNSHIP_OFFICER), f"/sheets/{YANGBAN_VILLAGE}/{day:%Y-%m}/")
    assert "样板村站点 一条记录都还没有传到县里" in page
    assert YANGBAN not in page


def test_a_months_sheet_shows_people_by_dates_with_links_to_why(lived: LivedMonth) -> None:
    answer = signed_in(TOWNSHIP_OFFICER).get(SHEET).content.decode()
    late = re.search(r'<a class="mark warn" href="([^"]+)" title="3月24日 08:30 迟到 22 分钟">迟</a>', answer)
    assert late is not None
    assert late[1] == f"/sheets/{SHILI_VILLAGE}/windows/{lived.zhang.pk}/{LATE}/510/"
    assert signed_in(TOWNSHIP_OFFICER).get(late[1]).status_code == 200
    assert 'title="3月17日 08:30 缺卡">缺</a>' in answer
    page = text_of(signed_in(SECRETARY), SHEET)
    assert "可公示" in page
    assert "迟到 1 次，一共 22 分钟" in page
    assert "公示…" not in page, "the secretary of the village does not show its month"
    assert "公示…" in text_of(signed_in(TOWNSHIP_OFFICER), SHEET)


def test_a_month_that_is_about_to_be_settled_again_is_not_said_to_be_ready(lived: LivedMonth) -> None:
    SettleDue.objects.create(village=village(), day=MISSED, why=["touch"], marked_at=SHOWN_AT)
    officers = signed_in(TOWNSHIP_OFFICER)
    assert "考勤表 … 正在结算" in text_of(officers, SHEET)
    assert "示例村 … 正在结算" in text_of(officers, LIST)
    SettleDue.objects.all().delete()
    assert "考勤表 ○ 可公示" in text_of(officers, SHEET)
    assert "示例村 ○ 可公示" in text_of(officers, LIST)


def test_what_is_open_has_a_column_until_all_has_a_result(lived: LivedMonth, county: FictionalCounty) -> None:
    officers = signed_in(TOWNSHIP_OFFICER)
    assert "未定" not in officers.get(SHEET).content.decode().split("<tfoot>")[0].split("<thead>")[1]
    add_station(county, YANSHI, YANSHI_VILLAGE)
    LivedStation(YANSHI)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    lives_on(at(APRIL, 8, 30))
    table = officers.get(f"/sheets/{YANSHI_VILLAGE}/{MONTH}/").content.decode()
    heads, feet = table.split("</thead>")[0], table.split("<tfoot>")[1].split("</tfoot>")[0]
    assert '<th scope="col" class="sum">请假</th><th scope="col" class="sum">未定</th>' in heads
    assert 'data-label="应到">13<' in feet
    assert 'data-label="未定">13<' in feet


def test_what_lies_elsewhere_or_ahead_is_not_there(lived: LivedMonth) -> None:
    officers = signed_in(TOWNSHIP_OFFICER)
    assert officers.get(f"/sheets/{YANGBAN_VILLAGE}/{MONTH}/").status_code == 404
    assert officers.get(f"/sheets/{SHILI_VILLAGE}/2027-05/").status_code == 404
    other = signed_in(OTHER_TOWNSHIP_OFFICER)
    assert other.get(SHEET).status_code == 404
    for path in (SHOW, CLOSE):
        for confirmed in ("", "yes"):
            assert other.post(path, {"code": SHILI_VILLAGE, "confirmed": confirmed}).status_code == 404
            both = {"code": [SHILI_VILLAGE, YANGBAN_VILLAGE], "confirmed": confirmed}
            assert officers.post(path, both).status_code == 404
    assert signed_in(SECRETARY).post(SHOW, {"code": SHILI_VILLAGE}).status_code == 403
    assert not AuditEntry.objects.filter(action__startswith="month.").exists()


def test_showing_says_first_what_follows(lived: LivedMonth, clock: Clock) -> None:
    officers = signed_in(TOWNSHIP_OFFICER)
    page = text_of(officers, SHOW, code=SHILI_VILLAGE)
    assert "公示 2027年3月的考勤表？" in page
    assert "示例村 4月6日 没有" in page
    assert "可以提异议、补卡" in page
    assert not AuditEntry.objects.filter(action="month.shown").exists()
    page = text_of(officers, SHOW, code=SHILI_VILLAGE, confirmed="yes")
    assert "已公示 1 个：示例村。" in page
    assert "公示到 4月6日 24:00" in page
    assert "现在不能定稿：公示到 4月6日 为止" in page
    clock(MAY_CLOSE)
    officers = signed_in(TOWNSHIP_OFFICER)
    assert "定稿…" in text_of(officers, SHEET)


def test_closing_says_what_waits_and_then_shows_what_was_signed(lived: LivedMonth, clock: Clock) -> None:
    shown()
    wish = Wish(
        kind="correction", window=lived.window.pk, day=MISSED, mark="departure",
        mark_at=at(MISSED, 12, 3), note="忘了打卡，有人作证",
    )  # fmt: skip
    ask(lived.li, wish, now=at(APRIL + DAY, 9))
    requested(
        lived.station_row(), touch(lived.station_row(), LI.token, at=at(MISSED, 8, 20)), begin_at=at(MISSED, 8, 20)
    )
    clock(MAY_CLOSE)
    officers = signed_in(TOWNSHIP_OFFICER)
    page = text_of(officers, SHEET)
    assert "等答复的补卡和异议 2 条" in page
    assert re.search(r"李示例 \d{6} 补卡：下班卡 12:03 3月17日 08:30–12:00（上午）", page)
    assert re.search(r"李示例 \d{6} 异议：时间不对 3月17日 08:20", page)
    assert "示例村 4月6日 △ 2 条" in text_of(officers, CLOSE, code=SHILI_VILLAGE)
    # The village's own read of the correction, which they may decide, and of no objection.
    own_objection = Wish(kind="objection", window=lived.window.pk, day=LATE, note="那天停电，打不了卡")
    ask(lived.zhang, own_objection, now=at(APRIL + DAY, 9))
    assert "张示例" in text_of(officers, SHEET).partition("等答复的补卡和异议 3 条")[2]
    for account in (SECRETARY, OVERSEER, CLERK):
        page = text_of(signed_in(account), SHEET)
        assert "等答复的补卡和异议 1 条" in page
        assert "异议：" not in page
    with recorded(MAY_CLOSE):
        page = text_of(officers, CLOSE, code=SHILI_VILLAGE, confirmed="yes")
    assert "已定稿 1 个：示例村。" in page
    made = ClosedMonth.objects.get()
    assert bytes(made.sha256).hex() in page
    assert f"由 {TOWNSHIP_OFFICER.username} 定稿" in page
    assert "没有定稿。示例村" in text_of(officers, CLOSE, code=SHILI_VILLAGE, confirmed="yes")
    assert ClosedMonth.objects.get() == made


def test_a_township_shows_and_closes_what_is_ready_and_reads_why_the_others_are_not(
    lived: LivedMonth, county: FictionalCounty, clock: Clock
) -> None:
    add_station(county, YANSHI, YANSHI_VILLAGE)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    LivedStation(YANSHI).send(at(APRIL, 8))
    lives_on(at(APRIL, 8, 30))
    officers = signed_in(TOWNSHIP_OFFICER)
    both = [SHILI_VILLAGE, YANSHI_VILLAGE]
    page = text_of(officers, SHOW, code=both)
    assert "要公示的 1 个 哪里 公示到 等答复的补卡、异议 示例村" in page
    assert "现在不能公示的 1 个，不会动 哪里 为什么 演示村 还有 13 个班数据未到" in page
    page = text_of(officers, SHOW, code=both, confirmed="yes")
    assert "已公示 1 个：示例村。" in page
    assert "没有公示。演示村：还有 13 个班数据未到，都有了结果才能公示。" in page
    clock(MAY_CLOSE)
    officers = signed_in(TOWNSHIP_OFFICER)
    assert "定稿到期的 1 个" in text_of(officers, LIST)
    assert "演示村 还有 13 个班数据未到" in text_of(officers, CLOSE, code=both)


def test_a_slip_and_what_changed_since_the_showing_are_told(lived: LivedMonth, clock: Clock) -> None:
    shown()
    with recorded(at(APRIL, 10)):
        write_days({LATE: CountyWord(False, "放假")}, actor=BY)
    lives_on(at(APRIL, 10, 1))
    clock(at(APRIL, 11))
    page = text_of(signed_in(TOWNSHIP_OFFICER), SHEET)
    assert "公示以后变了的 4月1日 09:00 公示，到现在 2 个班不一样了" in page
    assert "张示例 3月24日 08:30 迟到 22 分钟 休 工作日历改过 4月1日 10:01" in page
    assert "重新公示…" in page
    shown(at(APRIL, 12))
    clock(MAY_CLOSE)
    closed()
    with recorded(MAY_CLOSE + DAY):
        write_days({LATE: CountyWord(True, "")}, actor=BY)
    lives_on(MAY_CLOSE + DAY)
    clock(MAY_CLOSE + DAY)
    officers = signed_in(TOWNSHIP_OFFICER)
    april = text_of(officers, f"/sheets/{SHILI_VILLAGE}/{NEXT}/")
    assert "更正单 以前定稿的月份，定稿以后变了的，随这张表一起定稿" in april
    assert "张示例 3月24日 08:30 休 迟到 22 分钟 工作日历改过" in april
    assert "更正单" not in text_of(officers, SHEET)


def test_a_name_of_elsewhere_is_not_told(lived: LivedMonth, county: FictionalCounty) -> None:
    zhang = county.people[ZHANG]
    zhang.village = Region.objects.get(pk=YANGBAN_VILLAGE)
    zhang.save()
    page = text_of(signed_in(TOWNSHIP_OFFICER), SHEET)
    assert ZHANG.name not in page
    assert "外辖区人员" in page


def test_the_pages_ask_a_fixed_number_of_queries(lived: LivedMonth, county: FictionalCounty) -> None:
    client = signed_in(TOWNSHIP_OFFICER)

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            text_of(client, path)
        return len(asked)

    few = [queries(path) for path in (LIST, SHEET)]
    add_station(county, YANSHI, YANSHI_VILLAGE)
    morning(county.add(ZHAO), village=YANSHI_VILLAGE)
    afternoon = Terms("下午", [1, 2, 3, 4, 5], 840, 1080, [county.people[ZHANG].pk, county.people[LI].pk])
    add_window(village(), afternoon, since=MONDAY, actor=BY)
    LivedStation(YANSHI).send(at(APRIL, 8))
    lives_on(at(APRIL, 8, 30))
    SettleDue.objects.all().delete()
    # What is awaited is looked up by one query more.
    assert [queries(LIST), queries(SHEET)] == [few[0], few[1] + 1]


def test_who_has_no_region_sees_none(lived: LivedMonth) -> None:
    assert "还没有分配区划" in text_of(signed_in(STRAY), LIST)
    assert signed_in(STRAY).get(SHEET).status_code == 404
