"""What an officer typed into a form is there again when the county refuses it, and gone when it is taken."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from tests.cast import SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(transactional_db: None, browser: Browser, web: str) -> Iterator[Page]:
    made: FictionalCounty = make_county()
    assert made.people[ZHANG].village_id == SHILI_VILLAGE
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(TOWNSHIP_OFFICER))), width=1440)
    yield context.new_page()
    context.close()


def test_a_refused_form_is_filled_in_again(page: Page, web: str) -> None:
    page.goto(urljoin(web, f"/windows/new/?village={SHILI_VILLAGE}"))
    form = page.locator("form[action='/windows/add/']")
    name, person = form.locator("[name=name]"), form.locator(f"label:has-text('{ZHANG.name}') input").first
    week = form.locator("[name=weekdays]")
    name.fill("晚班")
    week.fill("1-5")
    form.locator("[name=start]").fill("晚上七点多")
    form.locator("[name=end]").fill("21:00")
    form.locator("[name=reason]").fill("示例：新添的")
    person.check()
    form.get_by_role("button", name="下一步").click()
    expect(page.locator("p.message.error")).to_be_visible()
    expect(name).to_have_value("晚班")
    expect(form.locator("[name=reason]")).to_have_value("示例：新添的")
    expect(person).to_be_checked()
    expect(week).to_have_value("1-5")
    form.locator("[name=start]").fill("19:00")
    form.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("button", name="确认")).to_be_visible()
    page.goto(urljoin(web, f"/windows/new/?village={SHILI_VILLAGE}"))
    expect(name).to_have_value("")
