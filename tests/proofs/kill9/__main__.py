"""``./run prove kill9 --runs N``: N kills under traffic, then the outsider's reckoning."""

import shutil
import sys
import tempfile
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.kill9.kills import Kills

BAD = (
    *("lost", "doubled", "invented", "too_many_unseen", "unexplained", "unanswered", "answered_twice", "run_twice"),
    *("blobs_lost", "blobs_doubled", "twin_unsettled", "locked_out"),
)

_PEOPLE = 400


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove kill9", runs=200).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("kill9", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cunhui-kill9-"))
    folder.chmod(0o755)
    try:
        with Bench(folder, make_cast(people_per_station=_PEOPLE, seed=seed), pcsc=False) as bench:
            found = Kills(bench, seed=seed).run(options.runs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    said = report.finish(as_json=options.json, **found)
    return exit_code(said, *BAD, repeat=f"./run prove kill9 --runs {options.runs} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
