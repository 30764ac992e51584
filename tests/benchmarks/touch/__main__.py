"""``./run bench touch``: the station's figures of the design, measured at a real county and real agents."""

import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.report import Report, arguments, chosen_seed
from tests.benchmarks.measures import disk_writes, idle_day, latency, memory, start, wire
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.loop_disk import LoopDisk, NoLoopDisk
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation


class TouchBench:
    """One run: three stations one after another, each for the figures that need one of its kind."""

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
            stations = self._disk.path if self._disk else self._folder
            self._busy_station(self._county.enrol(0, stations))
            self._metered_station(self._county.enrol(1, stations))
            self._idle_station(self._county.enrol(2, stations))

    def _busy_station(self, station: BenchStation) -> None:
        """All services on: start, memory, answers, and all that after many touches."""
        self._note(start.measure(station, name="agent_start_s"))
        with station.running():
            self._note(memory.idle(station))
            tmux = self._folder / "tmux.sock"
            terminal = Terminal(socket=tmux, kiosk_socket=station.kiosk_socket)
            try:
                self._note(memory.kiosk(terminal, memory.kiosk_pid(tmux)))
                self._note(*latency.measure(station, seed=self._seed))
                self._note(memory.camera(station))
            finally:
                terminal.close()
            self._note(memory.after_touches(station, already=latency.TOUCHES, seed=self._seed))
        self._note(start.measure(station, name="agent_start_10000_touches_s"))

    def _metered_station(self, station: BenchStation) -> None:
        """Without a camera, behind a relay: what one touch costs on the wire and on the disk."""
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
            with station.running():
                self._note(wire.measure_with_picture(station, proxy, seed=self._seed))

    def _idle_station(self, station: BenchStation) -> None:
        station.use_camera("none")
        self._note(idle_day.measure(station, broker_port=self._county.broker_port))

    def _note(self, *figures: Figure) -> None:
        self.figures.extend(figures)
        for figure in figures:
            print(f"· {time.strftime('%H:%M:%S')} {figure.name}: {figure.line()['value']} {figure.unit}", flush=True)


def _end_in_good_order(*_: object) -> None:
    sys.exit(143)


def main() -> int:
    """Run the bench; 0 when it ran, whether or not each goal is met."""
    options = arguments("./run bench touch").parse_args()
    signal.signal(signal.SIGTERM, _end_in_good_order)
    seed = chosen_seed(options.seed)
    report = Report("touch", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-touch-"))
    folder.chmod(0o755)
    try:
        with BenchCounty(folder, seed=seed) as county:
            database = county.describe()
            bench = TouchBench(folder, county, seed=seed)
            bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.finish(
        as_json=options.json,
        filesystem=bench.filesystem,
        database=database,
        figures=[figure.line() for figure in bench.figures],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
