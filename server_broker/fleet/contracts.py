"""Which minor version of the contract a station speaks, so that the county writes for its reader."""

from protocol import MINOR
from server_broker.fleet.models import StationStatus


def spoken_contract(station_id: str) -> int:
    """Return what the station's last birth said; 0 if it has never said one."""
    found = StationStatus.objects.filter(station=station_id).values_list("contract", flat=True).first()
    return found or 0


def is_of_an_earlier_release(status: StationStatus) -> bool:
    """Return whether the station last said an earlier minor version than the county's. It works all the same."""
    return bool(status.software) and status.contract < MINOR
