"""The stations of the bench: one with a full shelf at which people play, and one whose line is counted for a week."""

from contextlib import ExitStack
from pathlib import Path

from firmware_scripts.report import Value
from tests.benchmarks.learning import full_shelf, village_week
from tests.benchmarks.stage.bench import StationBench, measured
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation


class LearningBench(StationBench):
    """The station of a busy day has no line's worth of content to fetch, and the one with a line has no full shelf."""

    def _busy_station(self, station: BenchStation) -> None:
        station.use_camera("none")
        with station.running(settled=False):
            pass  # so that it has its folders
        self._note(*full_shelf.measure(station, key=self._county.signing_key, seed=self._seed))

    def _metered_station(self, station: BenchStation) -> None:
        station.use_camera("none")
        folder = self._folder / "packs"
        folder.mkdir()
        self._note(*village_week.measure(station, self._county, folder, seed=self._seed))

    def _idle_station(self, station: BenchStation) -> None:
        """What an idle line costs is a figure of the station's own bench."""

    def _metered_with_camera(self, station: BenchStation, proxy: Proxy) -> None:
        raise NotImplementedError


def measure_stations(*, seed: int) -> dict[str, Value]:
    """Return the figures of both."""
    return measured("learning", _make, seed=seed)


def _make(folder: Path, county: BenchCounty, seed: int, _stack: ExitStack) -> LearningBench:
    return LearningBench(folder, county, seed=seed)
