"""Let the k-th operation fail, for every k, until a life has no operation left to fail."""

import itertools
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.proofs.io_fault.faults import KINDS, Faults, Kind
from tests.proofs.io_fault.life import LIVES, Life
from tests.proofs.power_cut.judge import Verdict
from tests.proofs.power_cut.station_judge import judge_folder

MEMORY = Path("/dev/shm")


@dataclass
class Outcome:
    """How many operations failed, by kind, and what followed."""

    verdict: Verdict = field(default_factory=Verdict)
    runs: Counter[str] = field(default_factory=Counter)

    def add(self, other: "Outcome") -> None:
        self.verdict.add(other.verdict)
        self.runs += other.runs


def fail(kind: Kind, at: int, *, life_number: int, seed: int, folder: Path, verdict: Verdict) -> bool:
    """Run a life in which operation ``at`` fails, judge it, and return whether there was such an operation."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    faults = Faults(folder, kind=kind, at=at)
    where = f"seed {seed}, life {life_number}, {kind} at operation {at}"
    before = verdict.wrong
    life = Life(folder, faults, verdict, seed=seed)
    try:
        life.live(faults, LIVES[life_number])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is a finding of the proof
        verdict.crashes += 1
        where = f"{where}: {error!r}"
    if verdict.wrong == before:
        judge_folder(folder, life.told, verdict, where=where)
    elif len(verdict.examples) < 10:
        verdict.examples.append(where)
    return faults.failed > 0


def prove(*, seed: int, first: int = 1, step: int = 1, kinds: tuple[Kind, ...] = tuple(KINDS)) -> Outcome:
    """Let operation ``first`` fail, then each ``step``-th after it, of every kind, until each life gets through without
    a fault."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="io-fault-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name) / "life"
        for number, kind in itertools.product(range(len(LIVES)), kinds):
            at = first
            while fail(kind, at, life_number=number, seed=seed, folder=folder, verdict=outcome.verdict):
                outcome.runs[kind] += 1
                at += step
    return outcome
