"""``./run prove revocation``: a revocation that is interrupted at every step takes effect within seconds.

The program that does it is killed, the disk is full, or the broker hangs or dies. Hundreds or thousands of other
stations are connected meanwhile.
"""

import random
import sys
from contextlib import suppress
from pathlib import Path
from queue import Empty

from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.conftest import short_folder
from tests.integration.small_disk import SmallDisk
from tests.proofs.revocation.crowd import Crowd
from tests.proofs.revocation.line import Line
from tests.proofs.revocation.runs import Bench, Revoker, kinds, plan
from tests.proofs.revocation.undisturbed import costs
from tests.proofs.strangers.county import County
from tests.proofs.strangers.visitor import Visitor, county_client

ROUNDS = ((500, 300), (10_000, 30))
"""Stations that are connected, and runs: what is done if nothing else is asked for."""
COUNTY_MEGABYTES = 500
MEGABYTES_A_STATION = 0.05
BAD = ("admitted_after_5s", "unfinished", "said_wrongly", "shut_out")
CHORES_S = 30.0
"""The program that revokes has ten seconds before a chore does its part in the database; the chore looks every five."""
_BACK_S = 300.0
"""How long stations that were cut off with a broker that died take to come back."""


def main() -> int:
    """Run the proof. Only root can mount the county's small disk."""
    parser = arguments("./run prove revocation", runs=0, stations=0, years=0)
    options = parser.parse_args()
    seed = chosen_seed(options.seed)
    report = Report("revocation", seed=seed)
    rounds = ((options.stations, options.runs or 100),) if options.runs or options.stations else ROUNDS
    found = []
    for stations, runs in rounds:
        with short_folder() as folder:
            folder.chmod(0o755)
            found.append(prove(folder, runs=runs, seed=seed, stations=stations, years=options.years))
    sums = {name: _sum(found, name) for name in ("runs", "cases", "repeated", *BAD)}
    said = report.finish(as_json=options.json, **sums, rounds=found)
    again = f" --runs {options.runs} --stations {options.stations}" if options.runs or options.stations else ""
    return exit_code(said, *BAD, repeat=f"./run prove revocation{again} --seed {seed}")


def _sum(found: list[dict[str, Value]], name: str) -> int:
    return sum(count for one in found if isinstance(count := one[name], int))


def prove(folder: Path, *, runs: int, seed: int, stations: int = 0, years: int = 0) -> dict[str, Value]:
    """Do all runs in one county on a small disk of its own, and return what the report says of it.

    Args:
        stations: How many others are connected meanwhile.
        years: For how long they have been enrolled, by their renewals in the journal.
    """
    home = folder / "county"
    disk = SmallDisk(home, megabytes=COUNTY_MEGABYTES + int(MEGABYTES_A_STATION * stations * (1 + years)))
    with (
        disk,
        County(home, "ingest") as county,
        Revoker(county) as revoker,
        Crowd(county, stations, years=years, folder=folder / "crowd") as crowd,
        _Wills(county) as wills,
    ):
        bench = Bench(county, revoker, wills=wills.heard)
        control = bench.control()
        calm = costs(county, revoker) if stations else {}
        steps = bench.steps()
        cases = plan(runs, steps, random.Random(seed))
        for number, case in enumerate(cases, 1):
            bench.run(case, f"run-{number:05}")
        bench.finish(within_s=CHORES_S)
        with Line(county.broker_port, control.station, control.tls()) as line:
            works = line.admitted and control.renew().admitted
        missing = _missing(crowd, stations)
    found = bench.found
    wrong = [*found.admitted, *found.unfinished, *found.said_wrongly]
    for one in wrong:
        print(f"wrong: {one}", file=sys.stderr, flush=True)
    return {
        "stations": stations,
        "years": years,
        "runs": len(cases),
        "cases": kinds(cases),
        "steps": dict(steps),
        "repeated": bench.repeated,
        "admitted_after_5s": len(found.admitted),
        "unfinished": len(found.unfinished),
        "said_wrongly": len(found.said_wrongly),
        "shut_out": (0 if works else 1) + missing,
        "slowest_s": round(bench.slowest_s, 2),
        **calm,
        "wrong": list(wrong),
    }


class _Wills:
    """Hears which stations' wills the broker publishes, as the ingest worker would. A context manager."""

    def __init__(self, county: County) -> None:
        self._county = county
        self._listening: Visitor | None = None

    def __enter__(self) -> "_Wills":
        self._listen()
        return self

    def _listen(self) -> None:
        # A broker that died is back in a second, among hundreds of stations that come back too.
        wait_until(self._hears, what="somebody who hears wills", timeout_s=20)

    def _hears(self) -> bool:
        self._listening = county_client(self._county, "wills")
        return self._listening.connect() and self._listening.subscribe("cunhui/1/+/+/gone") is not None

    def heard(self) -> set[str]:
        if self._listening is None or self._listening.closed.is_set():
            self._listen()  # after a broker that died
        heard: set[str] = set()
        with suppress(Empty):
            while self._listening is not None:
                heard.add(self._listening.messages.get_nowait()[0].split("/")[3])
        return heard

    def __exit__(self, *_: object) -> None:
        if self._listening is not None:
            self._listening.__exit__(None, None, None)


def _missing(crowd: Crowd, stations: int) -> int:
    with suppress(NotInTime):
        wait_until(lambda: crowd.connected() == stations, what="the crowd", timeout_s=_BACK_S, every_s=1.0)
    return stations - crowd.connected()


if __name__ == "__main__":
    sys.exit(main())
