"""What one touch with its receipt writes to the disk, as the block device counts it."""

from itertools import islice

from tests.benchmarks.measures import lone_touches
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.loop_disk import LoopDisk
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.touching import village_cards

NAME = "touch_disk_bytes"
GOAL_BYTES = 32_768.0
TOUCHES = 500
_QUIET_S = 0.03


def measure(station: BenchStation, proxy: Proxy, disk: LoopDisk, *, seed: int) -> Figure:
    """Average over lone touches. It includes the file system's journal and the blocks that the system writes back
    later."""
    cards = islice(village_cards(station.cast, seed=seed + 2), TOUCHES)
    before, flushed = disk.written_bytes(), disk.flushes()
    lights = lone_touches.present(station, proxy, cards, quiet_s=_QUIET_S)
    written, flushes = disk.written_bytes() - before, disk.flushes() - flushed
    return Figure(
        name=NAME,
        value=written / TOUCHES,
        unit="bytes",
        goal=GOAL_BYTES,
        detail={"touches": TOUCHES, "lights": {**lights}, "flushes": flushes, "filesystem": disk.describe()},
    )


def not_measured(why: str) -> Figure:
    """Return the figure for a machine on which we get no loop device."""
    return Figure(name=NAME, value=None, unit="bytes", goal=GOAL_BYTES, detail={"why": why})
