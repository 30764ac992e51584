"""``./run bench kiosk``: how soon a kiosk starts, paints and finds; what it, and the agent with a full shelf, need."""

import sys
from contextlib import ExitStack
from pathlib import Path

from tests.benchmarks.measures import finding, painting
from tests.benchmarks.stage.bench import StationBench, run
from tests.benchmarks.stage.county import BenchCounty


class KioskBench(StationBench):
    """One station whose shelf is full of titles."""

    def run(self) -> None:
        """Measure everything."""
        self.filesystem = "the temporary folder's"
        station = self._enrolled(0)
        station.use_camera("none")
        with station.running(settled=False):
            pass  # so that it has its folders
        finding.fill(station, key=self._county.signing_key)
        with station.running(settled=False):
            self._note(*finding.measure(station, seed=self._seed))
            self._note(*painting.measure(station))

    def _busy_station(self, station: object) -> None:
        raise NotImplementedError

    def _metered_with_camera(self, station: object, proxy: object) -> None:
        raise NotImplementedError


def _make(folder: Path, county: BenchCounty, seed: int, _stack: ExitStack) -> KioskBench:
    return KioskBench(folder, county, seed=seed)


if __name__ == "__main__":
    sys.exit(run("kiosk", _make, documents=finding.DOCUMENTS, titles=finding.TITLES))
