"""``./run prove power-cut --cuts N [--seed S] [--json]``: cut the power after every call of the outbox's workload."""

import logging
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.power_cut.disk import KINDS, ForgetfulDisk
from tests.proofs.power_cut.judge import Verdict, judge
from tests.proofs.power_cut.workload import Run, Told, record

BAD = ("lost", "doubled", "invented", "refused_to_start", "crashes")
MEMORY = Path("/dev/shm")


def cut_everywhere(run: Run, *, seed: int, most: int, folder: Path, verdict: Verdict) -> Counter[str]:
    """Cut after each call, in every way, until there were ``most`` cuts; return how many of each kind."""
    disk, done = ForgetfulDisk(), Counter[str]()
    for number, (call, told) in enumerate(zip(run.calls, _told_at(run), strict=True), 1):
        disk.apply(call)
        for kind in KINDS:
            if done.total() >= most:
                return done
            image = disk.cut(random.Random(f"{seed} {number} {kind}"), kind)
            judge(image, told, folder, verdict, where=f"seed {seed}, call {number} of {len(run.calls)}, {kind}")
            done[kind] += 1
    return done


def _told_at(run: Run) -> Iterator[Told]:
    """Yield, for each call, what the outside was told before the next one."""
    position = 0
    for number in range(1, len(run.calls) + 1):
        while position + 1 < len(run.told) and run.told[position + 1].calls <= number:
            position += 1
        yield run.told[position]


def prove(*, cuts: int, seed: int, synchronous: tuple[str, int] | None = None) -> tuple[Verdict, Counter[str]]:
    """Record workloads of ``seed``, ``seed + 1``, … and cut them until there were ``cuts`` cuts."""
    verdict, done = Verdict(), Counter[str]()
    with tempfile.TemporaryDirectory(prefix="power-cut-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        survived = Path(name) / "survived"
        survived.mkdir()
        for number in range(sys.maxsize):
            if done.total() >= cuts:
                break
            folder = Path(name) / str(number)
            folder.mkdir()
            run = record(folder, seed=seed + number, synchronous=synchronous)
            done += cut_everywhere(run, seed=seed + number, most=cuts - done.total(), folder=survived, verdict=verdict)
    return verdict, done


def main() -> int:
    """Run the proof."""
    options = arguments("power-cut", cuts=2000).parse_args()
    logging.getLogger("agent").setLevel(logging.ERROR)
    seed = chosen_seed(options.seed)
    report = Report("power-cut", seed=seed)
    verdict, done = prove(cuts=options.cuts, seed=seed)
    found = {name: getattr(verdict, name) for name in (*BAD, "salvaged")}
    for example in verdict.examples:
        print(example, file=sys.stderr)
    result = report.finish(as_json=options.json, cuts=done.total(), cuts_by_kind=dict(done), **found)
    return exit_code(result, *BAD, repeat=f"./run prove power-cut --cuts {options.cuts} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
