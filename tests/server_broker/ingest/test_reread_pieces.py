"""Held facts are read in pieces that are over soon, because whoever sends facts of their stream waits meanwhile."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.codec import encode
from protocol.facts import DirectionChosen
from protocol.facts import Fact as Said
from server_broker.attendance.models import Touch
from server_broker.ingest import reread
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.ingest.reread import reread_held
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


def take(station: StationDouble, *facts: Said, held: bool = False) -> None:
    """Have the county take facts that the station states next; held ones have a bad signature."""
    first = len(station.sealed) + 1
    station.add(*facts)
    key = StationDouble().key if held else station.key
    processor = BatchProcessor(clock=lambda: NOW)
    processor.process_batch([station.message("facts", encode(station.envelope(first, key=key)))])


def refuse(*seqs: int) -> None:
    """Have the database refuse the rows of these held facts: such rows are there already."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms,
                received_at, card_token, reader, answer, direction, chosen_direction, person_number)
            SELECT s.station_id, s.epoch, f.seq, now(), 'synced', '', s.epoch, 0, now(), s.epoch, '', '', '', '', ''
            FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id WHERE f.seq = ANY(%s)""",
            [list(seqs)],
        )


def test_facts_are_read_together(station: StationDouble) -> None:
    take(station, *(touch(n) for n in range(1, 101)), held=True)
    take(station, touch(101))
    with CaptureQueriesContext(connection) as queries:
        assert reread_held(station.id, now=NOW).read == 100
    assert Touch.objects.count() == 101
    assert len(queries) < 150


def test_one_that_the_database_refuses_stays_held_alone(station: StationDouble) -> None:
    take(station, *(touch(n) for n in range(1, 61)), held=True)
    take(station, touch(61))
    refuse(7, 30)
    result = reread_held(station.id, now=NOW)
    assert (result.read, dict(result.still_held)) == (58, {"refused_by_database": 2})
    held = Fact.objects.exclude(held_reason="").order_by("seq")
    assert list(held.values_list("seq", "kind", "held_reason")) == [
        (seq, "touch", "refused_by_database") for seq in (7, 30)
    ]


def test_a_piece_whose_time_is_over_ends_with_the_fact_at_hand(
    station: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reread, "SECONDS_A_TIME", 0.0)
    take(station, *(touch(n) for n in range(1, 11)), held=True)
    take(station, touch(11))
    refuse(*range(1, 11))
    with CaptureQueriesContext(connection) as queries:
        assert dict(reread_held(station.id, now=NOW).still_held) == {"refused_by_database": 10}
    pieces = [one for one in queries if "FOR UPDATE" in one["sql"] and "fleet_stream" in one["sql"]]
    assert len(pieces) == 10 + 1  # and one that finds no more


@pytest.mark.parametrize("at_a_time", [1, 200])
def test_a_direction_is_chosen_once_its_touch_is_read(
    station: StationDouble, monkeypatch: pytest.MonkeyPatch, at_a_time: int
) -> None:
    monkeypatch.setattr(reread, "FACTS_A_TIME", at_a_time)
    take(station, touch(1), touch(2), held=True)
    take(station, DirectionChosen(at=moment(3), touch=station.ref(1), direction="out"))
    take(station, DirectionChosen(at=moment(4), touch=station.ref(2), direction="in"), held=True)
    take(station, DirectionChosen(at=moment(5), touch=station.ref(2), direction="out"))
    take(station, touch(6))
    assert reread_held(station.id, now=NOW).read == 3
    directions = dict(Touch.objects.values_list("mono_ms", "chosen_direction"))
    assert directions == {1: "out", 2: "out", 6: ""}


def test_a_held_direction_of_an_earlier_stream_is_chosen_too(station: StationDouble) -> None:
    """The stream of the direction is read before that of its touch."""
    later = StationDouble(id=station.id, key=station.key)
    take(station, DirectionChosen(at=moment(2), touch=later.ref(1), direction="out"), held=True)
    take(station, touch(9))
    take(later, touch(1), held=True)
    take(later, touch(8))
    assert reread_held(station.id, now=NOW).read == 2
    assert Touch.objects.get(mono_ms=1).chosen_direction == "out"
