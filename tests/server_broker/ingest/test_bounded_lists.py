"""What a station may lengthen has an end: streams, anchors of a boot, gaps of a picture."""

import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.birth import Welcome
from protocol.blobs import MAX_RANGES, BlobChunk
from protocol.codec import encode
from protocol.facts import ClockCorrected
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.fleet.alarm_codes import TOO_MANY_CORRECTIONS, TOO_MANY_STREAMS
from server_broker.fleet.alarms import close_over
from server_broker.fleet.models import Alarm, Stream
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.dating.anchors import MAX_ANCHORS, anchors_of
from server_broker.ingest.models import Quarantined
from server_broker.ingest.stream_tables import STREAMS_A_DAY
from server_broker.media import intake
from server_broker.media.models import Blob
from tests.server_broker.station_double import BOOT, NOW, WALL, StationDouble, announced, moment, touch

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def processor() -> BatchProcessor:
    return BatchProcessor(clock=lambda: NOW)


def test_a_station_opens_so_many_streams_a_day_and_no_more(station: StationDouble, processor: BatchProcessor) -> None:
    lives = [StationDouble(id=station.id, key=station.key) for _ in range(STREAMS_A_DAY + 10)]
    processor.process_batch([life.birth() for life in lives[:10]])
    welcomes = processor.process_batch([life.birth() for life in lives])
    assert sum(isinstance(one.message, Welcome) for one in welcomes) == len(lives)
    assert Stream.objects.count() == STREAMS_A_DAY
    assert Alarm.objects.get(code=TOO_MANY_STREAMS).station_id == station.id


def test_facts_of_a_stream_too_many_are_not_receipted_and_come_the_next_day(
    station: StationDouble, processor: BatchProcessor
) -> None:
    lives = [StationDouble(id=station.id, key=station.key) for _ in range(STREAMS_A_DAY)]
    processor.process_batch([life.birth() for life in lives])
    message = station.add(touch()).facts_message()
    assert processor.process_batch([message]) == []
    tomorrow = BatchProcessor(clock=lambda: NOW + timedelta(days=1, seconds=1))
    receipts = [one.message for one in tomorrow.process_batch([message])]
    assert [one.through for one in receipts if isinstance(one, Receipt)] == [1]


def test_a_stream_that_is_there_goes_on(station: StationDouble, processor: BatchProcessor) -> None:
    processor.process_batch([station.add(touch()).facts_message()])
    processor.process_batch([StationDouble(id=station.id, key=station.key).birth() for _ in range(STREAMS_A_DAY)])
    assert len(processor.process_batch([station.add(touch()).facts_message(2)])) == 1


def corrected(mono: int) -> ClockCorrected:
    return ClockCorrected(
        at=moment(mono),
        boot=BOOT,
        mono=mono,
        wall=WALL + mono,
        source="county" if mono % 2 else "ntp",
        before="unknown",
    )


def test_a_boot_is_dated_by_the_first_and_the_last_of_its_anchors(
    station: StationDouble, processor: BatchProcessor
) -> None:
    station.add(*(corrected(mono) for mono in range(1, 301)))
    processor.process_batch([station.facts_message(1, 150), station.facts_message(151)])
    found = [anchor.mono for anchor in anchors_of([(station.id, BOOT)])[station.id, BOOT]]
    half = MAX_ANCHORS // 2
    assert found == [*range(1, half + 1), *range(301 - half, 301)]
    alarm = Alarm.objects.get(code=TOO_MANY_CORRECTIONS)
    assert (alarm.station_id, alarm.origin, alarm.resolved_at) == (station.id, "county", None)
    assert close_over(alarm.last_at + timedelta(hours=23)) == 0
    assert close_over(alarm.last_at + timedelta(hours=25)) == 1
    processor.process_batch([station.add(touch(400, quality="unknown")).facts_message(301)])
    assert Touch.objects.get().corrected_wall is not None


def test_a_touch_after_many_anchors_costs_as_many_spans_as_after_few(
    station: StationDouble, processor: BatchProcessor
) -> None:
    station.add(*(corrected(mono) for mono in range(1, 301)))
    processor.process_batch([station.facts_message(1, 150), station.facts_message(151)])
    with CaptureQueriesContext(connection) as queries:
        processor.process_batch([station.add(touch(0, quality="unknown")).facts_message(301)])
    longest = max(
        len(one["sql"]) for one in queries if one["sql"].startswith("UPDATE") and "corrected_wall" in one["sql"]
    )
    # A span is some 120 characters of parameters: there would be 150 of them.
    assert longest < 12_000


@pytest.mark.parametrize("limit", ["MAX_UNANNOUNCED_WHOLE", "MAX_UNANNOUNCED_BYTES"])
def test_whole_pictures_that_no_fact_announces_are_few_and_a_new_one_stays_at_the_station(
    station: StationDouble, processor: BatchProcessor, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    pictures = [bytes([number]) * 10 for number in range(3)]
    names = [hashlib.sha256(picture).digest() for picture in pictures]
    monkeypatch.setattr(intake, limit, 2 if limit.endswith("WHOLE") else 25)

    def send(place: int) -> int:
        piece = BlobChunk(station=station.id, sha256=names[place], size=10, offset=0, data=pictures[place])
        processor.process_batch([station.message("blob", encode(piece))])
        return Blob.objects.exclude(completed_at=None).count()

    assert [send(place) for place in range(3)] == [1, 2, 2]
    assert Quarantined.objects.filter(reason="blob_refused").count() == 1
    processor.process_batch([station.add(announced(names[0], 10)).facts_message()])
    assert send(2) == 3, "the station offers it again"


def test_a_picture_has_so_many_gaps_and_no_more(station: StationDouble, processor: BatchProcessor) -> None:
    size = 4 * MAX_RANGES
    pieces = [
        BlobChunk(station=station.id, sha256=b"s" * 32, size=size, offset=offset, data=b"x")
        for offset in range(0, size, 2)
    ]
    for piece in pieces:
        processor.process_batch([station.message("blob", encode(piece))])
    assert len(Blob.objects.get().ranges) == MAX_RANGES
    assert Quarantined.objects.filter(reason="blob_refused").count() == len(pieces) - MAX_RANGES
    # A piece that closes a gap is still taken.
    closing = BlobChunk(station=station.id, sha256=b"s" * 32, size=size, offset=1, data=b"x")
    processor.process_batch([station.message("blob", encode(closing))])
    assert len(Blob.objects.get().ranges) == MAX_RANGES - 1
