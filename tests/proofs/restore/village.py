"""A county with its backup disk and many stations, each a real agent, and what an outsider sees of them."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from firmware_scripts.demo.cast import CastPerson, CastStation, write_workbook
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.observer import lit_facts, reckon, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, is_alive, wait_until
from firmware_scripts.demo.station import DemoStation
from server_broker.platform.county_config import free_ports
from tests.proofs.restore.relay import Relay

NAME = "127.0.0.9"
"""The county's name. Its machine listens on 127.0.0.1, and the relay passes on."""
PEOPLE = 6
DRAINED_S = STARTED_S = 900.0
"""Long, because the machine may have much else to do."""
LIT_S = 120.0
_AT_ONCE = 6


def make_cast(agents: int, *, chance: random.Random) -> list[CastStation]:
    """Return as many villages with a station each and a few people."""
    cast = []
    for number in range(agents):
        village = f"990101001{201 + number}"
        people = tuple(
            CastPerson(f"P{number:03d}{one}", f"示例{number}-{one}", village, f"04{chance.getrandbits(48):012x}")
            for one in range(PEOPLE)
        )
        cast.append(CastStation(f"village-{number:03d}", f"示例{number}村部", village, f"示例{number}村", people))
    return cast


class Village:
    """The county goes, and comes back in another folder and at other ports; the stations stay."""

    def __init__(self, folder: Path, agents: int, *, seed: int) -> None:
        self.folder = folder
        self.disk = folder / "disk"
        self.key = folder / "sheet"
        self.chance = random.Random(seed)
        self._cast = make_cast(agents, chance=self.chance)
        self._presenter = Presenter()
        self._stack = ExitStack()
        self.county = DemoCounty(folder / "county-0")
        self.stations: list[DemoStation] = []
        self._lives = 0

    def begin(self) -> None:
        """Start the county with its backup, enrol the stations and start them."""
        self.disk.mkdir()
        self.county.init(host=NAME)
        ports = self._ports()
        self._relays = [self._stack.enter_context(Relay(NAME, port)) for port in ports]
        self.county.start(timeout_s=STARTED_S)
        self.load()
        self.key.write_text(self.county.tool("backup", "setup", str(self.disk)), encoding="utf-8")
        where = self.county.where()
        # A station has the county's certificate on its own card.
        ca = self.folder / "ca.pem"
        shutil.copy(where["ca"], ca)
        codes = self._claims()

        def enrolled(cast: CastStation) -> DemoStation:
            station = DemoStation(cast, folder=self.folder / "stations" / cast.id, readers=["simulated"])
            station.enrol(url=where["url"], ca=ca, claim=codes[cast.id])
            return station

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self.stations = list(pool.map(enrolled, self._cast))
            for _ in pool.map(_start, self.stations):
                pass

    def _claims(self) -> dict[str, str]:
        command = [sys.executable, "-m", "tests.proofs.restore.claims"]
        environment = {**os.environ, **self.county.env}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return {station: re.sub(r"\D", "", code) for station, code in json.loads(done.stdout).items()}

    def load(self) -> None:
        """Import the villages and their people."""
        workbook = self.folder / "village-set.xlsx"
        write_workbook(self._cast, workbook)
        self.county.tool("import-people", str(workbook))

    def end(self) -> None:
        """Stop everything."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(DemoStation.stop, self.stations))
        self.county.stop()
        self._stack.close()

    def _ports(self) -> tuple[int, int]:
        text = (self.county.home / "county.toml").read_text(encoding="utf-8")
        web, broker = (re.search(rf"^{key} = (\d+)", text, re.MULTILINE) for key in ("web_port", "broker_port"))
        assert web is not None
        assert broker is not None
        return int(web[1]), int(broker[1])

    def touch(self, times: int) -> None:
        """Have people at random stations touch their cards."""
        for _ in range(times):
            self._present(self.chance.choice(self.stations))

    def touch_everywhere(self) -> None:
        """Have somebody touch a card at each station."""
        for station in self.stations:
            self._present(station)

    def _present(self, station: DemoStation) -> None:
        """Present somebody's card and wait for its light.

        A program that stalls reads its queue in one millisecond, and two touches of one card there would look like one
        that was stored twice.
        """
        before = len(lit_facts(station.lights()))
        self._presenter.simulated(station, self.chance.choice(station.cast.people))
        wait_until(lambda: len(lit_facts(station.lights())) > before, what="a light", timeout_s=LIT_S)

    def archive(self) -> None:
        """Have PostgreSQL end its segment, as it does by itself after a minute."""
        command = ["psql", "-h", str(self.county.home / "run"), "-U", "postgres", "-d", "cunhui", "-qAt"]
        subprocess.run([*command, "-c", "select pg_switch_wal()"], check=True, capture_output=True)

    def stored(self) -> set[tuple[str, str]]:
        """Return station and fact of each touch in the database. For each of them a receipt may have gone out."""
        return {(row.station, row.fact) for row in touch_rows(self.county)}

    def lose_county(self) -> None:
        """Kill every process of the county and throw its folder away."""
        parts = [file.stem for file in (self.county.home / "run").glob("*.pid")]
        pids = [pid for part in parts if (pid := self.county.part_pid(part))]
        self.county.reap()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, pids)), what="the end of the county", timeout_s=30)
        shutil.rmtree(self.county.home)

    def restore(self, disk: Path, key: Path, to: Path) -> "subprocess.CompletedProcess[str]":
        """Run the verb."""
        command = [sys.executable, "-m", "server_broker.cli", "restore", str(disk), "--key", str(key)]
        return subprocess.run([*command, "--home", str(to)], capture_output=True, text=True, check=False)

    def move_in(self, home: Path) -> None:
        """Start the restored county at other ports, and let the name lead there."""
        self._lives += 1
        self.county = DemoCounty(home)
        file = home / "county.toml"
        text = file.read_text(encoding="utf-8")
        for key, port in zip(("web_port", "broker_port", "broker_local_port"), free_ports(3), strict=True):
            text = re.sub(rf"^{key} = \d+", f"{key} = {port}", text, flags=re.MULTILINE)
        file.write_text(text, encoding="utf-8")
        self.county.start(timeout_s=STARTED_S)
        for relay, port in zip(self._relays, self._ports(), strict=True):
            relay.to_port = port

    def next_home(self) -> Path:
        """Return where the county comes back next."""
        return self.folder / f"county-{self._lives + 1}"

    def lit(self) -> set[tuple[str, str]]:
        """Return every fact for which a lamp lit."""
        return {(one.cast.id, fact) for one in self.stations for fact in lit_facts(one.lights())}

    def unheard(self) -> set[str]:
        """Return the stations of which the county has not the last light, which was lit after it came back."""
        stored = self.stored()
        last = {one.cast.id: lit_facts(one.lights())[-1] for one in self.stations}
        return {station for station, fact in last.items() if (station, fact) not in stored}

    def drained(self) -> bool:
        """Wait until every lit fact is stored, and return whether that came."""
        try:
            wait_until(lambda: self.lit() <= self.stored(), what="everything", timeout_s=DRAINED_S, every_s=1.0)
        except NotInTime as error:
            print(error, file=sys.stderr)
            return False
        return True

    def reckoned(self) -> tuple[int, int]:
        """Return how many touches are doubled and how many invented."""
        lights = {one.cast.id: one.lights() for one in self.stations}
        sums = reckon(presented=self._presenter.presented, lights=lights, rows=touch_rows(self.county))
        return sums.doubled, sums.invented


def _start(station: DemoStation) -> None:
    """Start the witness and the agent. Many begin at once, so each may take a while."""
    station.start_witness()
    station.agent.start()
    wait_until(station.kiosk_socket.exists, what=f"the agent of {station.cast.id}", timeout_s=300)


@contextmanager
def running_village(folder: Path, agents: int, *, seed: int) -> Iterator[Village]:
    """Keep a village up for the context."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    village = Village(folder, agents, seed=seed)
    try:
        village.begin()
        yield village
    finally:
        village.end()
