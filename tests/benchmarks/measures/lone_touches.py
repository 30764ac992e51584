"""Touches one at a time. Each waits until its receipt has come and the link is quiet again."""

from collections.abc import Iterable

from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation

RECEIPT_BYTES = 150
"""More than any PUBACK of MQTT 5 in its TLS record, less than any signed receipt."""


def present(station: BenchStation, proxy: Proxy, uids: Iterable[str], *, quiet_s: float) -> dict[str, int]:
    """Present each card, and return the lights seen, by colour.

    Args:
        quiet_s: How long nothing may move on the link before the next card.
    """
    with station.touching() as hand:
        for uid in uids:
            before = proxy.received
            hand.touch(uid)
            proxy.wait_quiet(received=before + RECEIPT_BYTES, quiet_s=quiet_s)
    return dict(hand.lights)
