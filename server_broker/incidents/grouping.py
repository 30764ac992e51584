"""Group open alarms and stations that are away into incidents: one cause, one action. Plain values, no database.

Alarms of one kind at one station are one incident. Stations of a township that went away together are one incident of
the township, and if most of the county went, one of the county: then the cause lies in neither village.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter

from server_broker.fleet.alarms import Origin
from server_broker.incidents.kinds import KINDS, OUTAGE, READER, SEVERITIES, SILENT, Kind, gravest, kind_of
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS

TOGETHER = timedelta(minutes=10)
"""Stations that lose their line at one moment are seen to be gone within six minutes of each other, because the broker
waits for one and a half keep-alives of at most 240 s."""
GRACE = timedelta(minutes=10)
"""All must be away for so long: a station tries again within five minutes, also after the broker was away."""
LEAST_TOGETHER = 3
LEAST_TOWNSHIPS = 2
"""So many townships must have gone for a cause of the whole county."""


@dataclass(frozen=True, slots=True)
class OpenAlarms:
    """The open alarms of one station (None: of the county) and one origin whose codes begin alike."""

    station: str | None
    code: str
    first_at: datetime
    """When the oldest of them opened."""
    newest_at: datetime
    """When the newest of them opened."""
    severity: str
    count: int
    detail: str
    all_seen: bool
    """Each of them is acknowledged on the page 告警."""
    origin: Origin = "county"


@dataclass(frozen=True, slots=True)
class StationNow:
    """A station. ``away_at`` is when it was last seen to go, None while it is connected."""

    id: str
    name: str
    village: str
    village_name: str
    away_at: datetime | None
    reader_gone_at: datetime | None = None
    revoked_at: datetime | None = None
    """It is no longer in service: it is away for good, and nobody waits for it."""

    @property
    def township(self) -> str:
        """The code of its township."""
        return self.village[:TOWNSHIP_DIGITS].ljust(12, "0")

    @property
    def county(self) -> str:
        """The code of its county."""
        return self.village[:COUNTY_DIGITS].ljust(12, "0")


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that needs a person now."""

    kind: Kind
    place: str
    """As `incidents.models.About.place`."""
    region: str
    """The code of the place's region."""
    severity: str
    since: datetime
    newest_at: datetime
    """When the last of its alarms opened. Of an outage ``since``: more stations change nothing of its cause."""
    stations: tuple[StationNow, ...]
    """Empty if it is about the county itself."""
    details: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    """Of its alarms, all of the kind's origin."""
    all_seen: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What identifies it while it is open."""
        return (self.kind.key, self.place)

    @property
    def township(self) -> str:
        """The code of its township; of an incident of the whole county, the county's code."""
        return self.region[:TOWNSHIP_DIGITS].ljust(12, "0")

    @property
    def rank(self) -> tuple[int, int, datetime]:
        """Sorts the gravest first."""
        return (SEVERITIES.index(gravest([self.severity])), KINDS.index(self.kind), self.since)

    @property
    def gravity(self) -> tuple[int, int]:
        """The same without its age."""
        return self.rank[:2]


def place_of_station(station: str) -> str:
    """Return the place of a station's incidents."""
    return f"s:{station}"


def place_of_region(code: str) -> str:
    """Return the place of the incidents of a region as a whole."""
    return f"r:{code}"


def group(
    alarms: Iterable[OpenAlarms], stations: Sequence[StationNow], *, county: str, now: datetime
) -> list[Incident]:
    """Return the incidents, the gravest first.

    Args:
        alarms: Those without a station are about the county.
        stations: All stations in service that are looked at, not only those with alarms: what share of a township is
            away tells whether its stations have one cause. With them those revoked ones that have alarms: their
            records may wait for somebody. Alarms of other stations are left out.
        county: The code of the county.
    """
    known = {station.id: station for station in stations}
    by_place: defaultdict[tuple[str, Kind], list[OpenAlarms]] = defaultdict(list)
    for alarm in alarms:
        place = place_of_region(county) if alarm.station is None else place_of_station(alarm.station)
        by_place[place, kind_of(alarm.code, alarm.origin)].append(alarm)
    silent = {alarm.station for (_, kind), found in by_place.items() if kind is SILENT for alarm in found}
    in_service = [station for station in stations if station.revoked_at is None]
    outages = _outages(in_service, silent, now)
    together = {station.id for outage in outages for station in outage.stations}
    incidents = [*outages, *_readers_gone(in_service, by_place)]
    for (place, kind), found in by_place.items():
        station = known.get(found[0].station or "")
        if kind is SILENT and found[0].station in together:
            continue
        if station is None and found[0].station is not None:
            continue
        incidents.append(_of_alarms(kind, place, found, station, county))
    return sorted(incidents, key=attrgetter("rank", "place"))


def _of_alarms(kind: Kind, place: str, found: list[OpenAlarms], station: StationNow | None, county: str) -> Incident:
    gone_at = station.reader_gone_at if station is not None and kind is READER else None
    # A station is silent since it was last there, not since the county was sure of it.
    away_at = station.away_at if station is not None and kind is SILENT else None
    return Incident(
        kind=kind,
        place=place,
        region=station.village if station is not None else county,
        severity=gravest([alarm.severity for alarm in found] + (["major"] if gone_at else [])),
        since=min([alarm.first_at for alarm in found] + [at for at in (gone_at, away_at) if at]),
        newest_at=max(alarm.newest_at for alarm in found),
        stations=(station,) if station is not None else (),
        details=tuple(dict.fromkeys(alarm.detail for alarm in found if alarm.detail)),
        codes=tuple(dict.fromkeys(alarm.code for alarm in found)),
        all_seen=all(alarm.all_seen for alarm in found),
    )


def _readers_gone(
    stations: Iterable[StationNow], by_place: Mapping[tuple[str, Kind], Sequence[OpenAlarms]]
) -> list[Incident]:
    """Return an incident for each station whose reader is gone, unless alarms about its reader make one."""
    return [
        Incident(
            kind=READER,
            place=place_of_station(station.id),
            region=station.village,
            severity="major",
            since=station.reader_gone_at,
            newest_at=station.reader_gone_at,
            stations=(station,),
        )
        for station in stations
        if station.reader_gone_at is not None and (place_of_station(station.id), READER) not in by_place
    ]


def _outages(stations: Sequence[StationNow], silent: set[str | None], now: datetime) -> list[Incident]:
    in_service = Counter(station.township for station in stations)
    by_township: defaultdict[str, list[StationNow]] = defaultdict(list)
    for station in stations:
        if station.away_at is not None:
            by_township[station.township].append(station)
    found = {}
    for township, away in by_township.items():
        together = _largest_together(away)
        enough = len(together) >= LEAST_TOGETHER and 2 * len(together) >= in_service[township]
        # Before that they may all be back in a minute. The silence of one is an alarm only much later.
        stays_away = all(station.away_at is not None and station.away_at <= now - GRACE for station in together)
        if enough and (stays_away or any(station.id in silent for station in together)):
            found[township] = together
    whole = _whole_county(found, stations)
    inside = {station.id for station in whole.stations} if whole else set()
    rest = [_outage(township, gone, "major") for township, gone in found.items() if gone[0].id not in inside]
    return [whole, *rest] if whole else rest


def _whole_county(found: Mapping[str, list[StationNow]], stations: Sequence[StationNow]) -> Incident | None:
    """Return one incident if most stations of the county went away together; then the fault is likely in the middle."""
    together = {station.id for station in _largest_together(station for gone in found.values() for station in gone)}
    # A township counts whole, although a station or two of it may lie at the edge of the span.
    gone = [away for away in found.values() if any(station.id in together for station in away)]
    if len(gone) < LEAST_TOWNSHIPS or 2 * len(together) < len(stations):
        return None
    return _outage(gone[0][0].county, [station for away in gone for station in away], "critical")


def _outage(region: str, gone: list[StationNow], severity: str) -> Incident:
    since = min(station.away_at for station in gone if station.away_at is not None)
    return Incident(
        kind=OUTAGE,
        place=place_of_region(region),
        region=region,
        severity=severity,
        since=since,
        newest_at=since,
        stations=tuple(gone),
    )


def _largest_together(away: Iterable[StationNow]) -> list[StationNow]:
    """Return the largest group of stations that went away within `TOGETHER`; of equal ones, the latest."""
    moments = sorted(((station.away_at, station) for station in away if station.away_at), key=lambda one: one[0])
    best: list[StationNow] = []
    begin = 0
    for end, (at, _) in enumerate(moments):
        while at - moments[begin][0] > TOGETHER:
            begin += 1
        if end + 1 - begin >= len(best):
            best = [station for _, station in moments[begin : end + 1]]
    return best
