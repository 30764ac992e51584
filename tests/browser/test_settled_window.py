"""The page of why a window came to its result, on a desk and on a telephone as wide as 390 px."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.db import transaction
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from tests.browser.legibility import looked_at
from tests.cast import LI, SHILI_VILLAGE, TOWNSHIP_OFFICER, YANSHI, YANSHI_VILLAGE, ZHANG
from tests.server_broker.closing.lived_month import lives_on
from tests.server_broker.county import FictionalCounty, add_station, make_county, user_of
from tests.server_broker.settling.lived import MONDAY, TUESDAY, LivedStation, announced, at, morning

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    """Zhang came late on Monday and touched several times; on Tuesday no station had sent anything yet."""
    with transaction.atomic():
        made = make_county()
        announced(MONDAY - 14 * DAY, 50)
        morning(made.people[ZHANG], made.add(LI))
        add_station(made, YANSHI, YANSHI_VILLAGE)
        neighbour = LivedStation(YANSHI)
        station = LivedStation()
        for hour, minute in ((6, 30), (8, 45), (9, 30), (11, 0)):
            station.touched(ZHANG.token, at(MONDAY, hour, minute))
        station.send(at(MONDAY, 11, 1))
        lives_on(at(MONDAY, 16))
        station.touched(ZHANG.token, at(MONDAY, 12, 3))
        station.closed(at(MONDAY, 15, 1))
        station.send(at(MONDAY, 17))
        neighbour.closed(at(MONDAY, 15, 1))
        neighbour.send(at(MONDAY, 17))
        lives_on(at(MONDAY, 18))
        lives_on(at(TUESDAY, 18))
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(TOWNSHIP_OFFICER))), width=request.param)
    yield context.new_page()
    context.close()


def test_why_is_read_and_a_correction_begins_there(page: Page, county: FictionalCounty, web: str) -> None:
    def address(person: int, day: dt.date) -> str:
        return urljoin(web, reverse("settled-window", args=[SHILI_VILLAGE, person, str(day), 510]))

    page.goto(address(county.people[LI].pk, TUESDAY))
    expect(page.get_by_role("link", name="等演示村站点的记录")).to_be_visible()
    looked_at(page, "settled-waits")
    page.goto(address(county.people[ZHANG].pk, MONDAY))
    expect(page.get_by_text("迟到 15 分钟：")).to_be_visible()
    expect(page.get_by_text("有打卡传到县里").first).to_be_visible()
    looked_at(page, "settled-late")
    page.get_by_role("link", name="代本人补卡").click()
    expect(page.get_by_label("补哪一次")).to_be_visible()
