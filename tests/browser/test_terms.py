"""考勤规则, 报停, 代用站点 and 值得一看 on a desk and on a telephone: they read well, and one thing is done on each."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.dated.days import begin_of
from server_broker.exceptions.models import Judgement, Notable
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.settling.models import DeadStation, ParameterRecord, StandIn
from server_broker.settling.setting_terms import set_term
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.cast import COUNTY, COUNTY_OFFICER, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP, YANGBAN, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, snapshot, touch, user_of

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "按县里文件"


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    Station.objects.filter(pk=SHILI).update(enrolled_at=timezone.now() - dt.timedelta(days=3))
    today, now, by = timezone.localdate(), timezone.now(), user_of(OPERATOR)
    county, village = Region.objects.get(pk=COUNTY), Region.objects.get(pk=SHILI_VILLAGE)
    set_term(county, "grace_in", 5, since=today, by=by, reason=WHY, now=now, locked=True)
    set_term(county, "late_absence", 60, since=today + dt.timedelta(days=9), by=by, reason=WHY, now=now)
    set_term(village, "place", "village", since=today, by=by, reason="村里定的", now=now)
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    operator = user_of(OPERATOR)
    context = sign_in(browser, urljoin(web, make_sign_in_link(operator)), width=request.param)
    let_in(context, web, operator)
    yield context.new_page()
    context.close()


def test_a_township_gets_a_rule_of_its_own(page: Page, web: str) -> None:
    for code in (COUNTY, TOWNSHIP, SHILI_VILLAGE):
        page.goto(urljoin(web, f"/terms/{code}/"))
        reads_well(page)
    page.goto(urljoin(web, f"/terms/{TOWNSHIP}/"))
    row = page.get_by_role("row", name="下班宽限")
    row.get_by_text("修改").click()
    row.get_by_label("改成").fill("15")
    row.get_by_label("理由").fill(WHY)
    reads_well(page)
    row.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_role("heading", name="示例镇 下班宽限：15 分钟？")).to_be_visible()
    reads_well(page)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("下班宽限已记录")).to_be_visible()
    assert ParameterRecord.objects.filter(subject__name="grace_out", value=15).exists()


def test_a_station_is_declared_dead(page: Page, web: str) -> None:
    page.goto(urljoin(web, f"/stations/{SHILI}/"))
    yesterday = timezone.localtime() - dt.timedelta(days=1)
    page.get_by_label("从什么时候起").fill(f"{yesterday:%Y-%m-%dT%H:%M}")
    page.get_by_label("怎么知道的").fill("村里说主板烧坏")
    page.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_text("不再等这个站点的记录")).to_be_visible()
    reads_well(page)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已报停")).to_be_visible()
    expect(page.get_by_role("button", name="下一步：撤回报停")).to_be_visible()
    reads_well(page)
    assert DeadStation.objects.filter(dead=True).exists()


def test_a_village_names_a_station_that_stands_in(page: Page, web: str) -> None:
    page.goto(urljoin(web, f"/regions/{YANSHI_VILLAGE}/stand-in/"))
    reads_well(page)
    page.get_by_label("由哪个站点代用").select_option(SHILI)
    page.get_by_label("理由").fill("还没有装站点")
    page.get_by_role("button", name="下一步：核对").click()
    reads_well(page)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("代用站点已记录")).to_be_visible()
    reads_well(page)
    assert StandIn.objects.filter(station=SHILI).exists()


@pytest.fixture(params=[1440, 390])
def officer(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(COUNTY_OFFICER))), width=request.param)
    yield context.new_page()
    context.close()


@pytest.fixture
def found(county: FictionalCounty) -> Notable:
    morning = begin_of(timezone.localdate() - dt.timedelta(days=1)) + dt.timedelta(hours=8)
    touches = [
        touch(county.stations[SHILI], ZHANG.token, at=morning),
        touch(county.stations[YANGBAN], ZHANG.token, at=morning + dt.timedelta(minutes=15)),
    ]
    snapshot(county.stations[SHILI], b"p" * 32, size=9, about=touches[0])
    shared = {"village": Region.objects.get(pk=SHILI_VILLAGE), "day": timezone.localdate(morning)}
    run = {"days": 2, "from": str(timezone.localdate()), "to": str(timezone.localdate()), "windows": 4}
    for kind in ("quiet_village", "dark_station"):
        Notable.objects.create(kind=kind, key=kind, detail=run, evidence=[], found_at=timezone.now(), **shared)
    return Notable.objects.create(
        kind="two_places",
        key="one",
        person=county.people[ZHANG],
        detail={"minutes": 15},
        evidence=[[one.station_id, bytes(one.epoch).hex(), one.seq] for one in touches],
        found_at=timezone.now(),
        **shared,
    )


def test_what_is_worth_a_look_is_opened(found: Notable, page: Page, web: str) -> None:
    page.goto(urljoin(web, "/exceptions/"))
    expect(page.get_by_text("同一张卡 15 分钟里先后在两个镇打卡")).to_be_visible()
    reads_well(page)
    kind = page.get_by_role("row", name="一张卡两个镇 同一张卡先后")
    kind.get_by_text("停用、改数").click()
    reads_well(page)


def test_an_officer_says_what_it_was(found: Notable, officer: Page, web: str) -> None:
    officer.goto(urljoin(web, "/exceptions/"))
    officer.get_by_role("row", name="张示例").get_by_role("link", name="打开").click()
    expect(officer.get_by_role("link", name="看抓拍")).to_be_visible()
    reads_well(officer)
    officer.get_by_label("没有问题").check()
    officer.get_by_label("怎么回事").fill("家住两镇交界")
    officer.get_by_role("button", name="记录").click()
    expect(officer.get_by_text("已记录：没有问题")).to_be_visible()
    assert Judgement.objects.get().note == "家住两镇交界"
    officer.goto(urljoin(web, "/exceptions/?state=judged"))
    reads_well(officer)
