"""What the county computes of a random world is what the plain scorer says, which shares nothing with the product."""

import datetime as dt
import random
import secrets
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import decode
from protocol.facts import ClockCorrected, Fact, Touch
from protocol.progress import Progress, history_in, wrong_book
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact as FactRow
from server_broker.learning.marking import questions_in, read_stored
from server_broker.learning.models import LearningPack
from server_broker.people.models import Card, Person
from server_broker.progress.models import PersonProgress
from server_broker.progress.rounds import Rounds
from tests.cast import SHILI, YANGBAN
from tests.scoring.scorer import Binding, Key, Score, score
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import answered, at, ended, entered, pack, take
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
PEOPLE = 30


class World:
    """People with cards, who answer at two stations by card, by number or as nobody, at times that are known or not."""

    def __init__(self, seed: int, county: FictionalCounty) -> None:
        self.random = random.Random(seed)
        self.people = [
            Person.objects.create(
                number=f"n{number}",
                name=f"示例{number}",
                village=county.stations[YANGBAN if number % 3 == 0 else SHILI].village,
            )
            for number in range(PEOPLE)
        ]
        self.cards = [secrets.token_bytes(16) for _ in self.people]
        for person, token in zip(self.people, self.cards, strict=True):
            Card.objects.create(token=token, tail="0000", person=person, bound_at=NOW)
        self.stations = [StationDouble(id=name) for name in (SHILI, YANGBAN)]
        for double in self.stations:
            row = county.stations[double.id]
            row.record_key = double.public
            row.save()

    def strangers(self) -> set[tuple[bytes, str]]:
        """Return which people are of another township than the station of each stream."""
        return {
            (station.epoch, person.number)
            for station in self.stations
            for number, person in enumerate(self.people)
            if (station.id == YANGBAN) != (number % 3 == 0)
        }

    def visits(self, number: int) -> None:
        for place in range(number):
            self._visit(place)

    def _visit(self, place: int) -> None:
        pick, station = self.random, self.random.choice(self.stations)
        who, day = pick.randrange(PEOPLE), pick.randrange(40)
        undated = pick.random() < 0.2
        boot = secrets.token_bytes(16) if undated else bytes(16)

        def when(second: int) -> Any:
            return at(day, second, boot=boot, quality="unknown" if undated else "synced", mono=second * 1000)

        shown: Fact = (
            entered(when(0), self.people[who].number)
            if pick.random() < 0.3
            else Touch(at=when(0), card=self.cards[who], reader="simulated", answer="recorded")
        )
        station.add(shown)
        by = None if pick.random() < 0.1 else station.ref(len(station.sealed))
        run, level, version = f"run {place}", pick.choice(("l1", "l2")), pick.choice((1, 2, 3))
        for second in range(1, pick.randrange(2, 7)):
            chosen = pick.choice((0, 0, 1, 2))
            name = f"{level}q{pick.randrange(1, 6)}"
            station.add(answered(when(second), by, name, chosen=chosen, run=run, version=version))
        if pick.random() < 0.7:
            station.add(ended(when(9), by, pick.randrange(4), level=level, run=run, version=version))
        if undated and pick.random() < 0.6:
            known = at(day, 60, boot=boot, mono=60_000)
            station.add(
                ClockCorrected(at=known, boot=boot, mono=60_000, wall=known.wall, source="ntp", before="unknown")
            )


def keys() -> dict[str, dict[int, dict[str, Key]]]:
    found: dict[str, dict[int, dict[str, Key]]] = {"law": {}}
    for row in LearningPack.objects.all():
        found["law"][row.version] = {
            name: Key(one.kind, tuple(one.answer), one.key_since or row.version)
            for name, one in questions_in(read_stored(row)).items()
        }
    return found


def computed(person: Person) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], dt.date | None]]:
    row = PersonProgress.objects.filter(person=person).first()
    if row is None:
        return {}, {}
    said = decode(bytes(row.content), Progress, limit=2**21)
    book = wrong_book(history_in(said))
    return {(one.pack, one.level): one.stars for one in said.levels}, {due.question: due.day for due in book}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_county_and_the_plain_scorer_agree(
    seed: int, county: FictionalCounty, processor: BatchProcessor, tmp_path: Path
) -> None:
    world, rounds = World(seed, county), Rounds()
    folder = BundleFolder(tmp_path)

    def publish(version: int, **changed: Any) -> None:
        publish_questions(pack(version, **changed), key=KEY, folder=folder, author="chen-shili", at=NOW)

    publish(1)
    publish(2, options={"l1q2": ("乙", "丙", "丁")})
    world.visits(200)
    first, second = world.stations
    take(processor, first)
    rounds.go_on(NOW)
    publish(3, answers={"l1q1": 1, "l2q3": 2}, options={"l1q2": ("乙", "丙", "丁")})
    take(processor, second)
    take(processor, second.reopen(matched=20))
    rounds.go_on(NOW + dt.timedelta(minutes=5))
    rounds.go_on(NOW + dt.timedelta(minutes=10))
    raw = [
        (bytes(row.stream.epoch), row.seq, bytes(row.body))
        for row in FactRow.objects.order_by("?").select_related("stream")
        if row.body is not None
    ]
    bindings = [Binding(token, person.number) for person, token in zip(world.people, world.cards, strict=True)]
    expected = score(raw, bindings, keys(), strangers=world.strangers())
    assert len(expected) == PEOPLE
    for person in world.people:
        said = expected.get(person.number, Score())
        assert computed(person) == (said.stars, said.book), person.number
