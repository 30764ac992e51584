"""``./run prove rollback --runs N``: roll the file back, clone it, flip bits, cut it short, spoil it; then let both
sides agree.

The county is its own ingest on a private PostgreSQL cluster, in every run. With ``--real-every N`` it is that in one
run of N and a model in the others; with 0 it is the model in all runs.
"""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.power_cut.workload import RECORD_KEY, STATION
from tests.proofs.private_county import county_home, temporary
from tests.proofs.rollback.county import ModelCounty
from tests.proofs.rollback.history import Findings, live_and_judge

if TYPE_CHECKING:
    from tests.proofs.rollback.real_county import RealCounty

BAD = ("lost", "unstated", "doubled", "invented", "contradictions", "unfounded", "refused_to_start", "crashes")
RECORD_PUBLIC_KEY = RECORD_KEY.public_key().public_bytes_raw()


def prove(*, runs: int, seed: int, real: "RealCounty | None" = None, real_every: int = 1) -> Findings:
    """Live through the histories of ``seed``, ``seed + 1``, …"""
    findings = Findings()
    for number in range(runs):
        with temporary("rollback") as name:
            if real is not None and number % real_every == 0:
                real.begin()
                findings.real += 1
                live_and_judge(Path(name), real, seed=seed + number, findings=findings)
            else:
                model = ModelCounty(station=STATION, record_key=RECORD_PUBLIC_KEY)
                live_and_judge(Path(name), model, seed=seed + number, findings=findings)
    return findings


@contextmanager
def real_county() -> Iterator["RealCounty"]:
    """Keep a county up for the context. Django's settings are read here for the first time in this process."""
    with county_home("rollback") as home:
        from tests.proofs.rollback.real_county import running_county  # noqa: PLC0415 - needs `django.setup`

        with running_county(home, station=STATION, record_key=RECORD_PUBLIC_KEY) as county:
            yield county


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove rollback", runs=300, real_every=1).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    seed = chosen_seed(options.seed)
    report = Report("rollback", seed=seed)
    if options.real_every:
        with real_county() as county:
            findings = prove(runs=options.runs, seed=seed, real=county, real_every=options.real_every)
    else:
        findings = prove(runs=options.runs, seed=seed)
    for example in findings.examples[:10]:
        print(example, file=sys.stderr)
    found = {name: getattr(findings, name) for name in (*BAD, "stated", "destroyed_but_shown")}
    result = report.finish(
        as_json=options.json,
        runs=options.runs,
        runs_on_real_ingest=findings.real,
        runs_by_fault=dict(findings.by_fault),
        **found,
    )
    failed = findings.examples[0].split(",")[0].removeprefix("seed ") if findings.examples else str(seed)
    model = " --real-every 0" if not options.real_every else ""
    return exit_code(result, *BAD, repeat=f"./run prove rollback --runs 1 --seed {failed}{model}")


if __name__ == "__main__":
    sys.exit(main())
