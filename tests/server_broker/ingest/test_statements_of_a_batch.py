"""However many facts of a kind one station sends at once, the county's one worker runs as many statements as for few.

Each statement is a trip to the database, while the facts of all other stations wait. So a statement for each fact would
let one stolen station stop everybody's receipts with a few kilobytes.
"""

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from protocol.codec import encode
from protocol.facts import KINDS, ClockCorrected, Fact, NumberEntered, PinSet, decode_fact, encode_fact
from protocol.pins import PinVerifier
from protocol.refusal import Refused
from protocol.twin import Desired, Reported
from protocol.units import FactRef, Moment
from server_broker.bundles.models import StationIndex
from server_broker.fleet.models import DesiredState, Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming
from server_broker.media.files import MediaFolder
from server_broker.media.models import Blob
from server_broker.people.models import Card, Person
from tests.cast import SHILI_VILLAGE
from tests.golden.generate import FACTS
from tests.server_broker.station_double import NOW, WALL, StationDouble, announced, booted, moment, touch

pytestmark = pytest.mark.django_db

FEW, MANY = 4, 50
HOUR_MS = 3_600_000
type Maker = Callable[[StationDouble, int], Iterable[Fact]]
"""Makes what a station says for the n-th time, each time with other content."""

_numbers = itertools.count(1)


def digest(number: int, size: int) -> bytes:
    return hashlib.shake_256(f"{number}".encode()).digest(size)


def varied(fact: Fact, number: int, station: StationDouble) -> Fact:
    """Return the fact with other content in each field where the contract allows it."""
    for name in fact.__struct_fields__:
        other = msgspec.structs.replace(fact, **{name: _other(getattr(fact, name), number, station)})
        try:
            fact = decode_fact(encode_fact(other))
        except (Refused, TypeError):
            continue  # a word of a closed list, for example: it stays
    return fact


def _other(value: Any, number: int, station: StationDouble) -> Any:
    match value:
        case Moment():
            return moment(number)
        case FactRef():
            return station.ref(1 + number)
        case bool() | None:
            return value
        case int():
            return value + number
        case str():
            return f"{value}{number}"
        case bytes():
            return digest(number, len(value))
        case list():
            return [_other(one, number, station) for one in value]
    return value


@contextmanager
def statements(trace: Path) -> Iterator[Counter[str]]:
    """Count what the worker asks of PostgreSQL, by the beginning of each statement without its values.

    It counts by libpq's own trace: also COPY and savepoints, of which Django's tools know nothing.
    """
    found: Counter[str] = Counter()
    connection.ensure_connection()
    with trace.open("w+") as file:
        connection.connection.pgconn.trace(file.fileno())
        try:
            yield found
        finally:
            connection.connection.pgconn.untrace()
        file.seek(0)
        for said in re.findall(r"\tF\t\d+\t(?:Query|Parse)\t(.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", file.read(), re.DOTALL):
            words = re.sub(r"'[^']*'|\d+|_x\d+", "?", said.replace('"', "")).split()
            found[" ".join(words)[:70]] += 1


def counted(processor: BatchProcessor, messages: Sequence[Incoming], *, trace: Path) -> Counter[str]:
    with statements(trace) as found:
        processor.process_batch(messages)
    return found


class Attacker:
    """A station that sends a number of facts of one sort at once."""

    def __init__(self, processor: BatchProcessor, trace: Path) -> None:
        self.processor, self.trace = processor, trace
        self.station = StationDouble(id=f"shili-{next(_numbers):05d}")
        self.station.enrol()

    def send(self, make: Maker, numbers: Iterable[int]) -> Counter[str]:
        first = len(self.station.sealed) + 1
        for number in numbers:
            self.station.add(*make(self.station, number))
        last, size = len(self.station.sealed), 60
        pieces = [self.station.facts_message(at, min(at + size - 1, last)) for at in range(first, last + 1, size)]
        return counted(self.processor, pieces, trace=self.trace)

    def grows(self, make: Maker) -> dict[str, int]:
        """Return of which statements many facts take more than few do."""
        # The first ones make what later ones find: a stream, an alarm.
        self.send(make, range(FEW))
        few = self.send(make, range(FEW, 2 * FEW))
        return grown(few, self.send(make, range(2 * FEW, 2 * FEW + MANY)))


def grown(few: Counter[str], many: Counter[str]) -> dict[str, int]:
    """Return how many more there are of each statement. One more is for what only many do, such as an alarm."""
    return {statement: more for statement, more in (many - few).items() if more > 1}


@pytest.fixture
def attacker(processor: BatchProcessor, tmp_path: Path) -> Attacker:
    return Attacker(processor, tmp_path / "trace")


def test_every_kind_of_fact_is_here() -> None:
    assert {fact.__struct_config__.tag for fact in FACTS.values()} == KINDS


@pytest.mark.parametrize("name", sorted(FACTS))
def test_many_facts_of_a_kind_cost_as_many_statements_as_few(attacker: Attacker, name: str) -> None:
    assert attacker.grows(lambda station, number: [varied(FACTS[name], number, station)]) == {}


@pytest.fixture
def crowd(attacker: Attacker) -> None:
    """People of the station's village, each with a card."""
    numbers = range(2 * FEW + MANY)
    people = Person.objects.bulk_create(
        [Person(number=f"c{number}", name="示例", village_id=SHILI_VILLAGE) for number in numbers]
    )
    Card.objects.bulk_create(
        [
            Card(token=digest(number, 16), tail="0000", person=person, bound_at=NOW)
            for number, person in enumerate(people)
        ]
    )


def before(number: int, *, apart_ms: int = 1_000) -> Moment:
    """A moment before the facts come, the later the greater the number."""
    return moment(number * 1_000, wall=WALL - (2 * FEW + MANY - number) * apart_ms)


def wrong(person: str, at: Moment) -> NumberEntered:
    return NumberEntered(at=at, person=person, answer="wrong_pin")


def pin_set(person: str, at: Moment, by: FactRef | None) -> PinSet:
    return PinSet(
        at=at, person=person, by=by, verifier=PinVerifier(log2_n=1, r=1, p=1, salt=bytes(16), digest=bytes(32))
    )


def pin_after_ones_own_touch(station: StationDouble, number: int) -> list[Fact]:
    by = station.ref(len(station.sealed) + 1)
    return [touch(number * 1_000, card=digest(number, 16)), pin_set(f"c{number}", moment(number * 1_000 + 10), by)]


MAKERS: dict[str, Maker] = {
    "pins for nobody": lambda station, number: [pin_set(f"nobody{number}", before(number), None)],
    "pins for people who touched no card": lambda station, number: [pin_set(f"c{number}", before(number), None)],
    "pins that count": pin_after_ones_own_touch,
    "pins of one person": lambda station, number: [
        touch(number * 1_000, card=digest(0, 16)),
        pin_set("c0", moment(number * 1_000 + 10), station.ref(len(station.sealed) + 1)),
    ],
    "wrong tries at many PINs": lambda station, number: [wrong(f"c{number}", before(number))],
    "wrong tries at many PINs, one in half a day": lambda station, number: [
        wrong(f"c{number}", before(number, apart_ms=12 * HOUR_MS))
    ],
    "wrong tries at one PIN": lambda station, number: [wrong("c0", before(number))],
    "wrong tries at one PIN, one a month": lambda station, number: [
        wrong("c0", before(number, apart_ms=720 * HOUR_MS))
    ],
    "touches by number": lambda station, number: [
        NumberEntered(at=before(number), person=f"c{number}", answer="accepted", clocks=True)
    ],
    "touches by strangers' numbers": lambda station, number: [
        NumberEntered(at=before(number), person=f"nobody{number}", answer="accepted", clocks=True)
    ],
    "touches of many boots": lambda station, number: [
        msgspec.structs.replace(touch(), at=moment(5, boot=digest(number, 16), quality="unknown"))
    ],
    "corrections of many boots": lambda station, number: [
        ClockCorrected(
            at=moment(5, boot=digest(number, 16), quality="unknown"),
            boot=digest(number, 16),
            mono=mono,
            wall=WALL + mono + jump,
            source="county",
            before="unknown",
            clock_run=bytes(8),
        )
        for mono, jump in ((3, 0), (4, HOUR_MS))
    ],
    "alarms raised and over": lambda station, number: [
        varied(FACTS["alarm_raised"], number, station),
        varied(FACTS["alarm_cleared"], number - 1, station),
    ],
}


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("name", MAKERS)
def test_nor_do_many_cost_more_that_take_more_work(attacker: Attacker, name: str) -> None:
    assert attacker.grows(MAKERS[name]) == {}


def test_nor_do_many_announcements_of_what_came_before(attacker: Attacker) -> None:
    folder = MediaFolder(settings.HOME.media)

    def make(station: StationDouble, number: int) -> list[Fact]:
        data = digest(number, 40)
        sha256 = hashlib.sha256(data).digest()
        folder.write(station.id, sha256, [(0, data)])
        folder.finish(station.id, sha256, size=len(data))
        if number % 2:
            Blob.objects.create(
                station_id=station.id, sha256=sha256, size=len(data), ranges=[[0, 40]], completed_at=timezone.now()
            )
        return [announced(sha256, len(data))]

    assert attacker.grows(make) == {}
    assert Blob.objects.filter(completed_at=None).count() == 0


def test_nor_do_many_that_nobody_can_read(attacker: Attacker) -> None:
    def send(numbers: range) -> Counter[str]:
        first = len(attacker.station.sealed) + 1
        for number in numbers:
            attacker.station.add_body(bytes([number % 256]))
        return counted(attacker.processor, [attacker.station.facts_message(first)], trace=attacker.trace)

    assert grown(send(range(FEW)), send(range(MANY))) == {}


SAID: dict[str, Callable[[StationDouble], Incoming]] = {
    "birth": lambda double: double.birth(contract=1, twin_version=1),
    "birth with an old state": lambda double: double.birth(contract=1, twin_version=0),
    "vitals": lambda double: double.vitals(twin_version=1),
    "will": lambda double: double.gone(),
    "comparison": lambda double: double.compare(1),
    "report": lambda double: double.message("reported", encode(Reported(station=double.id, version=1, at=1))),
    "facts": lambda double: double.add(*pin_after_ones_own_touch(double, 1)).facts_message(),
}


@pytest.mark.usefixtures("crowd")
@pytest.mark.parametrize("name", SAID)
def test_nor_do_many_stations_that_come_back_at_once(processor: BatchProcessor, tmp_path: Path, name: str) -> None:
    def come_back(number: int) -> Counter[str]:
        doubles = [StationDouble(id=f"shili-{next(_numbers):05d}") for _ in range(number)]
        for double in doubles:
            station = double.add(booted()).enrol()
            # Built before, because what is not there is built at once for a few.
            desired = Desired(station=double.id, version=1, station_name="示例站", village="示例村")
            DesiredState.objects.create(station=station, version=1, payload=encode(desired), built_at=NOW)
            StationIndex.objects.create(station=station, version=1, sha256=bytes(32), payload=b"{}", built_at=NOW)
        Station.objects.update(desired_version=1)
        return counted(processor, [SAID[name](double) for double in doubles], trace=tmp_path / "trace")

    come_back(FEW)
    assert grown(come_back(FEW), come_back(MANY)) == {}
