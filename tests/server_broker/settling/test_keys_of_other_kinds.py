"""A fact with keys that other kinds have is read as the intake read it: nothing is made of them, and nothing fails."""

import datetime as dt

import msgspec
import pytest

from protocol.facts import AlarmCleared, Touch, encode_fact
from server_broker.attendance.models import Touch as TouchRow
from server_broker.derived.walk import walk
from server_broker.fleet.models import Stream
from server_broker.ledger.ledger import check_ledger
from server_broker.settling.models import SettleDue, SettledWindow, StationAside
from server_broker.settling.rounds import mark_due, settle_due
from server_broker.settling.told import Range, facts_in
from tests.cast import LI, SHILI
from tests.server_broker.absurd import OF_ANY_TYPE, OF_RIGHT_TYPE, OTHER_KEYS, SAMPLES, with_other_keys
from tests.server_broker.county import FictionalCounty
from tests.server_broker.settling.lived import MONDAY, TUESDAY, LivedStation, announced, at, morning

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("li")]


@pytest.fixture
def station(county: FictionalCounty) -> LivedStation:
    announced()
    morning(county.people[LI])
    return LivedStation()


def settled(station: LivedStation, when: dt.datetime) -> SettledWindow:
    for last in range(30, len(station.sealed) + 30, 30):
        station.send(when, min(last, len(station.sealed)))  # what a message may hold
    mark_due(when)
    settle_due(when, rounds=1000)
    assert not StationAside.objects.exists()
    assert not SettleDue.objects.filter(failed_at__isnull=False).exists()
    return SettledWindow.objects.get(day=MONDAY, superseded_at=None)


def cards_read() -> list[tuple[bytes, int, str]]:
    """What settling reads as touches of cards."""
    ranges = [Range(one.pk, SHILI, bytes(one.epoch), 1, one.through) for one in Stream.objects.all()]
    return sorted((one.epoch, one.seq, one.card) for one in facts_in(ranges, None) if one.card)


def cards_stored() -> list[tuple[bytes, int, str]]:
    rows = TouchRow.objects.exclude(card_token=b"").values_list("epoch", "seq", "card_token")
    return sorted((bytes(epoch), seq, bytes(card).hex()) for epoch, seq, card in rows)


def test_a_card_counts_of_a_touch_alone(station: LivedStation) -> None:
    for when in (at(MONDAY, 8, 20), at(MONDAY, 12, 5)):
        cleared = AlarmCleared(at=station.moment(when), code="x")
        station.add_body(with_other_keys(encode_fact(cleared), {"card": LI.token, "answer": "recorded"}))
    station.closed(at(MONDAY, 23))
    window = settled(station, at(TUESDAY, 6))
    assert (window.result, window.facts) == ("旷", [])
    assert cards_read() == cards_stored() == []


def test_a_touch_with_keys_of_other_kinds_counts(station: LivedStation) -> None:
    for when in (at(MONDAY, 8, 20), at(MONDAY, 12, 5)):
        touch = Touch(at=station.moment(when), card=LI.token, reader="r", answer="recorded")
        station.add_body(with_other_keys(encode_fact(touch), {"person": 1, "epoch": "x", "code": b"x", "seq": None}))
    station.closed(at(MONDAY, 13))
    assert settled(station, at(MONDAY, 13)).result == "√"
    assert cards_read() == cards_stored() != []


@pytest.mark.parametrize("turn", range(4))
def test_all_kinds_with_all_keys_of_the_others_are_read_as_they_were_stored(station: LivedStation, turn: int) -> None:
    """The first turn has values of the types that other kinds have there, the later ones have any."""
    for number, sample in enumerate(SAMPLES):
        more = {
            name: (OF_RIGHT_TYPE[name] if not turn else OF_ANY_TYPE)[(number * turn + place) % many]
            for place, name in enumerate(OTHER_KEYS)
            if (many := len(OF_RIGHT_TYPE[name] if not turn else OF_ANY_TYPE))
        }
        moved = msgspec.structs.replace(sample, at=station.moment(at(MONDAY, 9, number % 60)))
        station.add_body(with_other_keys(encode_fact(moved), more))
    settled(station, at(MONDAY, 13))
    assert cards_read() == cards_stored() != []
    assert walk(SHILI, now=at(MONDAY, 13))[0] is None
    check_ledger(SHILI, at=at(MONDAY, 13))
