"""``./run prove upgrade``: county and stations pass from the release before to this one, and stations back again.

The earlier release's own code makes a village, from a copy of its files. When it is stopped, half of the touches are
still on the stations' disks. It starts again, and from then on people touch their cards without end. The county goes
first: killed once or twice in the middle of its migration. Then stations go to this release and back to the earlier
one, ``--runs`` times in all, each killed as it begins. In the end the county is restored from a dump of before its
upgrade. The outsider's reckoning says whether every light has become one row.

With ``--packages`` a county is upgraded as its administrator does it, by apt: see `tests.proofs.upgrade.installed`.

``--facts N`` puts N facts into the county's database before it is upgraded, and the report says how long that took.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.cast import make_cast
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.upgrade.installed import runs as installed
from tests.proofs.upgrade.journey import Journey
from tests.proofs.upgrade.releases import BEFORE, Release, earlier_release, this_release

BAD = (
    *("lost", "doubled", "invented", "reissued", "salvaged", "refused_to_start", "dark", "unexplained", "not_drained"),
    *("pictures_lost", "no_run"),
)
TIMED = ("facts_before", "county_ready_s", "migrated_s", "first_touch_s")
"""Told of each county by itself."""
RUNS_A_COUNTY = 25
"""So many runs, and a county of its own for each of these shares, because a county is upgraded once."""

_BEFORE_PROGRAM = Path(__file__).with_name("before.py")


def main() -> int:
    """Run the proof."""
    parser = arguments("./run prove upgrade", runs=0, touches=20, facts=0)
    parser.set_defaults(runs=None)
    parser.add_argument("--packages", action="store_true", help="by apt, from the first package to this commit's")
    parser.add_argument("--before", default=BEFORE, metavar="COMMIT", help="the earlier release (default: %(default)s)")
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    if options.runs is None:
        options.runs = 20 if options.packages else 50
    if options.packages:
        return installed.main(options, seed)
    report = Report("upgrade", seed=seed)
    root = Path(tempfile.mkdtemp(prefix="cunhui-upgrade-"))
    root.chmod(0o755)
    sums: Counter[str] = Counter()
    counties: list[Value] = []
    try:
        old, new = earlier_release(options.before, root / "code"), this_release()
        for release in (old, new):
            release.check()
        for number, first in enumerate(range(0, options.runs, RUNS_A_COUNTY)):
            runs = min(RUNS_A_COUNTY, options.runs - first)
            # Years of facts are put into the first county alone: it takes minutes, and one migration says it all.
            facts = 0 if number else options.facts
            folder = root / f"village-{number}"
            found = one_county(folder, old, new, seed=seed + number, touches=options.touches, runs=runs, facts=facts)
            counties.append({name: found.pop(name) for name in TIMED})
            sums.update({name: int(str(count)) for name, count in found.items()})
    finally:
        shutil.rmtree(root, ignore_errors=True)
    sums["no_run"] = int(options.runs == 0)
    said = report.finish(as_json=options.json, before=options.before, runs=options.runs, counties=counties, **sums)
    return exit_code(said, *BAD, repeat=f"./run prove upgrade --runs {options.runs} --seed {seed}")


def one_county(
    folder: Path, old: Release, new: Release, *, seed: int, touches: int, runs: int, facts: int
) -> dict[str, Value]:
    """Take one county and its stations the whole way, and return what an outsider finds."""
    folder.mkdir(mode=0o755)
    command = [sys.executable, str(_BEFORE_PROGRAM), str(folder), str(seed), str(touches)]
    subprocess.run(command, cwd=old.root, env={**os.environ, **old.environment}, check=True)
    cast = make_cast(people_per_station=2 * touches, seed=seed)
    return Journey(folder, cast, old=old, new=new, seed=seed).go(runs=runs, facts=facts, restores=True)


if __name__ == "__main__":
    sys.exit(main())
