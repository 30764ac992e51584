"""What the earlier version does: a county and three stations live through a day, and are stopped with facts still
waiting.

This file runs in the earlier version's own folder, with its code: ``python before.py FOLDER SEED TOUCHES``. It leaves
in ``FOLDER`` what a county and its stations have on their disks, and in ``presented.json`` how often each person was
presented at each station.
"""

import json
import sys
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import make_cast
from firmware_scripts.demo.presenter import Presenter
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation

LIGHT_S = 30.0


def main() -> None:
    folder, seed, touches = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    presenter = Presenter()
    with Bench(folder, make_cast(people_per_station=2 * touches, seed=seed), pcsc=False) as bench:
        for station in bench.stations:
            present(presenter, station, first=0, touches=touches)
        stored = "select count(*) from attendance_touch"
        wanted = [[str(touches * len(bench.stations))]]
        wait_until(lambda: bench.county.sql(stored) == wanted, what="every touch", timeout_s=90, every_s=0.3)
        bench.county.tool("hold", "mosquitto")
        for station in bench.stations:
            present(presenter, station, first=touches, touches=touches)
    presented = Counter({f"{station}/{person}": count for (station, person), count in presenter.presented.items()})
    (folder / "presented.json").write_text(json.dumps(presented), encoding="utf-8")


def present(presenter: Presenter, station: DemoStation, *, first: int, touches: int) -> None:
    """Present as many people one after the other, each until the lamp has lit."""
    for person in station.cast.people[first : first + touches]:
        before = len(station.lights())
        presenter.simulated(station, person)
        wait_until(lambda: len(station.lights()) > before, what="a light", timeout_s=LIGHT_S)  # noqa: B023


if __name__ == "__main__":
    main()
