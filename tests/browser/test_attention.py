"""需要处理 on a desk and on a telephone as wide as 390 px: read at once, and taken on by two presses."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.fleet.models import StationStatus
from tests.browser.legibility import looked_at
from tests.cast import COUNTY, SHILI, TOWNSHIP_OFFICER, YANGBAN
from tests.server_broker.county import alarm, make_county, user_of
from tests.server_broker.incidents.many_stations import lose, make_stations

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, transactional_db: None, browser: Browser, web: str) -> Iterator[Page]:
    county, now = make_county(), timezone.now()
    StationStatus.objects.update(reader_ready=True)
    lose(make_stations(60)[:18], at=now - dt.timedelta(minutes=50))
    alarm(county.stations[SHILI], "undervoltage", "minor")
    alarm(county.stations[YANGBAN], "card_worn", "major")
    alarm(None, "backup_overdue", "major", detail="最近一次备份是 3 天前")
    officer = user_of(TOWNSHIP_OFFICER)
    officer.region_id = COUNTY
    officer.save()
    context = sign_in(browser, urljoin(web, make_sign_in_link(officer)), width=request.param)
    yield context.new_page()
    context.close()


def test_what_needs_somebody_is_read_at_once_and_taken_on(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/attention/"))
    expect(page.get_by_role("link", name="疑似停电或断网", exact=True)).to_be_visible()
    looked_at(page, "attention-list")
    page.get_by_role("link", name="处理：供电电压不足").click()
    looked_at(page, "attention-one")
    page.get_by_label("准备怎么办").fill("明天带电源去")
    page.get_by_role("button", name="确认：我来处理").click()
    expect(page.get_by_text("已确认：供电电压不足。")).to_be_visible()
    page.get_by_role("link", name="已确认").click()
    expect(page.get_by_text("明天带电源去")).to_be_visible()
