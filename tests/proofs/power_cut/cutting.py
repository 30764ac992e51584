"""Record workloads, and cut the power after every call that they made."""

import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.proofs.apart import SEEDS_APART
from tests.proofs.power_cut.disk import WAYS, ForgetfulDisk, Image
from tests.proofs.power_cut.judge import Verdict, judge
from tests.proofs.power_cut.shares import ALL, OUTBOX, STATION, Remaining
from tests.proofs.power_cut.station_judge import judge_station
from tests.proofs.power_cut.station_workload import record_station
from tests.proofs.power_cut.workload import Knowledge, Run, record

MEMORY = Path("/dev/shm")


@dataclass
class Outcome:
    """What was cut, and what followed."""

    verdict: Verdict = field(default_factory=Verdict)
    purposes: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)

    @property
    def cuts(self) -> int:
        return self.purposes.total()

    def add(self, other: "Outcome") -> None:
        self.verdict.add(other.verdict)
        self.purposes += other.purposes
        self.ways += other.ways


type Judge = Callable[..., None]


def cut_everywhere(
    run: Run[Any], judge: Judge, *, seed: int, remaining: Remaining, folder: Path, outcome: Outcome
) -> None:
    """Cut in every way after each call of a purpose for which more cuts are wanted."""
    disk = ForgetfulDisk()
    steps = zip(run.calls, run.purposes, _told_at(run), strict=True)
    for number, (call, purpose, told) in enumerate(steps, 1):
        disk.apply(call)
        for way in WAYS:
            if not remaining.take(purpose):
                break
            image: Image = disk.cut(random.Random(f"{seed} {number} {way}"), way)
            where = f"seed {seed}, call {number} of {len(run.calls)} ({purpose}), {way}"
            judge(image, told, folder, outcome.verdict, where=where)
            outcome.purposes[purpose] += 1
            outcome.ways[way] += 1


def _told_at[T: Knowledge](run: Run[T]) -> Iterator[T]:
    """Yield, for each call, what the outside had been told before the next one."""
    position = 0
    for number in range(1, len(run.calls) + 1):
        while position + 1 < len(run.told) and run.told[position + 1].calls <= number:
            position += 1
        yield run.told[position]


def prove(*, cuts: int, seed: int, only: frozenset[str] = ALL, synchronous: tuple[str, int] | None = None) -> Outcome:
    """Record workloads of ``seed``, ``seed + 1``, … and cut them until there were ``cuts`` cuts of all purposes.

    Args:
        only: Purposes to cut; see `tests.proofs.power_cut.shares`.
        synchronous: Another setting of the outbox than the product's own.
    """
    outcome, remaining = Outcome(), Remaining(cuts, only=only)
    with tempfile.TemporaryDirectory(prefix="power-cut-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        survived = Path(name) / "survived"
        survived.mkdir()
        for number in range(seed, seed + SEEDS_APART):
            if remaining.any_of(OUTBOX):
                run = record(_folder(name, f"{number}-outbox"), seed=number, synchronous=synchronous)
                cut_everywhere(run, judge, seed=number, remaining=remaining, folder=survived, outcome=outcome)
            if remaining.any_of(STATION):
                also = record_station(_folder(name, f"{number}-station"), seed=number)
                cut_everywhere(also, judge_station, seed=number, remaining=remaining, folder=survived, outcome=outcome)
            if not remaining.any_of(ALL):
                break
    return outcome


def _folder(parent: str, name: str) -> Path:
    folder = Path(parent) / name
    folder.mkdir()
    return folder
