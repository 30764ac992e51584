"""One station's life around one outage, and what an outsider finds afterwards."""

import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tests.proofs.outage.board import Board, World
from tests.proofs.outage.county import OutageCounty

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
BEGIN_MS = 1_790_000_000_000
TOUCHES_A_DAY = 100
COMES_BACK_WITHIN_MS = 2 * HOUR_MS
"""How long coming back may take: the station tries to connect at least every five minutes, and to renew once an
hour."""

type Power = Literal["on", "cuts", "off"]
"""The power during the outage: always on; cut at random moments; off from an early moment to the outage's end."""

DURATIONS = {"1_hour": HOUR_MS, "1_day": DAY_MS, "30_days": 30 * DAY_MS, "60_days": 60 * DAY_MS}
POWERS: tuple[Power, ...] = ("on", "cuts", "off")


@dataclass(frozen=True, slots=True)
class Plan:
    """The circumstances of one run."""

    number: int
    duration: str
    power: Power
    time_service: bool
    """Whether the board has the time from the network besides the county's."""
    swallows: bool
    age_ms: int
    """How old the certificate is when the outage begins."""
    seed: int

    @property
    def outage_ms(self) -> int:
        return DURATIONS[self.duration]


def draw_plan(number: int, seed: int) -> Plan:
    """Draw run ``number``. Durations, power and time service take turns, so that a few runs have all of them."""
    chance = random.Random(seed * 100_003 + number)
    duration = list(DURATIONS)[number % 4]
    # Half of a certificate's life is 45 days, the end is 90. So in 30 days the renewal falls due, and in 60 days the
    # certificate ends too.
    days = {"30_days": chance.uniform(20, 44), "60_days": chance.uniform(32, 44)}.get(duration, chance.uniform(0, 44))
    return Plan(
        number=number,
        duration=duration,
        power=POWERS[number // 4 % 3],
        time_service=number // 12 % 2 == 1,
        swallows=chance.random() < 0.5,
        age_ms=int(days * DAY_MS),
        seed=chance.randrange(2**31),
    )


@dataclass
class Findings:
    """What went wrong, and what was measured."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    tried: Counter[str] = field(default_factory=Counter)
    touches: int = 0
    back_s: dict[str, float] = field(default_factory=dict)
    drained_s: dict[str, float] = field(default_factory=dict)

    def add(self, what: str, example: str) -> None:
        self.counts[what] += 1
        self.examples.append(f"{what}: {example}")

    def slowest(self, times: dict[str, float], duration: str, ms: int) -> None:
        times[duration] = max(times.get(duration, 0.0), round(ms / 1000, 1))


BAD = ("lost", "doubled", "invented", "not_back", "not_drained", "not_renewed", "crashes")


def live_and_judge(folder: Path, county: OutageCounty, *, number: int, seed: int, findings: Findings) -> None:
    """Live through run ``number`` of ``seed``."""
    plan = draw_plan(number, seed)
    world = World(now_ms=BEGIN_MS, swallows=plan.swallows)
    county.now_ms = lambda: world.now_ms
    county.reachable = True
    station = f"outage-{number:04}"
    board = Board(folder, county, world, station=station, time_service=plan.time_service, seed=plan.seed % 100_000)
    chance = random.Random(plan.seed)
    findings.tried.update([plan.duration, f"power_{plan.power}", f"time_service_{plan.time_service}".lower()])
    _live(board, world, chance, HOUR_MS)
    # The certificate grows old while the office is closed.
    board.power_off()
    world.now_ms += plan.age_ms
    board.power_on()
    _live(board, world, chance, HOUR_MS)
    renewals = county.renewals
    _suffer(board, world, county, plan, chance)
    _come_back(board, world, plan, findings)
    if plan.duration == "60_days" and county.renewals == renewals:
        findings.add("not_renewed", f"{plan}")
    board.power_off()
    _judge(board, county.touches(station), plan, findings)


def _live(board: Board, world: World, chance: random.Random, ms: int) -> None:
    """Touch cards at random moments, as many as are usual."""
    end = world.now_ms + ms
    while world.now_ms < end:
        board.live_until(min(end, world.now_ms + int(chance.expovariate(TOUCHES_A_DAY / DAY_MS))))
        board.touch()


def _suffer(board: Board, world: World, county: OutageCounty, plan: Plan, chance: random.Random) -> None:
    world.line_up = county.reachable = False
    end = world.now_ms + plan.outage_ms
    match plan.power:
        case "on":
            _live(board, world, chance, plan.outage_ms)
        case "cuts":
            for part in sorted(chance.random() for _ in range(3)):
                _live(board, world, chance, int(end - plan.outage_ms * (1 - part)) - world.now_ms)
                board.power_off()
                world.now_ms += chance.randrange(60_000, 10 * 60_000)
                board.power_on()
            _live(board, world, chance, end - world.now_ms)
        case "off":
            _live(board, world, chance, plan.outage_ms // 20)
            board.power_off()
            world.now_ms = end
            world.line_up = county.reachable = True
            board.power_on()
    world.line_up = county.reachable = True


def _come_back(board: Board, world: World, plan: Plan, findings: Findings) -> None:
    began = world.now_ms
    waiting = board.outbox.waiting
    while board.state != "connected" and world.now_ms < began + COMES_BACK_WITHIN_MS:
        board.live_until(world.now_ms + 1_000)
    if board.state != "connected":
        findings.add("not_back", f"{plan}: {board.times_refused} times refused")
        return
    findings.slowest(findings.back_s, plan.duration, world.now_ms - began)
    while board.outbox.waiting and world.now_ms < began + 2 * COMES_BACK_WITHIN_MS:
        board.live_until(world.now_ms + 1_000)
    if board.outbox.waiting:
        findings.add("not_drained", f"{plan}: {board.outbox.waiting} of {waiting}")
        return
    findings.slowest(findings.drained_s, plan.duration, world.now_ms - began)


def _judge(board: Board, rows: list[tuple[int, bytes, int]], plan: Plan, findings: Findings) -> None:
    """Compare the rows in the database with the touches that were shown green."""
    findings.touches += len(board.green)
    stored = Counter(number for number, _, _ in rows)
    names = {(number, epoch, seq) for number, epoch, seq in rows}
    for number, ref in board.green.items():
        if (number, ref.epoch, ref.seq) not in names:
            findings.add("lost", f"touch {number}, {plan}")
    for number, count in stored.items():
        if count > 1:
            findings.add("doubled", f"touch {number}, {plan}")
        if number not in board.presented:
            findings.add("invented", f"touch {number}, {plan}")
