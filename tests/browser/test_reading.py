"""What a page says can be read: no text over another, and links among words are told by more than their colour."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urljoin

import pytest
from playwright.sync_api import Browser, Page, expect

from server_broker.audit.log import record
from server_broker.fleet.models import Station
from tests.browser.legibility import BY_COLOUR_ALONE, READABLE
from tests.browser.letting_in import let_in
from tests.browser.sample_day import hold, make_day
from tests.cast import AUDITOR, COUNTY, OPERATOR, SHILI, TOWNSHIP, YANGBAN, ZHANG
from tests.server_broker.county import (
    FictionalCounty,
    asked,
    requested,
    touch,
    user_of,
    written_documents,
    written_notice,
)

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = (
    "/attention/",
    "/stations/",
    "/stations/?q=没有的",
    "/today/",
    "/today/people/",
    "/stations/shifan-01/",
    "/stations/shifan-01/settings/",
    "/stations/shifan-01/live/",
    f"/settings/{COUNTY}/",
    "/people/",
    "/published/",
    "/desk/",
    "/alarms/",
    "/held/",
    "/held/?station=shifan-01&state=messages",
    "/nowhere/",
)
WITHOUT_LIVE_PARTS = (
    "/published/notice/",
    "/published/documents/",
    "/published/voice/",
    "/feedback/",
    "/contacts/",
    "/requests/",
    "/guard/",
    "/compliance/",
    "/tokens/",
    "/workdays/",
    "/help/",
    "/help/?q=打卡",
    "/help/考勤管理员手册/",
)
"""They ask for nothing after they are loaded."""


@pytest.fixture
def day() -> FictionalCounty:
    made = make_day()
    hold(made.stations["shifan-01"])
    return made


@pytest.fixture(params=[1440, 390])
def page(browser: Browser, web: str, day: FictionalCounty, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(
        ignore_https_errors=True, viewport={"width": request.param, "height": 844}, locale="zh-CN"
    )
    let_in(context, web, user_of(OPERATOR))
    yield context.new_page()
    context.close()


@pytest.fixture
def single(day: FictionalCounty) -> list[str]:
    """Pages that show one thing each."""
    station = day.stations[SHILI]
    notice, documents = written_notice(TOWNSHIP), written_documents(TOWNSHIP)
    return [
        f"/published/waiting/notice/{notice.pk}/",
        f"/published/waiting/documents/{documents.pk}/",
        f"/feedback/{asked(station).pk}/",
        f"/requests/{requested(station, touch(station, ZHANG.token)).pk}/",
    ]


def test_no_text_lies_over_another_and_links_are_underlined_among_words(
    page: Page, web: str, single: list[str]
) -> None:
    for path in (*PAGES, *WITHOUT_LIVE_PARTS, *single):
        page.goto(urljoin(web, path))
        if path in PAGES:
            page.wait_for_load_state("networkidle")
        assert page.url == urljoin(web, quote(path, safe="/?=&")), "led to another page"
        assert (path, page.evaluate(READABLE)) == (path, [])
        assert (path, page.evaluate(BY_COLOUR_ALONE)) == (path, [])


def test_the_auditor_s_page_is_read_too(browser: Browser, web: str, day: FictionalCounty) -> None:
    for number in range(4):
        record("operator", "station.revoked", f"demo-{number}", {"reason": "设备丢失，装机员已确认" * number})
    for width in (1440, 390):
        context = browser.new_context(ignore_https_errors=True, viewport={"width": width, "height": 844})
        let_in(context, web, user_of(AUDITOR))
        page = context.new_page()
        page.goto(urljoin(web, "/audit/?q=吊销"))
        expect(page.get_by_text("本机").first).to_be_visible()
        assert page.evaluate(READABLE) == []
        assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
        context.close()


def test_a_file_that_is_too_large_gets_a_page_with_a_way_back(page: Page, web: str, tmp_path: Path) -> None:
    large = tmp_path / "名单.xlsx"
    with large.open("wb") as file:
        file.truncate(40 * 2**20)
    page.goto(urljoin(web, "/people/import/"))
    page.set_input_files("#file", large)
    page.get_by_role("button", name="读取并预览").click()
    expect(page.get_by_role("heading", name="文件太大，没有收下")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("navigation", name="主菜单")).to_be_visible()
    page.get_by_role("link", name="回到人员与卡").click()
    expect(page.get_by_role("heading", name="人员与卡")).to_be_visible()


def test_a_revoked_station_s_page_offers_nothing_that_cannot_be(page: Page, web: str, day: FictionalCounty) -> None:
    revoked = day.stations[YANGBAN]
    Station.objects.filter(pk=revoked.pk).update(revoked_at=revoked.enrolled_at)
    page.goto(urljoin(web, "/stations/yangban-01/"))
    expect(page.get_by_text("已吊销").first).to_be_visible()
    for name in ("生成接入码", "吊销", "下命令"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
