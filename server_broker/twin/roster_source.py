"""The roster of a station's village as a bundle. PINs are in it only where people may sign in by number."""

from collections.abc import Iterable
from datetime import datetime

from protocol.codec import encode
from server_broker.bundles.drafts import Draft, end_of_computed
from server_broker.fleet.models import Station
from server_broker.pins.verifiers import roster_of
from server_broker.twin.station_settings import wanted_settings


def roster_drafts(station: Station, now: datetime) -> Iterable[Draft]:
    """Return the roster of the station's village.

    A bundle is addressed to a village. So its stations have one roster, with PINs if one of them takes numbers; a
    station that does not take them refuses each.
    """
    stations = Station.objects.filter(village=station.village_id, revoked_at=None, enrolled_at__isnull=False)
    numbers = any(wanted_settings(one).get("number_sign_in") is True for one in stations)
    yield Draft(
        id=f"roster-{station.village_id}",
        kind="roster",
        title="本村人员",
        regions=[station.village_id],
        not_after=end_of_computed(now),
        content=encode(roster_of(station.village_id, numbers=numbers)),
        access="station",
    )
