"""``./run prove kill9 --runs N``: N kills under traffic, then the outsider's reckoning."""

import random
import shutil
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.observer import lit_facts, reckon, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code

VICTIMS = ("agent", "agent", "ingest", "mosquitto", "postgres")
"""Drawn from at each kill: the agent, which alone holds what is green, twice as often as the others."""

_PEOPLE = 400
_BACK_S = 60.0
_SETTLE_S = 120.0


class Kills:
    """One bench under traffic, and what is killed in it."""

    def __init__(self, bench: Bench, *, seed: int) -> None:
        self._bench = bench
        self._chance = random.Random(seed)
        self._presenter = Presenter()
        self._ended = threading.Event()
        self.kills: Counter[str] = Counter()

    def run(self, runs: int) -> dict[str, Value]:
        """Kill ``runs`` times and return what an outsider finds."""
        traffic = [
            threading.Thread(target=self._touch_on, args=(station, self._chance.randrange(2**31)))
            for station in self._bench.stations
        ]
        for thread in traffic:
            thread.start()
        try:
            for _ in range(runs):
                self._kill_one()
        finally:
            self._ended.set()
            for thread in traffic:
                thread.join()
        self._settle()
        return self._found()

    def _touch_on(self, station: DemoStation, seed: int) -> None:
        """Present cards at random moments, each person again and again, until the kills are over."""
        chance = random.Random(seed)
        while not self._ended.wait(chance.expovariate(2.0)):
            self._presenter.simulated(station, chance.choice(station.cast.people))

    def _kill_one(self) -> None:
        victim = self._chance.choice(VICTIMS)
        self._ended.wait(self._chance.uniform(0.0, 1.5))
        if victim == "agent":
            station = self._chance.choice(self._bench.stations)
            self._await_touch_socket(station)
            station.agent.process.kill9()
        else:
            county = self._bench.county
            wait_until(lambda: county.part_pid(victim) != 0, what=f"{victim} to be back", timeout_s=_BACK_S)
            county.kill9_part(victim)
        self.kills[victim] += 1

    def _await_touch_socket(self, station: DemoStation) -> None:
        wait_until(station.agent.process.running, what=f"{station.cast.id} to be back", timeout_s=_BACK_S)

    def _settle(self) -> None:
        try:
            wait_until(self._settled, what="the county to have everything", timeout_s=_SETTLE_S, every_s=1)
        except NotInTime as error:
            print(error, file=sys.stderr)

    def _settled(self) -> bool:
        lit = {(station.cast.id, fact) for station in self._bench.stations for fact in lit_facts(station.lights())}
        return lit <= {(row.station, row.fact) for row in touch_rows(self._bench.county)}

    def _found(self) -> dict[str, Value]:
        found = reckon(
            presented=self._presenter.presented,
            lights={station.cast.id: station.lights() for station in self._bench.stations},
            rows=touch_rows(self._bench.county),
        )
        return {
            "runs": self.kills.total(),
            "kills": dict(self.kills),
            "touches": self._presenter.presented.total(),
            "unread": self._presenter.unread,
            "green": found.green,
            "stored": found.stored,
            "lost": found.lost,
            "doubled": found.doubled,
            "invented": found.invented,
            "unseen": found.unseen,
            "too_many_unseen": max(0, found.unseen - self.kills["agent"]),
            "unexplained": self._bench.county.unexplained(),
        }


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove kill9", runs=200).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("kill9", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-kill9-"))
    folder.chmod(0o755)
    try:
        with Bench(folder, make_cast(people_per_station=_PEOPLE, seed=seed), pcsc=False) as bench:
            found = Kills(bench, seed=seed).run(options.runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = report.finish(as_json=options.json, **found)
    bad = ("lost", "doubled", "invented", "too_many_unseen", "unexplained")
    return exit_code(said, *bad, repeat=f"./run prove kill9 --runs {options.runs} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
