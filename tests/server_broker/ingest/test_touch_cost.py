"""What comes in costs the same however much lies behind it: no statement of the intake looks at a station's history."""

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from django.db import connection

from protocol.blobs import BlobChunk
from protocol.codec import encode
from protocol.facts import AlarmCleared, AlarmRaised, Attempt, ClockCorrected, DirectionChosen, LevelEnded
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.explained import explained
from tests.server_broker.station_double import BOOT, NOW, WALL, StationDouble, announced, booted, moment, touch

pytestmark = pytest.mark.django_db

ROWS = 6_000

_STAMP = "now(), 'unknown', decode(md5((n / 100)::text), 'hex'), n, now()"
_IDENTITY = "%(station)s, decode(md5('epoch'), 'hex'), n"
_HISTORY = (
    f"""INSERT INTO fleet_stationevent (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, kind, detail)
    SELECT {_IDENTITY}, {_STAMP}, (ARRAY['booted', 'window_closed', 'clock_corrected', 'alarm_raised'])[1 + n %% 4],
           jsonb_build_object('boot', md5((n / 100)::text), 'source', 'county', 'mono', n, 'wall', n)""",
    f"""INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, card_token,
                                      reader, answer, direction, chosen_direction)
    SELECT {_IDENTITY}, {_STAMP}, decode(md5(n::text), 'hex'), 'simulated', 'recorded', 'in', ''""",
    f"""INSERT INTO learning_attempt (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, run, pack,
                                      pack_version, level, question, chosen, "right", lives_left)
    SELECT {_IDENTITY}, {_STAMP}, decode(md5(n::text), 'hex'), 'p', 1, 'l', 'q', '[]', true, 3""",
    f"""INSERT INTO learning_levelrun (station_id, epoch, seq, wall, quality, boot, mono_ms, received_at, run, pack,
                                       pack_version, level, passed, stars)
    SELECT {_IDENTITY}, {_STAMP}, decode(md5(n::text), 'hex'), 'p', 1, 'l', true, 3""",
    """INSERT INTO media_blob (station_id, sha256, size, media_type, purpose, about_epoch, about_seq, announced_at,
                              ranges, completed_at, viewable, evicted_reason)
    SELECT %(station)s, decode(md5(n::text) || md5(n::text), 'hex'), 9, 'image/jpeg', 'touch',
           decode(md5('epoch'), 'hex'), n, now(), '[]', now(), true, ''""",
    """INSERT INTO fleet_alarm (station_id, origin, code, severity, detail, opened_at, last_at, count, resolved_at,
                               resolved_because)
    SELECT %(station)s, CASE n %% 2 WHEN 0 THEN 'station' ELSE 'county' END, 'code-' || n %% 50, 'minor', '',
           now() - interval '1 year', now(), 1, now(), ''""",
    """INSERT INTO ingest_fact (stream_id, seq, digest, head, kind, received_at, held_reason)
    SELECT (SELECT min(id) FROM fleet_stream WHERE station_id = %(station)s), n + 1000, decode(md5(n::text), 'hex'),
           decode(md5(n::text), 'hex'), 'touch', now(), CASE n %% 10 WHEN 0 THEN 'malformed' ELSE '' END""",
    """INSERT INTO fleet_stream (station_id, epoch, through, head, opened_at, issued)
    SELECT %(station)s, decode(md5('old' || n), 'hex'), 1, decode(md5(n::text), 'hex'),
           now() - n * interval '1 day', 1""",
    """INSERT INTO ingest_reissue (station_id, epoch, seq, digest, identity_epoch, identity_seq, carrier_epoch,
                                  carrier_seq)
    SELECT %(station)s, decode(md5('old' || n), 'hex'), n, decode(md5(n::text), 'hex'), decode(md5('old' || n), 'hex'),
           n, decode(md5('epoch'), 'hex'), n""",
)


@pytest.fixture
def station() -> Iterator[StationDouble]:
    """A station with years behind it, in a boot that has learnt the time.

    The planner may read a table of 6,000 rows whole where it could do better: what counts is that it could.
    """
    double = StationDouble()
    double.enrol()
    process(double.birth(), double.add(booted(), learnt(500, "county")).facts_message())
    with connection.cursor() as cursor:
        for statement in _HISTORY:
            cursor.execute(f"{statement} FROM generate_series(1, {ROWS}) AS n", {"station": double.id})
        cursor.execute("ANALYZE")
        cursor.execute("SET enable_seqscan = off")
    yield double
    with connection.cursor() as cursor:
        cursor.execute("RESET enable_seqscan")


def learnt(mono: int, source: Literal["county", "ntp"]) -> ClockCorrected:
    return ClockCorrected(at=moment(mono), boot=BOOT, mono=mono, wall=WALL + mono, source=source, before="unknown")


def process(*messages: Any) -> None:
    BatchProcessor(clock=lambda: NOW).process_batch(messages)


def test_a_touch_looks_at_nothing_that_lies_behind_it(station: StationDouble) -> None:
    with explained() as found:
        process(station.add(touch(2_000, quality="unknown")).facts_message(3))
        process(station.add(touch(3_000)).facts_message(4), station.vitals())
    assert found == []


def test_nor_does_anything_else_that_a_station_says(station: StationDouble) -> None:
    picture = secrets.token_bytes(3000)
    sha256 = hashlib.sha256(picture).digest()
    level: dict[str, Any] = {"run": b"r" * 8, "pack": "p", "pack_version": 1, "level": "l"}
    facts = (
        touch(2_000, quality="unknown"),
        DirectionChosen(at=moment(2_100), touch=station.ref(3), direction="out"),
        Attempt(at=moment(2_200), **level, question="q", chosen=[1], right=True, lives_left=3),
        LevelEnded(at=moment(2_300), **level, passed=True, stars=3),
        announced(sha256, len(picture)),
        AlarmRaised(at=moment(), code="camera_failed", severity="minor"),
        AlarmCleared(at=moment(), code="camera_failed"),
    )
    chunk = BlobChunk(station=station.id, sha256=sha256, size=len(picture), offset=0, data=picture)
    early = BlobChunk(station=station.id, sha256=b"e" * 32, size=3000, offset=0, data=picture[:1000])
    with explained() as found:
        process(station.add(*facts).facts_message(3))
        process(station.birth(), station.message("blob", encode(chunk)), station.message("blob", encode(early)))
        process(station.reopen(matched=5).facts_message())
    assert found == []


def test_nor_does_a_word_of_the_county_over_one_of_ntp(station: StationDouble) -> None:
    with explained() as found:
        process(station.add(touch(1_000), learnt(2_000, "ntp"), learnt(9_000, "county")).facts_message(3))
    assert found == []


def test_nor_does_what_comes_in_a_boot_that_has_lasted_for_long(station: StationDouble) -> None:
    """Some stations are never switched off. This boot has a correction, which dates what comes later too."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE attendance_touch SET boot = %s", [BOOT])
        cursor.execute("UPDATE fleet_stationevent SET boot = %s WHERE kind = 'booted'", [BOOT])
        cursor.execute("ANALYZE")
    with explained() as found:
        process(station.add(touch(2_000, quality="unknown")).facts_message(3))
        process(station.add(booted(), touch(3_000)).facts_message(4))
    assert found == []


def test_nor_does_a_re_issue_that_gives_way(station: StationDouble) -> None:
    """Its record is found among all those of the station, and so is what points at it."""
    other = station.clone()
    process(other.add(touch(2_000)).reopen(matched=2).facts_message())
    with explained() as found:
        process(station.add(touch(3_000)).facts_message(3))
    assert found == []
