"""The demonstration without people: touches and faults at random moments, then a comparison from outside."""

import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.level_player import Terminal, play_level
from firmware_scripts.demo.observer import lit_facts, reckon, touch_rows, whole_pictures
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.reader_bench import ReaderBench, obstacle
from firmware_scripts.demo.receipts import ReceiptWatch, percentile
from firmware_scripts.demo.sample_pack import sample_pack
from firmware_scripts.demo.schedule import FaultKind, PlannedFault, PlannedTouch, Schedule, make_schedule
from firmware_scripts.report import Report, Value, exit_code

TOUCHES = 300
VIA_PCSC = 100
SECONDS = 150.0
BROKER_STOPPED_S = 20.0
_STORED_WITHIN_S = 90.0
# The agent is killed most often, because it alone holds facts that were shown green and are nowhere else.
_FAULTS: list[FaultKind] = [
    "hold_broker",
    *["kill_agent"] * 3,  # type: ignore[list-item]
    "kill_broker",
    "kill_ingest",
    "kill_ingest",
    "kill_database",
]


class UnattendedRun:
    """One run over a bench that is up."""

    def __init__(self, bench: Bench, readers: ReaderBench, schedule: Schedule) -> None:
        self._bench = bench
        self._readers = readers
        self._schedule = schedule
        self._presenter = Presenter()
        self._began = time.monotonic()
        self._pause = threading.Event()
        self.agent_kills = 0

    def run(self) -> dict[str, Value]:
        """Do everything that the schedule says and return what the observer found."""
        watches = [ReceiptWatch(station.kiosk_socket) for station in self._bench.stations]
        level_passed = self._go_through_schedule()
        after_stop = self._touch_without_pcscd()
        self._wait_until_stored()
        delays = [delay for watch in watches for delay in watch.close()]
        stations = self._bench.stations
        lights = {station.cast.id: station.lights() for station in stations}
        found = reckon(presented=self._presenter.presented, lights=lights, rows=touch_rows(self._bench.county))
        return {
            "stations": len(stations),
            "touches": len(self._schedule.touches),
            "via_pcsc": sum(touch.way == "pcsc" for touch in self._schedule.touches),
            "unread": self._presenter.unread,
            "green": found.green,
            "stored": found.stored,
            "lost": found.lost,
            "invented": found.invented,
            "doubled": found.doubled,
            "unseen": found.unseen,
            "agent_kills": self.agent_kills,
            "unexplained": self._bench.county.unexplained(),
            "snapshots_taken": sum(station.pictures_taken() for station in stations),
            "snapshots_stored": whole_pictures(self._bench.county),
            "level_passed": level_passed,
            "lights_with_pcscd_stopped": after_stop,
            "receipt_ms": {"p50": percentile(delays, 0.5), "p99": percentile(delays, 0.99)},
        }

    def _go_through_schedule(self) -> bool:
        """Touch, break things and play a level, all at the same time; return whether the level was passed."""
        touches = self._schedule.touches
        with ThreadPoolExecutor() as hands:
            level = hands.submit(self._play_level)
            rest = [
                hands.submit(self._each, [touch for touch in touches if touch.way == "pcsc"], self._touch),
                hands.submit(self._each, [touch for touch in touches if touch.way == "simulated"], self._touch),
                hands.submit(self._each, self._schedule.faults, self._break),
            ]
            for one in rest:
                one.result()
            return level.result()

    def _play_level(self) -> bool:
        """Play at the last station, in a real terminal, while the faults go on."""
        folder = self._bench.folder
        terminal = Terminal(socket=folder / "tmux.sock", kiosk_socket=self._bench.stations[-1].kiosk_socket)
        try:
            return play_level(terminal, sample_pack())
        finally:
            terminal.close()

    def _each[P: (PlannedTouch, PlannedFault)](self, planned: list[P], act: Callable[[P], None]) -> None:
        for item in planned:
            self._pause.wait(max(0.0, self._began + item.at_s - time.monotonic()))
            act(item)

    def _touch(self, touch: PlannedTouch) -> None:
        station = self._bench.stations[touch.station]
        if touch.way == "pcsc":
            self._presenter.through_pcsc(self._readers, station, touch.person)
        else:
            self._presenter.simulated(station, touch.person)

    def _break(self, fault: PlannedFault) -> None:
        county = self._bench.county
        match fault.kind:
            case "hold_broker":
                county.tool("hold", "mosquitto")
                self._pause.wait(BROKER_STOPPED_S)
                county.tool("release", "mosquitto")
            case "kill_agent":
                self._bench.stations[fault.station].agent.process.kill9()
                self.agent_kills += 1
            case "kill_broker":
                county.kill9_part("mosquitto")
            case "kill_ingest":
                county.kill9_part("ingest")
            case "kill_database":
                county.kill9_part("postgres")

    def _touch_without_pcscd(self) -> int:
        """Stop pcscd, present three more cards, and return how many lights came. There must be none."""
        station = self._bench.stations[0]
        # The lamp must stay dark: a light now would be one for a card that nobody read.
        self._readers.stop()
        before = len(station.lights())
        for person in station.cast.people[:3]:
            try:
                with self._readers.card(person.uid):
                    self._pause.wait(0.5)
            except OSError:
                continue
        return len(station.lights()) - before

    def _wait_until_stored(self) -> None:
        """Wait until the county has every touch that a lamp vouched for and every picture.

        If that does not happen in time, the run goes on: its counts show what is missing.
        """

        def all_stored() -> bool:
            lit = sum(len(set(lit_facts(station.lights()))) for station in self._bench.stations)
            pictures = sum(station.pictures_taken() for station in self._bench.stations)
            return len(touch_rows(self._bench.county)) >= lit and whole_pictures(self._bench.county) >= pictures

        try:
            wait_until(all_stored, what="the county to have everything", timeout_s=_STORED_WITHIN_S, every_s=1)
        except NotInTime as error:
            print(error, file=sys.stderr)


def run_once(folder: Path, *, seed: int, as_json: bool) -> int:
    """Build the bench in ``folder``, run, report, and return the exit code."""
    if reason := obstacle():
        print(reason, file=sys.stderr)
        return 2
    report = Report("demo", seed=seed)
    # Each touch needs a card of its own, so that no touch is a repeat.
    cast = make_cast(people_per_station=VIA_PCSC + TOUCHES // 3, seed=seed)
    schedule = make_schedule(cast, touches=TOUCHES, via_pcsc=VIA_PCSC, seconds=SECONDS, faults=_FAULTS, seed=seed)
    readers = ReaderBench(log=folder / "pcscd.log")
    readers.start()
    try:
        with Bench(folder, cast, pcsc=True) as bench:
            found = UnattendedRun(bench, readers, schedule).run()
    finally:
        readers.stop()
    said = report.finish(as_json=as_json, **found)
    said["level_missed"] = int(not said["level_passed"])
    said["pictures_missing"] = int(said["snapshots_taken"] != said["snapshots_stored"])
    # A kill between the commit and the lamp leaves a touch that nobody saw lit. More such touches than kills are wrong.
    said["too_many_unseen"] = int(found["unseen"] > found["agent_kills"])  # type: ignore[operator]
    bad = ("lost", "invented", "doubled", "unexplained", "too_many_unseen", "level_missed", "pictures_missing")
    return exit_code(said, *bad, "lights_with_pcscd_stopped", repeat=f"./run demo --once --seed {seed}")
