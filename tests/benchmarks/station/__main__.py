"""``./run bench station``: the design's figures for a station with every driver on, and those of long use."""

import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from tests.benchmarks.measures import latency, memory, shelf, start
from tests.benchmarks.stage.bench import StationBench, run
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.station import endurance, full_outbox, mock_pins, real_readers
from tests.benchmarks.station.devices import STACKS, Devices

TOUCHES = 500


class EquippedBench(StationBench):
    """Every driver that this machine can carry, 100,000 facts, a full shelf, and a year's outbox."""

    def __init__(self, folder: Path, county: BenchCounty, devices: Devices, *, seed: int) -> None:
        super().__init__(folder, county, seed=seed)
        self._devices = devices

    def _enrolled(self, place: int) -> BenchStation:
        folder = self._disk.path if self._disk else self._folder
        station = self._county.enrol(place, folder, program=mock_pins.__name__)
        station.equip(self._devices.sections(touch=station.touch_socket, lamp=station.lamp_socket))
        return station

    def _busy_station(self, station: BenchStation) -> None:
        self._note(start.measure(station, name="agent_start_s"))
        with station.running():
            self._note(memory.idle(station))
            with self._kiosk_beside(station):
                self._note(*latency.measure(station, seed=self._seed, touches=TOUCHES))
                self._note(*real_readers.measure(station, self._devices, seed=self._seed))
                self._note(memory.camera(station))
                self._note(*endurance.measure(station, seed=self._seed))
        self._note(start.measure(station, name="agent_start_100000_facts_s"))
        self._note(shelf.measure(station, key=self._county.signing_key))

    def _metered_with_camera(self, station: BenchStation, proxy: Proxy) -> None:
        arrived = partial(self._county.touches_of, station.cast.id)
        self._note(*full_outbox.measure(station, proxy, seed=self._seed, arrived=arrived))


def _make(folder: Path, county: BenchCounty, seed: int, stack: ExitStack) -> EquippedBench:
    return EquippedBench(folder, county, stack.enter_context(Devices(folder / "devices")), seed=seed)


def main() -> int:
    """Run the bench; return 0 if it ran, whether or not each goal is met."""
    mock_pins.plug_in()
    return run("station", _make, drivers=dict(STACKS))


if __name__ == "__main__":
    sys.exit(main())
