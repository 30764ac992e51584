"""``./run bench station``: the design's figures for a station with every driver on, and what lasts and fills up."""

import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.report import Report, arguments, chosen_seed
from tests.benchmarks.measures import disk_writes, idle_day, latency, memory, start, wire
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.loop_disk import LoopDisk, NoLoopDisk
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.station import endurance, full_outbox, mock_pins, real_readers
from tests.benchmarks.station.devices import STACKS, Devices

TOUCHES = 500


class StationBench:
    """One run: three stations one after another, with the same devices."""

    def __init__(self, folder: Path, county: BenchCounty, devices: Devices, *, seed: int) -> None:
        self._folder = folder
        self._county = county
        self._devices = devices
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
            self._busy_station(self._equipped(0))
            self._metered_station(self._equipped(1))
            self._idle_station(self._equipped(2))

    def _equipped(self, place: int) -> BenchStation:
        folder = self._disk.path if self._disk else self._folder
        station = self._county.enrol(place, folder, program=mock_pins.__name__)
        station.equip(self._devices.sections(touch=station.touch_socket, lamp=station.lamp_socket))
        return station

    def _busy_station(self, station: BenchStation) -> None:
        self._note(start.measure(station, name="agent_start_s"))
        with station.running():
            self._note(memory.idle(station))
            tmux = self._folder / "tmux.sock"
            terminal = Terminal(socket=tmux, kiosk_socket=station.kiosk_socket)
            try:
                self._note(memory.kiosk(terminal, memory.kiosk_pid(tmux)))
                self._note(*latency.measure(station, seed=self._seed, touches=TOUCHES))
                self._note(*real_readers.measure(station, self._devices, seed=self._seed))
                self._note(memory.camera(station))
                self._note(*endurance.measure(station, seed=self._seed))
            finally:
                terminal.close()
        self._note(start.measure(station, name="agent_start_100000_facts_s"))

    def _metered_station(self, station: BenchStation) -> None:
        """Without its camera, behind a relay: what one touch costs on the wire and on the disk, and a year's outbox."""
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
            arrived = partial(self._county.touches_of, station.cast.id)
            self._note(*full_outbox.measure(station, proxy, seed=self._seed, arrived=arrived))

    def _idle_station(self, station: BenchStation) -> None:
        """Without its camera: the pictures of random moments have a cap of their own, and their own pace."""
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
    options = arguments("./run bench station").parse_args()
    signal.signal(signal.SIGTERM, _end_in_good_order)
    seed = chosen_seed(options.seed)
    report = Report("station", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-station-"))
    folder.chmod(0o755)
    mock_pins.plug_in()
    try:
        with Devices(folder / "devices") as devices, BenchCounty(folder, seed=seed) as county:
            database = county.describe()
            bench = StationBench(folder, county, devices, seed=seed)
            bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.finish(
        as_json=options.json,
        filesystem=bench.filesystem,
        database=database,
        drivers=dict(STACKS),
        figures=[figure.line() for figure in bench.figures],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
