"""How a station is now: its latest values, which have no place in the stream and may be lost.

Each message carries the signed head, so that the county always knows how far the station has got.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.codec import VersionedMessage
from protocol.heads import SignedHead
from protocol.health import DEVICES_OF_1_0, Health
from protocol.twin import SHED_OF_1_0, Sheddable
from protocol.units import Moment, ShortText, StationId


class Vitals(VersionedMessage, frozen=True, kw_only=True):
    """The values. A value that the station does not know is absent."""

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
    month_bytes: Annotated[int, Meta(ge=0)] | None = None
    """Bytes moved in this calendar month (Asia/Shanghai), IP headers estimated; absent while the date is unknown."""
    month_forecast_bytes: Annotated[int, Meta(ge=0)] | None = None
    """Bytes that the whole month will come to if its rest is like the last seven days."""
    saving: list[Sheddable] = []
    """What the station does not send for now, because its data for the month run short."""
    health: Health | None = None
    """Absent if nothing has changed since it was last sent. It comes with the first vitals of a connection, at a change
    that matters, and once an hour."""


def known_vitals(vitals: Vitals, minor: int) -> Vitals:
    """Return the vitals without the words that a county of contract 1.``minor`` does not know.

    A county of 1.0 would refuse the whole message for one of them.
    """
    if minor >= 1:
        return vitals
    health = vitals.health
    if health is not None:
        devices = [device for device in health.devices if device.kind in DEVICES_OF_1_0]
        health = msgspec.structs.replace(health, devices=devices)
    saving = [what for what in vitals.saving if what in SHED_OF_1_0]
    return msgspec.structs.replace(vitals, health=health, saving=saving)
