"""``./run prove rollback --runs N``: roll back, clone, flip, cut short, spoil the file; then come to terms."""

import logging
import sys
import tempfile
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.rollback.history import Findings, live_and_judge

BAD = ("lost", "unstated", "doubled", "invented", "refused_to_start", "crashes")
MEMORY = Path("/dev/shm")


def prove(*, runs: int, seed: int) -> Findings:
    """Live through the histories of ``seed``, ``seed + 1``, …"""
    findings = Findings()
    for number in range(runs):
        with tempfile.TemporaryDirectory(prefix="rollback-", dir=MEMORY if MEMORY.is_dir() else None) as name:
            live_and_judge(Path(name), seed=seed + number, findings=findings)
    return findings


def main() -> int:
    """Run the proof."""
    options = arguments("rollback", runs=300).parse_args()
    logging.getLogger("agent").setLevel(logging.ERROR)
    seed = chosen_seed(options.seed)
    report = Report("rollback", seed=seed)
    findings = prove(runs=options.runs, seed=seed)
    for example in findings.examples[:10]:
        print(example, file=sys.stderr)
    found = {name: getattr(findings, name) for name in (*BAD, "stated", "unexplained")}
    by_fault = dict(findings.by_fault)
    result = report.finish(as_json=options.json, runs=options.runs, runs_by_fault=by_fault, **found)
    repeat = findings.examples[0].split(",")[0].removeprefix("seed ") if findings.examples else str(seed)
    return exit_code(result, *BAD, repeat=f"./run prove rollback --runs 1 --seed {repeat}")


if __name__ == "__main__":
    sys.exit(main())
