"""What one touch costs on the wire: TCP payload both ways, including TLS, PUBACK and receipt."""

from itertools import islice

from tests.benchmarks.measures import lone_touches
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import unknown_cards

GOAL_BYTES = 700.0
TOUCHES = 100
WITH_PICTURE = 20
_QUIET_S = 0.05
_PICTURE_QUIET_S = 1.0
"""Longer than the time from the touch's receipt to the announcement, and longer than any pause while the picture goes
up."""


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


def measure_with_picture(station: BenchStation, proxy: Proxy, *, seed: int) -> Figure:
    """Average over lone touches with the camera on: touch and announcement with their receipts, without the picture.

    The picture's chunks are recognised by the size of their TLS records. The queries and acknowledgements for its
    upload count with the announcement.
    """
    sent, received, large = proxy.sent, proxy.received, proxy.large
    strangers = unknown_cards(seed + 3)
    cards = [strangers.draw() for _ in range(WITH_PICTURE)]
    lone_touches.present(station, proxy, cards, quiet_s=_PICTURE_QUIET_S)
    everything = proxy.sent - sent + proxy.received - received
    chunks = proxy.large - large
    return Figure(
        name="touch_and_announcement_wire_bytes",
        value=(everything - chunks) / WITH_PICTURE,
        unit="bytes",
        detail={"touches": WITH_PICTURE, "picture": chunks / WITH_PICTURE},
    )
