"""``./run bench touch``: the station's figures of the design, measured at a real county and real agents."""

import sys
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.measures import county_touch, latency, memory, start, wire
from tests.benchmarks.stage.bench import StationBench, run
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation


class TouchBench(StationBench):
    """The simulated drivers and 10,000 touches, and the cost of one of their touches for the county."""

    def run(self) -> None:
        """Measure everything."""
        super().run()
        self._note(county_touch.measure(self._county))

    def _busy_station(self, station: BenchStation) -> None:
        self._note(start.measure(station, name="agent_start_s"))
        with station.running():
            self._note(memory.idle(station))
            with self._kiosk_beside(station):
                self._note(*latency.measure(station, seed=self._seed))
                self._note(memory.camera(station))
            self._note(memory.after_touches(station, already=latency.TOUCHES, seed=self._seed))
        self._note(start.measure(station, name="agent_start_10000_touches_s"))

    def _metered_with_camera(self, station: BenchStation, proxy: Proxy) -> None:
        with station.running():
            self._note(wire.measure_with_picture(station, proxy, seed=self._seed))


def _make(folder: Path, county: BenchCounty, seed: int, _stack: ExitStack) -> TouchBench:
    return TouchBench(folder, county, seed=seed)


if __name__ == "__main__":
    sys.exit(run("touch", _make))
