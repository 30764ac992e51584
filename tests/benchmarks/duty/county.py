"""A county with five years behind it: people, posts, windows, named days, leave, swaps and touches.

People, cards and windows come by the product's own import. The years before are written as rows by SQL, because nobody
has the time to record them one by one; PostgreSQL's guards and triggers see each of these rows as they see any other.
"""

import datetime as dt
import io
import random
from collections.abc import Collection, Iterator, Sequence

import openpyxl

PEOPLE_A_VILLAGE = 12
VILLAGES_A_TOWNSHIP = 25
VILLAGES_A_FILE = 500
"""The county takes at most 20,000 rows, and what can be read in some seconds, in one file."""
YEARS = 5
COUNTY = "990101000000"


def codes(villages: int) -> list[str]:
    """Return the codes of the villages, 25 to a township."""
    return [f"990101{1 + n // VILLAGES_A_TOWNSHIP:03}{1 + n % VILLAGES_A_TOWNSHIP:03}" for n in range(villages)]


def make_regions(villages: int) -> None:
    """Make the county, its townships and its villages, each with a station that was enrolled."""
    from django.utils import timezone  # noqa: PLC0415 - needs `django.setup`

    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415

    places = codes(villages)
    Region.objects.create(code=COUNTY, name="示例县")
    for township in sorted({code[:9] for code in places}):
        Region.objects.create(code=f"{township}000", name=f"示例镇{township[-3:]}")
    for code in places:
        Region.objects.create(code=code, name=f"示例村{code[-6:]}")
    at = timezone.now() - dt.timedelta(days=366 * YEARS)
    stations = [Station(id=f"bench-{code[-6:]}", name="示例站", village_id=code, enrolled_at=at) for code in places]
    Station.objects.bulk_create(stations)


def workbooks(villages: int, *, renamed: int = 0) -> Iterator[bytes]:
    """Yield files of all people, each with a card, and of two windows a village.

    Args:
        renamed: Every so manieth person has another name than before; 0: nobody.
    """
    places = list(enumerate(codes(villages)))
    for first in range(0, villages, VILLAGES_A_FILE):
        yield _workbook(places[first : first + VILLAGES_A_FILE], renamed=renamed)


def _workbook(places: Sequence[tuple[int, str]], *, renamed: int) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    people = book.create_sheet("人员")
    people.append(("编号", "姓名", "村代码"))
    cards = book.create_sheet("卡")
    cards.append(("卡号", "人员编号", "卡号格式"))
    windows = book.create_sheet("值班")
    windows.append(("村代码", "名称", "星期", "开始", "结束", "人员编号"))
    for place, code in places:
        own = [f"b{place:05}{one:02}" for one in range(PEOPLE_A_VILLAGE)]
        for one, number in enumerate(own):
            name = "改示例" if renamed and (place * PEOPLE_A_VILLAGE + one) % renamed == 0 else "示例"
            people.append((number, f"{name}{one}", code))
            cards.append((f"{0x04000000 + place * 100 + one:08X}", number, "十六进制"))
        windows.append((code, "上午", "1-5", "08:00", "12:00", "、".join(own)))
        windows.append((code, "下午", "1-5", "14:30", "17:30", "、".join(own[:8])))
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def make_history(*, seed: int, touch_years: float, only: Collection[str] = ()) -> dict[str, int]:
    """Write what happened in the years before, and return how many rows each kind came to.

    Args:
        only: The kinds that are written; none: all.
    """
    from django.db import connection  # noqa: PLC0415

    draw = random.Random(seed)
    counts: dict[str, int] = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(%s)", [draw.random()])
        for name, statement in _rows(touch_years):
            if only and name not in only:
                continue
            cursor.execute(statement)
            counts[name] = counts.get(name, 0) + cursor.rowcount
        # A transaction's own list of what it wrote is for decisions, and nobody decided these.
        cursor.execute("DELETE FROM dated_written")
    connection.commit()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return counts


def _rows(touch_years: float) -> Iterator[tuple[str, str]]:
    """Yield the name of a kind of row and the statement that makes all of them."""
    today = "date_trunc('day', now(), 'Asia/Shanghai')"
    # Every village has a branch with a secretary and two members, elected anew every 600 days.
    yield (
        "units",
        """INSERT INTO people_unit (name, kind, region_id, ended)
           SELECT name || '党支部', 'branch', code, false FROM regions_region WHERE code NOT LIKE '%000'""",
    )
    yield (
        "posts",
        """INSERT INTO people_post (unit_id, title)
           SELECT id, title FROM people_unit, unnest(ARRAY['书记', '委员', '副书记']) AS title""",
    )
    yield (
        "holdings",
        """INSERT INTO people_holding (post_id, person_id)
           SELECT p.id, q.id FROM people_post p JOIN people_unit u ON u.id = p.unit_id
           JOIN LATERAL (SELECT id FROM people_person WHERE village_id = u.region_id
                         ORDER BY number OFFSET CASE p.title WHEN '书记' THEN 0 WHEN '委员' THEN 3 ELSE 6 END LIMIT 3
           ) q ON true""",
    )
    yield (
        "holding_records",
        f"""INSERT INTO people_holdingrecord (subject_id, valid_from, valid_to, recorded_by, reason, state)
            SELECT id, {today} - (3 - turn) * interval '600 days',
                CASE WHEN turn < 3 THEN {today} - (2 - turn) * interval '600 days' END, 'bench', '', 'held'
            FROM (SELECT id, row_number() OVER (PARTITION BY post_id ORDER BY id) AS turn FROM people_holding) h""",
    )
    # A window was otherwise in each quarter of the years before.
    yield (
        "window_records",
        f"""INSERT INTO attendance_windowrecord
                (subject_id, valid_from, valid_to, recorded_by, reason, village_id, name, weekdays, start, "end",
                 people, posts, days, season_from, season_to, marks, leaders, leader_posts, ended)
            SELECT subject_id, {today} - (n + 1) * interval '91 days', {today} - n * interval '91 days', 'bench', '',
                village_id, name, weekdays, start - n, "end" - n, people[1:6], posts, days, season_from, season_to,
                marks, leaders, leader_posts, ended
            FROM attendance_windowrecord, generate_series(0, {YEARS * 4 - 1}) AS n
            WHERE superseded_at IS NULL AND valid_from >= {today} - interval '1 day'""",
    )
    # A third of all dates of the years and of the next five weeks is named for the first window.
    yield (
        "roster_days",
        f"""INSERT INTO attendance_rosterday
                (subject_id, valid_from, valid_to, recorded_by, reason, people, posts, leaders, leader_posts, withdrawn)
            SELECT subject_id, day, day + interval '1 day', 'bench', '', people[1:4], '{{}}', people[1:1], '{{}}', false
            FROM attendance_windowrecord, generate_series({today} - interval '{YEARS * 365} days',
                {today} + interval '35 days', interval '3 days') AS day
            WHERE superseded_at IS NULL AND valid_to IS NULL AND name = '上午'""",
    )
    yield (
        "absences",
        f"""INSERT INTO duty_absence (person_id, kind, source)
            SELECT id, (ARRAY['leave', 'leave', 'field_duty', 'residency'])[1 + n % 4], 'bench:' || n
            FROM people_person, generate_series(1, {YEARS * 12}) AS n""",
    )
    yield (
        "absence_records",
        f"""INSERT INTO duty_absencerecord (subject_id, valid_from, valid_to, recorded_by, reason, code, ended)
            SELECT id, begin, begin + (1 + id % 3) * interval '12 hours', 'bench', '',
                CASE kind WHEN 'leave' THEN 'personal' ELSE '' END, false
            FROM (SELECT id, kind, {today} + interval '8 hours'
                - ((substr(source, 7)::int - 2) * 30 + person_id % 29) * interval '1 day' AS begin
                FROM duty_absence WHERE source LIKE 'bench:%%') a""".replace("%%", "%"),
    )
    yield (
        "swaps",
        f"""INSERT INTO attendance_swap (window_id, day, giver_id, taker_id)
            SELECT w.subject_id, ({today} AT TIME ZONE 'Asia/Shanghai')::date + 20 - 15 * n, people[7], people[2]
            FROM attendance_windowrecord w, generate_series(0, {YEARS * 24}) AS n
            WHERE superseded_at IS NULL AND valid_to IS NULL AND name = '下午'""",
    )
    yield (
        "swap_records",
        """INSERT INTO attendance_swaprecord
               (subject_id, valid_from, valid_to, recorded_by, reason, agreed_at, withdrawn)
           SELECT id, day::timestamp AT TIME ZONE 'Asia/Shanghai', (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai',
               'bench', '', (day - 1)::timestamp AT TIME ZONE 'Asia/Shanghai', false FROM attendance_swap""",
    )
    yield from _touches(today, touch_years)


def _touches(today: str, years: float) -> Iterator[tuple[str, str]]:
    """Yield how all touches come in: two of each person on each working day. The indexes are made afterwards."""
    yield (
        "touches",
        f"""INSERT INTO attendance_touch
                (station_id, epoch, seq, wall, quality, said_quality, boot, mono_ms, received_at, card_token,
                 person_number, reader, answer, direction, chosen_direction)
            SELECT 'bench-' || right(p.village_id, 6), decode(md5(p.village_id), 'hex'),
                ((extract(epoch FROM day) / 86400)::bigint * 100
                 + row_number() OVER (PARTITION BY p.village_id, day)),
                day + leg * interval '240 minutes' + interval '475 minutes' + random() * interval '20 minutes',
                'synced', 'synced', decode(md5(p.village_id || day), 'hex'), 1, day + interval '18 hours', c.token, '',
                'reader-0', 'clock', '', ''
            FROM people_person p JOIN people_card c ON c.person_id = p.id,
                generate_series({today} - interval '{round(years * 365)} days', {today}, interval '1 day') AS day,
                generate_series(0, 1) AS leg
            WHERE extract(isodow FROM day AT TIME ZONE 'Asia/Shanghai') < 6""",
    )
