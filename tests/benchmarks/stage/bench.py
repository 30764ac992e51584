"""One run of a bench of stations: a county, and three stations one after another, each for its kind of figures."""

import shutil
import signal
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.measures import disk_writes, idle_day, memory, wire
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.loop_disk import LoopDisk, NoLoopDisk
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation


class StationBench(ABC):
    """A busy station with all services on, one behind a relay, and an idle one."""

    def __init__(self, folder: Path, county: BenchCounty, *, seed: int) -> None:
        self._folder = folder
        self._county = county
        self._seed = seed
        self._disk: LoopDisk | None = None
        self._why_no_disk = ""
        self.filesystem = ""
        self.figures: list[Figure] = []

    def run(self) -> None:
        """Measure everything."""
        with ExitStack() as stack:
            try:
                self._disk = stack.enter_context(LoopDisk(self._folder))
                self.filesystem = self._disk.describe()
            except NoLoopDisk as error:
                self._why_no_disk = str(error)
                self.filesystem = f"the temporary folder's, {self._why_no_disk}"
            self._busy_station(self._enrolled(0))
            self._metered_station(self._enrolled(1))
            self._idle_station(self._enrolled(2))

    def _enrolled(self, place: int) -> BenchStation:
        return self._county.enrol(place, self._disk.path if self._disk else self._folder)

    @abstractmethod
    def _busy_station(self, station: BenchStation) -> None:
        """Start, memory, answers; and all of them again after much work."""

    @contextmanager
    def _kiosk_beside(self, station: BenchStation) -> Iterator[None]:
        """Have a kiosk look at the station, and note its memory."""
        tmux = self._folder / "tmux.sock"
        terminal = Terminal(socket=tmux, kiosk_socket=station.kiosk_socket)
        try:
            self._note(memory.kiosk(terminal, memory.kiosk_pid(tmux)))
            yield
        finally:
            terminal.close()

    def _metered_station(self, station: BenchStation) -> None:
        """Behind a relay, first without its camera: the cost of one touch on the wire and on the disk."""
        with Proxy(self._county.broker_port) as proxy:
            station.dial(proxy.port)
            station.use_camera("none")
            with station.running():
                self._note(wire.measure(station, proxy))
                if self._disk:
                    self._note(disk_writes.measure(station, proxy, self._disk, seed=self._seed))
                else:
                    self._note(disk_writes.not_measured(self._why_no_disk))
            station.use_camera("simulated")
            self._metered_with_camera(station, proxy)

    @abstractmethod
    def _metered_with_camera(self, station: BenchStation, proxy: Proxy) -> None:
        """What is measured behind the relay with the camera."""

    def _idle_station(self, station: BenchStation) -> None:
        """Without its camera, because the pictures of random moments have a limit and a pace of their own."""
        station.use_camera("none")
        self._note(idle_day.measure(station, broker_port=self._county.broker_port))

    def _note(self, *figures: Figure) -> None:
        self.figures.extend(figures)
        for figure in figures:
            print(f"· {time.strftime('%H:%M:%S')} {figure.name}: {figure.line()['value']} {figure.unit}", flush=True)


type Make = Callable[[Path, BenchCounty, int, ExitStack], StationBench]
"""Makes the bench in a folder, at a county, from a seed. Everything that must be closed afterwards goes on the
stack."""


def run(name: str, make: Make, **said: Any) -> int:
    """Run the bench ``./run bench NAME`` and report ``said`` with its figures. Return 0 if it ran, whether or not goals
    are met."""
    options = arguments(f"./run bench {name}").parse_args()
    seed = chosen_seed(options.seed)
    report = Report(name, seed=seed)
    found = measured(name, make, seed=seed)
    report.finish(as_json=options.json, **said, **found)
    return 0


def measured(name: str, make: Make, *, seed: int) -> dict[str, Value]:
    """Run a bench at a county of its own, and return its figures with the disk and the database they are of."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = Path(tempfile.mkdtemp(prefix=f"cunhui-{name}-"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            county = stack.enter_context(BenchCounty(folder, seed=seed))
            database = county.describe()
            bench = make(folder, county, seed, stack)
            bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    figures: list[Value] = [figure.line() for figure in bench.figures]
    return {"filesystem": bench.filesystem, "database": database, "figures": figures}
