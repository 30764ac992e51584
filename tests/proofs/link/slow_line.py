"""How long a touch's receipt takes at 15 kbit/s while pictures go up, in real time.

The line is a token bucket in the kernel, each way, on packets with their headers (tc-tbf(8)), and two seconds of queue.
"""

import random
from collections.abc import Callable
from time import monotonic, sleep

from tests.proofs.link.judge import Findings
from tests.proofs.link.station import LinkedStation

GOAL_S = 10.0
TOUCHES = 8
PICTURES = 8
PICTURE_BYTES = 40_000
_BETWEEN_S = 9.0


def measure(station: LinkedStation, *, seed: int, findings: Findings) -> dict[str, float | int]:
    """Touch a card again and again while pictures go up, and return how long the receipts took."""
    chance = random.Random(seed)
    assert station.namespace is not None
    station.namespace.slow_down()
    for _ in range(PICTURES):
        station.add_picture(chance.randbytes(PICTURE_BYTES))
    _await(lambda: station.state == "connected" and not station.waiting and not station.unsent_pictures, 120)
    sleep(_BETWEEN_S)
    before = station.moved_bytes
    station.lamp.receipt_s.clear()
    under_way = 0
    for number in range(TOUCHES):
        under_way += station.pictures_waiting > 0
        station.touch_once()
        if not _await(lambda: len(station.lamp.receipt_s) > number, 60):  # noqa: B023 -- called at once
            findings.add("late_receipts", f"15 kbit/s: no receipt of touch {number} within 60 s")
            break
        if station.lamp.receipt_s[-1] > GOAL_S:
            findings.add("late_receipts", f"15 kbit/s: {station.lamp.receipt_s[-1]:.1f} s")
        sleep(chance.uniform(1.0, _BETWEEN_S))
    took = sorted(station.lamp.receipt_s)
    return {
        "touches": len(took),
        "with_a_picture_under_way": under_way,
        "bytes_meanwhile": station.moved_bytes - before,
        "median_s": round(took[len(took) // 2], 2) if took else 0.0,
        "slowest_s": round(took[-1], 2) if took else 0.0,
    }


def _await(condition: Callable[[], bool], timeout_s: float) -> bool:
    deadline = monotonic() + timeout_s
    while not condition() and monotonic() < deadline:
        sleep(0.05)
    return condition()
