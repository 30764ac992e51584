"""Latest values of a station: unsequenced, lossy, coalesced. Each carries the signed head."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import VersionedMessage
from protocol.heads import SignedHead
from protocol.units import Moment, ShortText, StationId


class Vitals(VersionedMessage, frozen=True, kw_only=True):
    """How a station is now. A value that the station can't tell is absent."""

    station: StationId
    at: Moment
    head: SignedHead
    waiting: Annotated[int, Meta(ge=0)]
    """Facts without a receipt."""
    blobs_waiting: Annotated[int, Meta(ge=0)]
    software: ShortText
    reader_ready: bool
    camera_ready: bool
    disk_free_kib: Annotated[int, Meta(ge=0)]
    resident_kib: Annotated[int, Meta(ge=0)]
    twin_version: Annotated[int, Meta(ge=0)]
    simulated: bool = False
    """True when any of the station's hardware is a simulated driver."""
