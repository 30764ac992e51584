"""A station's day has an end: what is beyond is not taken and not receipted, and nothing of it is lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from protocol.blobs import BlobChunk, BlobQuery
from protocol.codec import encode
from protocol.receipts import Receipt
from server_broker.fleet.alarm_codes import STATION_QUOTA
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, Outgoing
from server_broker.ingest.models import DayTaken, Fact
from server_broker.ingest.quota import BLOB_BYTES, FACT_BYTES
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)

MOST = 10


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def processor(clock: Clock) -> BatchProcessor:
    return BatchProcessor(clock=clock, facts_a_day=MOST)


def receipted(outgoing: Sequence[Outgoing]) -> list[int]:
    return [one.message.through for one in outgoing if isinstance(one.message, Receipt)]


def told() -> list[str]:
    return list(Alarm.objects.filter(code=STATION_QUOTA, resolved_at=None).values_list("station_id", flat=True))


def test_beyond_the_day_nothing_is_receipted_and_the_next_day_takes_it(
    station: StationDouble, processor: BatchProcessor, clock: Clock
) -> None:
    station.add(*(touch(number) for number in range(MOST + 5)))
    assert receipted(processor.process_batch([station.facts_message(1, MOST)])) == [MOST]
    assert processor.process_batch([station.facts_message(MOST + 1)]) == []
    assert (Fact.objects.count(), told()) == (MOST, [station.id])
    clock.now += timedelta(days=1)
    assert receipted(processor.process_batch([station.facts_message(MOST + 1)])) == [MOST + 5]
    assert told() == []


def test_a_neighbour_in_the_same_batch_is_taken(station: StationDouble, processor: BatchProcessor) -> None:
    other = StationDouble(id="shili-02")
    other.enrol()
    processor.process_batch([station.add(*(touch(number) for number in range(MOST))).facts_message()])
    batch: list[Incoming] = [station.add(touch()).facts_message(MOST + 1), other.add(touch()).facts_message()]
    assert receipted(processor.process_batch(batch)) == [1]


def test_a_worker_that_starts_anew_remembers_the_day(
    station: StationDouble, processor: BatchProcessor, clock: Clock
) -> None:
    processor.process_batch([station.add(*(touch(number) for number in range(MOST))).facts_message()])
    fresh = BatchProcessor(clock=clock, facts_a_day=MOST)
    assert fresh.process_batch([station.add(touch()).facts_message(MOST + 1)]) == []


def test_a_batch_that_failed_uses_up_nothing(
    station: StationDouble, processor: BatchProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Refusing:
        def __init__(self, **_: object) -> None: ...

        def take(self, _: object) -> list[Outgoing]:
            raise ZeroDivisionError

    message = station.add(*(touch(number) for number in range(MOST))).facts_message()
    with monkeypatch.context() as patched:
        patched.setattr("server_broker.ingest.batch.Intake", Refusing)
        with pytest.raises(ZeroDivisionError):
            processor.process_batch([message])
    assert DayTaken.objects.count() == 0
    assert receipted(processor.process_batch([message])) == [MOST]


def test_long_facts_use_the_day_up_sooner(station: StationDouble, processor: BatchProcessor) -> None:
    station.add_body(b"\x01" * FACT_BYTES * 8).add_body(b"\x01" * FACT_BYTES * 8)
    assert receipted(processor.process_batch([station.facts_message(1, 1)])) == [1]
    assert receipted(processor.process_batch([station.facts_message(2, 2)])) == [2]
    assert processor.process_batch([station.add(touch()).facts_message(3)]) == []


def test_pictures_have_a_day_of_their_own(station: StationDouble, processor: BatchProcessor) -> None:
    size, sha256 = MOST * BLOB_BYTES + 1, b"s" * 32
    question = station.message("asked", encode(BlobQuery(station=station.id, sha256=sha256, size=size)))
    piece = BlobChunk(station=station.id, sha256=sha256, size=size, offset=0, data=b"x" * (size - 1))
    assert len(processor.process_batch([question])) == 1
    processor.process_batch([station.message("blob", encode(piece))])
    assert processor.process_batch([question]) == []
    assert receipted(processor.process_batch([station.add(touch()).facts_message()])) == [1]


@pytest.mark.parametrize(
    ("bodies", "says"), [([1] * MOST, "记录已到一个站点一天的上限（10 条）"), ([FACT_BYTES * 8] * 2, "（0.0064 MB）")]
)
def test_the_alarm_says_which_bound_was_met(
    station: StationDouble, processor: BatchProcessor, bodies: list[int], says: str
) -> None:
    for seq, size in enumerate(bodies, start=1):
        station.add_body(b"\x01" * size)
        processor.process_batch([station.facts_message(seq, seq)])
    processor.process_batch([station.add(touch()).facts_message(len(station.sealed))])
    assert says in Alarm.objects.get(code=STATION_QUOTA).detail


def test_the_alarm_about_pictures_says_their_own_bound(station: StationDouble, processor: BatchProcessor) -> None:
    size = MOST * BLOB_BYTES
    piece = BlobChunk(station=station.id, sha256=b"s" * 32, size=size, offset=0, data=b"x" * size)
    for _ in range(2):
        processor.process_batch([station.message("blob", encode(piece))])
    assert "图片已到一个站点一天的上限（0.0256 MB）" in Alarm.objects.get(code=STATION_QUOTA).detail


def test_a_station_in_good_order_costs_no_row(station: StationDouble, clock: Clock) -> None:
    processor = BatchProcessor(clock=clock)
    processor.process_batch([station.add(*(touch(number) for number in range(400))).facts_message()])
    assert DayTaken.objects.count() == 0


def test_workers_of_a_stations_two_shards_have_one_count(
    station: StationDouble, processor: BatchProcessor, clock: Clock
) -> None:
    other = BatchProcessor(clock=clock, facts_a_day=MOST)
    assert other.process_batch([]) == []  # it knows the day as it was before
    station.add(*(touch(number) for number in range(2 * MOST)))
    assert receipted(processor.process_batch([station.facts_message(1, 4)])) == [4]
    assert receipted(other.process_batch([station.facts_message(5, 8)])) == [8]
    assert receipted(processor.process_batch([station.facts_message(9, MOST)])) == [MOST]
    assert DayTaken.objects.get().facts == MOST
    assert processor.process_batch([station.facts_message(MOST + 1)]) == []


def test_a_worker_that_has_not_heard_of_the_other_takes_one_batch_more(
    station: StationDouble, processor: BatchProcessor, clock: Clock
) -> None:
    other = BatchProcessor(clock=clock, facts_a_day=MOST)
    other.process_batch([])
    station.add(*(touch(number) for number in range(MOST + 2)))
    processor.process_batch([station.facts_message(1, MOST)])
    assert receipted(other.process_batch([station.facts_message(MOST + 1, MOST + 1)])) == [MOST + 1]
    assert DayTaken.objects.get().facts == MOST + 1
    assert other.process_batch([station.facts_message(MOST + 2)]) == []


def test_two_workers_count_the_same_pictures_once(
    station: StationDouble, processor: BatchProcessor, clock: Clock
) -> None:
    other = BatchProcessor(clock=clock, facts_a_day=MOST)
    other.process_batch([])
    size, sha256 = MOST * BLOB_BYTES, b"s" * 32
    question = station.message("asked", encode(BlobQuery(station=station.id, sha256=sha256, size=size)))
    for worker, place in ((processor, 0), (other, size // 2)):
        piece = BlobChunk(station=station.id, sha256=sha256, size=size, offset=place, data=b"x" * (size // 2))
        worker.process_batch([station.message("blob", encode(piece))])
    assert DayTaken.objects.get().blob_bytes == size
    assert other.process_batch([question]) == []
