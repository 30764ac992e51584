"""What people have learnt as bundles for the stations where they come: one for each person, for that station alone."""

import datetime as dt
import logging
from collections.abc import Sequence

from server_broker.bundles.computed import draft_for, end_of_computed, withdraw_others
from server_broker.bundles.drafts import Draft
from server_broker.fleet.models import Station
from server_broker.progress.models import Told

log = logging.getLogger(__name__)

MOST_BUNDLES = 60
"""People of whom one station is told: an index holds 200 entries, and half of it may be months. Those who were told of
last, which is in the last 60 days."""


def progress_drafts(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
    """Return by station what it is told of people. What it is told no longer is withdrawn.

    The number of queries is fixed.
    """
    here = {station.pk: station for station in stations}
    drafts: dict[str, list[Draft]] = {station: [] for station in here}
    left_out: dict[str, int] = dict.fromkeys(here, 0)
    for row in Told.objects.filter(station__in=here).order_by("station", "-at", "person"):
        station, own = here[row.station_id], drafts[row.station_id]
        if len(own) == MOST_BUNDLES:
            left_out[row.station_id] += 1
            continue
        own.append(
            draft_for(
                station,
                "progress",
                "学习进度",
                bytes(row.content),
                not_after=end_of_computed(row.at),
                name=f"progress-{station.pk}-{row.person_id}",
                night=True,
            )
        )
    for name, count in left_out.items():
        if count:
            log.warning("station %s: the learning of %d people is left out", name, count)
    withdraw_others("progress", drafts, reason="本人 60 天没有来过这里", at=now)
    return drafts
