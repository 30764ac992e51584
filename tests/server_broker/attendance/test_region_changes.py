"""Regions are renamed, recoded, merged and split from a day on; who sees what goes by the code of today."""

import datetime as dt

import pytest
from django.db import connection
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair
from server_broker.attendance.as_of import code_of, due_under, people_under
from server_broker.attendance.models import StationPlace
from server_broker.attendance.region_changes import (
    RegionRefused,
    found_county,
    merge_region,
    recode_region,
    rename_region,
    split_region,
)
from server_broker.audit.models import AuditEntry
from server_broker.console.queries import people_of, stations_of
from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.people.models import Person
from server_broker.regions.models import Region, RegionRecord, region_once
from tests.cast import (
    CLERK,
    OTHER_TOWNSHIP_OFFICER,
    SHILI,
    SHILI_VILLAGE,
    TOWNSHIP,
    TOWNSHIP_OFFICER,
    WANG,
    YANGBAN_VILLAGE,
    YANSHI_VILLAGE,
    ZHANG,
)
from tests.server_broker.county import FictionalCounty, user_of, window

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)
NEW_CODE = "990101001009"


@pytest.fixture
def today() -> dt.date:
    return timezone.localdate()


def region(code: str) -> Region:
    return Region.objects.get(pk=code)


def check_references() -> None:
    """Check at once what PostgreSQL checks at the COMMIT."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def test_a_new_code_is_everywhere_at_once(county: FictionalCounty, today: dt.date) -> None:
    village, clerk = region(SHILI_VILLAGE), user_of(CLERK)
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    before = timezone.now()
    assert recode_region(village, NEW_CODE, since=today, actor=BY, reason="县里换码") == 1
    check_references()
    assert not Region.objects.filter(pk=SHILI_VILLAGE).exists()
    clerk.refresh_from_db()
    assert clerk.region_id == NEW_CODE
    assert [person.number for person in people_of(clerk)] == ["a1"]
    assert [station.pk for station in stations_of(clerk)] == [SHILI]
    assert [one.window.name for one in due_under(NEW_CODE, AsOf(begin_of(today)))] == ["上午"]
    assert people_under(SHILI_VILLAGE, AsOf(timezone.now(), known=before))[0].number == "a1"
    assert code_of(region(NEW_CODE), AsOf(begin_of(today - DAY))) == SHILI_VILLAGE
    assert region_once(SHILI_VILLAGE) == region(NEW_CODE)


def test_a_village_with_the_code_of_another_township_is_seen_there_from_today(
    county: FictionalCounty, today: dt.date
) -> None:
    recode_region(region(SHILI_VILLAGE), "990101002009", since=today, actor=BY, reason="划归样板镇")
    assert {person.number for person in people_of(user_of(OTHER_TOWNSHIP_OFFICER))} == {"a1", "b1"}
    assert not people_of(user_of(TOWNSHIP_OFFICER)).exists()


def test_a_township_takes_its_villages_along(county: FictionalCounty, today: dt.date) -> None:
    officer = user_of(TOWNSHIP_OFFICER)
    assert recode_region(region(TOWNSHIP), "990101007000", since=today, actor=BY, reason="县里换码") == 3
    check_references()
    officer.refresh_from_db()
    assert [person.number for person in people_of(officer)] == ["a1"]
    assert set(Region.objects.values_list("code", flat=True)) >= {"990101007000", "990101007001", "990101007002"}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (YANSHI_VILLAGE, "是或曾是 演示村 的"),
        ("990101001000", "不是同一级"),
        ("990199001001", "没有上级区划"),
        ("99010100100x", "12 位数字"),
        ("٩٩٠١٠١٠٠١٠٠٩", "12 位数字"),
        (SHILI_VILLAGE, "代码没有变"),
    ],
)
def test_a_code_that_does_not_fit_is_refused(county: FictionalCounty, today: dt.date, code: str, words: str) -> None:
    with pytest.raises(RegionRefused, match=words):
        recode_region(region(SHILI_VILLAGE), code, since=today, actor=BY, reason="县里换码")


def test_a_merged_village_s_people_and_stations_are_the_other_s(county: FictionalCounty, today: dt.date) -> None:
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    before, shili = timezone.now(), region(SHILI_VILLAGE)
    merge_region(shili, region(YANSHI_VILLAGE), since=today, actor=BY, reason="并村")
    check_references()
    assert Person.objects.get(number="a1").village_id == YANSHI_VILLAGE
    assert region(SHILI_VILLAGE).ended
    assert [one.people for one in due_under(YANSHI_VILLAGE, AsOf(timezone.now()))] == [(county.people[ZHANG].pk,)]
    assert due_under(SHILI_VILLAGE, AsOf(timezone.now())) == []
    assert len(due_under(SHILI_VILLAGE, AsOf(timezone.now(), known=before))) == 1
    earlier = StationPlace.objects.as_of(AsOf(begin_of(today - DAY))).get(subject=SHILI)
    assert earlier.village == shili
    # Whoever saw the one village is not to see the other by that.
    assert not people_of(user_of(CLERK)).exists()


def test_a_merger_that_makes_no_sense_is_refused(county: FictionalCounty, today: dt.date) -> None:
    shili, yanshi = region(SHILI_VILLAGE), region(YANSHI_VILLAGE)
    with pytest.raises(RegionRefused, match="不能把一个村并入它自己"):
        merge_region(shili, region(SHILI_VILLAGE), since=today, actor=BY, reason="并村")
    with pytest.raises(RegionRefused, match="只能合并村"):
        merge_region(shili, region(TOWNSHIP), since=today, actor=BY, reason="并村")
    merge_region(shili, yanshi, since=today, actor=BY, reason="并村")
    with pytest.raises(RegionRefused, match="还没有或已撤并"):
        merge_region(region(SHILI_VILLAGE), region(YANGBAN_VILLAGE), since=today + DAY, actor=BY, reason="并村")
    with pytest.raises(RegionRefused, match="还没有或已撤并"):
        merge_region(yanshi, region(SHILI_VILLAGE), since=today + DAY, actor=BY, reason="并村")


def test_two_windows_of_one_name_are_told_before_a_merger(county: FictionalCounty, today: dt.date) -> None:
    window(SHILI_VILLAGE, "上午", [county.people[ZHANG]])
    window(YANGBAN_VILLAGE, "上午", [county.people[WANG]])
    with pytest.raises(RegionRefused, match="都有值班“上午”"):
        merge_region(region(SHILI_VILLAGE), region(YANGBAN_VILLAGE), since=today, actor=BY, reason="并村")


def test_a_village_is_split_with_those_who_go_along(county: FictionalCounty, today: dt.date) -> None:
    zhang = county.people[ZHANG]
    made = split_region(
        region(SHILI_VILLAGE),
        NEW_CODE,
        "新示例村",
        since=today,
        people=[zhang.pk],
        stations=[],
        actor=BY,
        reason="分村",
    )
    assert Person.objects.get(pk=zhang.pk).village == made
    assert [row.number for row in people_under(NEW_CODE, AsOf(begin_of(today)))] == ["a1"]
    assert people_under(NEW_CODE, AsOf(begin_of(today) - DAY)) == []
    with pytest.raises(RegionRefused, match="那天不在这个村"):
        split_region(
            region(SHILI_VILLAGE),
            "990101001008",
            "又一村",
            since=today,
            people=[zhang.pk],
            stations=[],
            actor=BY,
            reason="分村",
        )


def test_a_new_name_holds_from_its_day(county: FictionalCounty, today: dt.date) -> None:
    rename_region(region(SHILI_VILLAGE), "示例新村", since=today, actor=BY, reason="更名")
    assert region(SHILI_VILLAGE).name == "示例新村"
    with pytest.raises(RegionRefused, match="请填新名称"):
        rename_region(region(SHILI_VILLAGE), "", since=today, actor=BY, reason="更名")


def test_nobody_takes_themselves_along_when_a_village_is_split(county: FictionalCounty, today: dt.date) -> None:
    officer, zhang = user_of(TOWNSHIP_OFFICER), county.people[ZHANG]
    officer.person = zhang
    officer.save()
    with pytest.raises(OwnAffair):
        split_region(
            region(SHILI_VILLAGE),
            NEW_CODE,
            "新示例村",
            since=today,
            people=[zhang.pk],
            stations=[],
            actor=officer.username,
            reason="分村",
        )


def test_a_county_that_has_no_regions_yet_gets_its_own(transactional_db: None) -> None:
    made = found_county("990101000000", "示例县", actor=BY)
    assert (made.code, made.name) == ("990101000000", "示例县")
    assert RegionRecord.objects.known().get(subject=made).name == "示例县"
    assert AuditEntry.objects.get(action="region.founded").subject == made.code
    assert found_county("990101000000", "示例县", actor=BY) == made, "who is interrupted and does it again is not stuck"
    for code, name in (
        ("990101000000", "样板县"),
        ("990102000000", "样板县"),
        ("990101001000", "示例镇"),
        ("9901", "县"),
    ):
        with pytest.raises(RegionRefused):
            found_county(code, name, actor=BY)
    assert Region.objects.count() == 1
