"""A row that was made of a station's fact and is changed, dropped or invented behind the county's back is named."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from protocol.fact_base import StationFact
from protocol.facts import ClockCorrected, DirectionChosen, Reissued, RequestMade, encode_fact
from protocol.units import FactRef, Moment
from server_broker.derived.checking import check_stations, first_readable
from server_broker.derived.comparing import NO_EVENT
from server_broker.derived.projections import PROJECTIONS
from server_broker.fleet.clock_runs import note_run
from server_broker.fleet.fact_rows import Identity, Rows
from server_broker.ingest.after_upgrade import catch_up
from server_broker.ingest.dating.due import let_wait_again
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.ingest.models import Fact
from server_broker.ingest.projections import derive
from server_broker.ingest.reread import reread_held
from server_broker.platform.county_clock import BY_HAND, CountyClockRun
from server_broker.platform.home import CountyHome
from server_broker.retention.erasing import erase_facts
from tests.cast import YANSHI
from tests.golden.vectors import FACTS
from tests.golden.vectors_1_1 import FACTS as LATER_FACTS
from tests.server_broker.derived.stations import ask, fill, said, take
from tests.server_broker.late_dating import date_all_due
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


@pytest.fixture
def station() -> StationDouble:
    double = StationDouble()
    double.enrol()
    asking = StationDouble(id=YANSHI)
    asking.enrol()
    ask(asking)
    return fill(double)


def psql(statement: str, parameters: list[Any] | None = None) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)


def test_rows_that_nobody_touched_are_good(station: StationDouble) -> None:
    assert said() == []
    for projection in PROJECTIONS:
        assert psql(f"SELECT 1 FROM {projection.table}") > 0


_OF_THE_LAST = "stream_id = (SELECT max(stream_id) FROM ingest_fact)"
CHANGES = [
    *(
        ("attendance_touch", f"{change} WHERE seq = 2", change.split()[0], 2)
        for change in (
            "wall = wall + interval '1 hour'",
            "corrected_wall = wall",
            "quality = 'unknown'",
            "said_quality = 'synced'",
            "boot = sha256('x')",
            "mono_ms = 9",
            "card_token = sha256('x')",
            "reader = 'x'",
            "answer = 'repeat'",
            "direction = ''",
            "chosen_direction = ''",
            "chosen_direction = 'in'",
            "person_number = '2001'",
            "received_at = received_at - interval '1 second'",
        )
    ),
    ("attendance_touch", "chosen_direction = 'in' WHERE seq = 3", "chosen_direction", 3),
    ("attendance_touch", "corrected_wall = wall WHERE seq = 3", "corrected_wall", 3),
    ("attendance_touch", "person_number = '2001', answer = 'recorded' WHERE seq = 5", "answer", 5),
    ("pins_numberentry", "number = '2002' WHERE seq = 6", "number", 6),
    ("pins_numberentry", "answer = 'wrong_pin' WHERE seq = 6", "answer", 6),
    ("learning_attempt", "by_seq = NULL, by_epoch = NULL", "by_epoch", 7),
    ("learning_attempt", "chosen = '[1]'", "chosen", 7),
    ("learning_attempt", '"right" = false', "right", 7),
    ("learning_levelrun", "stars = 3", "stars", 8),
    ("learning_packchoice", "chosen = false", "chosen", 8),
    ("learning_packchoice", "by_seq = 3", "by_seq", 8),
    ("feedback_feedback", "topic = 'roads'", "topic", 14),
    ("feedback_feedback", "by_seq = NULL, by_epoch = NULL", "by_epoch", 14),
    ("feedback_feedbackrating", "rating = 1", "rating", 15),
    ("fleet_stationevent", "detail = '{}' WHERE seq = 9", "detail", 9),
    ("fleet_stationevent", "kind = 'shut_down' WHERE seq = 1", "kind", 1),
    *(
        ("requests_request", change, change.split()[0], 2)
        for change in (
            "request = sha256('x')",
            "number = '999999'",
            "kind = 'correction'",
            "code = 'other'",
            "begin_at = NULL",
            "about_seq = 3",
            "by_seq = 3",
            "note = ''",
            "person_number = '2001'",
        )
    ),
    ("requests_withdrawal", "request = sha256('x')", "request", 3),
    *(
        (f"meetings_{table}", change, change.split()[0], seq)
        for table, seq, changes in (
            ("meetingstep", 4, ("meeting = 'm2'", "step = 'closed'", "item = ''", "note = ''", "by_seq = NULL")),
            ("votecount", 5, ("votes = '{1,5}'", "present = 6", "abstained = 1", "person_number = '2001'")),
            ("vouch", 6, ("person = 'a1'", "purpose = ''", "note = 'confirmed'", "by_seq = 3")),
        )
        for change in changes
    ),
    ("pins_pinclaim", "number = '2002'", "number", 10),
    ("pins_pinclaim", "salt = sha256('x')", "salt", 10),
]


@pytest.mark.parametrize(("table", "change", "column", "seq"), CHANGES)
def test_a_changed_column_is_named(station: StationDouble, table: str, change: str, column: str, seq: int) -> None:
    assert psql(f"UPDATE {table} SET {change}") == 1
    [sentence] = said()
    assert f"第 {seq} 条（{table}）：{column} 和站点的记录不符" in sentence
    assert (YANSHI if table.startswith(("requests_", "meetings_", "learning_packchoice")) else station.id) in sentence


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE media_blob SET purpose = 'record'", "（media_blob）：purpose"),
        ("UPDATE media_blob SET about_seq = 3", "（media_blob）：about_seq"),
        ("UPDATE media_blob SET evicted_reason = 'asked'", "（media_blob）：evicted_reason"),
        ("DELETE FROM media_blob", "（media_blob）：站点的记录里有它"),
        ("UPDATE media_blob SET sha256 = sha256('x')", "（media_blob）：没有任何站点记录说过它"),
        ("UPDATE orders_stationorder SET outcome = 'failed'", "（orders_stationorder）：outcome"),
        ("UPDATE orders_stationorder SET answered_at = NULL", "（orders_stationorder）：answered_at"),
        (f"UPDATE ingest_fact SET kind = 'touch' WHERE seq = 1 AND {_OF_THE_LAST}", "（ingest_fact）：kind"),
        (
            f"UPDATE ingest_fact SET held_reason = 'unknown_kind' WHERE seq = 2 AND {_OF_THE_LAST}",
            "第 2 条（attendance_touch）：没有任何站点记录说过它",
        ),
    ],
)
def test_what_facts_changed_in_other_tables_is_compared(station: StationDouble, change: str, named: str) -> None:
    assert psql(change) == 1
    assert [sentence for sentence in said() if named in sentence], said()


@pytest.mark.parametrize("projection", PROJECTIONS, ids=lambda one: one.table.name)
def test_a_dropped_row_is_named_and_so_is_an_invented_one(station: StationDouble, projection: Any) -> None:
    table = projection.table
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT max(seq) FROM {table}")
        [seq] = cursor.fetchone() or [0]
    columns = f"station_id, {', '.join(f'"{name}"' for name in projection.columns)}"
    more = ", by_epoch, by_seq" if "by_epoch" in projection.columns else ""
    assert more == "" or "by_epoch" in columns
    assert psql(
        f"INSERT INTO {table} ({columns}, epoch, seq) SELECT {columns}, epoch, 99 FROM {table} WHERE seq = {seq}"
    )
    assert [one for one in said() if f"第 99 条（{table}）：没有任何站点记录说过它" in one], said()
    assert psql(f"UPDATE {table} SET epoch = decode('77', 'hex') WHERE seq = 99") == 1
    assert [one for one in said() if f"流 77 第 99 条（{table}）：没有任何站点记录说过它" in one], said()
    psql(f"DELETE FROM {table} WHERE seq = 99 OR seq = {seq}")
    assert [one for one in said() if f"第 {seq} 条（{table}）：站点的记录里有它，库里没有了" in one], said()


def test_a_touch_by_number_and_its_entry_must_agree_whether_it_counts(station: StationDouble) -> None:
    assert psql("UPDATE pins_numberentry SET counts = NOT counts WHERE seq = 5") == 1
    assert [one for one in said() if "第 5 条（attendance_touch）：answer 和站点的记录不符" in one], said()


def test_the_facts_themselves_are_replayed(station: StationDouble) -> None:
    psql("UPDATE ingest_fact SET body = set_byte(body, 9, get_byte(body, 9) # 1) WHERE seq = 3")
    assert [one for one in said() if "第 3 条有误" in one], said()


def test_a_correction_of_the_clock_dates_rows_and_no_other_time_may_stand(station: StationDouble) -> None:
    corrected = ClockCorrected(
        at=moment(20), boot=moment().boot, mono=20, wall=moment(20).wall + 3_600_000, source="county", before="unknown"
    )
    take(station.add(corrected, touch(21, quality="unknown")), first=16)
    assert psql("SELECT 1 FROM attendance_touch WHERE corrected_wall IS NOT NULL AND seq IN (3, 17)") == 2
    assert said() == []
    psql("UPDATE attendance_touch SET corrected_wall = corrected_wall + interval '1 minute' WHERE seq = 17")
    assert [one for one in said() if "第 17 条（attendance_touch）：corrected_wall" in one]
    psql("UPDATE attendance_touch SET corrected_wall = NULL WHERE seq = 17")
    assert [one for one in said() if "第 17 条（attendance_touch）：corrected_wall" in one]


@pytest.mark.parametrize("noted", [1_000, 0], ids=["boots", "whole station"])
@pytest.mark.parametrize(("seq", "to"), [(2, "wall"), (18, "NULL"), (19, "NULL"), (19, "wall")])
def test_where_a_run_of_the_countys_clock_was_corrected_no_touch_may_be_moved(
    station: StationDouble, seq: int, to: str, noted: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server_broker.ingest.dating.due.AGAIN_OF_A_STATION", noted)
    hour = 3_600_000
    run = CountyClockRun(id=b"runrunru", boot=bytes(16), began=0, offset=0, vouched=BY_HAND)
    note_run(run, ended=None, at=NOW)
    told = ClockCorrected(
        at=moment(20), boot=moment().boot, mono=20, wall=moment(20).wall, source="county", before="unknown",
        clock_run=run.id,
    )  # fmt: skip
    take(station.add(told, touch(21), touch(22), touch(23, quality="unknown")), first=16)
    better = CountyClockRun(id=b"betterru", boot=bytes(16), began=hour, offset=-hour, vouched=BY_HAND)
    let_wait_again(note_run(better, ended=run, at=NOW))
    assert said() == [], "it waits"
    date_all_due(NOW)
    assert psql("SELECT 1 FROM attendance_touch WHERE corrected_wall < wall - interval '59 minutes'") == 6
    assert said() == []
    psql(f"UPDATE attendance_touch SET corrected_wall = {to} WHERE seq = {seq}")
    assert [one for one in said() if f"第 {seq} 条（attendance_touch）：corrected_wall" in one], said()


def test_of_several_directions_the_last_must_stand(station: StationDouble) -> None:
    take(station.add(DirectionChosen(at=moment(30), touch=station.ref(2), direction="in")), first=16)
    assert said() == []
    psql("UPDATE attendance_touch SET chosen_direction = 'out' WHERE seq = 2")
    assert [one for one in said() if "第 2 条（attendance_touch）：chosen_direction" in one]


@pytest.mark.parametrize("at", [moment(15 * 60_000 + 3), moment(4, boot=bytes(16))], ids=["later", "boot"])
def test_a_direction_that_is_stated_long_after_its_touch_changes_nothing(station: StationDouble, at: Moment) -> None:
    take(station.add(DirectionChosen(at=at, touch=station.ref(2), direction="in")), first=16)
    assert psql("SELECT 1 FROM attendance_touch WHERE seq = 2 AND chosen_direction = 'out'") == 1
    assert said() == []
    psql("UPDATE attendance_touch SET chosen_direction = 'in' WHERE seq = 2")
    assert [one for one in said() if "第 2 条（attendance_touch）：chosen_direction" in one]


def test_what_came_again_in_a_later_stream_is_no_false_alarm_and_stays_under_watch(station: StationDouble) -> None:
    station.add(touch(40), DirectionChosen(at=moment(41), touch=station.ref(16), direction="out"))
    again = station.reopen(matched=13)
    take(again)
    assert said() == []
    for change, named in (
        ("UPDATE attendance_touch SET answer = 'lost' WHERE seq = 16", "第 16 条（attendance_touch）：answer"),
        ("UPDATE attendance_touch SET chosen_direction = '' WHERE seq = 16", "（attendance_touch）：chosen_direction"),
        ("DELETE FROM attendance_touch WHERE seq = 16", "第 16 条（attendance_touch）：站点的记录里有它"),
        ("DELETE FROM ingest_reissue WHERE seq = 16", "第 16 条（ingest_reissue）：站点的记录里有它"),
        ("UPDATE ingest_reissue SET digest = sha256('x') WHERE seq = 16", "第 16 条（ingest_reissue）"),
        ("UPDATE ingest_reissue SET identity_seq = 77 WHERE seq = 16", "（ingest_reissue）：identity_seq"),
    ):
        with connection.cursor() as cursor:
            cursor.execute("SAVEPOINT untouched")
            cursor.execute(change)
            assert [one for one in said() if named in one], (change, said())
            cursor.execute("ROLLBACK TO untouched")
    assert said() == []


def test_clones_with_other_facts_under_one_identity_are_no_false_alarm(station: StationDouble) -> None:
    clone = station.clone()
    station.add(touch(40), DirectionChosen(at=moment(41), touch=station.ref(16), direction="out"))
    clone.add(touch(42), DirectionChosen(at=moment(43), touch=clone.ref(16), direction="in"))
    take(station.reopen(matched=13))
    take(clone, first=16)
    assert psql("SELECT 1 FROM attendance_touch WHERE mono_ms IN (40, 42)") == 2
    assert said() == []


def test_a_held_fact_has_no_rows_until_it_is_read(station: StationDouble) -> None:
    take(station.add(touch(50, reader="a\x00b"), touch(51)), first=16)
    Fact.objects.filter(held_reason="out_of_range").update(held_reason="held_by_hand")
    assert said() == []
    reread_held(station.id, now=timezone.now())
    assert said() == []


def test_a_fact_that_could_always_be_read_is_not_held(station: StationDouble) -> None:
    psql("DELETE FROM attendance_touch WHERE seq = 2")
    psql(f"UPDATE ingest_fact SET held_reason = 'out_of_range' WHERE seq = 2 AND {_OF_THE_LAST}")
    assert [one for one in said() if "第 2 条（ingest_fact）：站点签过名，也读得出来，却列为待审" in one], said()
    reread_held(station.id, now=timezone.now())
    assert said() == []


def test_what_came_after_the_revocation_waits_for_a_person_and_nothing_else_does(station: StationDouble) -> None:
    psql("DELETE FROM attendance_touch WHERE seq = 2")
    psql(f"UPDATE ingest_fact SET held_reason = 'carried_revoked' WHERE seq = 2 AND {_OF_THE_LAST}")
    assert said()
    came_at = Fact.objects.get(seq=2, held_reason="carried_revoked").received_at
    psql("UPDATE fleet_station SET revoked_at = %s WHERE id = %s", [came_at + timedelta(minutes=1), station.id])
    assert [one for one in said() if "第 2 条" in one], "it came before"
    psql("UPDATE fleet_station SET revoked_at = %s WHERE id = %s", [came_at, station.id])
    assert said() == []


@pytest.mark.parametrize("reason", ["unknown_kind", "bad_signature", "refused_by_database"])
def test_a_fact_that_reads_well_only_since_an_upgrade_or_a_repair_is_counted_alone(
    station: StationDouble, reason: str
) -> None:
    psql("DELETE FROM attendance_touch WHERE seq = 2")
    psql(f"UPDATE ingest_fact SET held_reason = %s WHERE seq = 2 AND {_OF_THE_LAST}", [reason])
    assert said() == []
    assert [(one.held, one.readable) for one in check_stations()] == [(1, 1), (0, 0)]


def test_once_the_county_has_read_again_what_it_can_such_a_fact_is_named(
    station: StationDouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before the program started, or was signed for a moment ago, may be left over until the next day."""
    monkeypatch.setattr(settings, "HOME", CountyHome(tmp_path))
    catch_up(settings.HOME, timezone.now())
    psql("DELETE FROM attendance_touch WHERE seq = 2")
    held = f"UPDATE ingest_fact SET held_reason = %s WHERE seq = 2 AND {_OF_THE_LAST}"
    psql(held, ["unknown_kind"])
    assert [one for one in said() if "第 2 条（ingest_fact）：站点签过名，也读得出来，却列为待审" in one], said()
    later = timezone.now() + timedelta(days=3)
    for reason, found in (("bad_signature", (True, False)), ("refused_by_database", (False, True))):
        psql(held, [reason])
        assert said() == []
        checked = list(check_stations(now=later))
        untried = [(one.station, place) for one in checked for place in one.untried]
        assert (any(one.finding for one in checked), first_readable(untried) is not None) == found
    psql(held, ["refused_by_database"])
    psql(f"UPDATE ingest_fact SET body = decode('00', 'hex') WHERE seq = 2 AND {_OF_THE_LAST}")
    assert first_readable(untried) is None, "it really can't be read"


def test_after_erasures_nothing_is_missed_and_what_is_left_is_empty(station: StationDouble) -> None:
    assert erase_facts(timezone.now() + timedelta(days=1096)) > 0
    assert said() == []
    psql("""UPDATE fleet_stationevent SET detail = '{"person": "2001"}' WHERE kind = 'visit_ended'""")
    assert [one for one in said() if "第 9 条（fleet_stationevent）：内容已到期清除，这里却有" in one]


def test_every_table_of_facts_is_under_watch() -> None:
    assert {projection.table.name for projection in PROJECTIONS} == {table.name for table in STAMPED_TABLES}


def test_each_kind_makes_the_rows_that_are_looked_for() -> None:
    event = next(one for one in PROJECTIONS if one.table.name == "fleet_stationevent")
    for name, fact in (FACTS | LATER_FACTS).items():
        rows = Rows(timezone.now())
        derive(fact, Identity("demo", b"e" * 16, 1), rows)
        kind = str(fact.__struct_config__.tag)
        assert bool(rows.of(event.kind)) == (kind not in NO_EVENT) or kind == "reissued", name


def test_a_fact_with_very_many_names_is_not_read_by_each_of_them(
    station: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A station may re-issue many facts that name one place. By pairs of names it would be read two thousand times."""
    place: dict[str, Any] = {"epoch": b"a stream of old.", "seq": 1}
    bodies = [encode_fact(touch(100 + number)) for number in range(40)]
    again = [Reissued(at=moment(), **place, salt=bytes(16), body=body) for body in bodies]
    named = FactRef(**place)
    asked = RequestMade(at=moment(50), request=bytes(16), by=named, request_kind="objection", about=named)
    take(station.add(*again, asked), first=16)
    read: list[StationFact] = []

    def counted(fact: Any, identity: Identity, rows: Rows) -> None:
        read.append(fact)
        derive(fact, identity, rows)

    monkeypatch.setattr("server_broker.derived.walk.derive", counted)
    assert said() == []
    assert sum(isinstance(fact, RequestMade) for fact in read) < 50
