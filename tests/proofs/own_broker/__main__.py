"""``./run prove own-broker``: a county on a RabbitMQ of its own, with real agents, from the claim to the revocation.

Agents are enrolled through the county's web and people touch cards. One agent is revoked. Then RabbitMQ is killed
(SIGKILL), people go on touching, and another agent is revoked meanwhile. When RabbitMQ is back, that one must be out
and all touches of the third come through.

What was lost is judged by lamps and psql; who is connected is asked of RabbitMQ, under an account that the county does
not know.
"""

import random
import shutil
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.observer import lit_facts, reckon, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from server_broker.broker.rabbit.management import BrokerAway, RabbitManagement
from server_broker.platform.county_config import free_ports
from server_broker.platform.own_broker import OwnBroker
from server_broker.trust.board_name import station_of
from tests.proofs.own_broker.rabbit_node import ADMINISTRATOR, RabbitNode
from tests.proofs.private_county import temporary
from tests.proofs.restore.village import make_cast

BAD = ("lost", "doubled", "invented", "admitted_after_5s", "said_wrongly", "unwell")
_AGENTS = 3
_STARTED_S, _DRAINED_S, _LIT_S, _CONNECTED_S = 300.0, 120.0, 60.0, 60.0
_OUT_S = 5.0


class OwnBrokerTrial:
    """The node, the county that names it, and its agents."""

    def __init__(self, folder: Path, stack: ExitStack, *, seed: int) -> None:
        self.folder = folder
        self._stack = stack
        self._chance = random.Random(seed)
        self._presenter = Presenter()
        self.node = RabbitNode(folder / "node")
        self.county = DemoCounty(folder / "county")
        port, management_port = free_ports(2)
        password = folder / "rabbitmq.password"
        password.touch(mode=0o600)
        password.write_text(self.node.password)
        self.own = OwnBroker(
            hosts=["127.0.0.1"],
            port=port,
            management_port=management_port,
            user=ADMINISTRATOR,
            password_file=str(password),
        )
        self.stations: list[DemoStation] = []

    def begin(self) -> None:
        """Start everything, and enrol the agents."""
        self.county.init()
        with (self.county.home / "county.toml").open("a", encoding="utf-8") as file:
            file.write(self.own.as_table())
        self.county.tool("broker-files")
        shutil.copytree(self.county.home / "rabbitmq", self.node.folder, dirs_exist_ok=True)
        self._stack.callback(self.node.close)
        self.node.start()
        self._stack.callback(self.county.stop)
        self.county.start(timeout_s=_STARTED_S)
        cast = make_cast(_AGENTS, chance=self._chance)
        self.county.load(cast, self.folder)
        where = self.county.where()
        for one in cast:
            station = DemoStation(one, folder=self.folder / "stations" / one.id, readers=["simulated"])
            station.enrol(url=where["url"], ca=Path(where["ca"]), claim=self.county.claim(one.id))
            self._stack.callback(station.stop)
            station.start()
            self.stations.append(station)
        self.connected(*(one.cast.id for one in self.stations))

    def touch(self, *stations: DemoStation, times: int) -> None:
        """Have people touch, one after another at each station."""
        for _ in range(times):
            for station in stations:
                before = len(lit_facts(station.lights()))
                self._presenter.simulated(station, self._chance.choice(station.cast.people))
                lit = lambda station=station, before=before: len(lit_facts(station.lights())) > before  # noqa: E731
                wait_until(lit, what=f"a light at {station.cast.id}", timeout_s=_LIT_S)

    def drained(self, *stations: DemoStation) -> float:
        """Wait until the county has all touches of some stations, and return the seconds that it took."""
        began = time.monotonic()
        lit = {(one.cast.id, fact) for one in stations for fact in lit_facts(one.lights())}

        def all_there() -> bool:
            return lit <= {(row.station, row.fact) for row in touch_rows(self.county)}

        wait_until(all_there, what="the touches", timeout_s=_DRAINED_S, every_s=0.5)
        return round(time.monotonic() - began, 1)

    def at_the_broker(self) -> set[str]:
        """Return the stations that have a connection, as RabbitMQ says it."""
        try:
            with RabbitManagement(self.own, self.county.home) as management:
                told = management.get("connections") or ()
        except BrokerAway:
            return set()
        return {station_of(one["user"]) for one in told if one.get("user", "").startswith("village-")}

    def connected(self, *stations: str) -> None:
        """Wait until some stations are connected."""
        wait_until(lambda: set(stations) <= self.at_the_broker(), what="stations at RabbitMQ", timeout_s=_CONNECTED_S)

    def out_after(self, station: str) -> float:
        """Return the seconds until a station has no connection, at most a little more than `_OUT_S`."""
        began = time.monotonic()
        try:
            wait_until(lambda: station not in self.at_the_broker(), what="its end", timeout_s=_OUT_S + 1)
        except NotInTime:
            return _OUT_S + 1
        return round(time.monotonic() - began, 2)

    def revoke(self, station: DemoStation) -> "subprocess.CompletedProcess[str]":
        """Revoke as a person does, and return what was said."""
        return self.county.try_tool("revoke", station.cast.id, "--reason", "设备丢失，县里核实")

    def counted(self, honest: DemoStation) -> dict[str, Value]:
        """Compare lamps and database: what a revoked station lit after its revocation stays with it."""
        rows = [row for row in touch_rows(self.county) if row.station == honest.cast.id]
        presented = self._presenter.presented
        found = reckon(presented=presented, lights={honest.cast.id: honest.lights()}, rows=rows)
        return {"green": found.green, "lost": found.lost, "doubled": found.doubled, "invented": found.invented}


def main() -> int:
    """Run it, and report."""
    options = arguments("./run prove own-broker", touches=10).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("own-broker", seed=seed)
    with temporary("own-broker") as made, ExitStack() as stack:
        folder = Path(made)
        folder.chmod(0o755)
        trial = OwnBrokerTrial(folder, stack, seed=seed)
        trial.begin()
        found = _tried(trial, options.touches)
    said = report.finish(as_json=options.json, **found)
    return exit_code(said, *BAD, repeat=f"./run prove own-broker --seed {seed}")


def _tried(trial: OwnBrokerTrial, touches: int) -> dict[str, Value]:
    first, second, third = trial.stations
    trial.touch(first, second, third, times=touches)
    found: dict[str, Value] = {"receipted_s": trial.drained(first, second, third)}
    doctor = trial.county.try_tool("doctor").stdout
    unwell = [line for line in doctor.splitlines() if line.startswith("×") and "消息服务" in line]
    said = trial.revoke(first)
    out_up = trial.out_after(first.cast.id)
    said_wrongly = int("已断开" not in said.stdout)
    trial.node.kill9()
    trial.touch(second, third, times=touches)
    said = trial.revoke(second)
    said_wrongly += int("还没有照新名单办" not in said.stdout)
    trial.node.start()
    up = time.monotonic()
    late = 0
    # It may come back before the county has found RabbitMQ again. From then on it has 5 s.
    while time.monotonic() - up < 2 * _OUT_S:
        late += second.cast.id in trial.at_the_broker() and time.monotonic() - up > _OUT_S
        time.sleep(0.2)
    trial.touch(third, times=touches)
    found |= {"out_s": out_up, "resumed_s": round(time.monotonic() - up + trial.drained(third), 1)}
    still = {first.cast.id, second.cast.id} & trial.at_the_broker()
    for line in unwell:
        print(line, file=sys.stderr)
    return {
        **found,
        **trial.counted(third),
        "admitted_after_5s": late + len(still) + (out_up > _OUT_S),
        "said_wrongly": said_wrongly,
        "unwell": len(unwell),
    }


if __name__ == "__main__":
    sys.exit(main())
