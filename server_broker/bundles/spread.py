"""Where bundles are, by what stations said last: for the pages of the console."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from server_broker.bundles.models import Bundle, ShelfHeard, ShelfReport, StationIndex
from server_broker.fleet.models import Station, StationQuerySet
from server_broker.regions.models import Region

WHOLE = "whole"
GONE = "gone"
"""Withdrawn, and the station has reported since without it."""
STILL_THERE = "still_there"
"""Withdrawn, and the station's last report lists it."""
NOT_HEARD = "not_heard"
"""Withdrawn, and the station has not reported since."""
_LEVELS = (6, 9, 12)


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the stations that should have a bundle have it."""

    has: int
    should: int


@dataclass(frozen=True, slots=True)
class At:
    """A bundle at a station: what the station said last of it."""

    station: Station
    bundle: Bundle
    state: str
    """As the station said it (`protocol.twin.PackStateName`); empty if it said nothing of this version yet. Of a
    withdrawn bundle: `GONE`, `STILL_THERE` or `NOT_HEARD`."""
    reason: str

    @property
    def speaks_of_shelf(self) -> bool:
        """Whether the station's program is new enough to have a shelf."""
        status = getattr(self.station, "status", None)
        return status is not None and status.contract >= 1


def places_of(rows: Sequence[Bundle]) -> dict[int, str]:
    """Return for whom each bundle is, in words, by the bundle's key."""
    codes = {prefix.ljust(12, "0") for row in rows for prefix in row.regions}
    names = dict(Region.objects.filter(code__in=codes).values_list("code", "name"))
    return {
        row.pk: "、".join(names.get(prefix.ljust(12, "0"), prefix) if prefix else "所有站点" for prefix in row.regions)
        for row in rows
    }


def coverage(rows: Sequence[Bundle], stations: StationQuerySet) -> dict[int, Coverage]:
    """Return how many of ``stations`` should have each bundle and have it, by the bundle's key."""
    serving = _in_service(stations)
    villages = Counter(serving.order_by().values_list("village_id", flat=True))
    found = ShelfReport.objects.filter(
        station__in=serving.values("pk"), bundle__in=[row.bundle for row in rows], state=WHOLE
    )
    has = {
        (bundle, version): count
        for bundle, version, count in found.values_list("bundle", "version").annotate(count=Count("pk"))
    }
    return {
        row.pk: Coverage(
            has=has.get((row.bundle, row.version), 0),
            should=sum(count for code, count in villages.items() if code.startswith(tuple(row.regions))),
        )
        for row in rows
    }


def spread_of(row: Bundle, stations: StationQuerySet) -> list[At]:
    """Return what each of ``stations`` that should have a bundle said of it. Those that lack it come first.

    Of a withdrawn bundle it says where it is gone. Those that may still show it come first.
    """
    serving = [
        station
        for station in _in_service(stations).select_related("village", "status").order_by("village_id", "pk")
        if station.village_id.startswith(tuple(row.regions))
    ]
    if row.withdrawn_at is not None:
        return _withdrawn_from(row, serving, row.withdrawn_at)
    said = {
        report.station_id: report
        for report in ShelfReport.objects.filter(bundle=row.bundle, version=row.version, station__in=serving)
    }
    listed = [_at(station, row, said.get(station.pk)) for station in serving]
    return sorted(listed, key=lambda at: at.state == WHOLE)


def _withdrawn_from(row: Bundle, stations: Sequence[Station], withdrawn_at: datetime) -> list[At]:
    # A station shows the version before while a new one is not whole, and all of them were withdrawn at once.
    listing = ShelfReport.objects.filter(bundle=row.bundle, version__lte=row.version, station__in=stations)
    has = set(listing.values_list("station_id", flat=True))
    heard = set(
        ShelfHeard.objects.filter(station__in=stations, at__gt=withdrawn_at).values_list("station_id", flat=True)
    )

    def state(station: Station) -> str:
        return STILL_THERE if station.pk in has else GONE if station.pk in heard else NOT_HEARD

    listed = [At(station, row, state(station), "") for station in stations]
    return sorted(listed, key=lambda at: at.state == GONE)


def station_shelf(station: Station) -> list[At]:
    """Return the bundles on a station's index and what it said of each. Those that it lacks come first."""
    index = StationIndex.objects.filter(station=station).order_by("-version").first()
    if index is None:
        return []
    said = {(report.bundle, report.version): report for report in station.shelf_reports.all()}
    listed = [
        _at(station, row, said.get((row.bundle, row.version))) for row in index.bundles.order_by("kind", "bundle")
    ]
    return sorted(listed, key=lambda at: at.state == WHOLE)


def _in_service(stations: StationQuerySet) -> StationQuerySet:
    return stations.filter(enrolled_at__isnull=False, revoked_at=None)


def _at(station: Station, row: Bundle, said: ShelfReport | None) -> At:
    return At(station, row, said.state if said else "", said.reason if said else "")
