"""One bench under traffic, and the kills."""

import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections import Counter
from contextlib import closing, suppress
from typing import Any

import msgspec

from agent.config.station_config import OUTBOX_FILE
from agent.identity.station_identity import ENROLLED
from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.observer import blinks, lit_facts, reckon, touch_rows
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.report import Value
from server_broker.platform.home import CountyHome
from server_broker.trust.keys import county_keys
from tests.proofs.kill9.ageing import Ageing
from tests.proofs.kill9.judge import judge_blobs, judge_commands, locked_out, twin_settled
from tests.proofs.kill9.office import Office
from tests.proofs.kill9.renewing import errands
from tests.proofs.kill9.rows import CommandRow, FactRow, command_rows, fact_rows, station_rows, whole_blobs

VICTIMS = ("agent", "agent", "agent", "renewal", "ingest", "mosquitto", "postgres", "web")
"""What is killed is drawn from these. The agent comes more often than the others, because it alone holds green facts.
``renewal`` is the agent's process that renews its certificate."""

_BACK_S = 60.0
_SETTLE_S = 180.0
_LET_IN_S = 90.0
_UNDER_WAY_S = 2.0
"""How long to wait for a renewal that can be killed."""
_RENEWAL_S = 0.7
"""How long a renewal takes, roughly."""


class Kills:
    """Traffic, kills, and the outsider's reckoning."""

    def __init__(self, bench: Bench, *, seed: int) -> None:
        self._bench = bench
        self._chance = random.Random(seed)
        self._presenter = Presenter()
        self._ended = threading.Event()
        self._office = Office(bench.county.home, [station.cast.id for station in bench.stations], seed=seed)
        authority = county_keys(CountyHome(bench.county.home)).authority
        self._ageing = {one.cast.id: Ageing(one.sd_card / ENROLLED, authority) for one in bench.stations}
        self.kills: Counter[str] = Counter()
        self.renewals_cut = 0
        """Kills of an agent, or of its errand, while its certificate was being renewed."""

    def run(self, runs: int) -> dict[str, Value]:
        """Kill ``runs`` times and return what an outsider finds."""
        traffic = [
            threading.Thread(target=self._touch_on, args=(station, self._chance.randrange(2**31)))
            for station in self._bench.stations
        ]
        for station in self._bench.stations:
            station.agent.before_restart = self._ageing[station.cast.id].age
        for thread in traffic:
            thread.start()
        self._office.open()
        try:
            while self.kills.total() < runs:
                self._kill_one()
        finally:
            self._ended.set()
            self._office.close()
            for thread in traffic:
                thread.join()
        self._settle(self._settled, what="the county to have everything", timeout_s=_SETTLE_S)
        found, lights = self._found(), {one.cast.id: blinks(one.lights()) for one in self._bench.stations}
        commands, facts = command_rows(self._bench.county), fact_rows(self._bench.county)
        shut_out = self._begin_anew()
        for station in self._bench.stations:
            station.agent.stop()
        return {**found, **self._commands(commands, facts, lights), **self._twins(), "locked_out": len(shut_out)}

    def _touch_on(self, station: DemoStation, seed: int) -> None:
        """Present cards at random moments, each person again and again, until the kills are over."""
        chance = random.Random(seed)
        while not self._ended.wait(chance.expovariate(2.0)):
            self._presenter.simulated(station, chance.choice(station.cast.people))

    def _kill_one(self) -> None:
        victim = self._chance.choice(VICTIMS)
        self._ended.wait(self._chance.uniform(0.0, 1.5))
        match victim:
            case "renewal":
                self._kill_renewal()
            case "agent":
                self._kill_agent(while_it_renews=self._chance.random() < 0.5)
            case _:
                county = self._bench.county
                wait_until(lambda: county.part_pid(victim) != 0, what=f"{victim} to be back", timeout_s=_BACK_S)
                county.kill9_part(victim)
                self.kills[victim] += 1

    def _kill_agent(self, *, while_it_renews: bool) -> None:
        renewing = self._await_renewal() if while_it_renews else None
        station = renewing or self._chance.choice(self._bench.stations)
        agent = station.agent.process
        wait_until(agent.running, what=f"{station.cast.id} to be back", timeout_s=_BACK_S)
        self.renewals_cut += agent.pid in errands()
        agent.kill9()
        self.kills["agent"] += 1

    def _kill_renewal(self) -> None:
        station = self._await_renewal()
        errand = errands().get(station.agent.process.pid) if station else None
        if errand is None:
            return
        with suppress(ProcessLookupError):
            os.kill(errand, signal.SIGKILL)
            self.kills["renewal"] += 1
            self.renewals_cut += 1

    def _await_renewal(self) -> DemoStation | None:
        """Wait for a station to renew its certificate, and then for a random moment of the renewal; return None if no
        renewal begins."""
        end = time.monotonic() + _UNDER_WAY_S
        while time.monotonic() < end:
            under_way = errands()
            for station in self._bench.stations:
                if station.agent.process.pid in under_way:
                    self._ended.wait(self._chance.uniform(0.0, _RENEWAL_S))
                    return station
            self._ended.wait(0.05)
        return None

    def _settle(self, condition: Any, *, what: str, timeout_s: float) -> None:
        try:
            wait_until(condition, what=what, timeout_s=timeout_s, every_s=1)
        except NotInTime as error:
            print(error, file=sys.stderr)

    def _settled(self) -> bool:
        county = self._bench.county
        lit = {(station.cast.id, fact) for station in self._bench.stations for fact in lit_facts(station.lights())}
        return (
            lit <= {(row.station, row.fact) for row in touch_rows(county)}
            and all(command.outcome or command.past for command in command_rows(county))
            and all(row.reported == row.desired for row in station_rows(county).values())
            and not judge_blobs(fact_rows(county), whole_blobs(county), taken=self._pictures_taken()).lost
        )

    def _pictures_taken(self) -> int:
        return sum(station.pictures_taken() for station in self._bench.stations)

    def _begin_anew(self) -> set[str]:
        """Start every agent once more with the files on its disk; return the stations that the county does not let
        in."""
        before = station_rows(self._bench.county)
        stations = [station.cast.id for station in self._bench.stations]
        for station in self._bench.stations:
            station.agent.before_restart = _nothing
            station.agent.stop()
            station.agent.start()

        def waiting() -> set[str]:
            return locked_out(stations, before, station_rows(self._bench.county))

        self._settle(lambda: not waiting(), what="every station to be let in", timeout_s=_LET_IN_S)
        return waiting()

    def _found(self) -> dict[str, Value]:
        stations, county = self._bench.stations, self._bench.county
        lights = {station.cast.id: station.lights() for station in stations}
        found = reckon(presented=self._presenter.presented, lights=lights, rows=touch_rows(county))
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
            "unexplained": county.unexplained(),
            **self._pictures(),
            "renewals": sum(ageing.renewed for ageing in self._ageing.values()),
            "renewals_cut": self.renewals_cut,
        }

    def _pictures(self) -> dict[str, Value]:
        county, taken = self._bench.county, self._pictures_taken()
        blobs = judge_blobs(fact_rows(county), whole_blobs(county), taken=taken)
        return {"pictures": taken, "blobs_lost": blobs.lost, "blobs_doubled": blobs.doubled}

    def _commands(self, commands: list[CommandRow], facts: list[FactRow], lights: dict[str, int]) -> dict[str, Value]:
        """Judge the commands as they stood when the stations were started anew. No station runs now."""
        came = {one[0].hex() for station in self._bench.stations for one in kept_state(station, "orders") or []}
        judged = judge_commands(commands, facts, given=self._office.given, came=came, blinks=lights)
        return {
            "orders": dict(Counter(command.kind for command in commands)),
            "orders_done": sum(command.outcome == "done" for command in commands),
            "unanswered": judged.unanswered,
            "never_came": judged.never_came,
            "answered_twice": judged.answered_twice,
            "run_twice": judged.run_twice,
        }

    def _twins(self) -> dict[str, Value]:
        rows = station_rows(self._bench.county)
        settled = [
            twin_settled(
                rows[station.cast.id], kept_state(station, "desired") or {}, self._office.chosen[station.cast.id]
            )
            for station in self._bench.stations
        ]
        return {"twin_changes": self._office.changes, "twin_unsettled": settled.count(False)}


def kept_state(station: DemoStation, key: str) -> Any:
    """Return a value of the state table of a station that does not run, or None. Python's own SQLite reads it."""
    with closing(sqlite3.connect(f"file:{station.sd_card / OUTBOX_FILE}?mode=ro", uri=True)) as file:
        row = file.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
    return msgspec.msgpack.decode(row[0]) if row else None


def _nothing() -> None:
    """Do nothing."""
