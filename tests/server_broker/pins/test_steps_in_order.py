"""PINs and wrong tries that come together are judged as if they came one after another."""

import datetime as dt
from random import Random
from typing import Any, Literal

import pytest
from django.db import transaction

from protocol.facts import Touch
from protocol.pins import PinVerifier
from protocol.units import FactRef
from server_broker.fleet.models import ShelfDue, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.people.cards import report_lost
from server_broker.people.models import Card, Person
from server_broker.pins.accepting import NewPin, WrongTry, take_in_order
from server_broker.pins.models import KioskTry, PersonPin, PinClaim
from server_broker.pins.voiding import reset_pin
from tests.cast import LI, SHILI_VILLAGE, UNKNOWN_CARD, WANG, YANSHI, YANSHI_VILLAGE, ZHANG, ZHAO
from tests.server_broker.county import FictionalCounty
from tests.server_broker.station_double import NOW, WALL, StationDouble, moment

pytestmark = pytest.mark.django_db

HOUR_MS = 3_600_000
SEQS, STEPS = range(1, 16), 60
CARDS = (ZHANG.token, ZHANG.token, LI.token, ZHAO.token, UNKNOWN_CARD)
OWNERS = {cadre.token: cadre.number for cadre in (ZHANG, LI, ZHAO)}
NUMBERS = (ZHANG.number, ZHANG.number, LI.number, ZHAO.number, WANG.number, "nobody", "gone", *"cdefghij")
ANSWERS: tuple[Literal["recorded", "repeat", "unknown"], ...] = ("recorded", "recorded", "repeat", "unknown")


class Story:
    """What two stations of a township say of PINs at random: honest facts, and a thief's among them."""

    def __init__(self, seed: int, *, hours: int) -> None:
        self.random, self.length_ms = Random(seed), hours * HOUR_MS
        self.doubles = [StationDouble(), StationDouble(id=YANSHI)]
        self.cards = {(double.id, seq): self.random.choice(CARDS) for double in self.doubles for seq in SEQS}

    def touch_cards(self, processor: BatchProcessor) -> None:
        """Have the county know of touches, all at the beginning of the story."""
        for double in self.doubles:
            double.enrol()
            for seq in SEQS:
                said = moment(seq, wall=WALL - self.length_ms + seq)
                card, answer = self.cards[double.id, seq], self.random.choice(ANSWERS)
                double.add(Touch(at=said, card=card, reader="simulated", answer=answer))
            processor.process_batch([double.facts_message()])
        Station.objects.filter(pk=YANSHI).update(village=YANSHI_VILLAGE)

    def steps(self) -> list[NewPin | WrongTry]:
        return [self._pin(place) if self.random.random() < 0.4 else self._try(place) for place in range(STEPS)]

    def _try(self, place: int) -> WrongTry:
        return WrongTry(self.random.choice(self.doubles).id, self.random.choice(NUMBERS), self._wall(place))

    def _pin(self, place: int) -> NewPin:
        double, touched = self.random.choice(self.doubles), self.random.choice(SEQS)
        # Some name a fact of another stream, one that is no touch, or somebody else's touch.
        by = double.ref(touched) if self.random.randrange(8) else FactRef(epoch=bytes(16), seq=touched)
        number = OWNERS.get(self.cards[double.id, touched], "nobody")
        if not self.random.randrange(3):
            by, number = double.ref(touched + 9), self.random.choice(NUMBERS)
        verifier = PinVerifier(log2_n=1, r=1, p=1, salt=self.random.randbytes(16), digest=bytes(32))
        said = moment(self.random.choice((100, 1_000, 1_000, HOUR_MS)))
        return NewPin(double.id, double.epoch, len(SEQS) + 1 + place, number, verifier, by, said, self._wall(place))

    def _wall(self, place: int) -> dt.datetime:
        # Mostly one after another, and some that say they were before.
        ago_ms = round(self.length_ms * (STEPS - place) / STEPS) * self.random.choice((1, 1, 1, 2))
        return dt.datetime.fromtimestamp((WALL - ago_ms) / 1000, dt.UTC)


def outcome() -> dict[str, list[Any]]:
    """Return what the county has come to."""
    claims = PinClaim.objects.order_by("station", "seq")
    return {
        "claims": list(claims.values_list("station", "epoch", "seq", "number", "person", "salt", "refused", "at")),
        "pins": list(PersonPin.objects.order_by("pk").values_list("pk", "verifier", "set_at", "station", "voided_at")),
        "tries": list(KioskTry.objects.order_by("pk").values_list("person", "station", "at")),
        "marked": sorted(set(ShelfDue.objects.values_list("station", flat=True))),
    }


@pytest.fixture
def people(county: FictionalCounty) -> None:
    """Among them one who has left, one whose card is lost, and one whose PIN was reset in the middle of the story."""
    for cadre in (LI, ZHAO):
        county.add(cadre)
    for number in "cdefghij":
        Person.objects.create(number=number, name="示例", village_id=SHILI_VILLAGE)
    Person.objects.create(number="gone", name="示例", village_id=SHILI_VILLAGE, left=True)
    Card.objects.update(bound_at=NOW - dt.timedelta(days=400))
    report_lost(Card.objects.get(token=LI.token), actor="officer", since=NOW - dt.timedelta(hours=3), now=NOW)
    reset_pin(county.people[ZHAO], actor="officer", reason="本人忘了密码", at=NOW - dt.timedelta(hours=1))


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(("seed", "hours"), [(1, 2), (2, 48)])
def test_together_as_one_after_another(processor: BatchProcessor, seed: int, hours: int) -> None:
    story = Story(seed, hours=hours)
    story.touch_cards(processor)
    steps = story.steps()
    with transaction.atomic():
        taken = [take_in_order([step], received_at=NOW) for step in steps]
        one_by_one = outcome()
        transaction.set_rollback(True)
    cut = STEPS // 3
    again = [step for step in steps if isinstance(step, NewPin)]
    together = [take_in_order(part, received_at=NOW) for part in (steps[:cut], steps[cut:] + again, again)]
    assert outcome() == one_by_one
    assert [one for part in together for one in part.refused] == [one for part in taken for one in part.refused]
