"""``./run prove pressure``: several troubles of a whole county at once, and what its honest stations lose by them."""

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.conftest import short_folder
from tests.proofs.neighbours.__main__ import CALM_S, Round, enrol, has_receipt, let_loose, reckoned, tls, waits_of
from tests.proofs.neighbours.honest import Board
from tests.proofs.neighbours.watching import Sizes
from tests.proofs.pressure.silent import silent_crowd
from tests.proofs.pressure.slow_database import slow_commits
from tests.proofs.strangers.county import County

HONEST, SECONDS, EVERY_S, SILENT = 20, 60, 4, 4_000
ROGUES = (
    "shared-subscriptions",
    "births-of-new-streams",
    "one-byte-pieces",
    "poison",
    "empty-vitals",
    "contradicting-heads",
    "unreadable-facts",
    "clashing-reissues",
    "unread-welcomes",
    "bad-signatures",
)
"""The attacks of one station each that come together; one of them never reads what it is sent."""

ROGUES_NICENESS = 19
"""Attackers have processors of their own. Here ten of them would leave the county a tenth of its two cores, so they get
what the county and the boards leave over."""


class Pressure:
    """One county, its honest boards, and the rounds that they live through."""

    def __init__(self, county: County, home: Path, *, honest: int, rogues: int, every_s: float, seed: int) -> None:
        chance = random.Random(seed)
        self._county = county
        self._seed = seed
        names = [f"neighbour-{number:03}" for number in range(honest)]
        kits = enrol(county, [*names, *(f"rogue-{number:02}" for number in range(rogues))])
        self._pems = {kit.station: str(kit.write(home)) for kit in kits}
        self._rogues = kits[honest:]
        self.boards = [
            Board(
                kit, county.broker_port, tls(county, self._pems[kit.station]), random.Random(chance.random()), every_s
            )
            for kit in kits[:honest]
        ]

    async def live(self, *, seconds: int, slow_seconds: int, silent: int) -> list[dict[str, Any]]:
        """Have the boards live through every round; return what was seen in each."""
        over = asyncio.Event()
        lives = [asyncio.create_task(board.live(over)) for board in self.boards]
        await asyncio.sleep(CALM_S + 3)
        results = [await self._rogues_at_once(seconds), await self._silent(silent), await self._slow(slow_seconds)]
        over.set()
        await asyncio.gather(*lives)
        return results

    async def _rogues_at_once(self, seconds: int) -> dict[str, Any]:
        """All attacks together; they are named by the alarms that the county has then."""
        before, began, lit = await self._begin()
        rounds = [Round(attack, kit, seconds) for attack, kit in zip(ROGUES, self._rogues, strict=False)]
        rogues = [
            await let_loose(self._county, one, self._pems[one.kit.station], self._seed, niceness=ROGUES_NICENESS)
            for one in rounds
        ]
        await asyncio.gather(*(one.communicate() for one in rogues))
        named = await asyncio.to_thread(
            self._county.rows,
            "SELECT DISTINCT station_id FROM fleet_alarm WHERE origin = 'county' AND station_id LIKE 'rogue-%'",
        )
        failed = sum(one.returncode != 0 for one in rogues)
        return {
            "rogues": len(rogues),
            "failed": failed,
            "named": len(named),
            **await self._end("rogues at once", before, began, lit),
        }

    async def _silent(self, many: int) -> dict[str, Any]:
        """Silent connections hold the broker's port, and the broker dies: they and all stations come back at once."""
        before, began, lit = await self._begin()
        async with silent_crowd(self._county.broker_port, many=many) as crowd:
            reconnected = sum(board.reconnects for board in self.boards)
            await asyncio.to_thread(self._county.kill9, "mosquitto")
            died = time.monotonic()
            back = await self._all_receipted(since=died)
            said = await self._end("silent connections", before, began, lit)
            came_back = sum(board.reconnects for board in self.boards) - reconnected
            return {"silent": crowd.most, "ended": crowd.ended, "came_back": came_back, "back_s": back, **said}

    async def _slow(self, seconds: int) -> dict[str, Any]:
        """A database in which each commit takes half a second."""
        before, began, lit = await self._begin()
        with slow_commits(self._county):
            await asyncio.sleep(seconds)
        return await self._end("slow database", before, began, lit)

    async def _all_receipted(self, *, since: float, within_s: float = 120.0) -> float:
        """Wait until each board has had a receipt since a moment; return how long that took."""
        while not all(has_receipt(board, since) for board in self.boards) and time.monotonic() < since + within_s:
            await asyncio.sleep(0.2)
        return round(time.monotonic() - since, 1)

    async def _begin(self) -> tuple[Sizes, float, dict[str, int]]:
        before = await asyncio.to_thread(Sizes.of, self._county)
        return before, time.monotonic(), {board.station: len(board.lit) for board in self.boards}

    async def _end(self, name: str, before: Sizes, began: float, lit: dict[str, int]) -> dict[str, Any]:
        ended = time.monotonic()
        await self._all_receipted(since=ended)
        waits = [wait for board in self.boards for wait in waits_of(board, lit[board.station], ended)]
        starved = [board for board in self.boards if not has_receipt(board, began)]
        after = await asyncio.to_thread(Sizes.of, self._county)
        return {
            "round": name,
            "seconds": round(ended - began, 1),
            "touches": len(waits),
            "p50_s": round(statistics.median(waits), 3) if waits else None,
            "p99_s": round(sorted(waits)[int(len(waits) * 0.99)], 3) if waits else None,
            "max_s": round(max(waits), 3) if waits else None,
            "starved": len(starved),
            **after.growth(before),
        }


def prove(
    home: Path, *, honest: int, rogues: int, seconds: int, slow_seconds: int, silent: int, every_s: float, seed: int
) -> dict[str, Value]:
    """Live through all rounds in one county, and return the report's fields."""
    with County(home, "notifier") as county:
        pressure = Pressure(county, home, honest=honest, rogues=rogues, every_s=every_s, seed=seed)
        rounds: Sequence[dict[str, Any]] = asyncio.run(
            pressure.live(seconds=seconds, slow_seconds=slow_seconds, silent=silent)
        )
        lost, doubled = reckoned(county, pressure.boards)
        blamed = county.rows(
            "SELECT DISTINCT station_id, code FROM fleet_alarm "
            "WHERE origin = 'county' AND station_id LIKE 'neighbour-%' AND code <> 'station_silent'"
        )
        return {
            "honest": honest,
            "touches": sum(len(board.lit) for board in pressure.boards),
            "lost": lost,
            "doubled": doubled,
            "unreceipted": sum(len(board.lit) - board.through for board in pressure.boards),
            "starved": sum(one["starved"] for one in rounds),
            "blamed": [": ".join(row) for row in blamed],
            "idle_rogues": sum(one.get("failed", 0) for one in rounds),
            "rounds": [*rounds],
        }


def main() -> int:
    """Run the proof."""
    counts = {"honest": HONEST, "rogues": len(ROGUES), "seconds": SECONDS, "slow_seconds": SECONDS, "silent": SILENT}
    parser = arguments("./run prove pressure", **counts, every=EVERY_S)
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    report = Report("pressure", seed=seed)
    with short_folder() as folder:
        folder.chmod(0o755)
        found = prove(
            folder / "county",
            **{name: getattr(options, name) for name in counts},
            every_s=options.every,
            seed=seed,
        )
    said = report.finish(as_json=options.json, **found)
    bad = ("lost", "doubled", "unreceipted", "starved", "blamed", "idle_rogues")
    return exit_code(said, *bad, repeat=f"./run prove pressure --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
