"""What waits at stations is looked at by turns, and a turn reads of it only what it looks at."""

import datetime as dt
import secrets

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from server_broker.attendance.models import Touch
from server_broker.people.cards import bind_card
from server_broker.requests.looked_at import LookedAt
from server_broker.requests.models import CountyRequest, Request
from server_broker.requests.reading import times_said, touches_at
from server_broker.requests.taking_up import LOOKED_AGAIN, Turns, take_up
from tests.cast import SHILI, ZHANG
from tests.server_broker.county import FictionalCounty, touch
from tests.server_broker.requests.asked_here import NOW
from tests.server_broker.requests.test_from_stations import at_kiosk, card

MINUTE = dt.timedelta(minutes=1)


def test_what_is_new_comes_first_and_then_what_was_not_looked_at_for_longest() -> None:
    looked = LookedAt(most=2, again=MINUTE)
    assert looked.choose([1, 2, 3], NOW) == {1, 2}
    assert looked.choose([1, 2, 3, 4, 5], NOW) == {3, 4}
    assert looked.choose([1, 2, 3, 4], NOW) == set(), "each was looked at just now"
    assert looked.choose([2, 3, 4, 5], NOW + MINUTE) == {5, 2}
    assert looked.choose([1, 2], NOW + MINUTE) == {1}, "what was gone and is back is new"
    assert looked.choose([1, 2], NOW - MINUTE) == {1, 2}, "the clock went back"


@pytest.mark.django_db
def test_touches_are_read_by_their_whole_identities(county: FictionalCounty) -> None:
    first = touch(county.stations[SHILI], ZHANG.token, at=NOW)
    values = {field.attname: getattr(first, field.attname) for field in Touch._meta.fields if not field.primary_key}
    epochs = [secrets.token_bytes(16) for _ in range(5)]
    Touch.objects.bulk_create(Touch(**values | {"epoch": epoch, "seq": seq}) for epoch in epochs for seq in range(1, 6))
    wanted = {(SHILI, epoch, seq) for seq, epoch in enumerate(epochs, start=1)}
    with CaptureQueriesContext(connection) as asked:
        assert touches_at(wanted).keys() == wanted
    with connection.cursor() as cursor:
        cursor.execute(asked[0]["sql"])
        assert cursor.rowcount == len(wanted)


@pytest.mark.django_db
def test_what_nobody_could_take_up_is_read_again_a_minute_later(county: FictionalCounty) -> None:
    turns, now = Turns(), timezone.now()
    unknown = secrets.token_bytes(16)
    at_kiosk(touch(county.stations[SHILI], unknown, at=now), "card_lost", None, at=now)
    assert take_up(now, turns) == 0
    bind_card(unknown, county.people[ZHANG], actor="chen-shili", now=now)
    with CaptureQueriesContext(connection) as asked:
        assert take_up(now + LOOKED_AGAIN / 2, turns) == 0
    assert not any("w (station, epoch, seq)" in one["sql"] for one in asked), "it read touches"
    assert take_up(now + LOOKED_AGAIN, turns) == 1
    assert CountyRequest.objects.count() == 1


@pytest.mark.django_db
def test_what_came_since_is_taken_up_at_once(county: FictionalCounty) -> None:
    turns, now = Turns(), timezone.now()
    at_kiosk(touch(county.stations[SHILI], secrets.token_bytes(16), at=now), "card_lost", None, at=now)
    assert take_up(now, turns) == 0
    at_kiosk(card(county, ZHANG, now), "card_lost", None, at=now)
    assert take_up(now, turns) == 1


@pytest.mark.django_db
def test_undated_words_take_their_times_from_the_dated_facts_before_them_by_one_query(county: FictionalCounty) -> None:
    station, epochs = county.stations[SHILI], [secrets.token_bytes(16) for _ in range(2)]
    for epoch, seq in ((epochs[0], 2), (epochs[0], 5), (epochs[1], 4)):
        touch(station, ZHANG.token, at=NOW + seq * MINUTE, epoch=epoch, seq=seq)
    by = touch(station, ZHANG.token, at=NOW)
    places = [(epochs[0], 1), (epochs[0], 3), (epochs[0], 4), (epochs[0], 6), (epochs[0], 7), (epochs[1], 3)]
    asked = [
        at_kiosk(by, quality="unknown", received_at=NOW + 60 * MINUTE, epoch=epoch, seq=seq) for epoch, seq in places
    ]
    with CaptureQueriesContext(connection) as queries:
        times = times_said(asked)
    assert len(queries) == 1
    assert [(times[Request, one.pk] - NOW) / MINUTE for one in asked] == [60, 2, 2, 5, 5, 60]
