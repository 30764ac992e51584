"""What one touch costs on the wire: TCP payload both ways, TLS, PUBACK and receipt included."""

from itertools import islice

from tests.benchmarks.touch import lone_touches
from tests.benchmarks.touch.figures import Figure
from tests.benchmarks.touch.proxy import Proxy
from tests.benchmarks.touch.station import BenchStation

GOAL_BYTES = 700.0
TOUCHES = 100
WITH_PICTURE = 20
_QUIET_S = 0.05
_PICTURE_QUIET_S = 1.5
"""A picture is taken, announced and sent within this after the touch's own receipt, or after the last chunk."""


def measure(station: BenchStation, proxy: Proxy) -> Figure:
    """Average over lone touches of the village's cards; the station has no camera."""
    sent, received = proxy.sent, proxy.received
    cards = [person.uid for person in islice(station.cast.people, TOUCHES)]
    lights = lone_touches.present(station, proxy, cards, quiet_s=_QUIET_S)
    up, down = (proxy.sent - sent) / TOUCHES, (proxy.received - received) / TOUCHES
    return Figure(
        name="touch_wire_bytes",
        value=up + down,
        unit="bytes",
        goal=GOAL_BYTES,
        detail={"up": up, "down": down, "touches": TOUCHES, "lights": {**lights}},
    )


def measure_with_picture(station: BenchStation, proxy: Proxy) -> Figure:
    """Average over lone touches with the camera on: the announcement, its receipt and the picture itself."""
    sent, received = proxy.sent, proxy.received
    cards = [person.uid for person in station.cast.people[-WITH_PICTURE:]]
    lone_touches.present(station, proxy, cards, quiet_s=_PICTURE_QUIET_S)
    up, down = (proxy.sent - sent) / WITH_PICTURE, (proxy.received - received) / WITH_PICTURE
    pictures = _stored_bytes(station)
    return Figure(
        name="touch_wire_with_picture_bytes",
        value=up + down,
        unit="bytes",
        detail={"up": up, "down": down, "touches": WITH_PICTURE, **pictures},
    )


def _stored_bytes(station: BenchStation) -> dict[str, int]:
    waiting = [file.stat().st_size for file in (station.folder / "blobs").glob("*") if file.is_file()]
    return {"pictures_not_yet_sent": len(waiting)}
