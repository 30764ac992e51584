"""``./run bench settlement``: what it costs a county with a year behind it to settle, to make sheets, and to show them.

A county's day is settled as the chore does it, a village's month is settled again, the sheets are written, the pages
are opened: at a quarter of the size, at the size, and at twice the size. What stations told
is made by `firmware_scripts.demo.past`.
"""

import datetime as dt
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.duty.county import PEOPLE_A_VILLAGE, VILLAGES_A_TOWNSHIP, make_history, make_regions, workbooks
from tests.benchmarks.duty.importing import take_in
from tests.benchmarks.measures.sizes import each_in_its_own_process, slopes

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

SHARES = (0.25, 1.0, 2.0)
_OF_THE_HISTORY = ("absences", "absence_records")
_GROWING = ("county_day_s", "county_day_marked_s", "county_month_sheet_s")
"""Figures of which a county of twice the size may cost twice as much."""


def main() -> int:
    """Run the bench."""
    options = arguments("./run bench settlement", villages=500, days=365)
    options.add_argument("--shares", type=float, nargs="+", default=SHARES, help="sizes, as shares of the villages")
    chosen = options.parse_args()
    seed = chosen_seed(chosen.seed)
    if len(chosen.shares) > 1:
        return _all_sizes(chosen.shares, chosen.villages, chosen.days, seed, as_json=chosen.json)
    villages = max(VILLAGES_A_TOWNSHIP, round(chosen.villages * chosen.shares[0]))
    report = Report("settlement", seed=seed)
    found = _size(villages, chosen.days, seed=seed)
    report.finish(as_json=chosen.json, villages=villages, people=villages * PEOPLE_A_VILLAGE, **found)
    return 0


def _all_sizes(shares: list[float], villages: int, days: int, seed: int, *, as_json: bool) -> int:
    """Run the bench for each share and put the reports together."""
    report = Report("settlement", seed=seed)
    said = ["--seed", str(seed), "--villages", str(villages), "--days", str(days)]
    sizes = each_in_its_own_process("tests.benchmarks.settlement", shares, said)
    report.finish(as_json=as_json, days=days, slopes=slopes(sizes, _GROWING), sizes=sizes)
    return 0


def _size(villages: int, days: int, *, seed: int) -> dict[str, Value]:
    from tests.proofs.private_county import county_home, private_cluster  # noqa: PLC0415

    # A year of a large county is larger than the memory of a small machine, so the database is on the disk.
    with county_home("cunhui-settlement", in_memory=False) as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        with private_cluster(home):
            made = _make(home, villages, days, seed)
            command = [sys.executable, "-m", "tests.benchmarks.settlement.measuring"]
            done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ)
    return {"made": dict[str, Value](made), "figures": json.loads(done.stdout.splitlines()[-1])}


def _make(home: "CountyHome", villages: int, days: int, seed: int) -> dict[str, int]:
    """Make the county as it is today: people, cards, windows, posts, absences, and what its stations told."""
    from django.utils import timezone  # noqa: PLC0415

    from firmware_scripts.demo.past import known_since, make_past  # noqa: PLC0415
    from server_broker.workdays.libraries import note_libraries  # noqa: PLC0415

    last = timezone.localdate() - dt.timedelta(days=1)
    first = last - dt.timedelta(days=days - 1)
    note_libraries()
    make_regions(villages)
    for file in workbooks(villages):
        take_in(file)
    made = make_history(seed=seed, touch_years=0, only=_OF_THE_HISTORY)
    known_since(first)
    return made | make_past(first, last, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
