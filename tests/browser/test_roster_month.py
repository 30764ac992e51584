"""A township fills a village's month by keyboard alone on a desk, and looks at it on a telephone."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.attendance.models import DaysKind, DutyWindow, RosterDay
from server_broker.duty.windows import Terms, add_window
from server_broker.regions.models import Region
from tests.browser.legibility import looked_at
from tests.cast import LI, SHILI_VILLAGE, TOWNSHIP_OPERATOR, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of

pytestmark = pytest.mark.django_db(transaction=True)
MONTH = dt.date(2027, 3, 1)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    made.add(LI)
    return made


@pytest.fixture
def night(county: FictionalCounty) -> DutyWindow:
    village, today = Region.objects.get(pk=SHILI_VILLAGE), timezone.localdate()
    zhang = county.people[ZHANG].pk
    add_window(village, Terms("白班", [1, 2, 3, 4, 5], 510, 1050, [zhang]), since=today, actor="county")
    return add_window(village, Terms("晚班", [], 1140, 1320, [], days=DaysKind.NAMED), since=today, actor="county")


@pytest.fixture
def page(county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(TOWNSHIP_OPERATOR))), width=1440)
    yield context.new_page()
    context.close()


def test_a_month_is_filled_by_keyboard_alone(page: Page, county: FictionalCounty, night: DutyWindow, web: str) -> None:
    zhang, li = county.people[ZHANG].pk, county.people[LI].pk
    page.goto(urljoin(web, f"/rosters/?village={SHILI_VILLAGE}&month=2027-03"))
    keys = page.keyboard
    page.locator("#roster td[tabindex='0']").focus()
    keys.press("ArrowDown")
    for person in "1212121":  # the first week: one, then the other, who leads
        keys.press(person if person == "1" else "Shift+Digit2")
        keys.press("ArrowRight")
    for _ in range(7):
        keys.press("ArrowLeft")
    for _ in range(6):
        keys.press("Shift+ArrowRight")
    keys.press("Control+c")
    keys.press("ArrowRight")
    keys.press("Shift+End")
    keys.press("Control+v")
    expect(page.locator("#roster-said")).to_contain_text("改了 31 个班")
    keys.press("Delete")
    expect(page.locator("#roster-said")).to_contain_text("改了 7 个班")
    keys.press("Control+z")
    keys.press("End")
    keys.press("Enter")
    keys.type("李")
    keys.press("ArrowDown")
    keys.press("Space")
    keys.press("Escape")
    expect(page.locator("#roster-said")).to_contain_text("改了 31 个班")
    keys.press("Enter")
    keys.type("李")
    keys.press("Enter")
    picked = page.locator(f"#roster-pick [name=in][value='{li}']")
    expect(picked).to_be_checked()
    expect(page.locator("#pick-find")).to_have_value("")
    keys.press("Escape")
    looked_at(page, "roster-filled")
    page.set_viewport_size({"width": 390, "height": 844})
    looked_at(page, "roster-filled")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("button", name="下一步：核对").focus()
    keys.press("Enter")
    expect(page.get_by_role("heading", name="改成这样")).to_be_visible()
    looked_at(page, "roster-check")
    page.get_by_role("button", name="确认").focus()
    keys.press("Enter")
    expect(page.get_by_text("已记录")).to_be_visible()
    expect(page.locator("#roster-said")).to_have_text("还没有改动")
    rows = RosterDay.objects.known().filter(subject=night, withdrawn=False).order_by("valid_from")
    assert [row.people for row in rows] == [[(zhang, li)[n % 7 % 2]] for n in range(31)]
    assert {tuple(row.leaders) for row in rows if row.people == [li]} == {(li,)}
