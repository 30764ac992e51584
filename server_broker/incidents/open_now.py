"""The incidents that are open now in a region: read from alarms and statuses, with what people did about them.

The number of queries does not depend on how many stations there are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, Q

from server_broker.fleet.models import Alarm, Station, StationEvent
from server_broker.fleet.tables import STATIONS
from server_broker.incidents.grouping import Incident, OpenAlarms, StationNow, group, place_of_region
from server_broker.incidents.kinds import OUTAGE, SEVERITIES, SILENT
from server_broker.incidents.models import Acknowledgement, Silence
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, Region, subtree_prefix

# One row for each station, origin and kind of code, so that a station with hundreds of alarms costs no more than one
# with two. The index ``alarm_open_once`` has the open ones alone.
_OPEN = f"""
SELECT a.station_id, a.origin, split_part(a.code, ':', 1), min(a.opened_at), max(a.opened_at),
       min(coalesce(array_position(%(severities)s::text[], a.severity::text), 3)), sum(a.count),
       (array_agg(a.detail ORDER BY a.last_at DESC))[1], bool_and(a.acknowledged_at IS NOT NULL)
FROM fleet_alarm a LEFT JOIN {STATIONS.name} s ON s.id = a.station_id
WHERE a.resolved_at IS NULL AND (s.village_id LIKE %(under)s OR (a.station_id IS NULL AND %(with_county)s))
GROUP BY 1, 2, 3
"""  # noqa: S608 - the name is a constant


@dataclass(frozen=True, slots=True)
class Standing:
    """An open incident, and what people did about it."""

    incident: Incident
    acknowledged: Acknowledgement | None = None
    silence: Silence | None = None
    answered_at: datetime | None = None
    """When incidents of this kind were last acknowledged there. If it counts no more, something has opened since."""

    @property
    def state(self) -> str:
        """``silenced``, ``acknowledged`` or ``open``."""
        if self.silence is not None:
            return "silenced"
        return "acknowledged" if self.acknowledged is not None or self.incident.all_seen else "open"


@dataclass(frozen=True, slots=True)
class Regions:
    """The names of the regions above villages."""

    names: dict[str, str]

    def name(self, code: str) -> str:
        """Return the name of a county or township; a village's is with its station."""
        return self.names.get(code, code)

    def with_others(self, others: "Regions") -> "Regions":
        """Return these names and those."""
        return Regions(self.names | others.names)


class _InService(NamedTuple):
    """A station in service and its status. One that never said a birth has none: then each of its values is None."""

    id: str
    name: str
    village: str
    village_name: str
    enrolled_at: datetime | None
    online: bool | None
    doubted_at: datetime | None
    changed_at: datetime | None
    reader_ready: bool | None
    vitals_at: datetime | None

    @property
    def away_at(self) -> datetime | None:
        """Since when it is away: without a status since it was enrolled."""
        return None if self.online else (self.changed_at or self.enrolled_at)

    @property
    def lacks_its_reader(self) -> bool:
        """Whether it is there, and has said of itself that no reader works."""
        is_there = self.online and self.doubted_at is None
        return bool(is_there and self.vitals_at is not None and not self.reader_ready)


def open_incidents(code: str, *, now: datetime) -> list[Standing]:
    """Return what stands in the subtree of the region ``code``, the gravest first.

    Stations outside it are not looked at. So an officer of a village sees the silence of its own station where the
    township sees one outage.
    """
    stations = [*_in_service(code), *_revoked_with_alarms(code)]
    incidents = group(_alarms(code), stations, county=code[:COUNTY_DIGITS].ljust(12, "0"), now=now)
    silences = _silences(now)
    seen = _acknowledgements(incidents)
    return [_standing(incident, seen, silences) for incident in incidents]


def region_names(code: str) -> Regions:
    """Return the names of a region, of what contains it, and of the townships in it."""
    above = Q(code=code[:COUNTY_DIGITS].ljust(12, "0")) | Q(code=code[:TOWNSHIP_DIGITS].ljust(12, "0"))
    inside = Q(code__startswith=subtree_prefix(code))
    return Regions(dict(Region.objects.above_villages().filter(above | inside).values_list("code", "name")))


def _alarms(code: str) -> Iterable[OpenAlarms]:
    prefix = subtree_prefix(code)
    parameters: dict[str, Any] = {
        "severities": list(SEVERITIES),
        "under": f"{prefix}%",
        "with_county": len(prefix) == COUNTY_DIGITS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, parameters)
        rows = cursor.fetchall()
    for station, origin, head, first, newest, severity, count, detail, all_seen in rows:
        yield OpenAlarms(station, head, first, newest, SEVERITIES[severity - 1], count, detail, all_seen, origin)


def _in_service(code: str) -> list[StationNow]:
    """Return the stations in service, each with since when it is away or its reader is gone."""
    in_service = Station.objects.under(code).filter(revoked_at=None, enrolled_at__isnull=False)
    rows = in_service.values_list(
        "id",
        "name",
        "village_id",
        "village__name",
        "enrolled_at",
        "status__online",
        "status__doubted_at",
        "status__changed_at",
        "status__reader_ready",
        "status__vitals_at",
    ).order_by("village_id", "id")
    stations = [_InService(*row) for row in rows]
    readerless = {one.id: one.changed_at for one in stations if one.lacks_its_reader and one.changed_at}
    lost = _lost_readers(readerless)
    return [
        StationNow(
            id=one.id,
            name=one.name,
            village=one.village,
            village_name=one.village_name,
            away_at=one.away_at,
            reader_gone_at=lost.get(one.id, readerless.get(one.id)),
        )
        for one in stations
    ]


def _revoked_with_alarms(code: str) -> list[StationNow]:
    """Return the revoked stations of which something is still open, such as records that wait for review."""
    is_open = Alarm.objects.filter(station=OuterRef("pk"), resolved_at=None)
    rows = Station.objects.under(code).filter(Exists(is_open), revoked_at__isnull=False)
    return [
        StationNow(station, name, village, village_name, away_at=revoked_at, revoked_at=revoked_at)
        for station, name, village, village_name, revoked_at in rows.values_list(
            "id", "name", "village_id", "village__name", "revoked_at"
        ).order_by("village_id", "id")
    ]


def _lost_readers(stations: Iterable[str]) -> dict[str, datetime]:
    """Return when the county heard of the last loss of a reader, for those of ``stations`` that told of one."""
    told = StationEvent.objects.filter(station__in=list(stations), kind="reader_lost")
    return dict(told.order_by("station", "-received_at").distinct("station").values_list("station", "received_at"))


def _silences(now: datetime) -> dict[tuple[str, str], Silence]:
    in_force = Silence.objects.filter(ends_at__gt=now, at__lte=now, lifted_at=None).select_related("by")
    return {(one.kind, one.place): one for one in in_force.order_by("ends_at")}


def _acknowledgements(incidents: Iterable[Incident]) -> dict[tuple[str, str], Acknowledgement]:
    found = Acknowledgement.objects.filter(
        place__in={incident.place for incident in incidents}, taken_back_at=None
    ).select_related("by")
    return {(one.kind, one.place): one for one in found.order_by("kind", "place", "-at").distinct("kind", "place")}


def _standing(
    incident: Incident,
    seen: dict[tuple[str, str], Acknowledgement],
    silences: dict[tuple[str, str], Silence],
) -> Standing:
    last = seen.get(incident.key)
    # Who has seen it has not seen the alarms that opened since.
    acknowledged = last if last is not None and last.at >= incident.newest_at else None
    return Standing(incident, acknowledged, _silence_of(incident, silences), last.at if last else None)


def _silence_of(incident: Incident, silences: dict[tuple[str, str], Silence]) -> Silence | None:
    """Return the silence over an incident: its own, or one of the same kind for the township or county around it."""
    # Who announced that a township has no power, meant its stations too when they go one by one.
    kinds = (SILENT.key, OUTAGE.key) if incident.kind is SILENT else (incident.kind.key,)
    around = [incident.region[:digits].ljust(12, "0") for digits in (TOWNSHIP_DIGITS, COUNTY_DIGITS)]
    places = [incident.place, *(place_of_region(code) for code in around)]
    found = (silences.get((kind, place)) for place in places for kind in kinds)
    return next((one for one in found if one is not None), None)


def standing_at(code: str, kind: str, place: str, *, now: datetime) -> Standing | None:
    """Return the open incident of this kind at this place, as the region ``code`` sees it."""
    return next((one for one in open_incidents(code, now=now) if one.incident.key == (kind, place)), None)


def unresolved_alarms(incident: Incident) -> Q:
    """Return the filter for the open alarms that make an incident."""
    about = Q(station__in=[station.id for station in incident.stations]) if incident.stations else Q(station=None)
    heads = SILENT.codes if incident.kind is OUTAGE else incident.codes
    codes = Q(pk__in=[])
    for head in heads:
        codes |= Q(code=head) | Q(code__startswith=f"{head}:")
    return about & codes & Q(origin=incident.kind.origin, resolved_at=None)
