"""Rounds: all stations suffer at the same time, then all lines are good, then the outsider judges, and then some
stations leave."""

import random
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from time import monotonic, sleep

from tests.proofs.link.faults import Plan, Second, draw_plan, suffer
from tests.proofs.link.judge import Findings, Judge
from tests.proofs.link.proxy import Line
from tests.proofs.link.station import LinkedStation
from tests.proofs.strangers.county import County

_LOOK_EVERY_S = 0.5
SETTLE_UNITS = 25
"""How long after the last fault the county must have everything: 250 s of the station's time."""
KEEPALIVE_UNITS = 6.0
"""The keep-alive of 60 s during a duty window."""
BROKER_FAULTS = ("", "", "broker_killed", "broker_stopped")


class Rounds:
    """Runs rounds at one scale of time. A unit is 10 s of the stations' time."""

    def __init__(
        self,
        county: County,
        stations: Sequence[LinkedStation],
        *,
        unit_s: float,
        seed: int,
        findings: Findings,
    ) -> None:
        self._county = county
        self._stations = stations
        self._unit_s = unit_s
        self._chance = random.Random(seed)
        self._findings = findings
        self._judge = Judge(county)
        self.faults: Counter[str] = Counter()
        self.ends: Counter[str] = Counter()
        self.runs = 0
        self.slowest_drain_s = 0.0

    def run(self, rounds: int) -> None:
        """Run this many rounds. The stations run when this begins and when it ends."""
        with ThreadPoolExecutor(len(self._stations) + 1) as pool:
            for number in range(rounds):
                self._round(pool, f"round {number}")

    def _round(self, pool: ThreadPoolExecutor, about: str) -> None:
        plans = [draw_plan(self._chance, in_namespace=one.namespace is not None) for one in self._stations]
        broker_fault, broker_after = self._chance.choice(BROKER_FAULTS), self._chance.uniform(0.2, 3.0) * self._unit_s
        self._count(plans, broker_fault)
        work = [pool.submit(suffer, one, plan, unit_s=self._unit_s, second=self._second)
                for one, plan in zip(self._stations, plans, strict=True)]  # fmt: skip
        work.append(pool.submit(self._break_broker, broker_fault, broker_after))
        for job in work:
            job.result()
        self._settle(plans, about)
        self._end(plans, about)

    def _count(self, plans: Sequence[Plan], broker_fault: str) -> None:
        self.runs += len(plans)
        for plan in plans:
            self.faults.update(kind for kind, _ in plan.faults)
            self.ends[plan.end] += 1
        if broker_fault:
            self.faults[broker_fault] += 1

    def _second(self, station: LinkedStation) -> Second:
        return Second(station, broker_port=self._county.broker_port, ca_file=self._county.ca)

    def _break_broker(self, fault: str, after_s: float) -> None:
        sleep(after_s)
        if fault == "broker_killed":
            self._county.kill9("mosquitto")
        elif fault == "broker_stopped":
            self._county.tool("hold", "mosquitto")
            sleep(0.5 * self._unit_s)
            self._county.tool("release", "mosquitto")

    def _settle(self, plans: Sequence[Plan], about: str) -> None:
        began = monotonic()
        unsettled = list(self._stations)
        while unsettled and monotonic() - began < SETTLE_UNITS * self._unit_s:
            sleep(_LOOK_EVERY_S)
            stored, online = self._judge.stored(), self._judge.online()
            unsettled = [one for one in unsettled if not _is_settled(one, stored, online)]
        self.slowest_drain_s = max(self.slowest_drain_s, monotonic() - began)
        for one in unsettled:
            plan = plans[self._stations.index(one)]
            said = f"{about}, {one.name}: {one.state}, {one.waiting} wait, {one.problem}, {plan}"
            self._findings.add("crashes" if one.problem else "stuck", said)
        self._judge.judge_heads([one for one in self._stations if one not in unsettled], self._findings, about)

    def _end(self, plans: Sequence[Plan], about: str) -> None:
        """Let some stations leave, and check that the county knows who is there: at that time, and again when every old
        will is out."""
        leaving = [one for one, plan in zip(self._stations, plans, strict=True) if plan.end != "stays"]
        for one, plan in zip(self._stations, plans, strict=True):
            if plan.end != "stays":
                one.stop(plan.end)
        # A broker gives a silent station up after one and a half keep-alives (MQTT 5.0, 3.1.2.10).
        deadline = monotonic() + 1.5 * KEEPALIVE_UNITS * self._unit_s + 6.0
        sleep(1.5 * KEEPALIVE_UNITS * self._unit_s)
        while monotonic() < deadline and self._wrong(leaving):
            sleep(_LOOK_EVERY_S)
        for one in self._wrong(leaving):
            plan = plans[self._stations.index(one)]
            self._findings.add("wrong_presence", f"{about}, {one.name}: {one.state}, after {plan}")
        for one in leaving:
            one.proxy.cut()
            one.proxy.become(Line())
            one.start()

    def _wrong(self, leaving: Sequence[LinkedStation]) -> list[LinkedStation]:
        online = self._judge.online()
        return [one for one in self._stations if online.get(one.name, False) == (one in leaving)]


def _is_settled(one: LinkedStation, stored: dict[str, int], online: dict[str, bool]) -> bool:
    has_all = stored.get(one.name, 0) == len(one.lamp.green)
    return has_all and one.state == "connected" and not one.waiting and online.get(one.name, False)
