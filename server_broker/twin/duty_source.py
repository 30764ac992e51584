"""The dated turns of each station's village as a bundle, for all stations that are computed together."""

import datetime as dt
from collections.abc import Sequence

from django.utils import timezone

from server_broker.bundles.computed import draft_for
from server_broker.bundles.drafts import Draft
from server_broker.dated.days import end_of
from server_broker.duty.reading import Asked
from server_broker.fleet.models import Station
from server_broker.regions.models import Region
from server_broker.twin.duty_content import dates_at, duty_days

KEPT_AFTER = dt.timedelta(days=1)
"""A window of the last date may end on the next one."""


def duty_drafts(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
    """Return by station who is on duty in its village, by a number of queries that does not grow with the stations."""
    first, last = dates_at(timezone.localdate(now))
    codes = {station.village_id for station in stations}
    identities = dict(Region.objects.filter(pk__in=codes).values_list("code", "identity"))
    found = duty_days(sorted(set(identities.values())), Asked(first, last))
    return {
        station.pk: [
            draft_for(
                station, "duty", "值班表", found[identities[station.village_id]], not_after=end_of(last) + KEPT_AFTER
            )
        ]
        for station in stations
    }
