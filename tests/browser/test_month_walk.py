"""A month of settlement as people live it: the officer and the secretary at their desks, a cadre with a telephone.

An officer of another township is there too, and opens every address that the two desks have seen.
"""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from firmware_scripts.pictures.console import WIDTHS, open_context
from server_broker.closing import closing
from server_broker.closing.models import ClosedMonth
from server_broker.exceptions.found import Look
from server_broker.exceptions.looking import look_at
from server_broker.people.models import Person
from server_broker.platform.home import CountyHome
from server_broker.public.middleware import COOKIE
from server_broker.public.sessions import open_session
from server_broker.requests.models import CountyRequest, Exhibit
from tests.browser.front_door import open_door
from tests.browser.legibility import reads_well, reads_well_on_a_telephone
from tests.browser.letting_in import let_in
from tests.cast import LI, OTHER_TOWNSHIP_OFFICER, SECRETARY, SHILI_VILLAGE, TOWNSHIP_OFFICER, ZHANG, Account
from tests.server_broker.closing.lived_month import (
    APRIL,
    DAY,
    LATE,
    MAY_CLOSE,
    MONTH,
    SHOWN_AT,
    LivedMonth,
    lives_on,
)
from tests.server_broker.county import make_county, user_of
from tests.server_broker.settling.lived import MONDAY, at

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = os.environ.get("CUNHUI_PHONE_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""
ANSWER = "那天站点有电，打卡记录是准的"

type Clock = Callable[[dt.datetime], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Sets what time it is for the pages."""

    def set_clock(now: dt.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: now)
        monkeypatch.setattr(closing, "settled_horizon", lambda: now)

    return set_clock


@pytest.fixture
def lived(transactional_db: None) -> LivedMonth:
    """A March of two, in which Zhang once left long after everybody else."""
    with transaction.atomic():
        county = make_county()
        county.add(LI)
        lived = LivedMonth(county, more=[(at(MONDAY, 14, 50), ZHANG.token)])
        look_at(Look(MONDAY, MONDAY + DAY, at(APRIL, 3)))
    return lived


class Desk:
    """The console in the browser of somebody who has signed in. It notes every address that the pages lead to."""

    def __init__(self, browser: Browser, web: str, account: Account) -> None:
        self.web = web
        self.addresses: set[str] = set()
        self._user = user_of(account)
        self.context: BrowserContext = open_context(browser, 1440)
        self.context.on("request", lambda request: self.addresses.add(request.url))
        self.comes()
        self.page = self.context.new_page()

    def comes(self) -> None:
        """Sign in anew, as on another day."""
        let_in(self.context, self.web, self._user)

    def opens(self, path: str) -> Page:
        self.page.goto(urljoin(self.web, path))
        return self.page

    def looks(self, name: str) -> None:
        """Look at the page on a desk and on a telephone."""
        page = self.page
        self.addresses |= set(
            page.evaluate("[...document.querySelectorAll('main a, main form')].map(e => e.href || e.action)")
        )
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": WIDTHS[width]})
            reads_well(page)
            if PICTURES:
                page.screenshot(path=Path(PICTURES) / f"walk-{name}-{width}.png", full_page=True)


@pytest.fixture
def desks(browser: Browser, web: str, lived: LivedMonth, clock: Clock) -> Iterator[tuple[Desk, Desk, Desk]]:
    clock(SHOWN_AT)
    made = [Desk(browser, web, account) for account in (TOWNSHIP_OFFICER, SECRETARY, OTHER_TOWNSHIP_OFFICER)]
    yield made[0], made[1], made[2]
    for desk in made:
        desk.context.close()


@contextmanager
def telephone(browser: Browser, home: CountyHome, person: Person) -> Iterator[tuple[Page, str]]:
    """A telephone on which a person has signed in, and the front door's address. No desk is used meanwhile."""
    with open_door(home) as door:
        context = open_context(browser, 390)
        session = open_session(person, by="number", now=timezone.now())
        context.add_cookies([{"name": COOKIE, "value": session, "url": door.address, "secure": True}])
        try:
            yield context.new_page(), door.address
        finally:
            context.close()


def test_a_month_from_its_exceptions_to_its_closing(
    desks: tuple[Desk, Desk, Desk], browser: Browser, county_cluster: CountyHome, lived: LivedMonth, clock: Clock
) -> None:
    officer, secretary, other = desks
    reads_exceptions(officer)
    shows_the_month(officer)
    clock(at(APRIL + DAY, 9))
    with telephone(browser, county_cluster, lived.zhang) as (page, address):
        objects(page, address)
    officer.comes()
    corrects_a_day(officer)
    secretary.comes()
    agrees(secretary)
    lives_on(at(APRIL + DAY, 10))
    clock(at(APRIL + DAY, 11))
    officer.comes()
    answers(officer)
    clock(MAY_CLOSE)
    officer.comes()
    closes_the_month(officer)
    with telephone(browser, county_cluster, lived.zhang) as (page, address):
        reads_the_answer(page, address)
    with telephone(browser, county_cluster, lived.li) as (page, address):
        asked = CountyRequest.objects.get(kind="objection").pk
        answer = page.goto(f"{address}/asked/{asked}/")
        assert answer is not None
        assert (answer.status, ANSWER in page.content()) == (404, False)
    other.comes()
    sees_nothing(other, officer.addresses | secretary.addresses)


def reads_exceptions(officer: Desk) -> None:
    page = officer.opens("/exceptions/")
    officer.looks("exceptions")
    page.get_by_role("row", name=f"{ZHANG.name} 示例村 2027-03-15 下班卡前很久没动静").get_by_role(
        "link", name="打开"
    ).click()
    officer.looks("exception")
    page.get_by_label("没有问题").check()
    page.get_by_label("怎么回事").fill("在镇里开会回来晚")
    page.get_by_role("button", name="记录").click()
    expect(page.get_by_text("已记录：没有问题")).to_be_visible()


def shows_the_month(officer: Desk) -> None:
    page = officer.opens(f"/sheets/?month={MONTH}")
    page.get_by_role("link", name="示例村").click()
    page.get_by_role("button", name="公示…").click()
    page.get_by_role("button", name="确认公示 1 个").click()
    expect(page.get_by_text("已公示 1 个：示例村。")).to_be_visible()


def objects(page: Page, address: str) -> None:
    """Zhang says that they were not late."""
    page.goto(address)
    page.get_by_role("link", name="看 3月").click()
    reads_well_on_a_telephone(page)
    page.get_by_role("link", name="迟到 22 分钟").click()
    page.get_by_role("link", name="不是少打了卡：提异议").click()
    page.get_by_label("哪里不对").fill("那天站点的钟慢了")
    reads_well_on_a_telephone(page)
    page.get_by_role("button", name="提交").click()
    expect(page.get_by_text("… 等镇办答复")).to_be_visible()
    reads_well_on_a_telephone(page)


def corrects_a_day(officer: Desk) -> None:
    """The officer writes down for Li that they left in time, and who saw it."""
    page = officer.opens(f"/sheets/{SHILI_VILLAGE}/{MONTH}/")
    expect(page.get_by_text("等答复的补卡和异议")).to_be_visible()
    officer.looks("asked")
    page.get_by_title("3月17日 08:30 缺卡").click()
    officer.looks("missing")
    page.get_by_role("link", name="代本人补卡").click()
    officer.looks("correction")
    page.get_by_label("补哪一次").select_option("下班卡")
    page.get_by_label("几点").fill("12:03")
    page.get_by_label("原因").fill("忘了打卡，有人作证")
    page.get_by_role("button", name="提", exact=True).click()
    expect(page.get_by_text("已提，编号")).to_be_visible()
    page.get_by_text("加凭据", exact=True).click()
    row = page.get_by_role("row", name=f"{ZHANG.name} {ZHANG.number} 03-17 12:05")
    row.get_by_label("怎么说").fill("他十二点多才走")
    row.get_by_role("button", name="请作证").click()
    expect(page.get_by_text("已加为凭据，定的人看得到。")).to_be_visible()
    assert Exhibit.objects.get().witness is not None
    officer.looks("exhibit")


def agrees(secretary: Desk) -> None:
    """The secretary decides about the correction, and reads of no objection."""
    page = secretary.opens("/todo/")
    expect(page.get_by_role("link", name="异议")).to_have_count(0)
    page.get_by_role("link", name="补卡", exact=True).click()
    expect(page.get_by_text("他十二点多才走")).to_be_visible()
    secretary.looks("decide")
    page.get_by_role("button", name="同意", exact=True).click()
    expect(page.get_by_text("已定：同意。")).to_be_visible()


def answers(officer: Desk) -> None:
    page = officer.opens("/todo/")
    officer.looks("todo")
    page.get_by_role("link", name="异议", exact=True).click()
    page.get_by_label("给本人的话").fill(ANSWER)
    officer.looks("answer")
    page.get_by_role("button", name="不同意").click()
    expect(page.get_by_text("已定：不同意。")).to_be_visible()


def closes_the_month(officer: Desk) -> None:
    page = officer.opens(f"/sheets/{SHILI_VILLAGE}/{MONTH}/")
    expect(page.get_by_text("公示以后变了的")).to_be_visible()
    officer.looks("changed")
    page.get_by_role("button", name="定稿…").click()
    officer.looks("close")
    page.get_by_role("button", name="确认定稿 1 个").click()
    expect(page.get_by_text("已定稿 1 个：示例村。")).to_be_visible()
    expect(page.get_by_text(bytes(ClosedMonth.objects.get().sha256).hex())).to_be_visible()
    expect(page.get_by_title("3月17日 08:30 缺卡")).to_have_count(0)
    officer.looks("closed")


def reads_the_answer(page: Page, address: str) -> None:
    page.goto(f"{address}/months/{MONTH}/")
    expect(page.get_by_text("4月7日 定稿了。")).to_be_visible()
    reads_well_on_a_telephone(page)
    page.goto(f"{address}/windows/{LATE}/510/")
    expect(page.get_by_text("3月的考勤表 4月7日 已经定稿，不再补卡。")).to_be_visible()
    reads_well_on_a_telephone(page)
    page.get_by_role("link", name="3月24日 08:30–12:00 异议").click()
    expect(page.get_by_text("× 没同意")).to_be_visible()
    expect(page.get_by_text(f"答复：{ANSWER}")).to_be_visible()
    reads_well_on_a_telephone(page)


def sees_nothing(other: Desk, addresses: set[str]) -> None:
    """Whatever address the two desks have seen, an officer of elsewhere reads of nobody there."""
    paths = {one for one in addresses if "/static/" not in one}
    hidden = {SHILI_VILLAGE, *(f"c{one.pk}" for one in CountyRequest.objects.all())}
    assert len(paths) > 60
    for address in sorted(paths):
        answer = other.context.request.get(address)
        there = answer.body().decode(errors="replace")
        assert not [word for word in (ZHANG.name, LI.name, "示例村", ANSWER) if word in there], address
        if hidden & set(urlsplit(address).path.split("/")):
            assert answer.status in (404, 405) or answer.url.endswith(("/sheets/", "/todo/")), (address, answer.status)
    # And they are signed in all the time.
    expect(other.opens("/sheets/").get_by_role("heading", level=1)).to_contain_text("考勤表")
