"""The pages of people, their numbers, cards and posts, of windows, units and regions, on a desk and on a telephone."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.people.models import Card, HoldingRecord, HoldingState, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.people.private_numbers import set_number
from server_broker.regions.models import Region
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.cast import LI, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP, UNKNOWN_CARD, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, touch, user_of, window
from tests.server_broker.people.numbers import IDENTITY, MOBILE
from tests.server_broker.term_change.test_term_change import BRANCH, sheet

pytestmark = pytest.mark.django_db(transaction=True)

BY = "service"


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    made.add(LI)
    make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor="service")
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(OPERATOR))), width=request.param)
    yield context.new_page()
    context.close()


def test_a_card_of_the_wrong_person_is_given_to_the_right_one(page: Page, county: FictionalCounty, web: str) -> None:
    touch(county.stations[SHILI], ZHANG.token)
    page.goto(urljoin(web, "/people/"))
    page.get_by_role("link", name="张示例").click()
    reads_well(page)
    card = page.locator("section", has=page.get_by_role("heading", name="卡 尾号"))
    card.get_by_label("办什么").select_option("发错了人，收回")
    card.get_by_label("收回以后给谁").fill("a2")
    card.get_by_label("理由").fill("发卡时拿错了")
    card.get_by_role("button", name="下一步：核对").click()
    expect(page.get_by_role("heading", name="1 次打卡改记，涉及 1 天")).to_be_visible()
    reads_well(page)
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_text("已记录，站点很快会知道")).to_be_visible()
    assert Card.objects.filter(token=ZHANG.token, person__number="a2").exists()


def test_windows_units_and_regions_read_well(page: Page, county: FictionalCounty, web: str) -> None:
    made = window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    adds = f"/windows/new/?village={SHILI_VILLAGE}"
    for address in (f"/windows/{made.pk}/", "/windows/new/", adds, "/units/", "/regions/"):
        page.goto(urljoin(web, address))
        for summary in page.locator("summary").all()[:2]:
            summary.click()
        reads_well(page)


def test_a_number_is_registered_shown_once_and_found(page: Page, county: FictionalCounty, web: str) -> None:
    let_in(page.context, web, user_of(OPERATOR))  # with the second factor
    set_number(county.people[ZHANG], "identity", IDENTITY, actor=BY, reason="照证件登记")
    page.goto(urljoin(web, f"/people/{county.people[ZHANG].pk}/"))
    reads_well(page)
    numbers = page.locator("section", has=page.get_by_role("heading", name="身份证号和手机号"))
    expect(numbers).not_to_contain_text(IDENTITY)
    own = numbers.locator("form", has=page.get_by_role("button", name="登记"))
    own.get_by_label("登记或改正").select_option("手机号")
    own.get_by_label("号码").fill(MOBILE)
    own.get_by_label("理由").fill("本人来登记")
    own.get_by_role("button", name="登记").click()
    expect(page.get_by_text("已登记：139****5678")).to_be_visible()
    show = numbers.locator("form", has=page.get_by_role("button", name="显示一次"))
    show.get_by_label("理由").fill("核对发放名单")
    show.get_by_role("button", name="显示一次").click()
    expect(page.get_by_text(IDENTITY)).to_be_visible()
    reads_well(page)
    page.get_by_role("link", name="看完了，返回").click()
    expect(page.get_by_text("看过身份证号：核对发放名单")).to_be_visible()
    page.goto(urljoin(web, "/people/"))
    reads_well(page)
    page.get_by_label("按身份证号或手机号查").fill(MOBILE)
    page.get_by_role("button", name="查", exact=True).click()
    expect(page.get_by_role("heading", name="张示例")).to_be_visible()
    assert MOBILE not in page.url


def test_a_term_change_is_looked_at_and_confirmed(
    page: Page, county: FictionalCounty, web: str, tmp_path: Path
) -> None:
    unit = make_unit(BRANCH, UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    give_post(county.people[ZHANG], unit, "书记", since=timezone.localdate(), actor=BY)
    file = tmp_path / "换届.xlsx"
    file.write_bytes(sheet((BRANCH, "书记", "李示例"), (BRANCH, "副书记", "张示例"), (BRANCH, "委员", "钱示例")))
    day = timezone.localdate() + dt.timedelta(days=9)
    page.goto(urljoin(web, "/units/"))
    page.get_by_role("link", name="换届").click()
    reads_well(page)
    page.locator("#file").set_input_files(file)
    page.get_by_label("就任日期（").fill(str(day))
    page.get_by_role("button", name="读取并预览").click()
    expect(page.get_by_text("管辖范围内没有叫“钱示例”的人员")).to_be_visible()
    reads_well(page)
    file.write_bytes(sheet((BRANCH, "书记", "李示例"), (BRANCH, "副书记", "张示例"), (BRANCH, "委员", "空缺")))
    page.locator("#file").set_input_files(file)
    page.get_by_role("button", name="读取并预览").click()
    expect(page.get_by_text("卸任 1，留任 0，就任 2，空缺 1").first).to_be_visible()
    reads_well(page)
    page.get_by_role("button", name="确认换届").click()
    expect(page.get_by_text("换届已记录")).to_be_visible()
    held = HoldingRecord.objects.known().filter(state=HoldingState.HELD, valid_to=None)
    assert set(held.values_list("subject__person__number", "subject__post__title")) == {
        ("a2", "书记"),
        ("a1", "副书记"),
    }


def test_an_unknown_card_becomes_a_temporary_one(page: Page, county: FictionalCounty, web: str) -> None:
    touch(county.stations[SHILI], UNKNOWN_CARD, at=timezone.now() - dt.timedelta(days=3), answer="unknown")
    page.goto(urljoin(web, "/desk/"))
    reads_well(page)
    page.get_by_role("link", name="五周内的陌生卡").click()
    reads_well(page)
    page.get_by_label("人员编号").fill("a1")
    page.get_by_role("button", name="下一步：核对").click()
    page.get_by_label("临时卡").fill(str(timezone.localdate() + dt.timedelta(days=9)))
    reads_well(page)
    page.get_by_role("button", name="绑定给 张示例").click()
    expect(page.get_by_text("已绑定给 张示例")).to_be_visible()
