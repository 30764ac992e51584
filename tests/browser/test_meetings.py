"""会议 on a desk and on a telephone as wide as 390 px: an officer announces a meeting, holds it and keeps minutes."""

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.meetings.models import MeetingRecord
from server_broker.people.models import Card, Person
from tests.browser.legibility import looked_at
from tests.cast import SHILI, TOWNSHIP_OFFICER
from tests.server_broker.county import FictionalCounty, make_county, touch, user_of
from tests.server_broker.meetings.meeting_days import branch, villagers

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def county(transactional_db: None) -> FictionalCounty:
    made = make_county()
    branch()
    Person.objects.filter(pk__in=[person.pk for person in villagers(3)]).update(type="member")
    return made


@pytest.fixture(params=[1440, 390])
def page(request: pytest.FixtureRequest, county: FictionalCounty, browser: Browser, web: str) -> Iterator[Page]:
    context = sign_in(browser, urljoin(web, make_sign_in_link(user_of(TOWNSHIP_OFFICER))), width=request.param)
    yield context.new_page()
    context.close()


def test_a_meeting_is_announced_held_and_written_down(page: Page, county: FictionalCounty, web: str) -> None:
    page.goto(urljoin(web, "/meetings/table/"))
    looked_at(page, "meetings-table")
    page.get_by_role("link", name="现在发通知").first.click()
    now = timezone.localtime().replace(second=0, microsecond=0)
    page.get_by_label("名称").fill("党员大会")
    page.get_by_label("地点").fill("村委会会议室")
    page.get_by_label("从", exact=True).fill(f"{now - dt.timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    page.get_by_label("到", exact=True).fill(f"{now + dt.timedelta(minutes=30):%Y-%m-%dT%H:%M}")
    page.get_by_label("主持人").select_option("示例甲")
    page.get_by_label("议题 1").fill("选小组长")
    page.get_by_label("选项").first.fill("同意、不同意")
    looked_at(page, "meetings-form")
    page.get_by_role("button", name="发会议通知").click()
    expect(page.get_by_text("会议通知已发")).to_be_visible()
    for card in Card.objects.filter(person__number__in=["v0", "v1"]):
        touch(county.stations[SHILI], bytes(card.token), at=now - dt.timedelta(minutes=32))
    page.reload()
    expect(page.get_by_text("要到 2 人；")).to_contain_text("到了 2 人")
    for label, count in (("同意", "2"), ("不同意", "0"), ("在场有表决权的", "2")):
        page.get_by_label(label, exact=True).fill(count)
    page.get_by_role("button", name="记表决结果").click()
    expect(page.get_by_text("表决结果已记")).to_be_visible()
    page.get_by_label("写会议记录").fill("选示例乙为小组长。")
    page.get_by_role("button", name="存会议记录").click()
    page.get_by_role("button", name="我看过，签").click()
    expect(page.get_by_text("会议记录已签")).to_be_visible()
    looked_at(page, "meetings-one")
    page.get_by_role("link", name="改会议").click()
    expect(page.get_by_text("不能再换")).to_be_visible()
    looked_at(page, "meetings-edit")
    page.goto(urljoin(web, "/meetings/"))
    looked_at(page, "meetings-list")
    assert MeetingRecord.objects.get().title == "党员大会"
