"""The roster of a station's village as a bundle for this station. PINs are in it only if it takes numbers."""

from collections.abc import Iterable
from datetime import datetime

from server_broker.bundles.computed import draft_for, end_of_computed
from server_broker.bundles.drafts import Draft
from server_broker.fleet.models import Station
from server_broker.pins.verifiers import roster_of
from server_broker.twin.station_settings import wanted_settings


def roster_drafts(station: Station, now: datetime) -> Iterable[Draft]:
    """Return the roster of the station's village."""
    numbers = wanted_settings(station).get("number_sign_in") is True
    roster = roster_of(station.village_id, numbers=numbers)
    yield draft_for(station, "roster", "本村人员", roster, not_after=end_of_computed(now))
