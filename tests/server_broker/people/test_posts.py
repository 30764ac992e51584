"""Units, posts and what the county has of a person, from day to day."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.dated.days import begin_of
from server_broker.dated.models import AsOf
from server_broker.people.changes import PersonRefused, change_person, register
from server_broker.people.existence import existed, on_file_since
from server_broker.people.models import HoldingState, PersonRecord, PersonType, UnitKind
from server_broker.people.posts import PostRefused, change_holding, end_unit, give_post, holders, make_unit
from server_broker.regions.models import Region
from tests.cast import TOWNSHIP, YANSHI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty

pytestmark = pytest.mark.django_db

BY = "wu-yunwei"
DAY = dt.timedelta(days=1)


@pytest.fixture
def today() -> dt.date:
    return timezone.localdate()


def on_post(post: int, day: dt.date) -> list[str]:
    return [row.subject.person.number for row in holders([post], AsOf(begin_of(day)))]


def test_a_person_holds_several_posts_and_is_away_from_one(county: FictionalCounty, today: dt.date) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    person = register("t1", "唐示例", Region.objects.get(pk=TOWNSHIP), actor=BY, type=PersonType.OFFICIAL)
    clerk = give_post(person, office, "文书", since=today, until=today + 9 * DAY, actor=BY)
    give_post(person, office, "驻村干部", since=today, actor=BY)
    assert on_post(clerk.post_id, today) == ["t1"]
    change_holding(
        clerk, HoldingState.SECONDED, since=today + 2 * DAY, until=today + 3 * DAY, actor=BY, reason="借调到县里"
    )
    days = [bool(on_post(clerk.post_id, today + n * DAY)) for n in (1, 2, 3, 4, 9, 10)]
    assert days == [True, False, False, True, True, False]
    assert person.holdings.count() == 2


def test_a_post_twice_at_once_or_before_the_person_was_there_is_refused(
    county: FictionalCounty, today: dt.date
) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    zhang = county.people[ZHANG]
    give_post(zhang, office, "文书", since=today, actor=BY)
    with pytest.raises(PostRefused, match="已经任这个职务"):
        give_post(zhang, office, "文书", since=today + DAY, actor=BY)
    with pytest.raises(PostRefused, match="那时还不在册"):
        give_post(zhang, office, "主任", since=today - DAY, actor=BY)
    with pytest.raises(PostRefused, match="早于任职日期"):
        give_post(zhang, office, "主任", since=today + DAY, until=today, actor=BY)
    assert on_file_since(zhang, today - 5 * DAY, actor=BY, reason="补录")
    give_post(zhang, office, "主任", since=today - DAY, actor=BY)


def test_a_unit_with_somebody_on_a_post_does_not_end(county: FictionalCounty, today: dt.date) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    with pytest.raises(PostRefused, match="已有单位"):
        make_unit("示例镇政府", UnitKind.BRANCH, Region.objects.get(pk=TOWNSHIP), actor=BY)
    holding = give_post(county.people[ZHANG], office, "文书", since=today, actor=BY)
    with pytest.raises(PostRefused, match="请先办卸任"):
        end_unit(office, actor=BY, reason="撤销")
    change_holding(holding, HoldingState.ENDED, since=today, actor=BY, reason="卸任")
    end_unit(office, actor=BY, reason="撤销")
    office.refresh_from_db()
    assert office.ended


def test_an_end_leaves_a_later_appointment_to_the_same_post_alone(county: FictionalCounty, today: dt.date) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    zhang = county.people[ZHANG]
    holding = give_post(zhang, office, "文书", since=today, until=today + 30 * DAY, actor=BY)
    give_post(zhang, office, "文书", since=today + 100 * DAY, actor=BY)
    change_holding(holding, HoldingState.SUSPENDED, since=today + 20 * DAY, actor=BY, reason="停职")
    change_holding(holding, HoldingState.ENDED, since=today + 10 * DAY, actor=BY, reason="卸任")
    days = [bool(on_post(holding.post_id, today + n * DAY)) for n in (9, 10, 25, 99, 100, 400)]
    assert days == [True, False, False, False, True, True]


def test_a_person_moves_on_a_day_to_come(county: FictionalCounty, today: dt.date) -> None:
    zhang, yanshi = county.people[ZHANG], Region.objects.get(pk=YANSHI_VILLAGE)
    change_person(zhang, since=today + 3 * DAY, village=yanshi, actor=BY, reason="调动")
    zhang.refresh_from_db()
    assert zhang.village_id == ZHANG.village
    then = PersonRecord.objects.as_of(AsOf(begin_of(today + 3 * DAY))).get(subject=zhang)
    assert then.village == yanshi
    with pytest.raises(PersonRefused, match="那时还不在册"):
        change_person(zhang, since=today - DAY, name="张早", actor=BY, reason="改名")
    assert not existed(zhang, begin_of(today - DAY))


def test_of_two_moves_on_one_date_the_later_word_counts(county: FictionalCounty, today: dt.date) -> None:
    zhang, yanshi, home = county.people[ZHANG], Region.objects.get(pk=YANSHI_VILLAGE), county.people[ZHANG].village
    day = today + 3 * DAY
    change_person(zhang, since=day, village=yanshi, actor=BY, reason="调动")
    change_person(zhang, since=day, village=home, actor=BY, reason="调动有误，调回")
    rows = PersonRecord.objects.filter(subject=zhang, valid_from=begin_of(day)).order_by("pk")
    assert [(row.village, row.superseded_at is None) for row in rows] == [(yanshi, False), (home, True)]
    assert PersonRecord.objects.as_of(AsOf(begin_of(day))).get(subject=zhang).village == home


def test_a_unit_whose_holder_has_an_end_to_come_does_not_end(county: FictionalCounty, today: dt.date) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    holding = give_post(county.people[ZHANG], office, "文书", since=today, until=today + 5 * DAY, actor=BY)
    with pytest.raises(PostRefused, match="请先办卸任"):
        end_unit(office, actor=BY, reason="撤销")
    change_holding(holding, HoldingState.ENDED, since=today, actor=BY, reason="卸任")
    end_unit(office, actor=BY, reason="撤销")
    # `office` was read before it ended.
    with pytest.raises(PostRefused, match="示例镇政府 已撤销"):
        give_post(county.people[ZHANG], office, "主任", since=today, actor=BY)
    with pytest.raises(PostRefused, match="示例镇政府 已撤销"):
        end_unit(office, actor=BY, reason="撤销")


def test_being_away_ends_with_the_post(county: FictionalCounty, today: dt.date) -> None:
    office = make_unit("示例镇政府", UnitKind.TOWNSHIP_OFFICE, Region.objects.get(pk=TOWNSHIP), actor=BY)
    holding = give_post(county.people[ZHANG], office, "文书", since=today, until=today + 5 * DAY, actor=BY)
    with pytest.raises(PostRefused, match=f"任到 {today + 5 * DAY} 为止"):
        change_holding(holding, HoldingState.OFF, since=today, until=today + 6 * DAY, actor=BY, reason="病假")
    change_holding(holding, HoldingState.OFF, since=today + DAY, actor=BY, reason="病假")
    change_holding(holding, HoldingState.HELD, since=today + 3 * DAY, actor=BY, reason="回岗")
    days = [bool(on_post(holding.post_id, today + n * DAY)) for n in (0, 1, 3, 5, 6)]
    assert days == [True, False, True, True, False]
