"""``./run prove neighbours``: one hostile station at full speed, and what its honest neighbours feel of it."""

import asyncio
import os
import random
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.conftest import short_folder
from tests.proofs.neighbours.attacks import ATTACKS
from tests.proofs.neighbours.enrolling import Kit
from tests.proofs.neighbours.honest import Board
from tests.proofs.neighbours.watching import AlarmClock, Sizes
from tests.proofs.strangers.county import County
from tests.proofs.strangers.fetching import roster_of

HONEST, SECONDS, EVERY_S, CALM_S = 50, 120, 4, 5
LATE_S, P99_S, ALARM_S = 5.0, 2.0, 60.0
"""The goals: no receipt later, the 99th percentile, and when the alarm must have named the rogue."""


@dataclass(frozen=True)
class Round:
    """One attack: who attacks, how, and for how long."""

    attack: str
    kit: Kit
    seconds: int


def main() -> int:
    """Run the attacks that were asked for, each by a station of its own, in one county."""
    parser = arguments("./run prove neighbours", honest=HONEST, seconds=SECONDS, every=EVERY_S)
    parser.add_argument("--attacks", nargs="*", choices=sorted(ATTACKS), default=list(ATTACKS), metavar="ATTACK")
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    report = Report("neighbours", seed=seed)
    with short_folder() as folder:
        folder.chmod(0o755)
        found = prove(
            folder / "county",
            attacks=options.attacks,
            honest=options.honest,
            seconds=options.seconds,
            every_s=options.every,
            seed=seed,
        )
    said = report.finish(as_json=options.json, **found)
    again = f"./run prove neighbours --seed {seed} --attacks {' '.join(options.attacks)}"
    return exit_code(said, "lost", "doubled", "starved", "late", "slow", "unnamed", repeat=again)


def prove(
    home: Path, *, attacks: Sequence[str], honest: int, seconds: int, every_s: float, seed: int
) -> dict[str, Value]:
    """Do all rounds in one county, and return the report's fields."""
    rng = random.Random(seed)
    with County(home, "notifier") as county:
        names = [f"neighbour-{number:03}" for number in range(honest)]
        rogues = [f"rogue-{number:02}" for number in range(len(attacks))]
        kits = enrol(county, [*names, *rogues])
        pems = {kit.station: str(kit.write(home)) for kit in kits}
        boards = [
            Board(kit, county.broker_port, tls(county, pems[kit.station]), random.Random(rng.random()), every_s)
            for kit in kits[:honest]
        ]
        rounds = [Round(attack, kit, seconds) for attack, kit in zip(attacks, kits[honest:], strict=True)]
        results = asyncio.run(lived(county, boards, rounds, pems, seed))
        lost, doubled = reckoned(county, boards)
    return {
        "honest": honest,
        "runs": len(rounds),
        "touches": sum(len(board.lit) for board in boards),
        "lost": lost,
        "doubled": doubled,
        "starved": sum(one["starved"] for one in results),
        "late": [one["attack"] for one in results if one["max_s"] > LATE_S],
        "slow": [one["attack"] for one in results if one["p99_s"] > P99_S],
        "unnamed": [one["attack"] for one in results if one["alarm_due"] and not named_in_time(one["alarm_after_s"])],
        "attacks": list(results),
    }


def enrol(county: County, stations: Sequence[str]) -> list[Kit]:
    """Enrol boards, and return what makes them stations."""
    command = [sys.executable, "-m", "tests.proofs.neighbours.enrolling", *stations]
    environment = county.environment | {"DJANGO_SETTINGS_MODULE": "server_broker.settings"}
    printed = subprocess.run(command, env=environment, capture_output=True, check=True).stdout
    return [msgspec.json.decode(line, type=Kit) for line in printed.splitlines()]


def tls(county: County, pem: str) -> ssl.SSLContext:
    """Return a board's TLS context."""
    context = ssl.create_default_context(cafile=str(county.ca))
    context.load_cert_chain(pem)
    return context


async def lived(
    county: County, boards: Sequence[Board], rounds: Sequence[Round], pems: dict[str, str], seed: int
) -> list[dict[str, Any]]:
    """Have the boards live through all rounds; return what was seen in each."""
    over = asyncio.Event()
    lives = [asyncio.create_task(board.live(over)) for board in boards]
    await asyncio.sleep(CALM_S + 3)
    results = []
    for one in rounds:
        results.append(await attacked(county, boards, one, pems[one.kit.station], seed))
        print(f"{results[-1]}", file=sys.stderr, flush=True)
    over.set()
    await asyncio.gather(*lives)
    return results


async def attacked(county: County, boards: Sequence[Board], one: Round, pem: str, seed: int) -> dict[str, Any]:
    """Let the rogue attack, wait until it is calm, and return what was seen."""
    station = one.kit.station
    roster = await asyncio.to_thread(roster_of, county, station) if one.attack == "unread-downloads" else "-"
    before = await asyncio.to_thread(Sizes.of, county)
    begin = {board.station: len(board.lit) for board in boards}
    began = time.monotonic()
    alarm = AlarmClock(county, station)
    watching = asyncio.create_task(alarm.watch(one.seconds + CALM_S))
    rogue = await let_loose(county, one, pem, seed, roster=roster)
    printed, _ = await rogue.communicate()
    ended = time.monotonic()
    await asyncio.sleep(CALM_S)
    named = await watching
    waits = [wait for board in boards for wait in waits_of(board, begin[board.station], ended)]
    starved = sum(1 for board in boards if board.lit[begin[board.station] :] and not has_receipt(board, began))
    after = await asyncio.to_thread(Sizes.of, county)
    said: dict[str, Any] = msgspec.json.decode(printed) if printed else {}
    return {
        "attack": one.attack,
        **said,
        "seconds": round(ended - began, 1),
        "touches": len(waits),
        "p50_s": round(statistics.median(waits), 3),
        "p99_s": round(sorted(waits)[int(len(waits) * 0.99)], 3),
        "max_s": round(max(waits), 3),
        "starved": starved,
        **named,
        "alarm_due": one.attack != "peace",
        **after.growth(before),
    }


async def let_loose(
    county: County, one: Round, pem: str, seed: int, *, roster: str = "-", niceness: int = 0
) -> asyncio.subprocess.Process:
    """Start the hostile station of a round. When its time is over it prints what it did."""
    command = [
        "nice",
        "-n",
        str(niceness),
        sys.executable,
        "-m",
        "tests.proofs.neighbours.rogue",
        one.attack,
        pem,
        one.kit.record_key.hex(),
    ]
    command += [str(county.ca), str(county.broker_port), str(county.web_port), roster, str(one.seconds), str(seed)]
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    return await asyncio.create_subprocess_exec(*command, env=environment, stdout=subprocess.PIPE)


def named_in_time(alarm_after_s: float | None) -> bool:
    """Return whether an alarm named the rogue, and early enough."""
    return alarm_after_s is not None and alarm_after_s <= ALARM_S


def waits_of(board: Board, begin: int, ended: float) -> list[float]:
    """Return how long each touch since ``begin`` waited for its receipt; up to now for one that still waits."""
    now = time.monotonic()
    return [(got or now) - lit for lit, got in board.lit[begin:] if lit <= ended]


def has_receipt(board: Board, since: float) -> bool:
    """Return whether a receipt came since a moment."""
    return any(got is not None and got >= since for _, got in board.lit)


def reckoned(county: County, boards: Sequence[Board]) -> tuple[int, int]:
    """Return how many touches that were lit the database lacks, and how many it has twice."""
    rows = county.rows("SELECT station_id, mono_ms, count(*) FROM attendance_touch GROUP BY station_id, mono_ms")
    stored = {(station, int(mono)): int(number) for station, mono, number in rows}
    lit = [(board.station, mono) for board in boards for mono in board.monos]
    lost = sum(1 for one in lit if one not in stored)
    return lost, sum(stored.get(one, 1) - 1 for one in lit)


if __name__ == "__main__":
    sys.exit(main())
