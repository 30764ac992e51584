"""000000 typed by the thousand at two kiosks: it opens nothing, fills nothing, and keeps no card from counting."""

from collections import Counter

from agent.kiosk.number_sign_in import MOST_REFUSALS_AN_HOUR
from protocol.facts import AlarmRaised, NumberEntered, Touch
from protocol.kiosk import TouchShown
from protocol.kiosk_visits import PinAsked, SetPin
from tests.agent.bench import ZHANG, Bench
from tests.agent.kiosk.village_pins import LI_NUMBER, ZHANG_NUMBER, ZHANG_PIN, allow_numbers, enter, open_by_card
from tests.fakes.clockwork import FakeSystemClock

TYPED = 1_000
EVERY_MS = 3_000
"""As fast as two people type a number and a PIN."""


def test_a_thousand_tries_on_two_kiosks_are_five_at_each_number_and_the_card_still_counts(
    station: Bench, system: FakeSystemClock
) -> None:
    allow_numbers(station)
    said: Counter[str] = Counter()
    for number in range(TYPED):
        answer = enter(station, "000000", number=(ZHANG_NUMBER, LI_NUMBER)[number % 2], kiosk=1 + number % 2)
        assert isinstance(answer, PinAsked)
        said[answer.answer] += 1
        system.pass_ms(EVERY_MS)
    # Five tries at each of the two PINs; the fifth is answered by the lock, and so is one more when an hour is over.
    assert said == {"wrong": 8, "locked": TYPED - 8}
    judged = [fact for fact in station.of(NumberEntered) if fact.answer == "wrong_pin"]
    assert len(judged) == 10
    assert len(station.of(NumberEntered)) <= len(judged) + MOST_REFUSALS_AN_HOUR
    locked = enter(station, ZHANG_PIN)
    assert isinstance(locked, PinAsked)
    assert locked.answer == "locked"
    shown = station.touch(ZHANG)
    assert isinstance(shown, TouchShown)
    assert shown.answer == "recorded"
    assert len(station.of(Touch)) == 1


def test_a_thousand_numbers_that_nobody_has_alarm_once_and_are_refused_after_eight(
    station: Bench, system: FakeSystemClock
) -> None:
    allow_numbers(station)
    for number in range(TYPED // 2):
        last = enter(station, "000000", number=f"77{number:04}", kiosk=1 + number % 2)
        system.pass_ms(EVERY_MS)
    assert last == PinAsked(answer="locked")
    assert [alarm.code for alarm in station.of(AlarmRaised)] == ["pin_guessed"]
    assert len(station.of(NumberEntered)) <= 8 + MOST_REFUSALS_AN_HOUR


def test_000000_is_nobodys_new_pin_however_often_it_is_asked_for(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    before = station.outbox.through
    for _ in range(50):
        assert station.ask(SetPin(visit=visit.visit, pin="000000")) == [PinAsked(answer="common")]
    assert station.outbox.through == before
