"""Re-issues that give way to the facts whose identities they took: what that costs, and in what order they move."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from protocol.facts import Reissued, encode_fact
from protocol.receipts import Receipt
from server_broker.attendance.models import Touch
from server_broker.derived.walk import StationWalk
from server_broker.fleet.fact_rows import Identity, RefColumns
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.fact_rooms import REF_COLUMNS
from server_broker.ingest.projections import move_rows
from server_broker.ingest.reissues import Move
from server_broker.platform.sql import query
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


def statements_of_giving_way(processor: BatchProcessor, station: StationDouble, number: int) -> int:
    """Have so many re-issues of a clone give way in one batch, and return how many statements that took."""
    other = station.clone()
    first = len(station.sealed) + 1
    other.add(*(touch(10_000 + seq) for seq in range(number)))
    processor.process_batch([other.reopen(matched=first - 1).facts_message()])
    station.add(*(touch(20_000 + seq) for seq in range(number)))
    with CaptureQueriesContext(connection) as asked:
        processor.process_batch([station.facts_message(first)])
    return len(asked)


def test_a_batch_takes_as_many_statements_however_many_give_way(
    processor: BatchProcessor, station: StationDouble
) -> None:
    processor.process_batch([station.add(touch(1)).facts_message()])
    few = statements_of_giving_way(processor, station, 2)
    assert statements_of_giving_way(processor, station, 40) == few
    assert Touch.objects.count() == 1 + 2 * (2 + 40)
    own = Touch.objects.filter(epoch=station.epoch, seq__gt=1).values_list("seq", "mono_ms")
    assert {seq for seq, mono in own if mono >= 20_000} == set(range(2, 44))


@pytest.mark.parametrize("careful", [False, True])
def test_what_gives_way_to_a_carrier_leaves_it_its_place(
    processor: BatchProcessor, station: StationDouble, *, careful: bool
) -> None:
    """Of b, a and d each names the next one's first fact. So d's fact has a's give way, to where b's stood."""
    b, a, d = (StationDouble(id=station.id, key=station.key) for _ in range(3))
    b.add(Reissued(at=moment(), epoch=a.epoch, seq=1, salt=b"s" * 16, body=encode_fact(touch(1))))
    a.add(Reissued(at=moment(), epoch=d.epoch, seq=1, salt=b"s" * 16, body=encode_fact(touch(2))))
    for stream in (b, a, d.add(touch(3))):
        [answer] = processor.process_batch([stream.facts_message()], careful=careful)
        assert isinstance(answer.message, Receipt)
        assert answer.message.held == []
    places = {row.mono_ms: (bytes(row.epoch), row.seq) for row in Touch.objects.all()}
    assert places == {1: (b.epoch, 1), 2: (a.epoch, 1), 3: (d.epoch, 1)}
    assert StationWalk(station.id, now=NOW).first_finding() is None


def test_moves_that_follow_one_another_leave_what_they_would_one_by_one(
    processor: BatchProcessor, station: StationDouble
) -> None:
    processor.process_batch([station.add(*(touch(mono) for mono in (1, 2, 3))).facts_message()])
    first, second, third = (Identity(station.id, station.epoch, seq) for seq in (1, 2, 3))
    away, back = (Identity(station.id, b"e" * 16, seq) for seq in (1, 2))
    # The first makes room for the second, as the third does, which goes where the fourth has it leave again.
    move_rows([Move(first, away), Move(second, first), Move(third, second), Move(second, back)])
    places = {row.mono_ms: (bytes(row.epoch), row.seq) for row in Touch.objects.all()}
    assert places == {1: away[1:], 2: first[1:], 3: back[1:]}


@pytest.mark.parametrize("ref", REF_COLUMNS, ids=lambda ref: f"{ref.table}.{ref.seq}")
def test_what_points_at_a_fact_is_found_by_an_index(ref: RefColumns) -> None:
    """A station may have any number of rows that point at facts, and the one worker must not read all of them."""
    columns = f"(station_id, {ref.epoch}, {ref.seq}"
    found = query("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [str(ref.table)])
    assert [line for (line,) in found if f"{columns})" in line or f"{columns}," in line]
