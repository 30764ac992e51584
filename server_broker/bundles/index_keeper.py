"""Compute the index of the stations that were marked (`server_broker.fleet.shelf_changes`), a few at a time.

An index gets a new version only if its content differs. Then the station is told of it through the ingest worker
(`server_broker.fleet.desired_changes`).
"""

import hashlib
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

import msgspec
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models import Exists, Func, IntegerField, Min, OuterRef

from protocol.bundles import BundleKind
from protocol.china_time import milliseconds
from protocol.codec import decode, encode
from protocol.refusal import Refused
from protocol.shelf_index import MAX_ENTRIES, MAX_INDEX_BYTES, IndexEntry, ShelfIndex
from protocol.twin import ShelfRef
from server_broker.bundles.drafts import Draft
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, BundleItem, StationIndex
from server_broker.bundles.publishing import changed_drafts, publish_again_after_restore, store_computed
from server_broker.fleet.alarm_codes import SHELF_NOT_COMPUTED, SHELF_TOO_LARGE
from server_broker.fleet.alarms import raise_alarm, resolve
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.generation import generation, lowest_version
from server_broker.fleet.models import ShelfDue, Station
from server_broker.fleet.shelf_changes import shelf_changed_under

_log = logging.getLogger(__name__)

EVERY_S = 2.0
"""Seconds between two turns."""
ALL_EVERY = timedelta(hours=1)
"""How often every station is computed, in case something changed and nobody marked it."""
STATIONS_A_TIME = 50
"""Stations computed in one turn, so that the other chores of the thread get theirs."""
TRIED_AGAIN = timedelta(minutes=10)
"""How soon an index that could not be computed is tried again."""
KEPT_INDEXES = 3
"""Versions of a station's index that are kept."""
COMPUTED_KEPT = timedelta(days=2)
"""How long a version that was computed is kept after a newer one has come. A station offline may still fetch it."""


_PRIORITY: tuple[BundleKind, ...] = (
    "roster",
    "duty",
    "heads",
    "meetings",
    "courses",
    "notices",
    "disclosure",
    "questions",
    "answers",
    "poll",
    "month",
    "progress",
    "clips",
    "library",
)
"""What goes first where not everything finds room in an index."""

type Source = Callable[[Station, datetime], Iterable[Draft]]
"""Computes bundles of a station from tables of another room. It is called each time the station's index is computed, so
it returns the same drafts while nothing has changed: with the same end, too."""
type SourceOfMany = Callable[[Sequence[Station], datetime], Mapping[str, Sequence[Draft]]]
"""The same for several stations at once, by their ids: a number of queries that doesn't grow with them."""
type Marker = Callable[[datetime], object]
"""Marks stations by what has changed since the last turn."""
type _Marks = tuple[int, ...]
"""Ids of a station's marks, in order."""
_LOCK_SPACE = 0x73686C66
"""Of PostgreSQL's advisory locks: whoever computes a station's index holds the one of its id."""


class IndexKeeper:
    """Computes indexes. Safe to run in several processes: each takes other stations."""

    def __init__(
        self,
        *,
        folder: BundleFolder,
        sources: Sequence[Source],
        sources_of_many: Sequence[SourceOfMany] = (),
        markers: Sequence[Marker] = (),
    ) -> None:
        self._folder = folder
        self._sources = sources
        self._sources_of_many = sources_of_many
        self._markers = markers
        self._failed: dict[str, datetime] = {}
        """When the index of a station could last not be computed."""
        self._looked: datetime | None = None
        self._all_looked: datetime | None = None
        self._generation: int | None = None
        """For which everything was published again."""

    def go_on(self, now: datetime) -> int:
        """Compute the next few indexes; return how many have changed.

        At the first call every station is marked, because an end may have come while nobody looked.
        """
        for mark in self._markers:
            mark(now)
        self._mark_by_time(now)
        due = self._due(now)
        ahead = self._read_ahead(due, now)
        changed = 0
        for station_id, marks_read in due.items():
            with transaction.atomic():
                marks = _take(station_id)
                if marks:
                    # What was read ahead is good for the marks that were there then, and for no later one.
                    drafts = ahead.get(station_id) if marks == marks_read else None
                    changed += self._compute_or_set_aside(station_id, now, drafts)
        return changed

    def _compute_or_set_aside(self, station_id: str, now: datetime, ahead: Sequence[Draft] | None) -> bool:
        """Compute an index. One that fails gets a new mark and is tried again later, and an alarm says so once."""
        try:
            with transaction.atomic():
                changed = self._compute(station_id, now, ahead)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001
            # One station's rows must not keep the indexes from all the other stations.
            ShelfDue.objects.create(station_id=station_id, marked_at=now)
            if station_id not in self._failed:
                _log.exception("%s: the shelf index cannot be computed", station_id, extra={"station": station_id})
                said = f"内容没有算出来，别的站点照常；每 10 分钟再试：{type(error).__name__}"
                raise_alarm(station=station_id, code=SHELF_NOT_COMPUTED, severity="major", detail=said, at=now)
            self._failed[station_id] = now
            return False
        self._failed.pop(station_id, None)
        return changed

    def _due(self, now: datetime) -> dict[str, _Marks]:
        """Return the stations that come next, without those that have just failed, and their marks."""
        failed = [pk for pk, at in self._failed.items() if abs(now - at) < TRIED_AGAIN]
        rows = ShelfDue.objects.exclude(station__in=failed).values("station")
        found = rows.annotate(first=Min("marked_at"), marks=ArrayAgg("pk", order_by="pk")).order_by("first", "station")
        return {row["station"]: tuple(row["marks"]) for row in found[:STATIONS_A_TIME]}

    def _read_ahead(self, due: Iterable[str], now: datetime) -> dict[str, list[Draft]]:
        """Compute drafts of stations, all together and without a lock.

        A mark is written in the transaction of its change. So what is read here has every change of the marks that
        were read before.
        """
        if not self._sources_of_many:
            return {}
        try:
            with transaction.atomic():
                return self._drafts_of_many(list(Station.objects.filter(pk__in=due, revoked_at=None)), now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 - each is computed by itself then, so that the one that fails is known
            _log.warning("shelf indexes are computed one by one, because all together failed: %s", type(error).__name__)
            return {}

    def _drafts_of_many(self, stations: Sequence[Station], now: datetime) -> dict[str, list[Draft]]:
        found: dict[str, list[Draft]] = {station.pk: [] for station in stations}
        for source in self._sources_of_many if stations else ():
            for station, drafts in source(stations, now).items():
                found[station] += drafts
        return found

    def _mark_by_time(self, now: datetime) -> None:
        """Mark the stations of bundles that began or ended since the last look.

        All stations are marked now and then, and when the county came back from a backup.
        """
        with transaction.atomic():
            number = generation()
            # Here and not where the number rises: that is in a batch of births, which must not wait for files.
            restored = number != self._generation
            if restored:
                publish_again_after_restore(folder=self._folder, at=now)
            if restored or self._looked is None or self._all_looked is None or now - self._all_looked >= ALL_EVERY:
                shelf_changed_under("", at=now)
                self._all_looked = now
            else:
                begun = Bundle.objects.filter(not_before__gt=self._looked, not_before__lte=now)
                ended = Bundle.objects.filter(not_after__gt=self._looked, not_after__lte=now)
                for prefix in sorted({prefix for row in (begun | ended).iterator() for prefix in row.regions}):
                    shelf_changed_under(prefix, at=now)
        self._looked, self._generation = now, number

    def _compute(self, station_id: str, now: datetime, ahead: Sequence[Draft] | None) -> bool:
        station = Station.objects.get(pk=station_id)
        if station.revoked_at is not None:
            return False
        drafts = self._drafts_of_many([station], now)[station.pk] if ahead is None else ahead
        self._renew_computed(station, chain(drafts, *(source(station, now) for source in self._sources)), now)
        return keep_index(station, wanted(station, now), now)

    def _renew_computed(self, station: Station, drafts: Iterable[Draft], now: datetime) -> None:
        lowest = lowest_version() + 1
        changed = changed_drafts(list(drafts), lowest=lowest)
        problems = store_computed(changed, folder=self._folder, at=now, lowest=lowest)
        if problems:
            raise_alarm(
                station=station.pk, code=SHELF_NOT_COMPUTED, severity="major", detail="；".join(problems)[:400], at=now
            )
        else:
            resolve(station=station.pk, code=SHELF_NOT_COMPUTED, at=now)


def _take(station_id: str) -> _Marks:
    """Take the marks of a station away; return none of them if another process computes it.

    They are taken before the tables are read, and only those that are there: a later mark stays.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, station_id])
        if cursor.fetchone() != (True,):
            return ()
    marks = tuple(ShelfDue.objects.filter(station=station_id).order_by("pk").values_list("pk", flat=True))
    ShelfDue.objects.filter(pk__in=marks).delete()
    return marks


def wanted(station: Station, now: datetime) -> list[Bundle]:
    """Return the bundles that a station should have, the most important first.

    Of each bundle the newest version that has begun is in force. If a newer one has not begun yet, it is named only
    where none is in force, so that it is there in time: the other one stays until then.
    """
    here = Bundle.objects.lasting(now).addressed_to(station)
    versions = Bundle.objects.filter(bundle__in=here.values("bundle"), withdrawn_at=None).order_by("version")
    in_force: dict[str, Bundle] = {}
    to_come: dict[str, Bundle] = {}
    for row in versions:
        begun = row.not_before is None or row.not_before <= now
        (in_force if begun else to_come)[row.bundle] = row
    chosen = [
        next((row for row in (in_force.get(bundle), to_come.get(bundle)) if row and _is_for(row, station, now)), None)
        for bundle in in_force | to_come
    ]
    order: dict[str, int] = {kind: place for place, kind in enumerate(_PRIORITY)}
    rows = [row for row in chosen if row is not None]
    return sorted(rows, key=lambda row: (order.get(row.kind, len(order)), -row.published_at.timestamp(), row.bundle))


def _is_for(row: Bundle, station: Station, now: datetime) -> bool:
    is_here = row.station_id in (None, station.pk) and station.village_id.startswith(tuple(row.regions))
    return is_here and row.not_after > now


def keep_index(station: Station, rows: Sequence[Bundle], now: datetime) -> bool:
    """Keep a new version of a station's index if ``rows`` differ from the newest; return whether they do."""
    rows = _as_many_as_fit(station, rows, now)
    entries = sorted((_entry(row) for row in rows), key=lambda entry: entry.id)
    newest = StationIndex.objects.filter(station=station).order_by("-version").first()
    lowest = lowest_version() + 1
    if newest is None and not entries:
        return False
    if newest is not None and newest.version >= lowest and _entries_of(newest) == entries:
        return False
    version = max(newest.version + 1 if newest else 1, lowest)
    payload = encode(ShelfIndex(station=station.pk, version=version, bundles=entries))
    index = StationIndex.objects.create(
        station=station, version=version, sha256=hashlib.sha256(payload).digest(), payload=payload, built_at=now
    )
    index.bundles.set(rows)
    old = StationIndex.objects.filter(station=station).order_by("-version").values_list("pk", flat=True)[KEPT_INDEXES:]
    StationIndex.objects.filter(pk__in=list(old)).delete()
    desired_changed([station.pk])
    return True


def _as_many_as_fit(station: Station, rows: Sequence[Bundle], now: datetime) -> Sequence[Bundle]:
    """Return what finds room in an index. What is left out is told by an alarm, because nobody would miss it else."""
    left_out = rows[MAX_ENTRIES:]
    if not left_out:
        resolve(station=station.pk, code=SHELF_TOO_LARGE, at=now)
        return rows
    titles = "、".join(row.title for row in left_out[:5])
    said = f"这个站点应有 {len(rows)} 份内容，最多 {MAX_ENTRIES} 份；{len(left_out)} 份没有下发：{titles}"
    raise_alarm(station=station.pk, code=SHELF_TOO_LARGE, severity="major", detail=said[:400], at=now)
    return rows[:MAX_ENTRIES]


def _entry(row: Bundle) -> IndexEntry:
    return msgspec.convert(
        (
            row.bundle,
            row.kind,
            row.version,
            bytes(row.sha256),
            row.size,
            milliseconds(row.not_after),
            row.access,
            row.night,
        ),
        IndexEntry,
    )


def _entries_of(index: StationIndex) -> list[IndexEntry] | None:
    """Return a kept index's entries, or None if this version of the program can't read it; then it is made anew."""
    try:
        return decode(bytes(index.payload), ShelfIndex, limit=MAX_INDEX_BYTES).bundles
    except Refused:
        return None


def index_in_force(station_id: str) -> ShelfRef | None:
    """Return the newest index of a station as `protocol.twin.Desired` names it; None if it has none yet."""
    return indexes_in_force([station_id]).get(station_id)


def indexes_in_force(stations: Collection[str]) -> dict[str, ShelfRef]:
    """Return the same by station, for those of these stations that have an index, with one statement."""
    rows = StationIndex.objects.filter(station__in=stations).order_by("station", "-version").distinct("station")
    # Only its size, because an index may have thousands of entries.
    rows = rows.annotate(octets=Func("payload", function="octet_length", output_field=IntegerField()))
    return {
        station: ShelfRef(version=version, sha256=bytes(sha256), size=octets)
        for station, version, sha256, octets in rows.values_list("station", "version", "sha256", "octets")
    }


def drop_superseded(now: datetime, *, folder: BundleFolder) -> int:
    """Delete computed versions that a newer one replaced some time ago, and files that no row names.

    Returns:
        How many versions and files there were.
    """
    newer = Bundle.objects.filter(
        bundle=OuterRef("bundle"), version__gt=OuterRef("version"), published_at__lt=now - COMPUTED_KEPT
    )
    _, counts = Bundle.objects.filter(Exists(newer), author="").delete()
    documents = Bundle.objects.values_list("sha256", flat=True)
    named = {
        bytes(sha256) for rows in (documents, BundleItem.objects.values_list("sha256", flat=True)) for sha256 in rows
    }
    return counts.get(Bundle._meta.label, 0) + folder.drop_unnamed(named, before=now - COMPUTED_KEPT)
