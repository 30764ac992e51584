"""Set apart what a station says of learning beyond a day's measure, until somebody decides about all of it.

Whoever has a stolen station can answer questions, end levels and choose packs for whoever touched a card there, as much
as the county takes of a station in a day. What was learnt is computed of all answers of a person, so that each round
would take longer from day to day. What is beyond the measure counts for nobody. It is all kept, and one decision takes
up or throws away all of it, with what the station asked for beyond its measure (`server_broker.requests.surplus`).

The measure is what no village meets: if each of twelve cadres answers all that a kiosk asks one person in a day, five
levels of ten questions and ten reviews, on each working day of two weeks without a line, and all of that arrives on one
day, these are 7,200 answers, 600 ended levels. The rest is for villagers, who answer without a card.

One row says after which moment of a day what came does not count, because a row for each answer would be as many as a
flood has. What came together counts together. So that a touch with which thousands are said costs no more than another,
of each touch only the first `OF_ONE` are ever read (`progress.reading`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.dated.days import begin_of, end_of
from server_broker.decisions.stream import decide
from server_broker.fleet.alarm_codes import MANY_ANSWERS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Station
from server_broker.ingest.models import DayTaken
from server_broker.learning.tables import ATTEMPTS, CHOICES, LEVEL_RUNS
from server_broker.platform.sql import execute, query
from server_broker.platform.tables import Table
from server_broker.progress.models import Surplus, SurplusDecision

_ATTEMPTS, _LEVEL_RUNS, _CHOICES = map(str, (ATTEMPTS, LEVEL_RUNS, CHOICES))
A_DAY: Mapping[str, int] = {_ATTEMPTS: 10_000, _LEVEL_RUNS: 1_000, _CHOICES: 1_000}
"""So much of a station counts each day, by table."""
OF_ONE = 200
"""So many answers after one touch or number count, so many ended levels and choices (docs/learning.md, 1.5)."""

TAKEN_UP, DROPPED = "learning.surplus_taken_up", "learning.surplus_dropped"


def is_apart(table: Table, alias: str) -> str:
    """Return the SQL condition that a row of one of the three tables is set apart and nobody has taken it up."""
    return f"""EXISTS (SELECT FROM {Surplus._meta.db_table} x
        WHERE x.station_id = {alias}.station_id AND x.rows_of = '{table}' AND NOT x.counts
          AND x.day = ({alias}.received_at AT TIME ZONE 'Asia/Shanghai')::date AND x.after < {alias}.received_at)"""


def set_surplus_apart(now: datetime) -> int:
    """Set apart what is beyond the measure of today and yesterday; raise an alarm of each station where that is new.

    Returns the number of these stations.
    """
    today = timezone.localdate(now)
    # Yesterday's too, because a day may end between two rounds. Who has said less than the least measure has no more.
    spoke = DayTaken.objects.filter(day__in=(today - timedelta(days=1), today), facts__gte=min(A_DAY.values()))
    found = Counter[str]()
    with transaction.atomic():
        for station, day in spoke.values_list("station", "day"):
            found[station] += sum(_set_apart(table, station, day, now) for table in A_DAY)
        beyond = sorted(station for station, new in found.items() if new)
        raise_alarms([AlarmCall(station, MANY_ANSWERS, "major", _detail(station)) for station in beyond], at=now)
    return len(beyond)


def _set_apart(table: str, station: str, day: date, now: datetime) -> bool:
    if Surplus.objects.filter(station=station, rows_of=table, day=day).exists():
        return False
    last = query(
        f"""SELECT received_at FROM {table} WHERE station_id = %s AND received_at >= %s AND received_at < %s
        ORDER BY received_at OFFSET %s LIMIT 1""",  # noqa: S608 - one of our own constants
        [station, begin_of(day), end_of(day), A_DAY[table] - 1],
    )
    if not last:
        return False
    surplus = Surplus(station_id=station, rows_of=table, day=day, after=last[0][0], since=now)
    if not count_of([surplus]):
        # Nothing has come since.
        return False
    surplus.save()
    return True


def _detail(station: str) -> str:
    answers, others = A_DAY[_ATTEMPTS], A_DAY[_LEVEL_RUNS]
    return f"站点 {station} 一天报来的答题超过 {answers} 条，或闯关、选学超过 {others} 条，多出的先不算，一条不少"


def undecided() -> QuerySet[Surplus]:
    """Return what is too much and nobody has decided about."""
    return Surplus.objects.filter(decision=None)


def count_of(rows: Iterable[Surplus]) -> int:
    """Return how many answers, ended levels and choices are set apart by these rows."""
    return sum(_count(row) for row in rows)


def _count(row: Surplus) -> int:
    ((count,),) = query(f"SELECT count(*) FROM {row.rows_of} WHERE {_APART}", _which(row))  # noqa: S608 - a constant
    return int(count)


_APART = "station_id = %s AND received_at > %s AND received_at < %s"


def _which(row: Surplus) -> list[object]:
    return [row.station_id, row.after, end_of(row.day)]


def decide_surplus(station: Station, *, take_up: bool, through: int, reason: str, actor: str, at: datetime) -> int:
    """Take up or throw away all days that wait of a station, as one decision; return how many rows these have.

    What still comes of such a day is decided with it.

    Args:
        through: The newest that whoever decides has seen. What has come since waits for another decision.
    """
    with transaction.atomic():
        # Of two officers who decide at once, the second finds nothing left.
        Station.objects.select_for_update(no_key=True).get(pk=station.pk)
        rows = list(undecided().filter(station=station, pk__lte=through))
        if not rows:
            return 0
        made = SurplusDecision.objects.create(
            station=station, taken_up=take_up, count=count_of(rows), reason=reason, actor=actor, at=at
        )
        Surplus.objects.filter(pk__in=[row.pk for row in rows]).update(decision=made, counts=take_up)
        action = TAKEN_UP if take_up else DROPPED
        entry = record(actor, action, station.pk, {"station": station.pk, "count": made.count, "reason": reason})
        decide(entry, Decided(action=action, subject=station.pk), [made])
        for row in rows if take_up else ():
            _note(row)
    return made.count


def _note(row: Surplus) -> None:
    """Note the visits of what counts from now on, as triggers note those of what comes (`progress.marks`)."""
    execute(
        f"""INSERT INTO progress_visitdue (station_id, epoch, seq)
        SELECT DISTINCT station_id, by_epoch, by_seq FROM {row.rows_of}
        WHERE {_APART} AND by_seq IS NOT NULL""",  # noqa: S608 - our own constants
        _which(row),
    )
