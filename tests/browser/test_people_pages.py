"""Sealed numbers, a term change and unknown cards, on a desk and on a telephone."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from server_broker.people.models import HoldingRecord, HoldingState, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.people.private_numbers import set_number
from server_broker.regions.models import Region
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.cast import LI, OPERATOR, SHILI, SHILI_VILLAGE, UNKNOWN_CARD, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, touch, user_of
from tests.server_broker.people.numbers import IDENTITY, MOBILE
from tests.server_broker.term_change.test_term_change import BRANCH, sheet

pytestmark = pytest.mark.django_db(transaction=True)

BY = "wu-yunwei"


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    made.add(LI)
    unit = make_unit(BRANCH, UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor=BY)
    give_post(made.people[ZHANG], unit, "书记", since=timezone.localdate(), actor=BY)
    set_number(made.people[ZHANG], "identity", IDENTITY, actor=BY, reason="照证件登记")
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": request.param, "height": 900}, locale="zh-CN"
    )
    let_in(context, web, user_of(OPERATOR))
    yield context.new_page()
    context.close()


def test_a_number_is_registered_shown_once_and_found(page: Page, county: FictionalCounty, web: str) -> None:
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
