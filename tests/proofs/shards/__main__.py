"""``./run prove shards``: several ingest workers divide the stations; stations move, workers are killed and renumbered.

Boards send while each moves several times to another shard, and says there at once what it has no receipt for: so two
workers have the same facts in hand. A worker is killed (SIGKILL) again and again, then their keeper, and ingest is
started with another number of workers while boards go on. A second keeper runs beside the first for a while. In the
end the database is asked by plain SQL: every fact once, none held, and each board's row names the shard it speaks in.
"""

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.demo.processes import Process
from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.benchmarks.county.beside_peers import plain_broker, set_up
from tests.benchmarks.county.feeding import enrol
from tests.benchmarks.county.presigned import make_stations
from tests.proofs.private_county import county_home, private_cluster
from tests.proofs.shards.boards import Board, Fleet

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

BAD = ("lost", "doubled", "held", "astray", "unfinished")
_WORKERS = (2, 3, 1, 2)
"""How many workers divide the stations, one after another."""
_FACTS_S = 120.0
"""All facts must be receipted in this time after the last trouble."""


class Ingest:
    """The part as the county runs it, with its number of workers."""

    def __init__(self, home: "CountyHome", workers: int, *, name: str) -> None:
        environment = {"CUNHUI_HOME": str(home.root), "CUNHUI_INGEST_WORKERS": str(workers)}
        command = [sys.executable, "-P", "-m", "server_broker.ingest"]
        self._program = Process(name, command, log=home.root / f"{name}.log", env={**environment, "PYTHONPATH": "."})
        self._program.start()

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        children = Path(f"/proc/{self._program.pid}/task/{self._program.pid}/children")
        return [int(pid) for pid in children.read_text(encoding="ascii").split()]

    def stop(self) -> None:
        """End it in good order."""
        self._program.stop(timeout_s=40)

    def kill9(self) -> None:
        """Kill the keeper; its workers end by themselves."""
        self._program.kill9()


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove shards", boards=60, facts=120, moves=4, kills=6).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("prove shards", seed=seed)
    with county_home("cunhui-shards") as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        set_up(home)
        with private_cluster(home):
            found = _tried(home, options.boards, options.facts, options.moves, options.kills, seed=seed)
    said = report.finish(as_json=options.json, **found)
    return exit_code(said, *BAD, repeat=f"./run prove shards --seed {seed}")


def _tried(home: "CountyHome", count: int, facts: int, moves: int, kills: int, *, seed: int) -> dict[str, int]:
    stations = make_stations(count, shard=0, prefix="moves")
    enrol(stations)
    boards = [Board(station, [station.envelope("single") for _ in range(facts)]) for station in stations]
    with plain_broker(home) as port:
        fleet = Fleet(port, boards, seed=seed)
        killed = asyncio.run(_among_troubles(home, fleet, moves=moves, kills=kills, seed=seed))
    return {
        "boards": count,
        "facts": count * facts,
        "moves": fleet.moves,
        "kills": killed,
        "divisions": len(_WORKERS),
        "unfinished": sum(not board.has_all for board in boards),
        **_judged(boards, facts),
    }


async def _among_troubles(home: "CountyHome", fleet: Fleet, *, moves: int, kills: int, seed: int) -> int:
    chance, killed = random.Random(seed), 0
    sending = asyncio.create_task(fleet.run(moves_each=moves))
    for number, workers in enumerate(_WORKERS):
        ingest = Ingest(home, workers, name=f"ingest-{number}")
        beside = Ingest(home, 3 - min(workers, 2), name=f"beside-{number}") if number % 2 else None
        for _ in range(kills // len(_WORKERS) + 1):
            await asyncio.sleep(chance.uniform(1.0, 2.5))
            if pids := ingest.workers():
                # With one worker there is no keeper: the worker is the program.
                killed += _killed(chance.choice(pids))
        if beside:
            await asyncio.to_thread(beside.stop)
        if number < len(_WORKERS) - 1:
            # Every other time the keeper is killed too, and nobody ends its workers for it.
            await asyncio.to_thread(ingest.kill9 if number % 2 == 0 else ingest.stop)
            killed += number % 2 == 0
    deadline = time.monotonic() + _FACTS_S
    while not sending.done() and time.monotonic() < deadline:
        await asyncio.sleep(0.2)
    sending.cancel()
    await asyncio.to_thread(ingest.stop)
    return killed


def _killed(pid: int) -> bool:
    try:
        Path(f"/proc/{pid}/cmdline").read_bytes().index(b"server_broker.ingest")
    except (OSError, ValueError):
        return False
    os.kill(pid, signal.SIGKILL)
    return True


def _judged(boards: list[Board], facts: int) -> dict[str, int]:
    """Ask the database by plain SQL."""
    from server_broker.platform.sql import query  # noqa: PLC0415 - needs the settings

    stored = {
        station: (count, distinct, held)
        for station, count, distinct, held in query(
            """SELECT s.station_id, count(*), count(DISTINCT f.seq), count(*) FILTER (WHERE f.held_reason <> '')
            FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id GROUP BY 1""",
            [],
        )
    }
    touches = dict(query("SELECT station_id, count(*) FROM attendance_touch GROUP BY 1", []))
    shards = dict(query("SELECT id, shard FROM fleet_station", []))
    found = {"lost": 0, "doubled": 0, "held": 0, "astray": 0}
    for board in boards:
        name = board.station.id
        count, distinct, held = stored.get(name, (0, 0, 0))
        found["lost"] += facts - distinct + max(0, facts - touches.get(name, 0))
        found["doubled"] += count - distinct + max(0, touches.get(name, 0) - facts)
        found["held"] += held
        found["astray"] += shards[name] != board.shard
    return found


if __name__ == "__main__":
    sys.exit(main())
