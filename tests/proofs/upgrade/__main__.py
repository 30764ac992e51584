"""``./run prove upgrade``: this version opens outboxes, pictures and a database of an earlier commit.

The earlier commit's own code makes them, from a copy of its files. When it is stopped, half of the touches are still on
the stations' disks. Then this commit's code starts on the same folders. The outsider's reckoning says whether every
light that was ever shown has become a row, and every picture a file.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.observer import lit_facts, reckon, touch_rows, whole_pictures
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code

BEFORE = "2e520dc872e1e399ab97461ca764b18964228d8b"
"""The last commit before the files moved into rooms."""
BAD = ("lost", "doubled", "invented", "pictures_lost", "unexplained", "not_drained", "nothing_waited")
DRAINED_S = 180.0

_HERE = Path(__file__).with_name("before.py")


def main() -> int:
    """Run the proof."""
    parser = arguments("./run prove upgrade", touches=40)
    parser.add_argument("--before", default=BEFORE, metavar="COMMIT", help="the earlier version (default: %(default)s)")
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    report = Report("upgrade", seed=seed)
    root = Path(tempfile.mkdtemp(prefix="cunhui-upgrade-"))
    root.chmod(0o755)
    try:
        code, folder = root / "code", root / "village"
        take_out(options.before, code)
        folder.mkdir()
        live_before(code, folder, seed=seed, touches=options.touches)
        found = go_on(folder, seed=seed, touches=options.touches)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    said = report.finish(as_json=options.json, before=options.before, **found)
    return exit_code(said, *BAD, repeat=f"./run prove upgrade --seed {seed}")


def take_out(commit: str, code: Path) -> None:
    """Write the files of a commit into ``code``.

    Raises:
        subprocess.CalledProcessError: This checkout does not have that commit.
    """
    code.mkdir()
    archive = subprocess.run(["git", "archive", commit], capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", str(code)], input=archive.stdout, check=True)


def live_before(code: Path, folder: Path, *, seed: int, touches: int) -> None:
    """Have the earlier version live through a day in ``folder``."""
    command = [sys.executable, str(_HERE), str(folder), str(seed), str(touches)]
    subprocess.run(command, cwd=code, env={**os.environ, "PYTHONPATH": str(code)}, check=True)


def go_on(folder: Path, *, seed: int, touches: int) -> dict[str, Value]:
    """Start this version on the earlier one's folders, wait until everything has come, and reckon."""
    bench = Bench(folder, make_cast(people_per_station=2 * touches, seed=seed), pcsc=False)
    not_drained = 0
    try:
        bench.county.start()
        before = len(touch_rows(bench.county))
        for station in bench.stations:
            station.start()
        lit = {(station.cast.id, fact) for station in bench.stations for fact in lit_facts(station.lights())}
        taken = sum(station.pictures_taken() for station in bench.stations)
        try:
            wait_until(
                lambda: len(touch_rows(bench.county)) >= len(lit) and whole_pictures(bench.county) >= taken,
                what="everything",
                timeout_s=DRAINED_S,
                every_s=0.5,
            )
        except NotInTime:
            not_drained = 1
        rows = touch_rows(bench.county)
        counted = json.loads((folder / "presented.json").read_text(encoding="utf-8"))
        presented = Counter({tuple(key.split("/")): count for key, count in counted.items()})
        lights = {station.cast.id: station.lights() for station in bench.stations}
        sums = reckon(presented=presented, lights=lights, rows=rows)
        return {
            "touches": sum(presented.values()),
            "green": sums.green,
            "stored_before": before,
            "stored": sums.stored,
            "lost": sums.lost,
            "doubled": sums.doubled,
            "invented": sums.invented,
            "pictures": taken,
            "pictures_lost": max(0, taken - whole_pictures(bench.county)),
            "unexplained": bench.county.unexplained(),
            "not_drained": not_drained,
            "nothing_waited": int(before >= len(lit)),
        }
    finally:
        bench.stop()


if __name__ == "__main__":
    sys.exit(main())
