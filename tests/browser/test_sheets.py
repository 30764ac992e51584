"""An officer reads a month's sheet on a desk and on a telephone, and shows it after a page that says what follows."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import open_context
from server_broker.regions.models import Region
from server_broker.settling.models import SettledWindow, SettlingState
from tests.browser.legibility import looked_at
from tests.browser.letting_in import let_in
from tests.cast import LI, SHILI, SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of

pytestmark = pytest.mark.django_db(transaction=True)
FIRST = (timezone.localdate().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
MONTH = f"{FIRST:%Y-%m}"
SIGNS = "√迟早缺旷假出会停暂休√待未"


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    """Two people with two windows a day in the month before, and every result there is."""
    made = make_county()
    made.add(LI)
    SettlingState.objects.create(since=FIRST, through=timezone.localdate(), timed_through=timezone.now())
    signs = [SIGNS[number % len(SIGNS)] for number in range(2 * 2 * 25)]
    rows = []
    for person in (made.people[ZHANG], made.people[LI]):
        for number in range(25):
            rows += [settled(person.pk, number, start, signs.pop()) for start in (510, 840)]
    SettledWindow.objects.bulk_create(rows)
    return made


def settled(person: int, number: int, start: int, result: str) -> SettledWindow:
    now = timezone.now()
    return SettledWindow(
        village=Region.objects.get(pk=SHILI_VILLAGE),
        person_id=person,
        day=FIRST + dt.timedelta(days=number),
        start=start,
        result=result,
        kind="病" if result == "假" else "",
        beside="早" if result == "缺" else "",
        late=23 if result == "迟" else 0,
        early=12 if result in "早缺" else 0,
        line="5",
        reason="",
        share_numerator=1,
        share_denominator=2,
        leave_minutes=0,
        facts=[],
        awaited=[[SHILI, 29_800_000]] if result in "未待" else [],
        rules="2.7",
        parameters="",
        digest=bytes(32),
        known_at=now,
        settled_at=now,
        why="first",
    )


@pytest.fixture(params=[1440, 390])
def page(county: FictionalCounty, browser: Browser, web: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = open_context(browser, request.param)
    let_in(context, web, user_of(TOWNSHIP_OFFICER))
    yield context.new_page()
    context.close()


def test_a_month_is_read_and_shown(page: Page, web: str) -> None:
    page.goto(urljoin(web, f"/sheets/?month={MONTH}"))
    looked_at(page, "sheets-list")
    page.get_by_role("link", name="示例村").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("考勤表")
    expect(page.get_by_text("现在不能定稿")).to_be_visible()
    assert page.locator("a.mark").count() == 100
    looked_at(page, "sheets-open")
    SettledWindow.objects.filter(result__in=["未", "待"]).update(superseded_at=timezone.now())
    page.reload()
    looked_at(page, "sheets-ready")
    page.get_by_role("button", name="公示…").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("公示")
    looked_at(page, "sheets-step")
    page.get_by_role("button", name="确认公示 1 个").click()
    expect(page.get_by_text("已公示 1 个：示例村。")).to_be_visible()
    looked_at(page, "sheets-shown")
