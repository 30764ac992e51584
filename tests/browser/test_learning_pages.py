"""必学和选学, 题目情况 and a branch's required packs, on a desk and on a telephone."""

import datetime as dt
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect

from firmware_scripts.pictures.console import sign_in
from server_broker.accounts.links import make_sign_in_link
from server_broker.accounts.models import User
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.courses.requiring import Decision, end, offer, require
from server_broker.learning.marking import questions_in, read_stored, set_of
from server_broker.learning.models import LearningPack
from server_broker.people.models import Person, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.progress.models import PackCounted, QuestionCount, ReachedLevel
from server_broker.regions.models import Region
from tests.browser.legibility import reads_well
from tests.cast import BY_ROLE, COUNTY_OFFICER, LI, SHILI_VILLAGE, TOWNSHIP, ZHANG
from tests.server_broker.county import FictionalCounty, make_county, user_of
from tests.server_broker.learning.worlds import pack

pytestmark = pytest.mark.django_db(transaction=True)

PICTURES = os.environ.get("CUNHUI_LEARNING_PICTURES", "")
"""A folder for screenshots, for whoever wants to look at the pages."""


@pytest.fixture
def county(transactional_db: None, tmp_path: Path) -> FictionalCounty:
    """A county where packs are required and offered, and one was answered often."""
    made, now = make_county(), timezone.now()
    made.add(LI)
    by = Decision("chen-shili", "示例县学习计划，年底前学完", now)
    for version, answers in ((1, {}), (2, {"l1q1": 1})):
        publish_questions(
            pack(version, answers=answers),
            key=Ed25519PrivateKey.generate(),
            folder=BundleFolder(tmp_path),
            author="chen-shili",
            at=now,
        )
    township = Region.objects.get(code=TOWNSHIP)
    require(township, "law", until=timezone.localdate() + dt.timedelta(days=30), types=["cadre", "member"], by=by)
    offer(township, "冬季选学", choose=1, packs=["law"], by=by)
    end(require(township, "law", until=timezone.localdate(), types=["villager"], by=by), by=by)
    _answered(made)
    _branch(made)
    return made


def _answered(county: FictionalCounty) -> None:
    PackCounted.objects.create(pack="law", version=2, on=timezone.localdate())
    questions = questions_in(read_stored(LearningPack.objects.get(pack="law", version=2)))
    for number, (right, chosen) in enumerate(((40, [25, 180, 5]), (0, [0, 90, 10]), (60, [60, 0, 0])), start=1):
        QuestionCount.objects.create(
            pack="law",
            question=f"l1q{number}",
            runs=60,
            asked=sum(chosen),
            firsts=60,
            firsts_right=right,
            median_ms=None if number == 3 else 4_300,
            chosen=chosen,
            answer=set_of(questions[f"l1q{number}"]),
        )
    village = Region.objects.get(pk=SHILI_VILLAGE)
    for number in range(14):
        person = Person.objects.create(number=f"s{number}", name=f"示例{number}", village=village)
        for level in ("l1", "l2") if number % 3 else ("l1",):
            ReachedLevel.objects.create(person=person, pack="law", level=level, stars=2, first_at=timezone.now())


def _branch(county: FictionalCounty) -> None:
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor="service")
    today = timezone.localdate()
    give_post(county.people[ZHANG], branch, "书记", since=today, actor="service")
    give_post(county.people[LI], branch, "组织委员", since=today, actor="service")
    for level in ("l1", "l2"):
        ReachedLevel.objects.create(person=county.people[LI], pack="law", level=level, stars=3, first_at=timezone.now())
    User.objects.filter(pk=user_of(BY_ROLE["secretary"]).pk).update(person=county.people[ZHANG])


@pytest.fixture(params=[1440, 390])
def width(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def officer(county: FictionalCounty, browser: Browser, web: str, width: int) -> Iterator[Page]:
    context = _signed_in(browser, web, user_of(COUNTY_OFFICER), width)
    yield context.new_page()
    context.close()


def _signed_in(browser: Browser, web: str, user: User, width: int) -> BrowserContext:
    return sign_in(browser, urljoin(web, make_sign_in_link(user)), width=width)


def _picture(page: Page, name: str, width: int) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


def test_what_is_required_and_offered_reads_well(officer: Page, web: str, width: int) -> None:
    officer.goto(urljoin(web, "/courses/"))
    expect(officer.get_by_role("heading", name="选学菜单")).to_be_visible()
    expect(officer.get_by_text("冬季选学")).to_be_visible()
    _picture(officer, "courses", width)
    reads_well(officer)


def test_how_questions_are_answered_reads_well(officer: Page, web: str, width: int) -> None:
    bundle = Bundle.objects.filter(kind="questions").latest("version")
    officer.goto(urljoin(web, f"/published/{bundle.pk}/"))
    officer.get_by_role("link", name="题目情况").click()
    expect(officer.get_by_text("△ 第一次没有人答对")).to_be_visible()
    expect(officer.get_by_role("heading", name="题目更正")).to_be_visible()
    assert LearningPack.objects.count() == 2
    _picture(officer, "questions", width)
    reads_well(officer)


def test_the_secretary_s_page_reads_well(county: FictionalCounty, browser: Browser, web: str, width: int) -> None:
    context = _signed_in(browser, web, user_of(BY_ROLE["secretary"]), width)
    page = context.new_page()
    page.goto(urljoin(web, "/courses/branch/"))
    expect(page.get_by_role("cell", name="李示例")).to_be_visible()
    _picture(page, "branch", width)
    reads_well(page)
    context.close()
