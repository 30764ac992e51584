"""What a correction rests on reads well on a desk and on a telephone, with the forms that add to it."""

import datetime as dt
import os
from pathlib import Path
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser

from firmware_scripts.pictures.console import open_context
from server_broker.dated.days import begin_of
from server_broker.people.models import Person
from server_broker.requests.asking import Wish
from server_broker.requests.exhibits import add_witness
from tests.browser.legibility import reads_well
from tests.browser.letting_in import let_in
from tests.cast import LI, SHILI, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import make_county, touch, user_of
from tests.server_broker.requests.asked_here import MONDAY, asks, duty, key

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("CUNHUI_PHONE_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""
BEGIN = begin_of(MONDAY) + dt.timedelta(hours=8, minutes=20)
NOW = BEGIN + dt.timedelta(days=1)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_correction_with_a_witness(browser: Browser, web: str, width: int) -> None:
    county = make_county()
    county.add(LI)
    zhang: Person = county.people[ZHANG]
    duty(zhang)
    came = touch(county.stations[SHILI], LI.token, at=BEGIN)
    window = zhang.windows.get().pk
    wish = Wish(kind="correction", window=window, day=MONDAY, mark="arrival", mark_at=BEGIN, note="卡忘在家里")
    asked = asks(zhang, wish, at=NOW)
    add_witness(
        asked, came.pk, may_choose=lambda _: True, note="她一早就在村部开会", by=user_of(TOWNSHIP_OFFICER), now=NOW
    )
    context = open_context(browser, width)
    let_in(context, web, user_of(TOWNSHIP_OFFICER))
    page = context.new_page()
    page.goto(urljoin(web, f"/todo/{key(asked)}/"))
    page.get_by_text("加凭据", exact=True).click()
    reads_well(page)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"exhibits-{width}.png", full_page=True)
    context.close()
