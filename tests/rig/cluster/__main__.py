"""``./run rig cluster``: kill each node of a county's clusters in turn, and count what an outsider finds missing."""

import argparse
import asyncio
import os
import random
import signal
import ssl
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from firmware_scripts.demo.cast import write_workbook
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from server_broker.platform.shards import shard_of
from tests.proofs.neighbours.enrolling import Kit
from tests.proofs.neighbours.honest import Board
from tests.proofs.private_county import temporary
from tests.proofs.restore.village import make_cast
from tests.rig.cluster.county import ClusterCounty
from tests.rig.cluster.nodes import ADDRESSES, Machine, Node
from tests.rig.cluster.people import People
from tests.rig.cluster.postgres_cluster import PostgresCluster
from tests.rig.cluster.rabbitmq_cluster import RabbitCluster
from tests.rig.cluster.rounds import DARK_S, Kill, killed_in_turn

APART = "CUNHUI_CLUSTER_APART"
"""Names the folder of a run that has a network of its own."""
_APART = [
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--"),
    # The shell stays: as the first process it waits for those that nobody else waits for.
    *("sh", "-c", 'ip link set lo up && "$@"; exit $?', "sh"),
]
STATIONS, AGENTS, EVERY_S = 30, 2, 4
KILLS = ("postgres-leader", "postgres-standby", "rabbit1", "rabbit2", "rabbit3", "etcd1", "etcd2", "etcd3", "machine")
_DRAINED_S = 120.0
_STARTED_S = 300.0


class Rig:
    """The clusters, the county on them, and its stations."""

    def __init__(self, folder: Path, *, seed: int) -> None:
        self.folder = folder
        self.chance = random.Random(seed)
        self._stack = ExitStack()
        self.postgres = PostgresCluster(folder, password=f"{self.chance.getrandbits(128):032x}")
        self.rabbit = RabbitCluster(folder)
        self.county = ClusterCounty(folder / "county", self.postgres, self.rabbit)
        self.agents: list[DemoStation] = []
        self.boards: list[Board] = []

    def begin(self, stations: int, agents: int, *, every_s: float, workers: int) -> None:
        """Start everything, and enrol the stations."""
        self._stack.callback(self.postgres.stop)
        self._stack.callback(self.rabbit.stop)
        self.county.init()
        self.rabbit.launch(self.county.name_the_clusters(workers))
        self.postgres.start()
        self.rabbit.wait()
        self._stack.callback(self.county.stop)
        self.county.start(timeout_s=_STARTED_S)
        cast = make_cast(stations, chance=self.chance)
        workbook = self.folder / "village-set.xlsx"
        write_workbook(cast, workbook)
        self.county.tool("import-people", str(workbook))
        where = self.county.where()
        for one in cast[:agents]:
            station = DemoStation(one, folder=self.folder / "stations" / one.id, readers=["simulated"])
            station.enrol(url=where["url"], ca=Path(where["ca"]), claim=self.county.claim(one.id))
            station.start()
            self._stack.callback(station.stop)
            self.agents.append(station)
        self.people = People(self.agents, every_s=every_s, chance=self.chance)
        for kit in self._enrolled([one.id for one in cast[agents:]]):
            context = ssl.create_default_context(cafile=where["ca"])
            context.load_cert_chain(kit.write(self.folder))
            chance = random.Random(self.chance.random())
            shard = shard_of(kit.station) if workers > 1 else 0
            self.boards.append(Board(kit, self.rabbit.own.port, context, chance, every_s, ADDRESSES, shard))

    def end(self) -> None:
        """Stop everything, stations first."""
        self._stack.close()

    def _enrolled(self, stations: Sequence[str]) -> list[Kit]:
        command = [sys.executable, "-m", "tests.proofs.neighbours.enrolling", *stations]
        environment = {**os.environ, **self.county.env, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        printed = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout
        return [msgspec.json.decode(line, type=Kit) for line in printed.splitlines()]

    def kills(self) -> dict[str, Kill]:
        """Return everything that can be killed, by name."""
        postgres = self.postgres
        found = {
            "postgres-leader": Kill("the leader of PostgreSQL", postgres.leader, postgres.is_whole),
            "postgres-standby": Kill("the standby of PostgreSQL", postgres.standby, postgres.is_whole),
        }
        for node in self.rabbit.nodes:
            found[node.name] = Kill(f"a node of RabbitMQ, {node.name}", partial(_itself, node), self.rabbit.is_whole)
        for node in postgres.etcd:
            found[node.name] = Kill(
                f"a node of etcd, {node.name}", partial(_itself, node), partial(postgres.is_in_step, node)
            )
        found["machine"] = Kill("the machine of the leader of PostgreSQL", self._machine, self._is_whole, DARK_S)
        return found

    def _machine(self) -> Machine | None:
        """Return the machine where PostgreSQL's leader is, with its nodes of etcd and RabbitMQ."""
        leader = self.postgres.leader()
        if leader is None:
            return None
        place = self.postgres.servers.index(leader)
        return Machine(ADDRESSES[place], [leader, self.postgres.etcd[place], self.rabbit.nodes[place]])

    def _is_whole(self) -> bool:
        return (
            self.postgres.is_whole()
            and self.rabbit.is_whole()
            and all(map(self.postgres.is_in_step, self.postgres.etcd))
        )

    async def live(self, kills: Sequence[str]) -> list[dict[str, Any]]:
        """Have people touch while nodes are killed, and then until everything is receipted."""
        over = asyncio.Event()
        lives = [asyncio.create_task(board.live(over)) for board in self.boards]
        self.people.begin()
        by_name = self.kills()
        try:
            resumed = partial(self.people.have_resumed, self.county)
            return await killed_in_turn(self.boards, [by_name[name] for name in kills], resumed)
        finally:
            await asyncio.to_thread(self.people.end)
            over.set()
            await asyncio.gather(*lives)

    def drain(self) -> None:
        """Wait until the county has every touch of the agents."""
        stored = partial(self.people.stored, self.county)
        wait_until(stored, what="the agents' touches", timeout_s=_DRAINED_S, every_s=1.0)

    def memory_mb(self) -> dict[str, float]:
        """Return how much memory each node has, by name."""
        return {
            node.name: node.memory_mb() for node in (*self.postgres.servers, *self.postgres.etcd, *self.rabbit.nodes)
        }

    def reckoned(self) -> dict[str, int]:
        """Compare what was lit with what psql finds."""
        of_boards = {board.station for board in self.boards}
        rows = self.county.sql("SELECT station_id, encode(boot, 'hex'), mono_ms FROM attendance_touch")
        stored = Counter((station, int(mono)) for station, _, mono in rows if station in of_boards)
        lit = Counter((board.station, mono) for board in self.boards for mono in board.monos)
        agents = self.people.reckoned(self.county)
        return {
            "touches": lit.total() + len(self.people.lit()),
            "lost": (lit - stored).total() + agents.lost,
            "doubled": sum(max(0, count - lit[key]) for key, count in stored.items() if key in lit) + agents.doubled,
            "invented": sum(count for key, count in stored.items() if key not in lit) + agents.invented,
            "unreceipted": sum(got is None for board in self.boards for _, got in board.lit),
        }


def _itself(node: Node) -> Node:
    return node


def main() -> int:
    """Run the rig in a network and a tree of processes of its own, which end with it."""
    parser = arguments("./run rig cluster", stations=STATIONS, agents=AGENTS, every=EVERY_S, workers=1)
    parser.add_argument("--kills", nargs="*", choices=KILLS, default=KILLS, metavar="NODE", help=", ".join(KILLS))
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if folder := os.environ.get(APART):
        return _run(Path(folder), options)
    with temporary("cunhui-cluster") as made:
        Path(made).chmod(0o755)
        own = [sys.executable, "-m", "tests.rig.cluster", *sys.argv[1:]]
        return subprocess.run([*_APART, *own], env=os.environ | {APART: made}, check=False).returncode


def _run(folder: Path, options: argparse.Namespace) -> int:
    seed = chosen_seed(options.seed)
    report = Report("rig cluster", seed=seed)
    rig = Rig(folder, seed=seed)
    try:
        rig.begin(options.stations, options.agents, every_s=options.every, workers=options.workers)
        rounds = asyncio.run(rig.live(options.kills))
        rig.drain()
        found: dict[str, Value] = {name: getattr(options, name) for name in ("stations", "agents", "workers")}
        found |= rig.reckoned()
        found |= {"memory_mb": dict(rig.memory_mb())}
    except BaseException:
        for log in sorted(folder.rglob("*.log")):
            print(f"--- {log}\n{log.read_text(errors='replace')[-2_000:]}", file=sys.stderr)
        raise
    finally:
        rig.end()
    late = [one["killed"] for one in rounds if one["late"]]
    torn = [one["killed"] for one in rounds if one["whole_again_s"] is None]
    said = report.finish(as_json=options.json, **found, late=late, torn=torn, kills=list(rounds))
    bad = ("lost", "doubled", "invented", "unreceipted", "late", "torn")
    return exit_code(said, *bad, repeat=f"./run rig cluster --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
