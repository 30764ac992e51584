"""``./run bench duty``: what people, rosters and today's pages cost a county with five years behind it, at three sizes.

It imports all people, asks who is due on a county's day, opens the page 今日在岗, and computes what every station is
sent: at a quarter of the size, at the size, and at four times. Time on a processor stands beside that by the clock.
"""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.duty.county import PEOPLE_A_VILLAGE, YEARS, make_history, make_regions, workbooks
from tests.benchmarks.duty.importing import take_in
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.pages import officer_of, opened
from tests.benchmarks.measures.sizes import each_in_its_own_process

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

SHARES = (0.25, 1.0, 4.0)
MOST_TOUCHES = 16_000_000
"""At four times the size the touches of fewer years are there: writing 60 million would take an hour and 30 GB."""
TIMES = 5


def main() -> int:
    """Run the bench."""
    options = arguments("./run bench duty", villages=500)
    options.add_argument("--shares", type=float, nargs="+", default=SHARES, help="sizes, as shares of the villages")
    chosen = options.parse_args()
    seed = chosen_seed(chosen.seed)
    if len(chosen.shares) > 1:
        return _all_sizes(chosen.shares, chosen.villages, seed, as_json=chosen.json)
    villages = max(25, round(chosen.villages * chosen.shares[0]))
    report = Report("duty", seed=seed)
    found = _size(villages, seed=seed)
    report.finish(as_json=chosen.json, villages=villages, people=villages * PEOPLE_A_VILLAGE, **found)
    return 0


def _all_sizes(shares: list[float], villages: int, seed: int, *, as_json: bool) -> int:
    """Run the bench for each share and put the reports together."""
    report = Report("duty", seed=seed)
    said = ["--seed", str(seed), "--villages", str(villages)]
    sizes = each_in_its_own_process("tests.benchmarks.duty", shares, said)
    report.finish(as_json=as_json, years=YEARS, sizes=sizes)
    return 0


def _size(villages: int, *, seed: int) -> dict[str, Value]:
    from tests.proofs.private_county import county_home, private_cluster  # noqa: PLC0415

    touch_years = min(YEARS, MOST_TOUCHES / (villages * PEOPLE_A_VILLAGE * 2 * 261))
    with county_home("cunhui-duty") as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        with private_cluster(home):
            from server_broker.workdays.libraries import note_libraries  # noqa: PLC0415

            note_libraries()
            make_regions(villages)
            figures = [*_import(villages)]
            history = make_history(seed=seed, touch_years=touch_years)
            figures += [_due(), _today_page(), _bundles(home)]
    return {
        "touch_years": round(touch_years, 2),
        "history": dict[str, Value](history),
        "figures": [figure.line() for figure in figures],
    }


def _import(villages: int) -> list[Figure]:
    """Take in all people, cards and windows; then the same sheet with every tenth name changed."""
    figures = []
    for name, renamed in (("import", 0), ("import_again", 10)):
        said = [take_in(file) for file in workbooks(villages, renamed=renamed)]
        detail: dict[str, Value] = {"rows": [one["rows"] for one in said], "before_mb": said[0]["before_mb"]}
        seconds = round(sum(one["seconds"] for one in said), 2)
        figures.append(Figure(name=f"{name}_s", value=seconds, unit="s", goal=30.0, detail=detail))
        most = max(one["most_mb"] for one in said)
        figures.append(Figure(name=f"{name}_most_mb", value=most, unit="MB", goal=300.0))
    return figures


def _due() -> Figure:
    """Ask who is due in all villages on one day."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.duty.reading import Asked, turns_in  # noqa: PLC0415
    from server_broker.regions.models import Region  # noqa: PLC0415

    villages = list(Region.objects.exclude(code__endswith="000").values_list("identity", flat=True))
    day = timezone.localdate()
    turns, seconds, processor = _timed(lambda: turns_in(villages, Asked(day, day)))
    detail: dict[str, Value] = {"turns": len(turns), "processor_s": processor}
    return Figure(name="due_of_a_county_day_s", value=seconds, unit="s", goal=1.0, detail=detail)


def _today_page() -> Figure:
    """Open the page 今日 as officers of different townships."""
    from server_broker.regions.models import Region  # noqa: PLC0415

    townships = list(Region.objects.filter(code__endswith="000").exclude(code__endswith="000000").order_by("code"))
    officers = [officer_of(township) for township in townships[:20]]
    county = officer_of(Region.objects.get(code__endswith="000000"))
    return opened("today_page", lambda _: "/today/people/", officers, county)


def _bundles(home: "CountyHome") -> Figure:
    """Compute what every station is sent, all sources of the product together."""
    from django.utils import timezone  # noqa: PLC0415

    from server_broker.duty.marks import mark_changed  # noqa: PLC0415
    from server_broker.fleet.models import ShelfDue  # noqa: PLC0415
    from server_broker.fleet.shelf_changes import shelf_changed_under  # noqa: PLC0415
    from server_broker.supervisor.chores import shelf_keeper  # noqa: PLC0415

    home.bundles.mkdir(exist_ok=True)
    keeper, now = shelf_keeper(home), timezone.now()
    began = time.monotonic()
    # The rows of the history have marked what they are about, some stations many times. That is another figure.
    while mark_changed(now):
        pass
    marked = time.monotonic() - began

    def rebuild() -> int:
        shelf_changed_under("990101", at=now)
        changed = keeper.go_on(now)
        while ShelfDue.objects.exists():
            changed += keeper.go_on(now)
        return changed

    began, worked = time.monotonic(), time.process_time()
    changed = rebuild()
    first = time.monotonic() - began
    processor = time.process_time() - worked
    began = time.monotonic()
    rebuild()
    detail: dict[str, Value] = {
        "stations_changed": changed,
        "history_marked_s": round(marked, 2),
        "processor_s": round(processor, 2),
        "again_with_nothing_new_s": round(time.monotonic() - began, 2),
    }
    return Figure(name="bundles_of_the_county_s", value=first, unit="s", goal=60.0, detail=detail)


def _timed[T](do: Callable[[], T]) -> tuple[T, float, float]:
    """Return what it returns, and the median of some runs by the clock and on the processor, in seconds."""
    outcome, clock, processor = do(), [], []
    for _ in range(TIMES):
        began, worked = time.monotonic(), time.process_time()
        outcome = do()
        clock.append(time.monotonic() - began)
        processor.append(round(time.process_time() - worked, 3))
    return outcome, sorted(clock)[TIMES // 2], sorted(processor)[TIMES // 2]


if __name__ == "__main__":
    sys.exit(main())
