"""Keep an episode for each incident, from when it was first seen to its end, so that nobody is told needlessly.

What comes again soon after its end is known already, or people would be told of a station with a bad line all day long.
Of a known incident they are told again

- when it becomes graver than it was;
- when something opens after somebody has acknowledged it;
- when another alarm opens, or one that came again stays: at most once in `GOES_ON`, because a station chooses how many
  alarms it raises.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection

from server_broker.fleet.alarm_ends import GOES_ON
from server_broker.incidents.grouping import Incident, place_of_region, place_of_station
from server_broker.incidents.kinds import HELP, OUTAGE, SILENT, gravest
from server_broker.incidents.models import Episode
from server_broker.incidents.open_now import Standing

# When the newest alarm of each station, origin and kind of code opened. One that came again so soon counts only if
# somebody had acknowledged the one before.
_NEWEST = """
SELECT a.station_id, a.origin, split_part(a.code, ':', 1), max(a.opened_at)
FROM fleet_alarm a
WHERE a.resolved_at IS NULL AND a.opened_at > %(since)s AND NOT EXISTS (
    SELECT FROM fleet_alarm earlier
    WHERE (earlier.station_id = a.station_id OR (earlier.station_id IS NULL AND a.station_id IS NULL))
      AND earlier.origin = a.origin AND earlier.code = a.code AND earlier.acknowledged_at IS NULL
      AND earlier.resolved_at BETWEEN a.opened_at - %(pause)s AND a.opened_at)
GROUP BY 1, 2, 3
"""


def follow(standing: Sequence[Standing], *, now: datetime) -> dict[tuple[str, str], Episode]:
    """Open, continue and end episodes as the incidents stand now; return the open ones by the incident's key."""
    ongoing = {(one.kind, one.place): one for one in Episode.objects.filter(over_at=None)}
    known = _ended_since(now - GOES_ON) | ongoing
    present = {
        one.incident.key: episode
        for one in standing
        if (episode := known.get(one.incident.key)) is not None and _goes_on(episode, one.incident)
    }
    covered = _covered(one.incident for one in standing)
    over = [one.pk for key, one in ongoing.items() if key not in present and key not in covered]
    Episode.objects.filter(pk__in=over).update(over_at=now)
    grown = _grown(standing, present, now)
    for one in standing:
        episode = present.get(one.incident.key)
        if episode is None:
            present[one.incident.key] = _opened(one.incident, now)
        else:
            _continue(episode, one, now, grown=episode in grown)
    return present


def _ended_since(since: datetime) -> dict[tuple[str, str], Episode]:
    found = Episode.objects.filter(over_at__gte=since).order_by("kind", "place", "-over_at")
    return {(one.kind, one.place): one for one in found.distinct("kind", "place")}


def _goes_on(episode: Episode, incident: Incident) -> bool:
    # A call for help is over once somebody has seen it. The next one may come before the notifier looks again.
    return incident.kind is not HELP or episode.opened_at == incident.since


def _opened(incident: Incident, now: datetime) -> Episode:
    return Episode.objects.create(
        kind=incident.kind.key,
        place=incident.place,
        region=incident.region,
        severity=incident.severity,
        opened_at=incident.since,
        seen_at=now,
    )


def _continue(episode: Episode, one: Standing, now: datetime, *, grown: bool) -> None:
    severity = gravest([episode.severity, one.incident.severity])
    answered = one.acknowledged is None and one.answered_at is not None and one.answered_at > episode.seen_at
    is_new = severity != episode.severity or answered or grown
    if is_new or episode.over_at is not None:
        episode.over_at, episode.severity = None, severity
        episode.seen_at = now if is_new else episode.seen_at
        episode.save(update_fields=["over_at", "severity", "seen_at"])


def _grown(standing: Iterable[Standing], known: Mapping[tuple[str, str], Episode], now: datetime) -> set[Episode]:
    """Return the episodes in which another alarm opened since, or what came again has stayed."""
    quiet = [
        (episode, one.incident)
        for one in standing
        if (episode := known.get(one.incident.key)) is not None
        and one.incident.newest_at > episode.seen_at
        and now - episode.seen_at >= GOES_ON
    ]
    if not quiet:
        return set()
    parameters: dict[str, Any] = {"since": min(episode.seen_at for episode, _ in quiet), "pause": GOES_ON}
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, parameters)
        newest = {(station, origin, code): opened_at for station, origin, code, opened_at in cursor.fetchall()}
    return {
        episode
        for episode, incident in quiet
        if incident.newest_at <= now - GOES_ON or _newest_of(incident, newest, episode.seen_at) > episode.seen_at
    }


def _newest_of(
    incident: Incident, newest: Mapping[tuple[str | None, str, str], datetime], otherwise: datetime
) -> datetime:
    station = incident.stations[0].id if incident.stations else None
    origin = incident.kind.origin
    return max((newest.get((station, origin, code), otherwise) for code in incident.codes), default=otherwise)


def _covered(incidents: Iterable[Incident]) -> set[tuple[str, str]]:
    """Return what is not listed only because an outage contains it: to say that it is over would be wrong."""
    covered = set()
    for outage in (incident for incident in incidents if incident.kind is OUTAGE):
        for station in outage.stations:
            covered.add((SILENT.key, place_of_station(station.id)))
            covered.add((OUTAGE.key, place_of_region(station.township)))
    return covered
