"""A station is declared dead from a minute on: nobody waits for it, and it speaks for itself if it can."""

import datetime as dt

import pytest

from server_broker.accounts.models import User
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedFact, DecidedRow
from server_broker.duty.windows import Terms, add_window, end_window
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.settling.dead_stations import (
    DeadRefused,
    FirstMinute,
    declare_dead,
    declared,
    first_minute,
    still_waiting,
    take_back,
    waiting_for,
)
from server_broker.settling.models import DeadStation, SettledWindow
from server_broker.settling.rounds import mark_due, settle_due
from tests.cast import COUNTY_OFFICER, LI, OPERATOR, SHILI, SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty, user_of
from tests.server_broker.settling.lived import (
    BY,
    MONDAY,
    TUESDAY,
    WEDNESDAY,
    LivedStation,
    announced,
    at,
    morning,
    recorded,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]

DAY = dt.timedelta(days=1)
NOW = at(WEDNESDAY, 9)


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    """A station that told everything of Monday and nothing since."""
    announced(MONDAY - 14 * DAY, 50)
    morning(county.people[ZHANG])
    station = LivedStation()
    station.touched(ZHANG.token, at(MONDAY, 8, 20))
    station.touched(ZHANG.token, at(MONDAY, 12, 5))
    station.closed(at(MONDAY, 15, 1))
    station.send(at(MONDAY, 15, 2))
    return station


def row() -> Station:
    return Station.objects.get(pk=SHILI)


def declares(since: dt.datetime, *, by: User | None = None, now: dt.datetime = NOW) -> None:
    with recorded(now):
        declare_dead(row(), since, "主板烧坏", by=by or user_of(COUNTY_OFFICER), now=now)


def refusal(since: dt.datetime, **more: object) -> str:
    before = DeadStation.objects.count(), AuditEntry.objects.count()
    with pytest.raises(DeadRefused) as refused:
        declare_dead(row(), since, "主板烧坏", by=user_of(COUNTY_OFFICER), now=more.get("now", NOW))  # type: ignore[arg-type]
    assert (DeadStation.objects.count(), AuditEntry.objects.count()) == before
    return str(refused.value)


def word(county: FictionalCounty, day: dt.date, known: dt.datetime) -> str:
    return words(day, day, known)[str(county.people[ZHANG].pk), day]


def test_nobody_waits_for_a_dead_station_and_nobody_is_blamed(county: FictionalCounty, shili: LivedStation) -> None:
    assert word(county, TUESDAY, at(TUESDAY, 20)) == "未"
    declares(at(MONDAY, 16, 0, 30))
    assert [word(county, day, at(WEDNESDAY, 20)) for day in (MONDAY, TUESDAY)] == ["√", "停"]
    found = declared(row(), NOW)
    assert found is not None
    assert (found.since, found.withdrawn_at, found.row.reason) == (at(MONDAY, 16), None, "主板烧坏")
    with recorded(at(WEDNESDAY, 21)):
        take_back(row(), "修好了", by=user_of(COUNTY_OFFICER), now=NOW)
    assert declared(row(), NOW) is None
    assert [word(county, TUESDAY, at(WEDNESDAY, hour)) for hour in (20, 22)] == ["停", "未"]
    with pytest.raises(DeadRefused, match="没有报停，或者刚被别人撤回了"):
        take_back(row(), "修好了", by=user_of(COUNTY_OFFICER), now=NOW)


def test_a_later_fact_withdraws_it_and_it_can_be_declared_anew(county: FictionalCounty, shili: LivedStation) -> None:
    declares(at(MONDAY, 16))
    shili.booted(at(WEDNESDAY, 10), alive=at(MONDAY, 16))
    shili.closed(at(WEDNESDAY, 15, 1))
    shili.send(at(WEDNESDAY, 15, 2))
    now = at(WEDNESDAY, 20)
    found = declared(row(), now)
    assert found is not None
    assert found.withdrawn_at == at(WEDNESDAY, 10)
    assert word(county, TUESDAY, now) == "停"
    thursday = WEDNESDAY + DAY
    declares(at(WEDNESDAY, 16), now=at(thursday, 16))
    found = declared(row(), at(thursday, 16))
    assert found is not None
    assert (found.since, found.withdrawn_at) == (at(WEDNESDAY, 16), None)
    assert [word(county, day, at(thursday, 20)) for day in (TUESDAY, WEDNESDAY, thursday)] == ["停", "缺", "停"]
    assert DeadStation.objects.known().filter(dead=True).count() == 1


def test_what_can_not_be_is_refused(county: FictionalCounty, shili: LivedStation) -> None:
    assert "还没到" in refusal(at(WEDNESDAY, 9, 1))
    assert "还没有接入" in refusal(at(MONDAY - DAY, 5))
    assert "传来过更晚的记录（2027-03-15 15:01）" in refusal(at(MONDAY, 15))
    declares(at(MONDAY, 15, 1))
    assert "已经这样登记过了" in refusal(at(MONDAY, 15, 1, 40))
    Station.objects.filter(pk=SHILI).update(revoked_at=at(TUESDAY, 18, 0, 30))
    assert "站点 2027-03-16 18:00 吊销，从那时起本来就不再等它的记录" in refusal(at(TUESDAY, 18))


def test_windows_before_a_revocation_wait_until_the_station_is_declared_dead(
    county: FictionalCounty, shili: LivedStation
) -> None:
    Station.objects.filter(pk=SHILI).update(revoked_at=at(TUESDAY, 18))
    assert [word(county, day, at(WEDNESDAY, 20)) for day in (TUESDAY, WEDNESDAY)] == ["未", "停"]
    declares(at(MONDAY, 16))
    assert [word(county, day, at(WEDNESDAY, 20)) for day in (MONDAY, TUESDAY, WEDNESDAY)] == ["√", "停", "停"]


def test_nobody_declares_the_station_of_their_own_windows_dead(county: FictionalCounty, shili: LivedStation) -> None:
    own = user_of(COUNTY_OFFICER)
    own.person = county.people[ZHANG]
    own.save()
    assert "这里有您自己的班（示例村 上午 08:30–12:00），不能由您来定" in refusal(at(MONDAY, 16))


def test_nor_that_of_windows_that_are_still_to_come(county: FictionalCounty, shili: LivedStation) -> None:
    li = county.people[LI]
    own = user_of(COUNTY_OFFICER)
    own.person = li
    own.save()
    evening = Terms("晚上", [1, 2, 3, 4, 5], 1140, 1200, [li.pk])
    window = add_window(Region.objects.get(pk=SHILI_VILLAGE), evening, since=MONDAY + 30 * DAY, actor=BY)
    assert "这里有您自己的班（示例村 晚上 19:00–20:00）" in refusal(at(MONDAY, 16))
    end_window(window, last=MONDAY + 40 * DAY, actor=BY, reason="不再值班")
    assert "这里有您自己的班" in refusal(at(MONDAY, 16))
    declares(at(MONDAY, 16), by=user_of(OPERATOR))
    with pytest.raises(DeadRefused, match="这里有您自己的班"):
        take_back(row(), "修好了", by=own, now=NOW)


def test_who_had_windows_there_before_alone_declares_it_dead(county: FictionalCounty, shili: LivedStation) -> None:
    li = county.people[LI]
    own = user_of(COUNTY_OFFICER)
    own.person = li
    own.save()
    evening = Terms("晚上", [1, 2, 3, 4, 5], 1140, 1200, [li.pk])
    window = add_window(Region.objects.get(pk=SHILI_VILLAGE), evening, since=MONDAY - 30 * DAY, actor=BY)
    end_window(window, last=MONDAY - 3 * DAY, actor=BY, reason="不再值班")
    declares(at(MONDAY, 16), by=own)


def test_it_is_declared_dead_from_the_minute_after_its_last_record(shili: LivedStation) -> None:
    assert first_minute(row(), NOW) == FirstMinute(at(MONDAY, 15, 2), has_gap=False)
    assert first_minute(row(), at(MONDAY, 15, 1, 59)) is None
    shili.closed(at(TUESDAY, 15, 1))
    # The record of the morning never comes: another stream begins.
    shili.begin_stream(at(TUESDAY, 16), matched=len(shili.sealed))
    shili.send(at(TUESDAY, 16, 1))
    assert first_minute(row(), NOW) == FirstMinute(at(TUESDAY, 16, 1), has_gap=True)


@pytest.mark.usefixtures("shili")
def test_what_was_over_before_the_declared_time_goes_on_waiting() -> None:
    now = at(WEDNESDAY + 2 * DAY, 20)
    mark_due(now)
    settle_due(now, rounds=1000)
    assert waiting_for(row(), at(MONDAY, 16)) == 4
    # Touches of the morning are taken until 15:00.
    for since, still in (
        (at(MONDAY, 15, 2), 0),
        (at(TUESDAY, 14), 0),
        (at(TUESDAY, 16), 1),
        (at(WEDNESDAY + 2 * DAY, 16), 4),
    ):
        with recorded(now):
            declare_dead(row(), since, "主板烧坏", by=user_of(COUNTY_OFFICER), now=now)
        assert still_waiting(row(), since, now) == still
    later = now + dt.timedelta(minutes=5)
    mark_due(later)
    settle_due(later, rounds=1000)
    assert waiting_for(row(), at(MONDAY, 16)) == 4


def test_it_is_a_decision_and_settles_what_waits(county: FictionalCounty, shili: LivedStation) -> None:
    now = at(TUESDAY, 20)
    mark_due(now)
    settle_due(now, rounds=1000)
    assert waiting_for(row(), at(MONDAY, 16)) == 1
    declares(at(MONDAY, 16), now=NOW)
    entry = AuditEntry.objects.get(action="station.declared_dead")
    assert (entry.actor, entry.subject, entry.detail["reason"]) == (COUNTY_OFFICER.username, SHILI, "主板烧坏")
    fact = DecidedFact.objects.order_by("-pk").first()
    assert DecidedRow.objects.filter(fact=fact, table="settling_deadstation").exists()
    later = at(WEDNESDAY, 9, 5)
    mark_due(later)
    settle_due(later, rounds=1000)
    tuesday = SettledWindow.objects.current().get(person=county.people[ZHANG], day=TUESDAY)
    assert (tuesday.result, tuesday.awaited) == ("停", [])
    assert "station" in tuesday.why
    assert waiting_for(row(), at(MONDAY, 16)) == 0
