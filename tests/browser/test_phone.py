"""The front door in a real Chromium as wide as a telephone, which trusts nothing but the front door's own authority."""

import base64
import datetime
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

from firmware_scripts.pictures.console import CHROMIUM, FLAGS
from protocol.phone_link import phone_address
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.courses.requiring import Decision, require
from server_broker.duty.windows import Terms, add_window
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.existence import on_file_since
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.progress.rounds import Rounds
from server_broker.regions.models import Region
from server_broker.requests.answering import answer
from server_broker.requests.models import Outcome
from server_broker.settling.models import NOTHING_TOLD
from server_broker.workdays.county_table import CountyWord, write_days
from tests.browser.front_door import open_door
from tests.browser.legibility import reads_well_on_a_telephone
from tests.cast import LI, SHILI, TOWNSHIP, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, requested, touch
from tests.server_broker.learning.worlds import answered, at, ended, pack, take
from tests.server_broker.public.door import ago, show_code
from tests.server_broker.settling.kept_rows import settled_row
from tests.server_broker.station_double import StationDouble
from tests.server_broker.station_double import touch as station_touch

pytestmark = pytest.mark.django_db(transaction=True)

PICTURES = os.environ.get("CUNHUI_PHONE_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""


@pytest.fixture(scope="module")
def door(web: str, county_cluster: CountyHome) -> Iterator[FrontDoor]:
    """A running front door, for all of this module."""
    with open_door(county_cluster) as made:
        yield made


def key_pin(certificate: Path) -> str:
    """Return what Chromium knows a public key by: Base64 of the SHA-256 of its SubjectPublicKeyInfo (RFC 7469)."""
    key = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


@pytest.fixture(scope="module")
def chromium(no_browser: None, door: FrontDoor, county_cluster: CountyHome) -> Iterator[Browser]:
    """A Chromium that takes the front door's private authority for a public one, and knows no other private one."""
    trusted = f"--ignore-certificate-errors-spki-list={key_pin(county_cluster.root / door.private_authority)}"
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, trusted])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=2, locale="zh-CN", timezone_id="Asia/Shanghai"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def county(door: FrontDoor) -> FictionalCounty:
    return make_county()


def looked_at(page: Page, name: str) -> None:
    """Check that everything on the page can be read, and keep a picture if a person wants one."""
    reads_well_on_a_telephone(page)
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"phone-{name}.png", full_page=True)


def test_the_console_s_certificate_is_not_trusted_and_the_front_door_s_is(
    page: Page, door: FrontDoor, web: str
) -> None:
    # A tab of its own: Chromium shows its page of errors only after it has refused, and that would interrupt the next.
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.context.new_page().goto(web)
    page.goto(door.address)
    expect(page.get_by_role("heading", name="我的打卡")).to_be_visible()
    expect(page.get_by_text("只供演示")).to_be_visible()
    looked_at(page, "sign-in")


def test_a_scanned_code_opens_the_month_by_one_press(page: Page, door: FrontDoor, county: FictionalCounty) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    touch(station, ZHANG.token, at=ago(minutes=3), direction="in")
    touch(station, ZHANG.token, at=ago(days=400), quality="unknown", received_at=ago(minutes=2))
    last = touch(station, ZHANG.token, at=ago(seconds=20), direction="out")
    asked_for = requested(station, last)
    answer(asked_for, Outcome.ACCEPTED, text="按您说的算", actor="service", at=timezone.now())
    county.add(LI)
    code = show_code(station, zhang, last)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url + str(request.headers)))
    page.goto(phone_address(door.address, code))
    expect(page.get_by_text("已读到二维码")).to_be_visible()
    assert page.evaluate("location.hash") == ""
    looked_at(page, "scanned")
    page.get_by_role("button", name="打开我的打卡").click()
    expect(page.get_by_role("heading", name=ZHANG.name)).to_be_visible()
    expect(page.get_by_text("县里收到 3 次打卡")).to_be_visible()
    expect(page.get_by_text("站点当时不知道准确时间，待审")).to_be_visible()
    looked_at(page, "month")  # waits for the style sheet, so the widths are those that people see
    words = page.get_by_text("答复：按您说的算").bounding_box()
    assert words is not None
    assert words["width"] > 250, "an answer has the whole line"
    assert not [one for one in asked if code in one], "no address and no header carries the code"
    page.get_by_role("button", name="退出").click()
    expect(page.get_by_role("button", name="登录")).to_be_visible()
    page.goto(door.address)
    expect(page.get_by_role("button", name="登录")).to_be_visible()


def test_what_one_has_learnt_leads_from_the_month(
    page: Page, door: FrontDoor, county: FictionalCounty, tmp_path: Path
) -> None:
    now, zhang = timezone.now(), county.people[ZHANG]
    for version, answers in ((1, {}), (2, {"l1q3": 1})):
        made = pack(version, answers=answers)
        key, folder = Ed25519PrivateKey.generate(), BundleFolder(tmp_path)
        publish_questions(made, key=key, folder=folder, author="chen-shili", at=now)
    by = Decision("chen-shili", "示例镇学习计划", now)
    require(Region.objects.get(code=TOWNSHIP), "law", until=timezone.localdate() + datetime.timedelta(days=30), by=by)
    station = StationDouble()
    county.stations[SHILI].record_key = station.public
    county.stations[SHILI].save()
    ref = station.ref(1)
    said = (answered(at(0, number), ref, f"l1q{number}", chosen=1) for number in range(1, 4))
    station.add(station_touch(), *said, ended(at(0, 9), ref, 1))
    take(BatchProcessor(clock=timezone.now), station)
    Rounds().go_on(now)
    code = show_code(county.stations[SHILI], zhang, touch(county.stations[SHILI], ZHANG.token, at=ago(seconds=20)))
    page.goto(phone_address(door.address, code))
    page.get_by_role("button", name="打开我的打卡").click()
    page.get_by_role("link", name="我的学习").click()
    expect(page.get_by_text("过了 1 关，共 2 关")).to_be_visible()
    expect(page.get_by_text("答案更正了")).to_be_visible()
    looked_at(page, "learning")


def test_a_used_code_is_refused_in_words(page: Page, door: FrontDoor, county: FictionalCounty) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    code = show_code(station, zhang, touch(station, ZHANG.token, at=ago(seconds=20)))
    for words in ("县里收到 1 次打卡", "已经用过一次"):
        page.goto("about:blank")
        page.goto(phone_address(door.address, code))
        page.get_by_role("button", name="打开我的打卡").click()
        expect(page.get_by_text(words)).to_be_visible()
    looked_at(page, "refused")


def test_without_scripts_the_code_is_typed(chromium: Browser, door: FrontDoor, county: FictionalCounty) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    code = show_code(station, zhang, touch(station, ZHANG.token, at=ago(seconds=20)))
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{door.address}/sign-in/")
    page.get_by_role("link", name="我有站点屏幕上的代码").click()
    page.get_by_label("站点屏幕上的 12 位代码").fill(f"{code[:4]} {code[4:8].lower()} {code[8:]}")
    page.get_by_role("button", name="打开我的打卡").click()
    expect(page.get_by_role("heading", name=ZHANG.name)).to_be_visible()
    context.close()


def test_leave_is_asked_for_without_scripts_and_followed(
    chromium: Browser, door: FrontDoor, county: FictionalCounty
) -> None:
    zhang, station = county.people[ZHANG], county.stations[SHILI]
    code = show_code(station, zhang, touch(station, ZHANG.token, at=ago(seconds=20)))
    context = chromium.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{door.address}/K")
    page.get_by_label("站点屏幕上的 12 位代码").fill(code)
    page.get_by_role("button", name="打开我的打卡").click()
    page.get_by_role("link", name="办事").click()
    page.get_by_role("link", name="请假", exact=True).click()
    page.get_by_label("哪种假").select_option("病假")
    page.get_by_role("radio", name="明天").check()
    page.get_by_role("radio", name="下午").check()
    looked_at(page, "ask")
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_role("heading", name="下午 请假：病假")).to_be_visible()
    looked_at(page, "asked")
    page.get_by_role("button", name="撤回").click()
    page.get_by_role("button", name="确定撤回").click()
    expect(page.get_by_text("已撤回")).to_be_visible()
    for kind in ("correction", "swap", "leave_ended", "card_lost", "field_duty"):
        page.goto(f"{door.address}/ask/{kind}/")
        looked_at(page, f"ask-{kind}")
    page.goto(door.address)
    looked_at(page, "month-with-requests")
    context.close()


def test_what_one_s_windows_came_to_is_read_and_an_objection_begins_there(
    page: Page, door: FrontDoor, county: FictionalCounty
) -> None:
    zhang, station, today = county.people[ZHANG], county.stations[SHILI], timezone.localdate()
    dates = [today - n * datetime.timedelta(days=1) for n in range(70)]
    with transaction.atomic():
        on_file_since(zhang, dates[-1], actor="wu-yunwei", reason="入职更早")
        write_days({date: CountyWord(True) for date in dates}, actor="wu-yunwei")
        terms = Terms("上午", list(range(1, 8)), 510, 720, [zhang.pk])
        add_window(zhang.village, terms, since=dates[-1], actor="wu-yunwei")
    late, waits = today.replace(day=1) - datetime.timedelta(days=3), today.replace(day=1) - datetime.timedelta(days=2)
    for day in (today, late):
        settled_row(zhang, day, "迟", line="12", late=12, reason="8:42 到，迟 12 分钟；12:05 走。")
    settled_row(
        zhang,
        waits,
        "未",
        line="7",
        reason="没有上班卡；没有下班卡；站点 shili-01 还没有记录，要齐到 15:00。",
        awaited=[[SHILI, NOTHING_TOLD]],
    )
    page.goto(phone_address(door.address, show_code(station, zhang, touch(station, ZHANG.token, at=ago(seconds=20)))))
    page.get_by_role("button", name="打开我的打卡").click()
    expect(page.get_by_role("link", name="迟到 12 分钟")).to_be_visible()
    looked_at(page, "month-with-results")
    page.get_by_role("link", name=f"{late.year}年{late.month}月").click()
    expect(page.get_by_role("link", name="数据未到")).to_be_visible()
    looked_at(page, "past-month")
    page.get_by_role("link", name="数据未到").click()
    expect(page.get_by_text("等示例村站点的记录")).to_be_visible()
    looked_at(page, "own-window-waits")
    page.go_back()
    page.get_by_role("link", name="迟到 12 分钟").click()
    expect(page.get_by_role("heading", name="您的打卡")).to_be_visible()
    looked_at(page, "own-window")
    page.get_by_role("link", name="不对：提出来，补卡").click()
    expect(page.get_by_role("button", name="提交")).to_be_visible()
    looked_at(page, "ask-of-a-window")
