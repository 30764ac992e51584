"""Keep an episode for each incident, from when it was first seen to its end, so that nobody is told of one twice."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from server_broker.incidents.grouping import Incident, place_of_region, place_of_station
from server_broker.incidents.kinds import OUTAGE, SILENT
from server_broker.incidents.models import Episode
from server_broker.incidents.open_now import Standing

FLAPPING = timedelta(hours=2)
"""What comes again so soon after its end is the same episode, of which people know."""


def follow(standing: Sequence[Standing], *, now: datetime) -> dict[tuple[str, str], Episode]:
    """Open, continue and end episodes as the incidents stand now; return the open ones by the incident's key."""
    ongoing = {(one.kind, one.place): one for one in Episode.objects.filter(over_at=None)}
    lately = _ended_since(now - FLAPPING)
    present = {}
    for one in standing:
        episode = ongoing.get(one.incident.key) or lately.get(one.incident.key)
        present[one.incident.key] = _continued(episode, one.incident) if episode else _opened(one.incident, now)
    covered = _covered(one.incident for one in standing)
    over = [one.pk for key, one in ongoing.items() if key not in present and key not in covered]
    Episode.objects.filter(pk__in=over).update(over_at=now)
    return present


def _ended_since(since: datetime) -> dict[tuple[str, str], Episode]:
    found = Episode.objects.filter(over_at__gte=since).order_by("kind", "place", "-over_at")
    return {(one.kind, one.place): one for one in found.distinct("kind", "place")}


def _opened(incident: Incident, now: datetime) -> Episode:
    return Episode.objects.create(
        kind=incident.kind.key,
        place=incident.place,
        region=incident.region,
        severity=incident.severity,
        opened_at=incident.since,
        seen_at=now,
    )


def _continued(episode: Episode, incident: Incident) -> Episode:
    if episode.over_at is not None or episode.severity != incident.severity:
        episode.over_at, episode.severity = None, incident.severity
        episode.save(update_fields=["over_at", "severity"])
    return episode


def _covered(incidents: Iterable[Incident]) -> set[tuple[str, str]]:
    """Return what is not listed only because an outage contains it: to say that it is over would be wrong."""
    covered = set()
    for outage in (incident for incident in incidents if incident.kind is OUTAGE):
        for station in outage.stations:
            covered.add((SILENT.key, place_of_station(station.id)))
            covered.add((OUTAGE.key, place_of_region(station.township)))
    return covered
