"""What the county knows of stations: how far their records reach, what is wrong with them, and when they were down."""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Left
from msgspec.structs import replace

from protocol.units import DATED_QUALITIES, LAST_WALL_MS
from server_broker.attendance.models import StationPlace
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import AsOf
from server_broker.duty.reading import minute_of
from server_broker.enrolment.models import StationCertificate
from server_broker.fleet.models import Station, StationEvent, StationStatus
from server_broker.ingest.held import to_review
from server_broker.regions.models import TOWNSHIP_DIGITS
from server_broker.today.values import Cause, Down, StationNow

_EVENTS = ("booted", "shut_down", "reader_lost", "reader_back", "facts_lost")
_FOREVER = dt.date.max.toordinal() * 1440


@dataclass(frozen=True, slots=True)
class Placed:
    """A station and the village in which it stood."""

    village: int
    station: StationNow


def stations_in(townships: Collection[str], day: dt.date) -> list[Placed]:
    """Return the stations of townships, by the first digits of their codes, on a date; by three queries."""
    # Noon: a station that is moved is moved at a midnight.
    asked = AsOf(begin_of(day) + dt.timedelta(hours=12))
    boards = StationCertificate.objects.filter(station=OuterRef("subject")).order_by("issued_at").values("issued_at")
    places = StationPlace.objects.as_of(asked).annotate(
        township=Left("village__code", TOWNSHIP_DIGITS), first_board=Subquery(boards[:1])
    )
    rows = list(
        places.filter(township__in=sorted(townships), subject__enrolled_at__isnull=False, subject__revoked_at=None)
        .select_related("subject__status")
        .order_by("subject")
    )
    ids = [row.subject_id for row in rows]
    since = begin_of(day - dt.timedelta(days=1))
    held = dict(
        to_review()
        .filter(stream__station__in=ids, received_at__gte=since)
        .order_by()
        .values_list("stream__station")
        .annotate(count=Count("pk"))
    )
    events: dict[str, list[StationEvent]] = defaultdict(list)
    told = StationEvent.objects.filter(station__in=ids, kind__in=_EVENTS, received_at__gte=since)
    for event in told.order_by("received_at", "seq"):
        events[event.station_id].append(event)
    found = []
    for row in rows:
        now = _now(row.subject, held, events[row.subject_id], end_of(day))
        first = now.enrolled if row.first_board is None else min(now.enrolled, minute_of(row.first_board))
        found.append(Placed(row.village_id, replace(now, first=first)))
    return found


def _now(station: Station, held: dict[str, int], events: Sequence[StationEvent], until: dt.datetime) -> StationNow:
    status = getattr(station, "status", None)
    kinds = Counter(event.kind for event in events if event.received_at < until or event.kind == "facts_lost")
    blocks: Cause | None = None
    if held.get(station.pk):
        blocks = "held"
    elif kinds["facts_lost"]:
        blocks = "lost"
    elif status is not None and not status.reader_ready and status.vitals_at and not kinds["reader_lost"]:
        blocks = "reader"
    assert station.enrolled_at is not None  # `stations_in` asks for it
    return StationNow(
        id=station.pk,
        name=station.name,
        through=_through(status),
        whole=status is not None and not status.waiting,
        cause=_wrong(status) or blocks,
        blocks=blocks,
        heard=None if status is None else status.heard_at,
        downs=tuple(downs_of(events)),
        enrolled=minute_of(station.enrolled_at),
    )


def _through(status: StationStatus | None) -> int | None:
    """Return up to which minute the county has all that a station stated: until its last vitals, if nothing waits."""
    if status is None or status.vitals_at is None or status.waiting:
        return None
    return minute_of(status.vitals_at)


def _wrong(status: StationStatus | None) -> Cause | None:
    if status is None or not status.online:
        return "silent"
    if status.doubted_at is not None:
        return "doubted"
    if status.clock_quality not in DATED_QUALITIES:
        return "clock"
    return None if status.reader_ready else "reader"


def downs_of(events: Iterable[StationEvent]) -> list[Down]:
    """Return when a station was off, or a reader of it gone, from its events in the order in which they came.

    Where the rules leave room it is the longer time, so that nobody is missing who may have stood before a dark screen.
    """
    found: list[Down] = []
    off: int | None = None
    readers: dict[str, int] = {}
    for event in events:
        at = _minute(event)
        match event.kind:
            case "shut_down":
                off = at
            case "reader_lost":
                readers.setdefault(str(event.detail.get("reader")), at)
            case "reader_back":
                begun = readers.pop(str(event.detail.get("reader")), None)
                found += [] if begun is None else [Down(begun, at)]
            case "booted":
                alive = _last_alive(event)
                begun = min((one for one in (off, alive) if one is not None), default=0)
                found += [Down(begun, at), *(Down(lost, at) for lost in readers.values())]
                off, readers = None, {}
    if off is not None:
        found.append(Down(off, _FOREVER))
    return found + [Down(lost, _FOREVER) for lost in readers.values()]


def _minute(event: StationEvent) -> int:
    if event.corrected_wall is not None:
        return minute_of(event.corrected_wall)
    return minute_of(event.wall if event.quality in DATED_QUALITIES else event.received_at)


def _last_alive(event: StationEvent) -> int | None:
    told = event.detail.get("last_alive")
    if not isinstance(told, dict) or told.get("quality") not in DATED_QUALITIES or told["wall"] > LAST_WALL_MS:
        return None
    return minute_of(dt.datetime.fromtimestamp(told["wall"] / 1000, dt.UTC))
