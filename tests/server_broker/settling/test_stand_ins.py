"""A village without a station names another's for some days, and its people are judged by that one."""

import datetime as dt

import pytest
from django.utils import timezone

from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settling.dead_stations import declare_dead
from server_broker.settling.models import SettledWindow, StandIn
from server_broker.settling.rounds import mark_due, settle_days, settle_due
from server_broker.settling.stand_ins import Days, StandInRefused, end_stand_in, living_station, name_stand_in
from server_broker.settling.whereabouts import Whereabouts
from tests.cast import COUNTY, OPERATOR, OTHER_OPERATOR, SHILI, SHILI_VILLAGE, TOWNSHIP, YANGBAN, YANSHI_VILLAGE, ZHAO
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import (
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
)

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)
NOW = at(MONDAY - DAY, 6)
ALWAYS = Days(MONDAY, None)


@pytest.fixture
def zhao(county: FictionalCounty) -> Person:
    """Somebody of a village without a station, who never touches."""
    announced(MONDAY - 14 * DAY, 50)
    person = county.add(ZHAO)
    morning(person, village=YANSHI_VILLAGE)
    return person


@pytest.fixture
def shili(zhao: Person) -> LivedStation:
    """The station next door."""
    return LivedStation()


def village(code: str = YANSHI_VILLAGE) -> Region:
    return Region.objects.get(pk=code)


def names(station: str, days: Days, *, code: str = YANSHI_VILLAGE) -> None:
    by = user_of(OPERATOR)
    with recorded(NOW):
        name_stand_in(village(code), Station.objects.get(pk=station), days, "还没有装站点", by=by, now=NOW)


def refusal(station: str, days: Days, *, code: str = YANSHI_VILLAGE) -> str:
    before = StandIn.objects.count(), AuditEntry.objects.count()
    with pytest.raises(StandInRefused) as refused:
        name_stand_in(
            village(code), Station.objects.get(pk=station), days, "还没有装站点", by=user_of(OPERATOR), now=NOW
        )
    assert (StandIn.objects.count(), AuditEntry.objects.count()) == before
    return str(refused.value)


def settled(zhao: Person) -> list[tuple[str, str]]:
    rows = SettledWindow.objects.current().filter(person=zhao, day__gte=MONDAY).order_by("day")
    return [(one.result, one.line) for one in rows]


def test_one_that_stands_in_holds_on_its_days_alone(zhao: Person, shili: LivedStation) -> None:
    now = at(MONDAY + 3 * DAY, 20)
    names(SHILI, Days(TUESDAY, WEDNESDAY))
    for number in range(4):
        then = at(MONDAY + number * DAY, 20)
        shili.closed(at(MONDAY + number * DAY, 15, 1))
        shili.send(at(MONDAY + number * DAY, 15, 2))
        mark_due(then)
        settle_due(then, rounds=1000)
    piece_by_piece = settled(zhao)
    assert [result for result, _ in piece_by_piece] == ["停", "旷", "旷", "停"]
    days = [MONDAY + number * DAY for number in range(4)]
    kept = settle_days({(one, day): "first" for one in Whereabouts(now).everybody for day in days}, now)
    assert (kept.made, kept.superseded) == (0, 0)


def test_it_ends_from_a_day_on(zhao: Person) -> None:
    names(SHILI, ALWAYS)
    with recorded(NOW):
        end_stand_in(village(), WEDNESDAY, "装好了自己的", by=user_of(OPERATOR), now=NOW)
    rows = StandIn.objects.known().filter(station__isnull=False)
    assert [(row.station_id, timezone.localdate(row.valid_to)) for row in rows] == [(SHILI, WEDNESDAY)]
    with pytest.raises(StandInRefused, match="本来就没有代用站点，或者刚被别人结束了"):
        end_stand_in(village(), WEDNESDAY, "装好了自己的", by=user_of(OPERATOR), now=NOW)


def test_it_is_a_decision(zhao: Person) -> None:
    names(SHILI, Days(MONDAY, TUESDAY))
    entry = AuditEntry.objects.get(action="stand_in.named")
    assert entry.subject == YANSHI_VILLAGE
    assert entry.detail == {
        "station": SHILI,
        "first": str(MONDAY),
        "last": str(TUESDAY),
        "reason": "还没有装站点",
    }
    fact = DecidedFact.objects.order_by("-pk").first()
    assert DecidedRow.objects.filter(fact=fact, table="settling_standin").exists()


def test_what_can_not_be_is_refused(zhao: Person, county: FictionalCounty) -> None:
    foreign = Region.objects.create(code="990202001001", name="外县村")
    Station.objects.create(id="foreign-01", name="外县", village=foreign, enrolled_at=NOW)
    Station.objects.create(id="waiting-01", name="没接入", village=village(SHILI_VILLAGE))
    assert "不是本县的" in refusal("foreign-01", ALWAYS)
    assert "还没有接入" in refusal("waiting-01", ALWAYS)
    assert "就是本村的" in refusal(SHILI, ALWAYS, code=SHILI_VILLAGE)
    assert "示例村 自己有在用的站点（shili-01）" in refusal(YANGBAN, ALWAYS, code=SHILI_VILLAGE)
    assert "只有在用的村" in refusal(SHILI, ALWAYS, code=TOWNSHIP)
    assert "只有在用的村" in refusal(SHILI, ALWAYS, code=COUNTY)
    assert "结束的那天在开始以前" in refusal(SHILI, Days(TUESDAY, MONDAY))
    assert "超过一年" in refusal(SHILI, Days(MONDAY, MONDAY + 400 * DAY))
    Station.objects.filter(pk=YANGBAN).update(revoked_at=NOW)
    assert "已经吊销" in refusal(YANGBAN, ALWAYS)


def test_nobody_is_blamed_backwards_for_a_place_they_did_not_know_of(zhao: Person, shili: LivedStation) -> None:
    for number in range(2):
        shili.closed(at(MONDAY + number * DAY, 15, 1))
    shili.send(at(TUESDAY, 15, 2))
    now, by, neighbour = at(TUESDAY, 20), user_of(OPERATOR), Station.objects.get(pk=SHILI)
    mark_due(now)
    settle_due(now, rounds=1000)
    for first in (MONDAY - 30 * DAY, MONDAY, TUESDAY):
        with pytest.raises(StandInRefused, match="最早从明天（2027-03-17）起"):
            name_stand_in(village(), neighbour, Days(first, None), "还没有装站点", by=by, now=now)
    with recorded(now):
        name_stand_in(village(), neighbour, Days(WEDNESDAY, None), "还没有装站点", by=by, now=now)
    later = at(WEDNESDAY, 20)
    shili.closed(at(WEDNESDAY, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    mark_due(later)
    settle_due(later, rounds=1000)
    assert [result for result, _ in settled(zhao)] == ["停", "停", "旷"]
    # Nor does who did not come wipe it out.
    for since in (MONDAY, WEDNESDAY):
        with pytest.raises(StandInRefused, match="最早从明天（2027-03-18）起"):
            end_stand_in(village(), since, "装好了自己的", by=by, now=later)
    with recorded(later):
        end_stand_in(village(), WEDNESDAY + DAY, "装好了自己的", by=by, now=later)


def test_two_do_not_stand_in_at_a_time(zhao: Person) -> None:
    names(SHILI, Days(TUESDAY, WEDNESDAY))
    assert "已经由 shili-01 代用" in refusal(YANGBAN, Days(WEDNESDAY, None))
    names(YANGBAN, Days(WEDNESDAY + DAY, None))


def test_a_village_whose_station_is_declared_dead_has_none(zhao: Person, shili: LivedStation) -> None:
    now = at(MONDAY + 4 * DAY, 9)
    thursday = MONDAY + 3 * DAY
    shili.closed(at(thursday, 15, 1))
    shili.send(at(thursday, 15, 2))
    assert living_station(village(SHILI_VILLAGE), Days(thursday, None), now) is not None
    with recorded(now):
        declare_dead(Station.objects.get(pk=SHILI), at(thursday, 16), "烧坏了", by=user_of(OPERATOR), now=now)
    assert living_station(village(SHILI_VILLAGE), Days(thursday - DAY, None), now) is not None
    assert living_station(village(SHILI_VILLAGE), Days(thursday, None), now) is None
    name_stand_in(
        village(SHILI_VILLAGE),
        Station.objects.get(pk=YANGBAN),
        Days(thursday + 2 * DAY, None),
        "烧坏了",
        by=user_of(OPERATOR),
        now=now,
    )


def test_nobody_names_one_for_windows_of_their_own(zhao: Person) -> None:
    own = user_of(OPERATOR)
    own.person = zhao
    own.save()
    reason = "这里有您自己的班（演示村 上午 08:30–12:00），不能由您来定"
    assert reason in refusal(SHILI, ALWAYS)
    # From a day on on which they have none, but they have some later.
    assert reason in refusal(SHILI, Days(MONDAY + 5 * DAY, None))
    assert reason in refusal(SHILI, Days(MONDAY + 5 * DAY, MONDAY + 40 * DAY))
    other = user_of(OTHER_OPERATOR)
    with recorded(NOW):
        name_stand_in(village(), Station.objects.get(pk=SHILI), ALWAYS, "还没有装站点", by=other, now=NOW)
    with pytest.raises(StandInRefused, match="这里有您自己的班"):
        end_stand_in(village(), MONDAY + 5 * DAY, "自己的装好了", by=own, now=NOW)
