"""What nothing takes back, as an officer meets it: who gets a card, and a loss; on a desk and on a telephone."""

import secrets
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.people.models import Card
from tests.browser.legibility import reads_well
from tests.cast import COUNTY_OFFICER, SHILI, YANGBAN
from tests.server_broker.county import FictionalCounty, alarm, make_county, touch, user_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    return make_county()


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    officer = user_of(COUNTY_OFFICER)
    context = sign_in(browser, urljoin(web, make_sign_in_link(officer)), width=request.param)
    yield context.new_page()
    context.close()


def test_a_card_for_another_village_is_looked_at_before_it_is_bound(
    page: Page, county: FictionalCounty, web: str
) -> None:
    card = secrets.token_bytes(16)
    for name in (SHILI, YANGBAN, SHILI):
        touch(county.stations[name], card, answer="unknown", direction="in")
    page.goto(urljoin(web, "/desk/"))
    page.get_by_label("人员").fill("b1")
    page.get_by_role("button", name="绑定").click()
    expect(page.get_by_role("heading", name="把这张卡绑定给 王样板？")).to_be_visible()
    expect(page.get_by_role("heading", name="这 3 次打卡会计给 王样板")).to_be_visible()
    reads_well(page)
    page.get_by_role("link", name="不绑定，返回发卡台").click()
    assert not Card.objects.filter(token=card).exists()
    page.get_by_label("人员").fill("b1")
    page.get_by_role("button", name="绑定").click()
    page.get_by_role("button", name="绑定给 王样板（样板村）").click()
    expect(page.get_by_text("已绑定给 王样板（样板村）")).to_be_visible()
    assert Card.objects.filter(token=card, person__number="b1").exists()


def test_a_loss_is_read_of_before_it_is_marked(page: Page, county: FictionalCounty, web: str) -> None:
    page.goto(urljoin(web, "/people/"))
    page.get_by_role("button", name="挂失 张示例 的卡").click()
    expect(page.get_by_role("heading", name="挂失 张示例 的卡？")).to_be_visible()
    reads_well(page)
    page.get_by_role("link", name="不挂失，返回人员与卡").click()
    assert not Card.objects.exclude(lost_at=None).exists()
    page.get_by_role("button", name="挂失 张示例 的卡").click()
    page.get_by_role("button", name="确认挂失").click()
    expect(page.get_by_text("张示例 的卡已挂失")).to_be_visible()
    assert Card.objects.exclude(lost_at=None).filter(person__number="a1").exists()


def test_a_confirmed_alarm_reads_well(page: Page, county: FictionalCounty, web: str) -> None:
    alarm(county.stations[SHILI], "lost_card", acknowledged_at=timezone.now())
    page.goto(urljoin(web, "/stations/shili-01/"))
    expect(page.get_by_role("link", name="已确认")).to_be_visible()
    reads_well(page)
