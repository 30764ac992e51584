"""The county judges its own clock anew: however many boots hang on it, that is short, and they are dated by turns."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction

from server_broker.attendance.models import Touch as TouchRow
from server_broker.fleet.clock_runs import note_run
from server_broker.ingest.clock_corrections import correct_runs
from server_broker.ingest.dating.due import WHOLE_STATION
from server_broker.ingest.dating.walk import LateDating
from server_broker.ingest.models import DatingDue
from server_broker.platform.county_clock import BY_HAND, CountyClockRun
from tests.server_broker.late_dating import date_all_due
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db

TRUE = round(NOW.timestamp() * 1000)
HOUR = 3_600_000
RIGHT_TIME = datetime.fromtimestamp((TRUE + 500) / 1000, UTC)


def run(name: bytes, *, offset: int, began: int = 0) -> CountyClockRun:
    told = TRUE + began + offset
    return CountyClockRun(id=name, boot=b"the county's bo.", began=began, offset=offset, vouched=BY_HAND, told=told)


WRONG, RIGHT = run(b"run-bad-", offset=HOUR), run(b"run-good", offset=0, began=300_000)


@pytest.fixture(autouse=True)
def _told_wrongly() -> None:
    note_run(WRONG, ended=None, at=NOW)


def station_told_wrongly(name: str, boots: int) -> StationDouble:
    """In each of its boots it was touched once, before the county told it a time that was an hour ahead."""
    double = StationDouble(id=name)
    double.enrol()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO fleet_stationevent (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms,
                                               received_at, kind, detail)
            SELECT %s, decode(md5('e'), 'hex'), n, %s, 'synced', '', decode(md5(n::text), 'hex'), 1000, %s,
                   'clock_corrected', jsonb_build_object('boot', md5(n::text), 'mono', 1000, 'wall', %s::bigint,
                   'source', 'county', 'before', 'unknown', 'run', %s::text)
            FROM generate_series(1, %s) AS n""",
            [name, NOW, NOW, TRUE + HOUR + 1_000, WRONG.id.hex(), boots],
        )
        cursor.execute(
            """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at,
                                             card_token, reader, answer, direction, chosen_direction)
            SELECT %s, decode(md5('t'), 'hex'), n, %s, 'unknown', decode(md5(n::text), 'hex'), 500, %s,
                   decode(md5(n::text), 'hex'), 'simulated', 'recorded', 'in', ''
            FROM generate_series(1, %s) AS n""",
            [name, NOW, NOW, boots],
        )
    return double


def judge() -> tuple[int, int]:
    """Put the clock right; return how many statements that took, and how many rows they brought back."""
    brought: list[int] = []

    def count(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        result = execute(sql, params, many, context)
        cursor = context["cursor"].cursor
        brought.append(cursor.rowcount if cursor.description else 0)
        return result

    changed = note_run(RIGHT, ended=WRONG, at=NOW)
    with connection.execute_wrapper(count), transaction.atomic():
        correct_runs(changed, at=NOW)
    return len(brought), sum(brought)


def dated_right(station: StationDouble) -> int:
    return TouchRow.objects.filter(station=station.id, corrected_wall=RIGHT_TIME).count()


def test_a_judgement_costs_the_same_for_three_boots_as_for_300() -> None:
    costs = []
    for boots in (3, 300):
        with transaction.atomic():
            station = station_told_wrongly("shili-00001", boots)
            costs.append(judge())
            date_all_due(NOW)
            assert dated_right(station) == boots
            transaction.set_rollback(True)
    assert costs[0] == costs[1]


@pytest.mark.parametrize("bound", ["AGAIN_OF_A_STATION", "CORRECTIONS_OF_A_STATION"])
def test_of_a_station_with_very_many_boots_one_row_is_noted(bound: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"server_broker.ingest.dating.due.{bound}", 3)
    many, few = station_told_wrongly("shili-00001", 5), station_told_wrongly("shili-00002", 3)
    judge()
    noted: dict[str, list[bytes]] = {many.id: [], few.id: []}
    for station, boot in DatingDue.objects.values_list("station", "boot"):
        noted[station].append(bytes(boot))
    assert noted[many.id] == [WHOLE_STATION]
    assert len(noted[few.id]) == 3
    date_all_due(NOW)
    assert (dated_right(many), dated_right(few)) == (5, 3)


def test_the_many_boots_of_one_station_do_not_delay_the_few_of_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_broker.ingest.dating.walk.BOOTS_A_PIECE", 2)
    stations = [station_told_wrongly(f"shili-0000{number}", boots) for number, boots in ((1, 5), (2, 2), (3, 1))]
    judge()
    seconds = iter(range(100))
    dating = LateDating(shards=range(64), clock=lambda: next(seconds))
    done = []
    while DatingDue.objects.exists():
        dating.step(now=NOW)
        done.append([dated_right(station) for station in stations])
    assert done == [[1, 1, 0], [2, 1, 1], [3, 2, 1], [5, 2, 1]]


def test_a_piece_of_a_walk_has_rows_of_few_boots(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server_broker.ingest.dating.due.AGAIN_OF_A_STATION", 3)
    monkeypatch.setattr("server_broker.ingest.dating.walk.BOOTS_A_PIECE", 2)
    station = station_told_wrongly("shili-00001", 5)
    judge()
    seconds = iter(range(100))
    dating = LateDating(shards=range(64), clock=lambda: next(seconds))
    done = []
    for _ in range(3):
        dating.step(now=NOW)
        done.append(dated_right(station))
    assert done == [2, 4, 5]
