"""Who has completed what is required: the person sees all, the secretary whether and when, others shares."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from server_broker.accounts.models import User
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.courses.models import Course
from server_broker.courses.requiring import Decision, require
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.models import Person, PersonType, Unit, UnitKind
from server_broker.people.posts import give_post, make_unit
from server_broker.progress.completion import TownshipShare, branches_led_by, required_of, shares_of
from server_broker.progress.models import ReachedLevel
from server_broker.progress.own import own_learning
from server_broker.progress.rounds import Rounds
from server_broker.regions.models import Region
from tests.cast import BY_ROLE, LI, SHILI_VILLAGE, TOWNSHIP, WANG, ZHANG
from tests.server_broker.county import FictionalCounty, client_for, user_of
from tests.server_broker.learning.worlds import answered, at, ended, pack, take
from tests.server_broker.progress.test_whose import enrolled
from tests.server_broker.station_double import touch

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def required(county: FictionalCounty, tmp_path: Path) -> Region:
    """The township, whose people must learn a pack within a month."""
    now = timezone.now()
    publish_questions(pack(), key=KEY, folder=BundleFolder(tmp_path), author="chen-shili", at=now)
    township = Region.objects.get(code=TOWNSHIP)
    until = timezone.localdate(now) + dt.timedelta(days=30)
    require(township, "law", until=until, by=Decision("chen-shili", "学习计划", now))
    return township


def reach(person: Person, *levels: str, day: int = 0) -> None:
    for number, level in enumerate(levels):
        first = timezone.now() - dt.timedelta(days=day + number)
        ReachedLevel.objects.create(person=person, pack="law", level=level, stars=2, first_at=first)


def secretary(county: FictionalCounty) -> Unit:
    """Zhang is the secretary of the branch in which Li is a member, and has the secretary's account."""
    branch = make_unit("示例村党支部", UnitKind.BRANCH, Region.objects.get(pk=SHILI_VILLAGE), actor="service")
    today = timezone.localdate()
    give_post(county.people[ZHANG], branch, "书记", since=today, actor="service")
    give_post(county.people[LI], branch, "组织委员", since=today, actor="service")
    account = user_of(BY_ROLE["secretary"])
    User.objects.filter(pk=account.pk).update(person=county.people[ZHANG])
    return branch


def test_a_pack_is_complete_on_the_day_of_its_last_level(county: FictionalCounty, li: Person, required: Region) -> None:
    reach(li, "l1", "l2", day=3)
    reach(county.people[ZHANG], "l1")
    now = timezone.now()
    found = required_of([li, county.people[ZHANG], county.people[WANG]], now)
    assert [(one.is_complete, one.completed_on) for one in found[li.pk]] == [
        (True, timezone.localdate(now) - dt.timedelta(days=3))
    ]
    assert [(one.reached, one.is_complete) for one in found[county.people[ZHANG].pk]] == [(1, False)]
    assert found[county.people[WANG].pk] == [], "Wang is of another township"
    ReachedLevel.objects.filter(person=li, level="l2").update(first_at=None)
    assert [(one.is_complete, one.completed_on) for one in required_of([li], now)[li.pk]] == [(True, None)]


def test_what_is_late_is_said_for_thirty_days_and_a_new_day_takes_its_place(li: Person, required: Region) -> None:
    now = timezone.now()
    first = Course.objects.get().until
    assert first is not None
    for days, is_said in ((30, True), (60, True), (61, False)):
        assert bool(required_of([li], now + dt.timedelta(days=days))[li.pk]) is is_said
    later = now + dt.timedelta(days=40)
    until = timezone.localdate(later) + dt.timedelta(days=10)
    require(required, "law", until=until, by=Decision("chen-shili", "再学一次", later))
    assert [one.until for one in required_of([li], later)[li.pk]] == [until]
    assert [one.until for one in required_of([li], now)[li.pk]] == [first]


def test_the_secretary_sees_who_completed_it_and_nobody_else_does(
    county: FictionalCounty, li: Person, required: Region
) -> None:
    secretary(county)
    reach(li, "l1", "l2", day=3)
    html = client_for(User.objects.get(username=BY_ROLE["secretary"].username)).get("/courses/branch/").content.decode()
    assert li.name in html
    assert "✓ 学完" in html
    assert "★" not in html, "whether and when, and nothing else"
    for role in ("officer", "organisation"):
        html = client_for(user_of(BY_ROLE[role])).get("/courses/branch/").content.decode()
        assert li.name not in html
        assert "只有党支部书记本人" in html


def test_a_deputy_or_a_secretary_of_an_office_leads_no_branch(county: FictionalCounty) -> None:
    today, region = timezone.localdate(), Region.objects.get(pk=SHILI_VILLAGE)
    branch = make_unit("示例村党支部", UnitKind.BRANCH, region, actor="service")
    office = make_unit("示例村委会", UnitKind.COMMITTEE, region, actor="service")
    give_post(county.people[ZHANG], branch, "副书记", since=today, actor="service")
    give_post(county.people[ZHANG], office, "书记", since=today, actor="service")
    assert branches_led_by(county.people[ZHANG], timezone.now()) == []


def test_a_township_s_share_is_said_of_ten_people_at_least(
    county: FictionalCounty, required: Region, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    village, now = Region.objects.get(pk=SHILI_VILLAGE), timezone.now()
    people = [Person.objects.create(number=f"s{number}", name="示例", village=village) for number in range(8)]
    assert shares_of("law", [TOWNSHIP[:9]], now) == [TownshipShare(TOWNSHIP[:9], None)]
    people.append(Person.objects.create(number="s9", name="示例", village=village))
    for one in people[:4]:
        reach(one, "l1", "l2")
    reach(people[5], "l1")
    with django_assert_num_queries(3):
        [share] = shares_of("law", [TOWNSHIP[:9]], now)
    assert (share.percent, share.said) == (40, "约四成")
    assert shares_of("health", [TOWNSHIP[:9]], now) == []


def test_nobody_is_found_out_by_requiring_a_pack_of_a_few_more(county: FictionalCounty, required: Region) -> None:
    village, now = Region.objects.get(pk=SHILI_VILLAGE), timezone.now()
    Person.objects.update(left=True)
    for number in range(10):
        reach(
            Person.objects.create(number=f"s{number}", name="示例", village=village),
            *(["l1", "l2"] if number < 5 else []),
        )
    Person.objects.create(number="one", name="示例", village=village, type=PersonType.RESIDENT)
    with_one_more = shares_of("law", [TOWNSHIP[:9]], now)
    Person.objects.filter(number="one").update(left=True)
    assert shares_of("law", [TOWNSHIP[:9]], now) == with_one_more
    assert [one.said for one in with_one_more] == ["约五成"]


@pytest.mark.parametrize(
    ("people", "completed", "said"),
    [
        (9, 9, ""),
        (10, 0, "一成或更少"),
        (11, 1, "一成或更少"),
        (20, 13, "约六成"),
        (21, 13, "约六成"),
        (10, 10, "九成或更多"),
    ],
)
def test_a_share_says_neither_nobody_nor_everybody(people: int, completed: int, said: str) -> None:
    assert TownshipShare.of(TOWNSHIP[:9], people, completed).said == said


def test_whoever_writes_questions_sees_how_they_are_answered(
    county: FictionalCounty, required: Region, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    bundle = Bundle.objects.get(kind="questions")
    client = client_for(user_of(BY_ROLE["officer"]))
    with django_assert_max_num_queries(40):
        html = client.get(f"/published/{bundle.pk}/questions/").content.decode()
    assert "还没有数" in html
    assert "不到 10 人，不显示" in html
    assert f"/published/{bundle.pk}/questions/" in client.get(f"/published/{bundle.pk}/").content.decode()


def test_the_page_of_courses_makes_and_ends_a_requirement(county: FictionalCounty, required: Region) -> None:
    client = client_for(user_of(BY_ROLE["officer"]))
    until = timezone.localdate() + dt.timedelta(days=9)
    form = {"region": SHILI_VILLAGE, "pack": "law", "until": str(until), "types": ["cadre"], "reason": "示例村学习"}
    html = client.post("/courses/require/", form, follow=True).content.decode()
    assert "必学已记录" in html
    assert "示例村学习" in html
    for late, said in (("2099-01-01", "一年以内"), ("", "请填日期")):
        refused = client.post("/courses/require/", {**form, "types": ["member"], "until": late}, follow=True)
        assert said in refused.content.decode()
    menu = {"region": SHILI_VILLAGE, "title": "选学：冬季", "packs": ["law"], "choose": "1", "reason": "示例村选学"}
    assert "选学：冬季" in client.post("/courses/offer/", menu, follow=True).content.decode()
    pk = Course.objects.get(kind="required", region__code=SHILI_VILLAGE).pk
    html = client.post(f"/courses/{pk}/end/", {"reason": "不用学了吧"}, follow=True).content.decode()
    assert "已结束，站点连上以后不再显示" in html
    assert "不用学了吧" in html


def test_the_person_sees_stars_wrong_book_and_what_is_required(
    county: FictionalCounty, required: Region, processor: BatchProcessor
) -> None:
    station = enrolled(county)
    by = station.ref(1)
    station.add(touch(), answered(at(0, 1), by, chosen=1), answered(at(0, 2), by, "l1q2"), ended(at(0, 3), by, 2))
    take(processor, station)
    now = timezone.now()
    Rounds().go_on(now)
    zhang = county.people[ZHANG]
    own = own_learning(zhang, now)
    [mine] = own.packs
    assert [(level.name, level.said) for level in mine.levels] == [("第1关", "★★☆"), ("第2关", "☆☆☆")]
    assert mine.required is not None
    assert (mine.required.reached, mine.required.levels) == (1, 2)
    assert len(own.due) + len(own.later) == 1
