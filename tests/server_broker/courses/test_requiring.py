"""Packs are required and offered by a decision with a reason, for a region and types, and told to stations."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytest_django import DjangoAssertNumQueries

from protocol.codec import decode
from protocol.courses import Courses, concerns
from server_broker.audit.models import AuditEntry
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.courses.models import Course
from server_broker.courses.requiring import CourseRefused, Decision, end, offer, packs_for, packs_within, require
from server_broker.decisions.models import DecidedRow
from server_broker.fleet.models import ShelfDue
from server_broker.people.models import Person
from server_broker.progress.courses_source import count_taken, courses_drafts
from server_broker.progress.models import ChosenPack, TakenPack
from server_broker.regions.models import Region
from tests.cast import SHILI, SHILI_VILLAGE, TOWNSHIP, YANGBAN
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import pack
from tests.server_broker.people.numbers import IDENTITY
from tests.server_broker.station_double import NOW

pytestmark = pytest.mark.django_db
BY = Decision("chen-shili", "示例镇学习计划", NOW)
UNTIL = dt.date(2026, 12, 31)


@pytest.fixture
def township(county: FictionalCounty, tmp_path: Path) -> Region:
    for name in ("law", "health"):
        publish_questions(
            pack(name=name),
            key=Ed25519PrivateKey.generate(),
            folder=BundleFolder(tmp_path),
            author="chen-shili",
            at=NOW,
            regions=[TOWNSHIP[:9]] if name == "health" else ("",),
        )
    return Region.objects.get(code=TOWNSHIP)


def told(county: FictionalCounty, name: str = SHILI, now: dt.datetime = NOW) -> Courses | None:
    drafts = courses_drafts([county.stations[name]], now)[name]
    return decode(drafts[0].content, Courses, limit=2**21) if drafts else None


def test_a_required_pack_is_decided_with_its_reason_and_told_to_the_township_s_stations(
    county: FictionalCounty, township: Region
) -> None:
    ShelfDue.objects.all().delete()
    row = require(township, "law", until=UNTIL, types=["cadre"], by=BY)
    entry = AuditEntry.objects.get(action="course.made")
    assert (entry.actor, entry.detail["reason"], entry.detail["region"]) == (BY.actor, BY.reason, TOWNSHIP)
    assert DecidedRow.objects.get(table="courses_course").row == str(row.pk)
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}
    said = told(county)
    assert said is not None
    [one] = said.required
    assert (one.pack, one.until) == ("law", "2026-12-31")
    assert concerns(one, type_="cadre", region=SHILI_VILLAGE)
    assert not concerns(one, type_="villager", region=SHILI_VILLAGE)
    assert told(county, YANGBAN) is None, "it concerns nobody there"


def test_what_is_over_or_ended_is_required_no_longer(county: FictionalCounty, township: Region) -> None:
    row = require(township, "law", until=UNTIL, by=BY)
    last = told(county, now=NOW + dt.timedelta(days=67))
    assert last is not None, "for thirty days after its last day it is late"
    assert told(county, now=NOW + dt.timedelta(days=69)) is None
    end(row, by=BY)
    assert told(county) is None
    row.refresh_from_db()
    assert (row.ended_by, row.ended_reason, row.ended_at) == (BY.actor, BY.reason, NOW)
    with pytest.raises(CourseRefused, match="已经结束"):
        end(row, by=BY)


def test_a_menu_is_told_with_how_many_chose_what_but_never_of_fewer_than_ten(
    county: FictionalCounty, township: Region
) -> None:
    offer(township, "冬季选学", choose=1, packs=["law", "health"], by=BY)
    village = county.stations[SHILI].village
    people = [
        Person.objects.create(
            number=f"c{number}", name="示例", village=village, type="member" if number < 9 else "cadre"
        )
        for number in range(20)
    ]
    ChosenPack.objects.bulk_create(ChosenPack(person=person, pack="law") for person in people)
    count_taken()
    said = told(county)
    assert said is not None
    assert [(one.title, one.choose, one.packs) for one in said.menus] == [("冬季选学", 1, ["law", "health"])]
    assert [(one.pack, one.type, one.people) for one in said.taken] == [("law", "cadre", 10)], "in tens"
    assert TakenPack.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pack": "nothing"}, "没有发给这里"),
        ({"until": dt.date(2026, 11, 1)}, "截止日期"),
        ({"until": dt.date(2028, 11, 1)}, "截止日期"),
        ({"types": ["boss"]}, "没有这一类人"),
        ({"by": Decision("chen-shili", "学", NOW)}, "理由"),
    ],
)
def test_what_does_not_fit_is_refused(township: Region, changed: dict[str, object], words: str) -> None:
    usual: dict[str, object] = {"pack": "law", "until": UNTIL, "by": BY} | changed
    with pytest.raises(CourseRefused, match=words):
        require(township, str(usual.pop("pack")), **usual)  # type: ignore[arg-type]
    assert not Course.objects.exists()


def test_the_same_is_not_required_twice(township: Region) -> None:
    require(township, "law", until=UNTIL, by=BY)
    with pytest.raises(CourseRefused, match="已经对这些人要求过"):
        require(township, "law", until=UNTIL + dt.timedelta(days=1), by=BY)
    require(township, "law", until=UNTIL, types=["member"], by=BY)


def test_a_pack_of_one_township_can_not_be_required_of_the_county(township: Region) -> None:
    county = Region.objects.get(code=TOWNSHIP[:6].ljust(12, "0"))
    assert set(packs_for(township, NOW)) == {"law", "health"}
    assert set(packs_for(county, NOW)) == {"law"}
    assert len(packs_within(county, NOW)) == 2
    assert [title for title in packs_within(county, NOW).values() if "只发给示例镇" in title]


@pytest.mark.parametrize(
    ("choose", "packs", "words"),
    [
        (3, ["law", "health"], "至少选几个"),
        (1, [], "学习包"),
        (1, ["law", "law"], "不同的"),
        (0, ["law"], "至少选几个"),
    ],
)
def test_a_menu_of_which_nobody_could_choose_is_refused(
    township: Region, choose: int, packs: list[str], words: str
) -> None:
    with pytest.raises(CourseRefused, match=words):
        offer(township, "冬季选学", choose=choose, packs=packs, by=BY)


def test_what_must_not_be_published_is_in_no_menu_and_no_reason(township: Region) -> None:
    with pytest.raises(CourseRefused, match="不能公开"):
        offer(township, "问 13800001234", choose=1, packs=["law"], by=BY)
    named = Decision("chen-shili", f"给 {IDENTITY} 学", NOW)
    with pytest.raises(CourseRefused, match="身份证号"):
        offer(township, "冬季选学", choose=1, packs=["law"], by=named)


def test_more_stations_take_no_more_queries(
    county: FictionalCounty, township: Region, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    require(township, "law", until=UNTIL, by=BY)
    for stations in ([SHILI], [SHILI, YANGBAN]):
        with django_assert_num_queries(3):
            courses_drafts([county.stations[name] for name in stations], NOW)
