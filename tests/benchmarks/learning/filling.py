"""Three years of answers in a county's database: written as rows by SQL, because nobody has the time to answer them.

People, cards and villages are those of `tests.benchmarks.duty.county`. Rows come in the order of their time, as they
would have come from stations, so that a person's rows lie far apart on the disk.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from protocol.codec import encode
from protocol.packs import Pack
from tests.benchmarks.measures.shelf import question_pack

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

PACKS, QUESTIONS = 60, 20_000
VISITS = 84
"""Of each person in three years, one in 13 days, and in each of them ten questions: 840 answers a person."""
ANSWERS = 10
"""Of a visit."""
_TOUCH_DAYS, _TOUCHES_A_DAY = 60, 2
"""A county looks at so many days for where somebody comes."""
_TABLES = ("attendance_touch", "learning_attempt", "learning_levelrun", "progress_visit")
_STEPS = (
    """CREATE TEMPORARY TABLE one ON COMMIT DROP AS
    SELECT p.id, c.token, row_number() OVER (ORDER BY p.id) AS rn,
        dense_rank() OVER (ORDER BY p.village_id) - 1 AS place
    FROM people_person p JOIN people_card c ON c.person_id = p.id""",
    # Every tenth visit is at the next village's station.
    """CREATE TEMPORARY TABLE visit ON COMMIT DROP AS
    SELECT v.*, decode(md5('learning ' || station), 'hex') AS epoch, decode(md5(station || visit), 'hex') AS boot,
        substring(decode(md5(rn || ' ' || visit), 'hex') FOR 8) AS run,
        12 * row_number() OVER (PARTITION BY station ORDER BY wall, rn) AS seq
    FROM (
        SELECT one.rn, one.token, n AS visit,
            s.ids[1 + (one.place + (((n + one.rn) %% 10) = 0)::int) %% s.count] AS station,
            date_trunc('day', now()) - (%(visits)s - n) * interval '13 days' + one.rn %% 480 * interval '1 minute'
                AS wall,
            'pack-' || lpad(((one.rn * 7 + n / 14) %% %(packs)s)::text, 2, '0') AS pack, (n %% 14 / 2)::text AS level,
            n %% 7 = 6 AS is_review, floor(random() * 33)::int AS first
        FROM one, generate_series(0, %(visits)s - 1) AS n,
            (SELECT array_agg(id ORDER BY id) AS ids, count(*)::int AS count FROM fleet_station) AS s
    ) AS v ORDER BY wall, rn""",
    """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms, received_at,
        card_token, person_number, reader, answer, direction, chosen_direction)
    SELECT station, epoch, seq, wall, 'synced', 'synced', boot, 1, wall, token, '', 'reader-0', 'recorded', 'in', ''
    FROM visit""",
    """INSERT INTO attendance_touch (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms, received_at,
        card_token, person_number, reader, answer, direction, chosen_direction)
    SELECT s.ids[1 + one.place], decode(md5('touches ' || one.place), 'hex'), row_number() OVER (), at, 'synced',
        'synced', decode(md5('boot ' || one.place), 'hex'), 1, at, token, '', 'reader-0', 'recorded', 'in', ''
    FROM generate_series(date_trunc('day', now()) - %(days)s * interval '1 day', date_trunc('day', now()),
            %(apart)s * interval '1 hour') AS at, one,
        (SELECT array_agg(id ORDER BY id) AS ids FROM fleet_station) AS s""",
    # Seven is prime to the 33 questions of a level, so the ten are different ones. One answer in eight is wrong.
    """INSERT INTO learning_attempt (station_id, epoch, seq, run, pack, pack_version, level, question, chosen, "right",
        lives_left, wall, quality, said_quality, boot, mono_ms, received_at, by_epoch, by_seq, took_ms, mode)
    SELECT station, epoch, seq + n, run, pack, 1, level,
        'q' || level || '-' || (first + n * 7) %% 33,
        (CASE WHEN drawn.is_right THEN '[1]' ELSE (ARRAY['[0]', '[2]', '[3]'])[1 + (first + n) %% 3] END)::jsonb,
        drawn.is_right, 3, wall + n * interval '8 seconds', 'synced', 'synced', boot, 1, wall + interval '5 minutes',
        epoch, seq, 3000 + (first * 997 + n * 331) %% 9000, CASE WHEN is_review THEN 'review' ELSE 'level' END
    FROM visit, generate_series(1, %(answers)s) AS n,
        LATERAL (SELECT random() + 0 * n + 0 * first > 0.125) AS drawn (is_right)
    ORDER BY wall, rn, n""",
    """INSERT INTO learning_levelrun (station_id, epoch, seq, run, pack, pack_version, level, passed, stars, wall,
        quality, said_quality, boot, mono_ms, received_at, by_epoch, by_seq, took_ms, mode)
    SELECT station, epoch, seq + %(answers)s + 1, run, pack, 1, level, first %% 10 > 0,
        CASE WHEN first %% 10 > 0 THEN 1 + first %% 3 ELSE 0 END, wall + interval '90 seconds', 'synced', 'synced',
        boot, 1, wall + interval '5 minutes', epoch, seq, 90000, 'level'
    FROM visit WHERE NOT is_review ORDER BY wall, rn""",
    """INSERT INTO progress_visit (station_id, epoch, seq, card_token, number, looked_at)
    SELECT station, epoch, seq, token, '', now() FROM visit ORDER BY wall, rn""",
    """INSERT INTO fleet_stream (station_id, epoch, through, issued, head, opened_at, born_at)
    SELECT station, epoch, max(seq) + 11, max(seq) + 11, sha256(epoch), min(wall), min(wall)
    FROM visit GROUP BY 1, 2""",
    "UPDATE people_binding SET valid_from = NULL",
)


def pack_of(number: int) -> Pack:
    """Return one of the packs: ten levels of 33 or 34 questions, 20,000 questions in all."""
    each = 33 + (number % 3 == 0)
    return question_pack(number, questions=each)


def pack_bytes() -> list[bytes]:
    """Return the packs as their bundles hold them."""
    return [encode(pack_of(number)) for number in range(PACKS)]


def fill(home: "CountyHome") -> dict[str, int]:
    """Write three years of answers of everybody, and return how many rows each table has."""
    from server_broker.platform.home import DATABASE  # noqa: PLC0415 - Django must be set up
    from server_broker.postgres.folder import SUPERUSER  # noqa: PLC0415

    values = {
        "visits": VISITS,
        "packs": PACKS,
        "answers": ANSWERS,
        "days": _TOUCH_DAYS,
        "apart": 24 // _TOUCHES_A_DAY,
    }
    with psycopg.connect(host=str(home.postgres_socket), dbname=DATABASE, user=SUPERUSER) as link:
        # Triggers would note all visits and check each foreign key, one row after the other.
        link.execute("SET session_replication_role = replica")
        link.execute("SELECT setseed(0.5)")
        with _without_indexes(link):
            for step in _STEPS:
                link.execute(step, values)
    with psycopg.connect(host=str(home.postgres_socket), dbname=DATABASE, user=SUPERUSER, autocommit=True) as link:
        link.execute("VACUUM ANALYZE")
        counts = [row for name in _TABLES for row in link.execute(f"SELECT '{name}', count(*) FROM {name}")]
    return dict(counts)


@contextmanager
def _without_indexes(link: psycopg.Connection) -> Iterator[None]:
    """Drop the indexes of the large tables, and make the same again in the end, which is many times faster."""
    constraints = link.execute(
        """SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE contype = 'u' AND conrelid = ANY(%s::regclass[])""",
        [list(_TABLES)],
    ).fetchall()
    for table, name, _ in constraints:
        link.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    indexes = link.execute(
        """SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
        WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary""",
        [list(_TABLES)],
    ).fetchall()
    for name, _ in indexes:
        link.execute(f"DROP INDEX {name}")
    yield
    link.execute("SET LOCAL maintenance_work_mem = '512MB'")
    for _, definition in indexes:
        link.execute(definition)
    for table, name, definition in constraints:
        link.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
