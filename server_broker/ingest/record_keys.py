"""The keys by which a station signed: that of its present board, and those of the boards that it had before."""

from django.conf import settings

from protocol.heads import SignedHead
from server_broker.fleet.models import Station
from server_broker.ingest.signatures import is_signed_by
from server_broker.trust.journal import StationJournal


def record_keys(station: Station) -> list[bytes]:
    """Return the raw public key of the station's present board, then those of the boards that it had before."""
    known = StationJournal(settings.HOME).read().stations.get(station.pk)
    earlier = [bytes.fromhex(key) for key in known.record_keys] if known else []
    return [bytes(station.record_key or b""), *earlier]


def signed_by_station(station: Station, signed: SignedHead) -> bool:
    """Tell whether any board that the county took in as ``station`` signed this head.

    Only for heads that are stored already. What comes in is judged by the key of the present board alone: a board that
    was replaced must not go on sending.
    """
    return any(is_signed_by(key, station.pk, signed) for key in record_keys(station))
