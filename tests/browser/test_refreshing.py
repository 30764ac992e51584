"""A page that refreshes itself takes nothing out of a person's hands, and costs little: nothing where nobody looks."""

import datetime as dt
import subprocess
import tempfile
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, Request, Response, expect, sync_playwright

from firmware_scripts.pictures.console import CHROMIUM, FLAGS
from server_broker.fleet.models import Alarm, StationStatus
from server_broker.regions.models import Region
from tests.browser.letting_in import let_in
from tests.browser.sample_day import make_day
from tests.cast import COUNTY_OFFICER, SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, add_station, alarm, touch, user_of

pytestmark = pytest.mark.django_db(transaction=True)

START_TIMEOUT_S = 30.0
EVERY_MS = 5_000
"""How often pages refresh themselves."""


@pytest.fixture
def tabs(no_browser: None) -> Iterator[BrowserContext]:
    """A Chromium as a person has it: one window with tabs, of which one is in front and the others are hidden.

    Playwright by itself makes every page believe that it is in front.
    """
    with (
        pytest.MonkeyPatch.context() as environment,
        tempfile.TemporaryDirectory(prefix="ch-") as profile,
        sync_playwright() as playwright,
    ):
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        arguments = ["--headless", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        arguments += [*FLAGS, "--ignore-certificate-errors", "--lang=zh-CN", "about:blank"]
        with subprocess.Popen([CHROMIUM, *arguments], stderr=subprocess.PIPE, text=True) as process:
            try:
                browser = playwright.chromium.connect_over_cdp(_address(process), no_defaults=True)
                yield browser.contexts[0]
                browser.close()
            finally:
                process.terminate()


def _address(process: subprocess.Popen[str]) -> str:
    """Return where a Chromium listens, which it says once it does."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("DevTools listening on "):
            return line.split()[-1]
    raise AssertionError("Chromium ended")


@pytest.fixture
def day() -> FictionalCounty:
    return make_day()


@pytest.fixture
def page(tabs: BrowserContext, web: str, day: FictionalCounty) -> Iterator[Page]:
    """A tab in front, in which an officer has signed in."""
    let_in(tabs, web, user_of(COUNTY_OFFICER))
    opened = tabs.new_page()
    yield opened
    opened.close()


def is_poll(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def next_poll(page: Page) -> Response:
    """Have the page ask for its live part once more, before its time, and put it in.

    That it asks by itself as time goes on is what the tests of hidden tabs and of a county that is away look at.
    """
    with page.expect_response(lambda response: is_poll(response.request), timeout=4 * EVERY_MS) as got:
        page.evaluate("htmx.trigger('#live', 'refresh')")
    got.value.finished()
    page.evaluate("() => new Promise(done => setTimeout(done, 0))")
    return got.value


def poll_of_who_has(page: Page, first: Response) -> Response:
    """Return the next answer to a poll that said it has ``first``; on a busy machine one may be under way before."""
    for _ in range(3):
        response = next_poll(page)
        if response.request.headers.get("if-none-match") == first.headers["etag"]:
            return response
        assert response.text() == first.text(), "another part was sent, though nothing had changed"
    raise AssertionError("the page does not say what it has")


FOCUSED = "document.activeElement.textContent"
SELECTED = "getSelection().toString()"
SELECT = """element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}"""


def test_focus_selection_and_scroll_outlive_a_refresh(page: Page, web: str, day: FictionalCounty) -> None:
    page.set_viewport_size({"width": 1280, "height": 400})
    page.goto(web)
    link = page.get_by_role("link", name="示范村站", exact=True)
    for _ in range(40):
        if page.evaluate(FOCUSED) == "示范村站":
            break
        page.keyboard.press("Tab")
    expect(link).to_be_focused()
    page.locator("#station-yanshi-01 .mono").first.evaluate(SELECT)
    page.evaluate("scrollTo(0, 120)")
    scrolled = page.evaluate("scrollY")
    assert scrolled > 0
    for waiting in (3, 4):
        add_station(day, f"aa-new-{waiting}", SHILI_VILLAGE)  # a row before the one in hand
        StationStatus.objects.filter(pk="shifan-01").update(waiting=waiting)
        assert next_poll(page).status == 200
        expect(page.locator("#station-shifan-01")).to_contain_text(f"↑{waiting}")
    expect(page.locator("#station-aa-new-4")).to_have_count(1)
    expect(link).to_be_focused()
    assert page.evaluate(SELECTED) == "yanshi-01 模拟"
    assert page.evaluate("scrollY") == scrolled
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="示范村站")).to_be_visible()


def test_a_touch_that_comes_leaves_the_rows_in_hand_alone(page: Page, web: str, day: FictionalCounty) -> None:
    page.goto(urljoin(web, "/today/"))
    row = page.locator("table.touches tbody tr").nth(2)
    number, name = row.get_attribute("id"), row.locator(".main").inner_text()
    row.get_by_role("link").focus()
    row.locator(".main").evaluate(SELECT)
    for count in (1, 2):
        touch(day.stations[SHILI], ZHANG.token)
        next_poll(page)
        expect(page.get_by_text("张示例")).to_have_count(count)
    assert page.evaluate("document.activeElement.closest('tr').id") == number
    assert page.evaluate(SELECTED) == name


def test_an_alarm_s_button_is_pressed_by_key_after_refreshes(page: Page, web: str, day: FictionalCounty) -> None:
    page.goto(urljoin(web, "/alarms/"))
    button = page.locator(f"#alarm-{Alarm.objects.get(code='undervoltage').pk} button")
    button.focus()
    alarm(day.stations[SHILI], code="disk_full", severity="critical")
    next_poll(page)
    expect(page.get_by_text("站点磁盘已满")).to_be_visible()
    next_poll(page)
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("站点供电电压不足").first).to_be_visible()
    expect(button).to_have_count(0)
    assert Alarm.objects.get(code="undervoltage").acknowledged_at is not None
    assert Alarm.objects.get(code="disk_full").acknowledged_at is None


def test_a_chosen_village_stays_chosen_until_the_button_is_pressed(page: Page, web: str, day: FictionalCounty) -> None:
    for number in range(4, 20):
        code = f"9901010010{number:02}"
        Region.objects.create(code=code, name=f"演示{number}村")
        add_station(day, f"more-{number:02}", code)
    page.goto(urljoin(web, "/today/"))
    page.get_by_label("村", exact=True).select_option(label="演示17村")
    touch(day.stations[SHILI], ZHANG.token)
    next_poll(page)
    expect(page.get_by_text("张示例")).to_be_visible()
    next_poll(page)
    expect(page.get_by_label("村", exact=True)).to_have_value("990101001017")
    page.get_by_role("button", name="查看").click()
    page.wait_for_url("**/today/?village=990101001017")
    expect(page.get_by_text("张示例")).to_have_count(0)


@pytest.mark.parametrize("path", ["/", "/stations/shifan-01/"])
def test_a_hidden_tab_asks_for_nothing_and_at_once_when_it_is_seen_again(
    page: Page, tabs: BrowserContext, web: str, path: str
) -> None:
    page.goto(urljoin(web, path))
    next_poll(page)
    page.clock.install()
    page.goto(urljoin(web, path))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path) if is_poll(request) else None)
    with page.expect_response(lambda response: is_poll(response.request)):
        page.clock.run_for(EVERY_MS)
    with tabs.expect_page() as other:
        in_front = tabs.new_page()
    assert other.value is in_front
    expect(page.locator("html")).to_be_attached()
    page.wait_for_function("document.hidden")
    asked.clear()
    page.clock.run_for(20 * EVERY_MS)
    assert asked == []
    page.clock.pause_at(timezone.now() + dt.timedelta(days=1))
    with page.expect_request(is_poll):
        page.bring_to_front()
    assert asked == [path]
    in_front.close()


def test_a_refresh_costs_little_and_less_when_nothing_is_new(page: Page, web: str, day: FictionalCounty) -> None:
    for number in range(4, 60):
        code = f"9901010010{number:02}"
        Region.objects.create(code=code, name=f"演示{number}村")
        add_station(day, f"more-{number:02}", code)
    long_ago = timezone.now() - dt.timedelta(hours=3)
    StationStatus.objects.update(receipt_at=long_ago, health_at=long_ago)  # so that 刚刚 does not become 1 分钟前
    for path in ("/", "/today/", "/alarms/", "/stations/shifan-01/"):
        page.goto(urljoin(web, path))
        first = next_poll(page)
        assert (path, first.status) == (path, 200)
        assert first.headers["content-encoding"] == "gzip"
        assert len(first.body()) > 2 * first.request.sizes()["responseBodySize"]
        again = poll_of_who_has(page, first)
        assert (path, again.status, again.request.sizes()["responseBodySize"]) == (path, 304, 0)
        expect(page.locator("#live > *").first).to_be_visible()


def test_a_county_that_is_away_is_said_and_taken_back(page: Page, web: str) -> None:
    page.goto(web)
    notice = page.get_by_text("暂时连不上县服务器")
    page.route("**/", lambda route: route.abort())
    expect(notice).to_be_visible(timeout=4 * EVERY_MS)
    page.unroute("**/")
    expect(notice).to_be_hidden(timeout=4 * EVERY_MS)
