"""The pages of people, windows, units and regions, on a desk and on a telephone."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.people.models import Card, UnitKind
from server_broker.people.posts import make_unit
from server_broker.regions.models import Region
from tests.browser.legibility import reads_well
from tests.cast import LI, OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, touch, user_of, window

pytestmark = pytest.mark.django_db(transaction=True)


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
