"""By which keys a station signed: that of the board it has, and those of the boards that it had before."""

from django.conf import settings

from protocol.heads import SignedHead, verify_head
from protocol.refusal import Refused
from server_broker.fleet.models import Station
from server_broker.trust.journal import StationJournal


def signed_by_station(station: Station, signed: SignedHead) -> bool:
    """Tell whether any board that the county took in as ``station`` signed this head.

    For what is stored already. What comes in is judged by the key of the present board alone.
    """
    return any(_is_by(key, station.pk, signed) for key in record_keys(station))


def record_keys(station: Station) -> list[bytes]:
    """Return the raw public key of the station's present board, then those of the boards that it had before."""
    known = StationJournal(settings.HOME).read().stations.get(station.pk)
    earlier = [bytes.fromhex(key) for key in known.record_keys] if known else []
    return [bytes(station.record_key or b""), *earlier]


def _is_by(key: bytes, station: str, signed: SignedHead) -> bool:
    try:
        verify_head(key, station=station, signed=signed)
    except Refused:
        return False
    return True
