"""``./run prove self-check [--seed N] [--mutants N] [--json]``: plant bugs, and see that each is caught."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.self_check.catalogue import CATCHERS, PLANTED, ROOMS, Catcher, Room
from tests.proofs.self_check.crew import Crew, Job
from tests.proofs.self_check.mutants import drawn, every_mutant
from tests.proofs.self_check.tree import WorkTree, head_commit

HANDS = min(2, os.cpu_count() or 1)


@dataclass
class Findings:
    """The results of the runs. Several threads fill it, each entry by one of them."""

    caught: list[str] = field(default_factory=list)
    not_caught: list[str] = field(default_factory=list)
    control_failed: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)
    survivors: list[str] = field(default_factory=list)


class SelfCheck:
    """The jobs of one run."""

    def __init__(self, *, seed: int, mutants: int) -> None:
        self._seed = seed
        self._mutants = mutants
        self._began = time.monotonic()
        self._say_lock = threading.Lock()
        self.found = Findings()

    def jobs(self) -> Iterator[Job]:
        """Yield the jobs, the long ones first, so that both hands end at about the same time."""
        catchers = dict.fromkeys(one for several in CATCHERS.values() for one in several)
        catchers |= dict.fromkeys(one for room in ROOMS for one in room.tests)
        for catcher in catchers:
            yield self._control(catcher)
        for patch in sorted(PLANTED.glob("*.patch")):
            yield self._plant(patch)
        for number, room in enumerate(ROOMS):
            share = self._mutants // len(ROOMS) + (number < self._mutants % len(ROOMS))
            for which in range(share):
                yield self._mutate(room, which, of=share)

    def _control(self, catcher: Catcher) -> Job:
        def job(tree: WorkTree) -> None:
            verdict = catcher.run(tree)
            if verdict != "passed":
                self.found.control_failed.append(f"{catcher}: {verdict}")
            self._say(f"control {verdict}: {catcher}")

        return job

    def _plant(self, patch: Path) -> Job:
        def job(tree: WorkTree) -> None:
            tree.apply_patch(patch)
            missed = [f"{one}: {verdict}" for one in CATCHERS[patch.stem] if (verdict := one.run(tree)) != "failed"]
            if missed:
                self.found.not_caught.append(f"{patch.stem} ({'; '.join(missed)})")
            else:
                self.found.caught.append(patch.stem)
            self._say(f"{'NOT caught' if missed else 'caught'}: {patch.stem} {'; '.join(missed)}")

        return job

    def _mutate(self, room: Room, which: int, *, of: int) -> Job:
        def job(tree: WorkTree) -> None:
            mutant = drawn(every_mutant(tree.root, room.places), count=of, seed=self._seed)[which]
            mutant.apply(tree.root)
            survived = all(one.run(tree) == "passed" for one in room.tests)
            (self.found.survivors if survived else self.found.killed).append(str(mutant))
            self._say(f"{'survived' if survived else 'killed'}: {mutant}")

        return job

    def _say(self, text: str) -> None:
        passed = int(time.monotonic() - self._began)
        with self._say_lock:
            print(f"[{passed // 60:02d}:{passed % 60:02d}] {text}", file=sys.stderr, flush=True)


def _terminated(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove self-check", mutants=20).parse_args()
    signal.signal(signal.SIGTERM, _terminated)
    seed = chosen_seed(options.seed)
    report = Report("self-check", seed=seed)
    check = SelfCheck(seed=seed, mutants=options.mutants)
    Crew(head_commit(), hands=HANDS).do(check.jobs())
    found = check.found
    said = report.finish(
        as_json=options.json,
        planted=len(found.caught) + len(found.not_caught),
        caught=len(found.caught),
        not_caught=sorted(found.not_caught),
        control_failed=len(found.control_failed),
        controls=sorted(found.control_failed),
        mutants=len(found.killed) + len(found.survivors),
        killed=len(found.killed),
        survivors=sorted(found.survivors),
    )
    return exit_code(said, "not_caught", "control_failed", repeat=f"./run prove self-check --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
