"""``./run prove revocation``: a revocation that is killed or meets a full disk, at every step, takes effect within
seconds."""

import random
import sys
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.conftest import short_folder
from tests.integration.small_disk import SmallDisk
from tests.proofs.revocation.line import Line
from tests.proofs.revocation.runs import Bench, Revoker, kinds, plan
from tests.proofs.strangers.county import County

RUNS = 100
COUNTY_MEGABYTES = 500
CHORES_S = 30.0
"""The program that revokes has ten seconds before a chore does its part in the database; the chore looks every five."""


def main() -> int:
    """Run the proof. Only root can mount the county's small disk."""
    options = arguments("./run prove revocation", runs=RUNS).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("revocation", seed=seed)
    with short_folder() as folder:
        folder.chmod(0o755)
        found = prove(folder / "county", runs=options.runs, seed=seed)
    said = report.finish(as_json=options.json, **found)
    bad = ("admitted_after_5s", "unfinished", "said_wrongly", "shut_out")
    return exit_code(said, *bad, repeat=f"./run prove revocation --runs {options.runs} --seed {seed}")


def prove(home: Path, *, runs: int, seed: int) -> dict[str, Value]:
    """Do all runs in one county on a small disk of its own, and return the report's fields."""
    disk = SmallDisk(home, megabytes=COUNTY_MEGABYTES)
    with disk, County(home, "ingest") as county, Revoker(county) as revoker:
        bench = Bench(county, revoker)
        control = bench.control()
        steps = bench.steps()
        cases = plan(runs, steps, random.Random(seed))
        for number, case in enumerate(cases, 1):
            bench.run(case, f"run-{number:05}")
        bench.finish(within_s=CHORES_S)
        with Line(county.broker_port, control.station, control.tls()) as line:
            works = line.admitted and control.renew().admitted
    found = bench.found
    wrong = [*found.admitted, *found.unfinished, *found.said_wrongly]
    for one in wrong:
        print(f"wrong: {one}", file=sys.stderr, flush=True)
    return {
        "runs": len(cases),
        "cases": kinds(cases),
        "steps": dict(steps),
        "repeated": bench.repeated,
        "admitted_after_5s": len(found.admitted),
        "unfinished": len(found.unfinished),
        "said_wrongly": len(found.said_wrongly),
        "shut_out": 0 if works else 1,
        "slowest_s": round(bench.slowest_s, 2),
        "wrong": list(wrong),
    }


if __name__ == "__main__":
    sys.exit(main())
