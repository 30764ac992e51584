"""The console as a person meets it: signing in, looking, and being told; on a desk and on a telephone."""

import base64
import datetime as dt
import io
from collections.abc import Iterator
from urllib.parse import parse_qs, urljoin, urlsplit

import openpyxl
import pytest
import zxingcpp
from django.utils import timezone
from django_otp.oath import totp
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import User
from server_broker.fleet.models import StationStatus
from tests.browser.legibility import CONTRAST, NAMELESS
from tests.browser.sample_day import hold, make_day
from tests.cast import ADMINISTRATOR, COUNTY, OPERATOR, SHILI, YANSHI, ZHANG
from tests.server_broker.county import FictionalCounty, touch, user_of

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = (
    "/attention/",
    "/stations/",
    "/today/",
    "/stations/shifan-01/",
    "/stations/shifan-01/settings/",
    "/stations/shifan-01/live/",
    f"/settings/{COUNTY}/",
    "/people/",
    "/people/import/",
    "/desk/",
    "/alarms/",
    "/nowhere/",
)
POLL_MS = 12_000
"""Two rounds of the pages' own polling."""


@pytest.fixture
def day() -> FictionalCounty:
    return make_day()


@pytest.fixture
def operator(day: FictionalCounty) -> User:
    return user_of(OPERATOR)


@pytest.fixture
def width() -> int:
    return 1440


@pytest.fixture
def context(browser: Browser, web: str, operator: User, width: int) -> Iterator[BrowserContext]:
    opened = sign_in(browser, urljoin(web, make_sign_in_link(operator)), width=width)
    door = opened.new_page()
    set_up_second_factor(door, web)
    door.close()
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


SHAPE = "picture => picture.offsetWidth / picture.offsetHeight"


@pytest.mark.parametrize("width", [1440, 390])
def test_pages_hold_their_width_their_contrast_and_their_names(page: Page, web: str) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in PAGES:
        page.goto(urljoin(web, path))
        page.wait_for_load_state("networkidle")
        assert page.url == urljoin(web, path), "led to another page"
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (path, beyond) == (path, 0)
        assert (path, page.evaluate(CONTRAST)) == (path, {})
        assert (path, page.evaluate(NAMELESS)) == (path, [])
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        assert page.locator("h1").count() == 1
        assert page.locator("main").count() == 1
    assert [line for line in said if "404" not in line] == []


@pytest.mark.parametrize("width", [1440, 390])
def test_a_held_record_is_written_off(page: Page, web: str, day: FictionalCounty) -> None:
    hold(day.stations["shifan-01"])
    page.goto(urljoin(web, "/stations/"))
    page.get_by_role("link", name="去看").click()
    for tab in ("已核销", "读不懂的消息", "待审"):
        page.locator(".tabs a", has_text=tab).click()
        for summary in page.locator("summary").all():
            summary.click()
        page.wait_for_load_state("networkidle")
        beyond = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (tab, beyond, page.evaluate(CONTRAST), page.evaluate(NAMELESS)) == (tab, 0, {}, [])
    page.get_by_label("第 148 条").check()
    page.get_by_label("核销理由").fill("测试数据，不计")
    page.get_by_role("button", name="核销勾选的记录").click()
    expect(page.get_by_text("已核销 1 条")).to_be_visible()
    page.get_by_role("link", name="示范村站").first.click()
    page.get_by_role("button", name="再读一次").click()
    expect(page.get_by_text("仍有 1 条读不出")).to_be_visible()
    page.locator(".crumb").get_by_role("link", name="示范村站").click()
    expect(page.get_by_role("link", name="1 条已核销，查看")).to_be_visible()


def test_a_person_finds_a_station_and_its_touches(page: Page, web: str) -> None:
    page.goto(urljoin(web, "/stations/"))
    page.get_by_role("link", name="示范村站").click()
    expect(page.get_by_role("heading", name="示范村站")).to_be_visible()
    expect(page.get_by_text("每一条都有着落")).to_be_visible()
    expect(page.get_by_text("读卡器断开").first).to_be_visible()
    assert page.locator(".shots img").first.evaluate(SHAPE) == pytest.approx(4 / 3, abs=0.02)
    page.locator(".shots a").first.click()
    expect(page.get_by_role("heading", name="打卡抓拍")).to_be_visible()
    assert page.evaluate("document.querySelector('.picture img').decode().then(() => true)")
    page.get_by_role("link", name="今日", exact=True).click()
    page.get_by_role("link", name="今日打卡").click()
    expect(page.get_by_text("待核对").first).to_be_visible()


def test_what_happens_appears_without_reloading(
    context: BrowserContext, web: str, day: FictionalCounty, operator: User
) -> None:
    today, fleet = context.new_page(), context.new_page()
    today.goto(urljoin(web, "/today/"))
    fleet.goto(urljoin(web, "/?state=online"))
    expect(today.get_by_text("张示例")).to_have_count(0)
    expect(fleet.get_by_role("link", name="演示村站")).to_be_visible()
    touch(day.stations[SHILI], ZHANG.token)
    StationStatus.objects.filter(pk=YANSHI).update(online=False, changed_at=timezone.now())
    expect(today.get_by_text("张示例")).to_be_visible(timeout=POLL_MS)
    expect(fleet.get_by_role("link", name="演示村站")).to_have_count(0, timeout=POLL_MS)
    User.objects.filter(pk=operator.pk).update(is_active=False)
    expect(fleet.get_by_role("heading", name="登录县控制台")).to_be_visible(timeout=POLL_MS)


def test_a_bad_workbook_is_explained(page: Page, web: str) -> None:
    made = openpyxl.Workbook()
    made.worksheets[0].title = "人员"
    made.worksheets[0].append(["编号", "姓名", "村代码"])
    made.worksheets[0].append(["=1", "", "9"])
    file = io.BytesIO()
    made.save(file)
    page.goto(urljoin(web, "/people/import/"))
    page.set_input_files("#file", {"name": "名单.xlsx", "mimeType": "", "buffer": file.getvalue()})
    page.get_by_role("button", name="读取并预览").click()
    expect(page.get_by_text("没有导入任何内容：共 3 处错误")).to_be_visible()
    assert page.evaluate(CONTRAST) == {}


def test_a_used_link_signs_nobody_in(browser: Browser, web: str, operator: User) -> None:
    link = urljoin(web, make_sign_in_link(operator))
    signed_in = sign_in(browser, link)
    cookies = {cookie.get("name"): cookie for cookie in signed_in.cookies()}
    assert cookies["sessionid"]["secure"]
    assert cookies["sessionid"]["httpOnly"]
    signed_in.close()
    stranger = browser.new_context(ignore_https_errors=True)
    page = stranger.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="链接已失效")).to_be_visible()
    assert page.evaluate(CONTRAST) == {}
    page.goto(web)
    expect(page.get_by_role("heading", name="登录县控制台")).to_be_visible()
    assert page.evaluate(CONTRAST) == {}
    assert page.evaluate(NAMELESS) == []
    stranger.close()


def test_signing_out_ends_it(page: Page, web: str) -> None:
    page.goto(web)
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("heading", name="登录县控制台")).to_be_visible()
    page.goto(urljoin(web, "/today/"))
    expect(page.get_by_role("heading", name="登录县控制台")).to_be_visible()


def set_up_second_factor(page: Page, web: str) -> None:
    """As a person does the first time: type the secret into a telephone, and its token here."""
    page.goto(urljoin(web, "/sign-in/second-factor/"))
    expect(page.get_by_role("heading", name="第二步验证")).to_be_visible()
    assert page.evaluate(CONTRAST) == {}
    secret = page.locator(".secret").inner_text().replace(" ", "")
    # And as a telephone's camera sees it.
    shown = Image.open(io.BytesIO(page.locator(".qr svg").screenshot())).convert("L")
    [code] = zxingcpp.read_barcodes(shown)
    asked = parse_qs(urlsplit(code.text).query)
    assert code.text.startswith("otpauth://totp/")
    assert asked["secret"] == [secret]
    assert asked["issuer"] == ["村慧"]
    token = totp(base64.b32decode(secret))  # type: ignore[no-untyped-call]
    page.get_by_label("6 位验证码").fill(f"{token:06}")
    page.get_by_role("button", name="验证", exact=True).click()
    expect(page.get_by_role("heading", name="第二步验证")).to_have_count(0)


def test_the_data_tables_draw_without_errors(browser: Browser, web: str, day: FictionalCounty) -> None:
    system = user_of(ADMINISTRATOR)
    context = sign_in(browser, urljoin(web, make_sign_in_link(system, valid_for=dt.timedelta(minutes=5))))
    page, said = context.new_page(), list[str]()
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    set_up_second_factor(page, web)
    for path in ("/admin/accounts/user/add/", "/admin/", "/admin/people/person/", "/admin/accounts/user/"):
        page.goto(urljoin(web, path))
        page.wait_for_load_state("networkidle")
    expect(page.get_by_role("link", name=ADMINISTRATOR.username, exact=True)).to_be_visible()
    assert said == []
    context.close()
