"""To look at what is new costs the same however much a station told before, and however much of it is new at once."""

import secrets

import pytest
from django.db import connection

from protocol.facts import Booted, FactsLost
from protocol.facts_station import ShutDown
from server_broker.settling.rounds import mark_due
from tests.cast import SHILI_VILLAGE, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.explained import AT_MOST, explained
from tests.server_broker.settling.lived import MONDAY, LivedStation, announced, at, morning

pytestmark = pytest.mark.django_db

BEFORE = 6_000
_PAIRS = """INSERT INTO fleet_stationevent (station_id, epoch, seq, kind, detail, wall, quality, boot, mono_ms,
                                            received_at)
SELECT %s, decode(md5('before'), 'hex'), n, CASE n %% 2 WHEN 0 THEN 'booted' ELSE 'shut_down' END, '{}', %s, 'synced',
       decode(md5(n::text), 'hex'), n, %s FROM generate_series(1, %s) n"""
_UNDATED = """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at,
                                            card_token, reader, answer, direction, chosen_direction)
SELECT %s, %s, n + 100, now(), 'unknown', decode(md5('undated'), 'hex'), n, now(), decode(md5(n::text), 'hex'),
       'simulated', 'recorded', 'in', '' FROM generate_series(1, %s) n"""


@pytest.fixture
def shili(county: FictionalCounty) -> LivedStation:
    announced(MONDAY, 50)
    morning(county.people[ZHANG])
    # Of its own name, because an index goes on naming rows of earlier tests for a while.
    station = LivedStation.at_village(f"cost-{secrets.token_hex(4)}", SHILI_VILLAGE)
    station.send(at(MONDAY, 6))
    mark_due(at(MONDAY, 6))
    return station


@pytest.mark.parametrize("analyzed", [False, True])
def test_boots_are_looked_at_once_for_all_that_are_new(shili: LivedStation, analyzed: bool) -> None:
    """A table that was just filled has no statistics. Then 1,500 boots of one station once took four minutes."""
    with connection.cursor() as cursor:
        cursor.execute(_PAIRS, [shili.id, at(MONDAY, 5), at(MONDAY, 5), BEFORE])
        if analyzed:
            cursor.execute("ANALYZE")
            # The planner may read a table of so few rows whole where it could do better: what counts is that it could.
            cursor.execute("SET LOCAL enable_seqscan = off")
    for number in range(50):
        shili.state(ShutDown(at=shili.moment(at(MONDAY, 7, number))))
        shili.state(Booted(at=shili.moment(at(MONDAY, 7, number, 30)), cause="power_on", software=""))
    shili.send(at(MONDAY, 10))
    with explained(AT_MOST if analyzed else 5 * BEFORE) as found:
        mark_due(at(MONDAY, 10, 1))
    assert [one for one in found if analyzed or "'shut_down'" in one] == []


@pytest.mark.parametrize("lost_from", [5, 100 + BEFORE])
def test_what_nothing_dates_is_looked_at_once_for_all_that_is_lost(shili: LivedStation, lost_from: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_UNDATED, [shili.id, shili.epoch, BEFORE])
        cursor.execute("ANALYZE")
    for number in range(20):
        at_seq, when = lost_from + number, shili.moment(at(MONDAY, 7, number))
        shili.state(FactsLost(at=when, epoch=shili.epoch, first=at_seq, last=at_seq))
    shili.send(at(MONDAY, 10))
    with explained(at_most=2 * BEFORE) as found:
        mark_due(at(MONDAY, 10, 1))
    assert found == []
