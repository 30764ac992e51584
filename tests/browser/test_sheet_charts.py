"""Charts of 考勤 and a person's month, on a desk and on a telephone."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.regions.models import Region
from server_broker.settling.models import DayCount
from tests.browser.legibility import reads_well
from tests.cast import COUNTY, OPERATOR, SHILI_VILLAGE, YANGBAN_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of
from tests.server_broker.settling.kept_rows import settled_row

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    """A county whose last months are settled."""
    made, today = make_county(), timezone.localdate()
    for number, result in enumerate(("√", "迟", "缺", "旷", "假", "未")):
        settled_row(made.people[ZHANG], today.replace(day=1), result, start=60 * number)
    for code in (SHILI_VILLAGE, YANGBAN_VILLAGE):
        for number in range(100):
            day = today - dt.timedelta(days=3 * number)
            DayCount.objects.create(village=Region.objects.get(pk=code), day=day, judged=10, in_time=number % 11)
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(OPERATOR))), width=request.param)
    yield context.new_page()
    context.close()


def test_charts_read_well_and_lead_from_the_county_to_a_village(page: Page, web: str) -> None:
    page.goto(urljoin(web, f"/sheets/charts/?place={COUNTY}"))
    reads_well(page)
    page.locator("figcaption").get_by_role("link", name="示例镇").click()
    reads_well(page)
    page.locator("figcaption").get_by_role("link", name="示例村").click()
    expect(page.get_by_role("img", name="按时到岗日历")).to_be_visible()
    reads_well(page)


def test_a_persons_month_reads_well(page: Page, county: FictionalCounty, web: str) -> None:
    page.goto(urljoin(web, f"/people/{county.people[ZHANG].pk}/"))
    page.get_by_role("link", name="月考勤").click()
    expect(page.get_by_role("img", name="这个月的考勤日历")).to_be_visible()
    reads_well(page)
