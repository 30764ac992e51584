"""The time from a card that is laid on each kind of reader to its light. It includes the reader's own pace."""

import random
import threading

from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.station.devices import STACKS, Devices

TOUCHES = 30
_APART_S = (0.05, 0.2)
_DIGITS = {"pcsc": 14, "em4100_serial": 10, "pn532": 8, "qr_scanner": 14}


def measure(station: BenchStation, devices: Devices, *, seed: int) -> list[Figure]:
    """Lay unknown cards on each reader, one after another; each lies there until it is answered."""
    chance = random.Random(seed ^ 0xCA4D)
    pause = threading.Event()
    figures = []
    with station.touching() as hand:
        for reader, lay in devices.laid().items():
            taken = []
            for _ in range(TOUCHES):
                pause.wait(chance.uniform(*_APART_S))
                number = f"04{chance.getrandbits(4 * _DIGITS[reader] - 8):0{_DIGITS[reader] - 2}x}"
                taken.append(hand.laid(lay, number))
            figures.append(
                Figure(
                    name=f"{reader}_touch_p50_ms",
                    value=percentile(taken, 0.5),
                    unit="ms",
                    detail={"touches": TOUCHES, "max_ms": round(max(taken), 1), "stack": STACKS[reader]},
                )
            )
    return figures
