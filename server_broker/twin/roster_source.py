"""The roster of a station's village as a bundle for this station. PINs are in it only if it takes numbers."""

from collections.abc import Iterable
from datetime import datetime

from protocol.codec import encode
from server_broker.bundles.drafts import Draft, end_of_computed
from server_broker.fleet.models import Station
from server_broker.pins.verifiers import roster_of
from server_broker.twin.station_settings import wanted_settings


def roster_drafts(station: Station, now: datetime) -> Iterable[Draft]:
    """Return the roster of the station's village."""
    numbers = wanted_settings(station).get("number_sign_in") is True
    yield Draft(
        id=f"roster-{station.pk}",
        kind="roster",
        title="本村人员",
        regions=[station.village_id],
        station=station.pk,
        not_after=end_of_computed(now),
        content=encode(roster_of(station.village_id, numbers=numbers)),
        access="station",
    )
