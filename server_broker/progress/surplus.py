"""Set apart what a station says of learning beyond its measure, until somebody decides about all of it.

Whoever has a stolen station can answer questions, end levels and choose packs for whoever touched a card there, as much
as the county takes of a station in a day. What was learnt is computed of all answers of a person, so that each round
would take longer from day to day. What is beyond the measure counts for nobody. It is all kept, and one decision takes
up or throws away all of it that whoever decided had seen, with what the station asked for beyond its measure
(`server_broker.requests.surplus`).

**By which day.** By the one on which the county stored the row, however it came: by the line, in a file that somebody
carried, or held at first and read later. A station chooses its own times, so whoever has its key could spread any
number of answers over all days that were.

**How much.** What an honest station says on a day is what was done there since it was last heard. So it has room for a
month without a line, `AT_ONCE`, and each day gives `A_DAY` of that back. If each of twelve cadres answers all that a
kiosk asks one person in a day, five levels of ten questions and ten reviews, these are 720 answers and 60 ended levels;
on the 22 working days of a month 15,840 and 1,320. The rest is for villagers, who answer without a card: 450 answers on
each day of that month, and 1,280 on each day with a line.

**What is looked at** are the rows themselves, so that no way into the tables passes it. A station that has fewer rows
of a day than `A_DAY` can't be beyond its measure, whatever it said before; that is one look into an index. One row says
after which row of a day nothing counts, because a row for each answer would be as many as a flood has. Keys grow as
rows come, and moments do not tell rows apart: a batch, a file, and held facts that are read have one for thousands.

So that a touch with which thousands are said costs no more than another, of each touch only the first `OF_ONE` are ever
read (`progress.reading`).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from server_broker.dated.days import begin_of, end_of
from server_broker.fleet.alarm_codes import MANY_ANSWERS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Station
from server_broker.fleet.surplus_decisions import note_decision
from server_broker.fleet.tables import STATIONS
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.platform.sql import LOCAL_ZONE, execute, query
from server_broker.platform.tables import Table
from server_broker.progress.models import ProgressState, Surplus, SurplusDecision

_ATTEMPTS, _LEVEL_RUNS, _CHOICES = map(str, (ATTEMPTS, LEVEL_RUNS, CHOICES))
AT_ONCE: Mapping[str, int] = {_ATTEMPTS: 30_000, _LEVEL_RUNS: 3_000, _CHOICES: 3_000}
"""So much of a station counts that said nothing for long, by table."""
A_DAY: Mapping[str, int] = {_ATTEMPTS: 2_000, _LEVEL_RUNS: 200, _CHOICES: 200}
"""So much more each day, until it is `AT_ONCE` again."""
REMEMBERED = 31
"""Days before that are looked at for how much is left. In 15 of them all of it comes back."""
OF_ONE = 200
"""So many answers after one touch or number count, so many ended levels and choices (docs/learning.md, 1.5)."""
LATE = timedelta(hours=2)
"""What was received before midnight is stored by then, also held facts of which many are read."""

TAKEN_UP, DROPPED = "learning.surplus_taken_up", "learning.surplus_dropped"


def is_apart(table: Table, alias: str) -> str:
    """Return the SQL condition that a row of one of the three tables is set apart and nobody has taken it up.

    What comes after something was decided is apart until somebody decides about it too.
    """
    return f"""coalesce((SELECT NOT x.counts OR {alias}.id > x.through_row FROM {Surplus._meta.db_table} x
        WHERE x.station_id = {alias}.station_id AND x.rows_of = '{table}'
          AND x.day = ({alias}.received_at AT TIME ZONE {LOCAL_ZONE})::date AND x.after_row < {alias}.id
        ORDER BY x.after_row DESC LIMIT 1), false)"""  # noqa: S608 - our own constants


def set_surplus_apart(now: datetime) -> int:
    """Set apart what is beyond the measure on the days since the last round; raise an alarm of each station where that
    is new.

    Returns the number of these stations.
    """
    found: set[str] = set()
    with transaction.atomic():
        ProgressState.objects.get_or_create(pk=1)
        own = ProgressState.objects.select_for_update().get(pk=1)
        for day in _days(own.measured_through, timezone.localdate(now)):
            for table in A_DAY:
                found.update(one for one in _with_many(table, day) if _set_apart(table, one, day, now))
        through = timezone.localdate(now - LATE)
        if own.measured_through != through:
            ProgressState.objects.update(measured_through=through)
        calls = [AlarmCall(station, MANY_ANSWERS, "major", _detail(station)) for station in sorted(found)]
        raise_alarms(calls, at=now)
    return len(found)


def _days(measured: date | None, today: date) -> Iterator[date]:
    """Yield the days that may have rows that no round has looked at, today last."""
    first = today - timedelta(days=1) if measured is None else min(measured, today)
    for back in range(min((today - first).days, REMEMBERED), -1, -1):
        yield today - timedelta(days=back)


def _with_many(table: str, day: date) -> list[str]:
    """Return the stations that may be beyond their measure on a day and of which nothing waits for a decision."""
    rows = query(
        f"""SELECT s.id FROM {STATIONS} s
        WHERE EXISTS (SELECT FROM {table} r WHERE r.station_id = s.id AND r.received_at >= %s AND r.received_at < %s
                      OFFSET %s LIMIT 1)
          AND NOT EXISTS (SELECT FROM {Surplus._meta.db_table} x WHERE x.station_id = s.id AND x.rows_of = %s
                          AND x.day = %s AND x.decision_id IS NULL)
        ORDER BY s.id""",  # noqa: S608 - our own constants
        [begin_of(day), end_of(day), A_DAY[table], table, day],
    )
    return [station for (station,) in rows]


def _set_apart(table: str, station: str, day: date, now: datetime) -> bool:
    decided = Surplus.objects.filter(station=station, rows_of=table, day=day).order_by("after_row").last()
    if decided is None:
        counted = _left(table, station, day)
        after = _nth(table, station, day, counted)
    else:
        counted, after = decided.counted, decided.through_row
    if after is None:
        return False
    surplus = Surplus(station_id=station, rows_of=table, day=day, after_row=after, counted=counted, since=now)
    if not _count_and_last(surplus)[0]:
        # Nothing has come since.
        return False
    surplus.save()
    return True


def _left(table: str, station: str, day: date) -> int:
    """Return how much a station may say on a day: `AT_ONCE` but for what it used on the days before.

    What was set apart takes no room, whatever was decided about it.
    """
    days = [day - timedelta(days=back) for back in range(REMEMBERED, 0, -1)]
    beyond = Surplus.objects.filter(station=station, rows_of=table, day__in=days)
    counted = dict(beyond.values_list("day", "counted"))
    asked = [one for one in days if one not in counted]
    rows = query(
        f"""SELECT d.day, (SELECT count(*) FROM {table} r
            WHERE r.station_id = %s AND r.received_at >= d.begins AND r.received_at < d.ends)
        FROM unnest(%s::date[], %s::timestamptz[], %s::timestamptz[]) AS d (day, begins, ends)""",  # noqa: S608 - a constant
        [station, asked, [begin_of(one) for one in asked], [end_of(one) for one in asked]],
    )
    counted.update(rows)
    used = 0
    for one in days:
        used = max(0, used + counted[one] - A_DAY[table])
    return AT_ONCE[table] - used


def _nth(table: str, station: str, day: date, nth: int) -> int | None:
    """Return the key of that row of a day in the order in which they were stored; None: there are fewer."""
    found = query(
        f"""SELECT id FROM {table} WHERE station_id = %s AND received_at >= %s AND received_at < %s
        ORDER BY id OFFSET %s LIMIT 1""",  # noqa: S608 - one of our own constants
        [station, begin_of(day), end_of(day), nth - 1],
    )
    return found[0][0] if found else None


def _detail(station: str) -> str:
    return f"站点 {station} 报来的答题、闯关或选学太多：断网一个月攒下的也没有这么多。多出的先不算，一条不少"


def undecided() -> QuerySet[Surplus]:
    """Return what is too much and nobody has decided about."""
    return Surplus.objects.filter(decision=None)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a decision as somebody sees it now."""

    count: int = 0
    """Answers, ended levels and choices."""
    through: Mapping[str, int] = field(default_factory=dict)
    """The key of the last of them, by table."""


def waiting_of(rows: Iterable[Surplus]) -> Waiting:
    """Return how much these rows set apart, and up to which row."""
    count, through = 0, Counter[str]()
    for row in rows:
        of_row, last = _count_and_last(row)
        count += of_row
        through[row.rows_of] = max(through[row.rows_of], last)
    return Waiting(count, {table: last for table, last in through.items() if last})


def _count_and_last(row: Surplus) -> tuple[int, int]:
    ((count, last),) = query(
        f"SELECT count(*), coalesce(max(id), 0) FROM {row.rows_of} WHERE {_APART}",  # noqa: S608 - our own constants
        _which(row),
    )
    return count, last


_APART = """station_id = %s AND received_at >= %s AND received_at < %s AND id > %s AND id <= coalesce(%s, id)"""


def _which(row: Surplus) -> list[object]:
    return [row.station_id, begin_of(row.day), end_of(row.day), row.after_row, row.through_row]


def decide_surplus(
    station: Station, *, take_up: bool, through: Mapping[str, int], reason: str, actor: str, at: datetime
) -> int:
    """Take up or throw away what waits of a station, as one decision; return how many rows these have.

    Args:
        through: The last that whoever decides has seen, by table (`Waiting.through`). What has come since waits for
            another decision.
    """
    with transaction.atomic():
        # Of two officers who decide at once, the second finds nothing left.
        Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        rows = list(undecided().filter(station=station, rows_of__in=list(through)))
        for row in rows:
            row.through_row = through[row.rows_of]
        count_of = {row.pk: _count_and_last(row)[0] for row in rows}
        seen = [row for row in rows if count_of[row.pk]]
        if not seen:
            return 0
        count = sum(count_of.values())
        made = SurplusDecision.objects.create(
            station=station, taken_up=take_up, count=count, reason=reason, actor=actor, at=at
        )
        for row in seen:
            row.decision, row.counts = made, take_up
            row.save()
            if take_up:
                _note(row)
        note_decision(made, action=TAKEN_UP if take_up else DROPPED)
    return count


def _note(row: Surplus) -> None:
    """Note the visits of what counts from now on, as triggers note those of what comes (`progress.marks`)."""
    execute(
        f"""INSERT INTO progress_visitdue (station_id, epoch, seq)
        SELECT DISTINCT station_id, by_epoch, by_seq FROM {row.rows_of}
        WHERE {_APART} AND by_seq IS NOT NULL""",  # noqa: S608 - our own constants
        _which(row),
    )
