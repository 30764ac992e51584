"""The roster of a station's village as a bundle for this station. PINs are in it only if it takes numbers."""

from collections.abc import Iterable
from datetime import UTC, datetime

from protocol.codec import encode
from server_broker.bundles.drafts import Draft
from server_broker.fleet.models import Station
from server_broker.pins.verifiers import roster_of
from server_broker.twin.station_settings import wanted_settings

_LASTS_MONTHS = 4


def roster_drafts(station: Station, now: datetime) -> Iterable[Draft]:
    """Return the roster of the station's village."""
    numbers = wanted_settings(station).get("number_sign_in") is True
    yield Draft(
        id=f"roster-{station.pk}",
        kind="roster",
        title="本村人员",
        regions=[station.village_id],
        station=station.pk,
        not_after=_end(now),
        content=encode(roster_of(station.village_id, numbers=numbers)),
        access="station",
    )


def _end(now: datetime) -> datetime:
    """Return an end that is the same all month, so that a roster that has not changed is no new version."""
    month = now.year * 12 + now.month - 1 + _LASTS_MONTHS
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
