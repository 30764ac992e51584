"""待办 on a desk and on a telephone as wide as 390 px: what waits is opened by one press and decided."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.requests.models import CountyRequest
from tests.browser.legibility import looked_at
from tests.cast import LI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of
from tests.server_broker.requests.asked_here import asks, days, duty

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    duty(made.people[ZHANG], made.add(LI))
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(TOWNSHIP_OFFICER))), width=request.param)
    yield context.new_page()
    context.close()


def test_what_waits_is_decided_and_another_is_written_down(page: Page, county: FictionalCounty, web: str) -> None:
    now = timezone.now()
    waiting = asks(county.people[ZHANG], days(0, note="家里老人住院"), at=now)
    asks(county.people[LI], days(7, 5, kind="field_duty"), at=now)
    page.goto(urljoin(web, "/todo/"))
    looked_at(page, "affairs-list")
    page.get_by_role("link", name="请假：事假").click()
    looked_at(page, "affairs-one")
    page.get_by_role("button", name="不同意").click()
    expect(page.get_by_text("没有定：不同意要写明理由")).to_be_visible()
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.get_by_text("已定：同意")).to_be_visible()
    page.get_by_role("link", name="等别人定").click()
    expect(page.get_by_role("link", name="外出报备")).to_be_visible()
    page.goto(urljoin(web, f"/todo/c{waiting.pk}/"))
    looked_at(page, "affairs-decided")
    _write_down(page, web)


def _write_down(page: Page, web: str) -> None:
    """Write Zhang's sick leave of today down for her."""
    page.goto(urljoin(web, "/todo/"))
    page.get_by_role("link", name="代别人提").click()
    page.get_by_label("姓名").fill("张")
    page.get_by_role("button", name="找").click()
    page.get_by_role("link", name="张示例").click()
    page.get_by_label("哪种假").select_option("病假")
    looked_at(page, "affairs-new")
    page.get_by_role("button", name="提", exact=True).click()
    expect(page.get_by_text("您现在不能定：这一条是您提的")).to_be_visible()
    assert CountyRequest.objects.latest("pk").asked_by == TOWNSHIP_OFFICER.username
