"""What people have learnt as bundles for the stations where they come: one for each person, for that station alone."""

import datetime as dt
import logging
from collections.abc import Sequence

from django.utils import timezone

from server_broker.bundles.computed import draft_for, end_of_computed, withdraw_others
from server_broker.bundles.drafts import Draft
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.progress.models import Told
from server_broker.progress.reading import last_seen

log = logging.getLogger(__name__)

MOST_BUNDLES = 60
"""People of whom one station is told: those who were there last (docs/learning.md, 5.4). An index holds 200 entries,
and half of it may be months."""
_NEVER = dt.datetime.min.replace(tzinfo=dt.UTC)


def progress_drafts(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
    """Return by station what it is told of people. What it is told no longer is withdrawn.

    The number of queries is fixed.
    """
    here = {station.pk: station for station in stations}
    told: dict[str, list[Told]] = {station: [] for station in here}
    for row in Told.objects.filter(station__in=here).order_by("station", "person"):
        told[row.station_id].append(row)
    _leave_out(told, now)
    drafts = {station: [_draft(here[station], row) for row in rows] for station, rows in told.items()}
    reason = f"本人 60 天没有来过这里，或者最近来过这里的不止 {MOST_BUNDLES} 人"
    withdraw_others("progress", drafts, reason=reason, at=now)
    return drafts


def _leave_out(told: dict[str, list[Told]], now: dt.datetime) -> None:
    """Leave those who were there last, as many as a station is told of."""
    crowded = {station: rows for station, rows in told.items() if len(rows) > MOST_BUNDLES}
    if not crowded:
        return
    # By the days before today, because bundles are fetched at night: so the index changes once a day, however many
    # come.
    midnight = begin_of(timezone.localdate(now))
    seen = last_seen({row.person_id for rows in crowded.values() for row in rows}, now, until=midnight)
    for station, rows in crowded.items():
        rows.sort(key=lambda row: seen.get((row.person_id, station), _NEVER), reverse=True)
        log.warning(
            "station %s: the learning of %d people is left out",
            station,
            len(rows) - MOST_BUNDLES,
            extra={"station": station},
        )
        del rows[MOST_BUNDLES:]


def _draft(station: Station, row: Told) -> Draft:
    return draft_for(
        station,
        "progress",
        "学习进度",
        bytes(row.content),
        not_after=end_of_computed(row.at),
        name=f"progress-{station.pk}-{row.person_id}",
        night=True,
    )
