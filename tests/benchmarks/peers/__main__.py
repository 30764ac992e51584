"""``./run bench peers``: a week of one station with our agent, with ThingsBoard's gateway and with a Mosquitto bridge.

Each goes through the same seeded week (`script`) alone, one after another. Each has an ext4 disk of its own whose power
can be cut (`stage.loop_disk`), and a line of its own that counts and breaks (`stage.proxy`), over TLS with a
certificate of the county. All deliver into the county's PostgreSQL: our agent by the county's ingest, the others by a
subscriber that stores every arrival (`subscriber`). The program that presents a fact knows whether it was acknowledged;
psql counts the facts that arrived. `gateway` and `bridge` say how these programs are configured, and by which
documents.
"""

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.peers.bridge import Bridge
from tests.benchmarks.peers.contender import Contender
from tests.benchmarks.peers.county_side import CountySide, Credentials
from tests.benchmarks.peers.figures import figures
from tests.benchmarks.peers.gateway import Gateway
from tests.benchmarks.peers.our_agent import OurAgent
from tests.benchmarks.peers.script import DAYS, FACTS_PER_DAY, Step, week
from tests.benchmarks.peers.week import Lived, Week
from tests.benchmarks.stage.county import BenchCounty
from tests.benchmarks.stage.loop_disk import LoopDisk, own_mounts
from tests.benchmarks.stage.proxy import Proxy

_NOT_COVERED = [
    "what a disk loses or tears out of its own cache: everything that reached the device stays, for all three alike",
    "a line that goes dead without a word: an outage resets connections and refuses new ones",
    "time: a week's facts come within minutes, so what each does while nothing happens hardly counts in any figure",
    "the county's brokers and database, which nobody kills here",
    "a real Pi, a real card, a real mobile network",
]

_OURS, _GATEWAY, _BRIDGE = range(3)
"""Their places in the cast: each is another station."""

type Maker = Callable[[LoopDisk, Proxy], Contender]


class PeersBench:
    """One run."""

    def __init__(self, folder: Path, county: BenchCounty, side: CountySide, *, steps: list[Step]) -> None:
        self._folder = folder
        self._county = county
        self._side = side
        self._steps = steps
        self.lived: dict[str, Lived] = {}
        self.versions: dict[str, Value] = {}
        self.configured: dict[str, Value] = {}
        self.filesystem = ""

    def run(self) -> None:
        """Have each live through the week."""
        self._one("agent", self._county.broker_port, self._our_agent)
        self._one("gateway", self._side.port, self._gateway)
        self._one("bridge", self._side.port, self._bridge)

    def _one(self, name: str, broker_port: int, make: Maker) -> None:
        with ExitStack() as stack:
            disk = stack.enter_context(LoopDisk(self._folder, name=name))
            self.filesystem = disk.describe()
            line = stack.enter_context(Proxy(broker_port))
            contender = make(disk, line)
            self.versions[contender.name] = contender.version
            self.configured[contender.name] = contender.configured
            lived = self.lived[contender.name] = Week(contender, line=line, disk=disk).live(self._steps)
            print(f"· {time.strftime('%H:%M:%S')} {contender.name}: {lived.verdict}, {lived.seconds} s", flush=True)

    def _our_agent(self, disk: LoopDisk, line: Proxy) -> Contender:
        station = self._county.enrol(_OURS, self._folder / "stations", card=disk.path / "card")
        station.dial(line.port)
        station.use_camera("none")
        return OurAgent(station, self._county.service)

    def _gateway(self, disk: LoopDisk, line: Proxy) -> Contender:
        return Gateway(
            disk.path / "gateway",
            broker_port=line.port,
            credentials=self._credentials(_GATEWAY),
            log=self._folder / "gateway.log",
            stored=partial(self._side.arrived, Gateway.name),
        )

    def _bridge(self, disk: LoopDisk, line: Proxy) -> Contender:
        return Bridge(
            disk.path / "bridge",
            broker_port=line.port,
            credentials=self._credentials(_BRIDGE),
            log=self._folder / "bridge.log",
            stored=partial(self._side.arrived, Bridge.name),
        )

    def _credentials(self, place: int) -> Credentials:
        config, identity = self._county.enrol(place, self._folder / "stations").parts()
        return Credentials(config.county_ca, identity.certificate_file, identity.tls_key_file)


def _end_in_good_order(*_: object) -> None:
    sys.exit(143)


def main() -> int:
    """Run the bench; return 0 if it ran, whatever the results are."""
    options = arguments("./run bench peers", days=DAYS).parse_args()
    own_mounts()
    signal.signal(signal.SIGTERM, _end_in_good_order)
    seed = chosen_seed(options.seed)
    report = Report("peers", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-peers-"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            county = stack.enter_context(BenchCounty(folder, seed=seed))
            names = {"gateway": county.cast[_GATEWAY].id, "bridge": county.cast[_BRIDGE].id}
            side = stack.enter_context(CountySide(county.service, folder / "side", **names))
            database = county.describe()
            bench = PeersBench(folder, county, side, steps=week(seed, days=options.days))
            bench.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    report.finish(
        as_json=options.json,
        job=f"{options.days} days of {FACTS_PER_DAY} facts",
        versions=bench.versions,
        configured=bench.configured,
        filesystem=bench.filesystem,
        database=database,
        not_covered=list(_NOT_COVERED),
        figures=[figure.line() for figure in figures(bench.lived, ours=OurAgent.name)],
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
