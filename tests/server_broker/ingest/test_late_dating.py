"""A boot with very many rows is dated in pieces: no batch waits for it, no row is missed, and the station is named."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from django.db import OperationalError, connection

from protocol.facts import ClockCorrected
from server_broker.attendance.models import Touch as TouchRow
from server_broker.derived.findings import Finding
from server_broker.derived.walk import StationWalk
from server_broker.fleet.fact_rows import Identity
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.dating import walk
from server_broker.ingest.dating.due import AT_ONCE, BOOTS_OF_A_STATION, OF_A_STATION, rows_of, turns_of
from server_broker.ingest.dating.walk import ASKED_OFTEN, EVERY_S, REST_S, ROWS_A_PIECE, LateDating
from server_broker.ingest.messages import Incoming
from server_broker.ingest.models import DatingDue, DatingWalk
from server_broker.ingest.projections import move_rows
from server_broker.ingest.reissues import Move
from tests.server_broker.station_double import BOOT, NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

TRUE = round(NOW.timestamp() * 1000)
ROWS = 2 * ROWS_A_PIECE + 500
LATE = 10**7
"""The mono of what comes after all rows."""


@dataclass
class County:
    """A worker that dates in pieces, and a clock that the test moves."""

    seconds: float = 0.0
    now: datetime = NOW
    late: LateDating = field(init=False)

    def __post_init__(self) -> None:
        self.late = LateDating(shards=range(64), clock=lambda: self.seconds)

    def process(self, *messages: Incoming) -> None:
        BatchProcessor(clock=lambda: self.now).process_batch(messages)

    def step(self, times: int = 1) -> None:
        for _ in range(times):
            self.late.step(now=self.now)
            self.seconds += EVERY_S


@pytest.fixture
def county() -> County:
    return County()


def station_with_rows(name: str, rows: int = ROWS, *, quality: str = "unknown", boot: bytes = BOOT) -> StationDouble:
    double = StationDouble(id=name)
    double.enrol()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at,
                                             card_token, reader, answer, direction, chosen_direction)
            SELECT %s, decode(md5('before'), 'hex'), n, %s + n * interval '1 second', %s, %s, n * 1000, %s,
                   decode(md5(n::text), 'hex'), 'simulated', 'recorded', 'in', ''
            FROM generate_series(1, %s) AS n""",
            [name, NOW, quality, boot, NOW - timedelta(days=1), rows],
        )
    return double


def learnt(mono: int, *, source: Literal["county", "ntp"] = "county", ahead_s: int = 0) -> ClockCorrected:
    wall = TRUE + mono + 1000 * ahead_s
    return ClockCorrected(at=moment(mono, wall=wall), boot=BOOT, mono=mono, wall=wall, source=source, before="unknown")


def undated(station: StationDouble) -> int:
    return TouchRow.objects.filter(station=station.id, corrected_wall=None).exclude(quality="synced").count()


def test_a_batch_leaves_the_rows_of_a_large_boot_and_dates_its_own(county: County) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(touch(LATE, quality="unknown"), learnt(LATE + 1)).facts_message())
    assert undated(station) == ROWS
    new = TouchRow.objects.get(station=station.id, mono_ms=LATE)
    assert new.corrected_wall == datetime.fromtimestamp((TRUE + LATE) / 1000, UTC)


def test_each_second_dates_a_piece_until_none_is_left(county: County) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(learnt(LATE)).facts_message())
    left = []
    while DatingDue.objects.exists():
        county.step()
        left.append(undated(station))
    assert left == [ROWS - ROWS_A_PIECE, ROWS - 2 * ROWS_A_PIECE, 0]
    assert not DatingWalk.objects.exists()
    county.late.step(now=NOW)
    county.seconds -= 0.5
    county.process(station.add(learnt(LATE + 1)).facts_message(2))
    county.late.step(now=NOW)
    assert not DatingWalk.objects.exists(), "not twice in a second"


def test_a_walk_goes_on_after_a_restart(county: County) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(learnt(LATE)).facts_message())
    county.step(2)
    again = County()
    again.step()
    assert (undated(station), DatingDue.objects.count()) == (0, 0)


def test_two_stations_take_turns(county: County) -> None:
    stations = [station_with_rows(f"shili-0000{number}") for number in (1, 2)]
    for station in stations:
        county.process(station.add(learnt(LATE)).facts_message())
    county.step(2)
    assert [undated(station) for station in stations] == [ROWS - ROWS_A_PIECE] * 2


def test_a_station_rests_between_two_walks_and_is_told_of(county: County) -> None:
    station, other = station_with_rows("shili-00001"), station_with_rows("shili-00002")
    county.process(station.add(learnt(LATE)).facts_message())
    county.step(3)
    for number in range(1, ASKED_OFTEN + 1):
        assert not Alarm.objects.filter(code="too_many_corrections").exists()
        # Each tells another time of the whole boot: a word of NTP between two of the county.
        station.add(learnt(LATE + 2 * number, source="ntp"), learnt(LATE + 2 * number + 1, ahead_s=10 * number))
        county.process(station.facts_message(2 * number))
        county.step()
    assert Alarm.objects.filter(code="too_many_corrections", station=station.id).count() == 1
    assert not DatingWalk.objects.exists(), "it rests"
    county.process(other.add(learnt(LATE)).facts_message())
    county.step(3)
    assert undated(other) == 0, "others do not"
    county.seconds += REST_S
    county.step(3)
    assert not DatingDue.objects.exists()


def test_a_walk_that_was_rolled_back_lets_nobody_rest(county: County, monkeypatch: pytest.MonkeyPatch) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(learnt(LATE)).facts_message())
    with monkeypatch.context() as patched:
        patched.setattr(walk, "write_times", broken)
        with pytest.raises(OperationalError):
            county.step()
    county.seconds += EVERY_S
    county.step()
    assert undated(station) == ROWS - ROWS_A_PIECE


def broken(*_: object, **__: object) -> None:
    raise OperationalError


def test_a_clock_corrected_on_the_way_makes_another_walk(county: County) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(learnt(LATE, source="ntp", ahead_s=3600)).facts_message())
    county.step(2)
    county.process(station.add(learnt(LATE + 9)).facts_message(2))
    county.step()
    assert not DatingWalk.objects.exists()
    county.seconds += REST_S
    county.step(3)
    assert not DatingDue.objects.exists()
    assert {row.corrected_wall for row in TouchRow.objects.filter(station=station.id)} == {
        datetime.fromtimestamp((TRUE + 1000 * number) / 1000, UTC) for number in range(1, ROWS + 1)
    }


def test_what_a_walk_moves_is_told_at_once_and_in_the_end_with_all_its_touches(county: County) -> None:
    station = station_with_rows("shili-00001", quality="synced")
    county.process(station.add(learnt(3, source="ntp"), learnt(LATE, ahead_s=7200)).facts_message())
    county.step()
    alarm = Alarm.objects.get(code__startswith="times_moved")
    assert f"早已收到的 {ROWS_A_PIECE} 次打卡因此移动，最多 120 分钟" in alarm.detail
    county.step()
    alarm.refresh_from_db()
    assert alarm.count == 1, "not for each piece"
    county.step()
    alarm.refresh_from_db()
    assert alarm.count == 2
    assert f"早已收到的 {ROWS} 次打卡因此移动，最多 120 分钟" in alarm.detail


def test_a_row_that_moves_to_another_identity_is_not_missed_and_holds_up_no_walk(county: County) -> None:
    station = station_with_rows("shili-00001")
    county.process(station.add(learnt(LATE)).facts_message())
    county.step()
    before = bytes(TouchRow.objects.filter(mono_ms=ROWS * 1000).values_list("epoch", flat=True)[0])
    move_rows([Move(Identity(station.id, before, ROWS), Identity(station.id, b"\0" * 16, 1))])
    county.step(2)
    assert (undated(station), DatingDue.objects.count()) == (1, 1)
    county.seconds += REST_S
    county.step(3)
    assert (undated(station), DatingDue.objects.count()) == (0, 0)


def test_a_check_of_the_rows_knows_that_they_wait(county: County) -> None:
    station = StationDouble(id="shili-00001")
    station.enrol()
    many = [touch(1000 * number, quality="unknown") for number in range(1, OF_A_STATION + 10)]
    station.add(*many, learnt(LATE))
    for first in range(1, len(many) + 2, 300):
        county.process(station.facts_message(first, min(first + 299, len(many) + 1)))
    assert DatingDue.objects.count() == 1
    assert found(station) is None
    TouchRow.objects.filter(mono_ms=5000).update(corrected_wall=NOW - timedelta(days=5))
    finding = found(station)
    assert finding is not None, "no correction of the boot gives this time"


def found(station: StationDouble) -> Finding | None:
    return StationWalk(station.id, now=NOW).first_finding()


def test_boots_that_only_wait_for_their_turn_are_dated_whole(county: County) -> None:
    stations = [station_with_rows(f"shili-{number:05d}", 900) for number in range(1, 14)]
    messages = [station.add(learnt(LATE)).facts_message() for station in stations]
    county.process(*messages)
    assert sorted(undated(station) for station in stations) == [0] * (AT_ONCE // 900) + [900] * 2
    county.step()
    assert not DatingDue.objects.exists()
    assert not any(undated(station) for station in stations)


def test_the_smallest_boots_are_dated_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {("a", b"1"): 600, ("a", b"2"): 500, ("a", b"3"): 400, ("b", b"1"): OF_A_STATION + 1, ("c", b"1"): 0}
    turns = turns_of(rows)
    assert turns.at_once == {("a", b"2"), ("a", b"3"), ("c", b"1")}
    assert turns.later == {("a", b"1"): True, ("b", b"1"): True}
    monkeypatch.setattr("server_broker.ingest.dating.due.AT_ONCE", 20)
    assert turns_of({("a", b"1"): 10, ("b", b"1"): 11}).later == {("b", b"1"): False}


def test_many_corrected_boots_are_not_even_counted() -> None:
    boots = [bytes([number]) * 16 for number in range(40)]
    rows = rows_of([("a", boot) for boot in boots] + [("b", boots[0])])
    assert sum(number > OF_A_STATION for number in rows.values()) == len(boots) - BOOTS_OF_A_STATION
    assert rows["b", boots[0]] == 0
