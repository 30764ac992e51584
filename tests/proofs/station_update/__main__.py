"""``./run prove station-update --runs N``: a station installed by hand gets good, ill, broken and forged versions.

The update is killed at random moments.

apt, dpkg, the repository and its signatures are the real ones, in a root folder of the run's own. The judge asks dpkg
and compares every file of the package with what it must be.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.conftest import short_folder
from tests.firmware_scripts.ota.hand_station import PARTS, HandStation, make_deb, part_of

BAD = ("refused_to_start", "torn", "differences", "admitted", "tried_again")
SIZE = 8_000_000
"""Bytes of a package: enough for dpkg to be met in the middle of it."""
OFFERED = ("good", "ill", "fails", "forged")
LIMIT_S = 300


class Runs:
    """Plays runs and counts what a judge finds."""

    def __init__(self) -> None:
        self.found: Counter[str] = Counter()
        self.by_kind: Counter[str] = Counter()
        self.kills_met = 0
        self._usual_s = 4.0

    def play(self, folder: Path, *, seed: int) -> list[str]:
        """Play one run; return what was wrong in it."""
        chance = random.Random(seed)
        kind, killed = chance.choice(OFFERED), chance.random() < 0.7
        self.by_kind[f"{kind}{', killed' if killed else ''}"] += 1
        station = HandStation(folder)
        try:
            os.environ["APT_CONFIG"] = str(station.conf)
            first = make_deb(folder, "1", size=SIZE)
            station.install(first)
            station.offer(first)
            script = "exit 1" if kind == "fails" else ""
            station.offer(make_deb(folder, "2", size=SIZE, codes=[41] if kind == "ill" else [26], script=script))
            if kind == "forged":
                _forge(station, folder)
            self._update(station, kill_after_s=chance.uniform(0, self._usual_s) if killed else None)
            # The power comes back, the machine boots, and the timer runs.
            for verb in ("recover", "run", "run"):
                self._call(station, verb)
            wrong = _judged(station, kind)
            station.asked.clear()
            self._call(station, "run")
            if kind in ("ill", "fails") and any(name.endswith(".deb") for name in station.asked):
                wrong.append("tried_again")
        finally:
            station.close()
        self.found.update(wrong)
        return wrong

    def _update(self, station: HandStation, *, kill_after_s: float | None) -> None:
        began = time.monotonic()
        if kill_after_s is None:
            self._call(station, "run")
            self._usual_s = time.monotonic() - began
            return
        process = subprocess.Popen(station.command(), start_new_session=True, stdout=subprocess.DEVNULL)
        try:
            process.wait(kill_after_s)
        except subprocess.TimeoutExpired:
            self.kills_met += 1
        # apt and dpkg too: nothing goes on after a power cut.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(LIMIT_S)

    def _call(self, station: HandStation, verb: str) -> None:
        subprocess.run(station.command(verb), stdout=subprocess.DEVNULL, timeout=LIMIT_S, check=False)


def _forge(station: HandStation, folder: Path) -> None:
    """Put another package of the same name and version in the place of the signed one."""
    (folder / "forged").mkdir()
    forged = make_deb(folder / "forged", "2", size=SIZE, codes=[99])
    station.replaced["pool/main/c/cunhui-station/cunhui-station_2_amd64.deb"] = forged.read_bytes()[:-1] + b"x"


def _judged(station: HandStation, kind: str) -> list[str]:
    """Ask dpkg, and read every file."""
    root = station.machine.root
    form = "--showformat=${db:Status-Status} ${Version}"
    query = ["dpkg-query", f"--admindir={root}/var/lib/dpkg", "--show", form, "cunhui-station"]
    status, _, version = subprocess.run(query, capture_output=True, text=True, check=False).stdout.partition(" ")
    if status != "installed":
        return ["refused_to_start"]
    wrong = []
    parts = [(root / "usr/lib" / f"part-{number}").read_bytes() for number in range(PARTS)]
    if parts != [part_of(version, number, SIZE // PARTS) for number in range(PARTS)]:
        wrong.append("torn")
    if kind == "forged" and version == "2":
        wrong.append("admitted")
    elif version != ("2" if kind == "good" else "1"):
        wrong.append("differences")
    return wrong


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove station-update", runs=40).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("station-update", seed=seed)
    runs, failed = Runs(), None
    for number in range(options.runs):
        with short_folder() as folder:
            wrong = runs.play(folder, seed=seed + number)
        if wrong:
            print(f"seed {seed + number}: {', '.join(wrong)}", file=sys.stderr, flush=True)
            failed = seed + number if failed is None else failed
    result = report.finish(
        as_json=options.json,
        runs=options.runs,
        runs_by_kind=dict(sorted(runs.by_kind.items())),
        kills_in_the_middle=runs.kills_met,
        **{name: runs.found[name] for name in BAD},
    )
    repeat = f"./run prove station-update --runs 1 --seed {seed if failed is None else failed}"
    return exit_code(result, *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
