"""``./run bench learning``: what learning costs a station with a full shelf, a village's line, and a county.

A station with 20,000 questions is played at. A week with two new packs is counted on the line. A county's people,
pages and night are measured at three sizes, of which the largest has five million answers.
"""

import sys

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.duty.county import PEOPLE_A_VILLAGE, VILLAGES_A_TOWNSHIP
from tests.benchmarks.learning import county
from tests.benchmarks.learning.stations import measure_stations
from tests.benchmarks.measures.sizes import each_in_its_own_process, slopes

SHARES = (1 / 16, 1 / 4, 1.0)
PARTS = ("stations", "county")


def main() -> int:
    """Run the bench; return 0 if it ran, whether or not each goal is met."""
    options = arguments("./run bench learning", villages=500)
    options.add_argument("--shares", type=float, nargs="+", default=SHARES, help="sizes, as shares of the villages")
    options.add_argument("--only", choices=PARTS, help="this part alone")
    chosen = options.parse_args()
    seed = chosen_seed(chosen.seed)
    report = Report("learning", seed=seed)
    found: dict[str, Value] = {}
    if chosen.only != "county":
        found |= measure_stations(seed=seed)
    if chosen.only != "stations":
        found |= _county(chosen.shares, chosen.villages, seed)
    report.finish(as_json=chosen.json, **found)
    return 0


def _county(shares: list[float], villages: int, seed: int) -> dict[str, Value]:
    if len(shares) > 1:
        said = ["--seed", str(seed), "--villages", str(villages), "--only", "county"]
        sizes = each_in_its_own_process("tests.benchmarks.learning", shares, said)
        return {"slopes": slopes(sizes, county.GROWING), "sizes": sizes}
    own = max(VILLAGES_A_TOWNSHIP, round(villages * shares[0]))
    return {"villages": own, "people": own * PEOPLE_A_VILLAGE, **county.measure(own, seed=seed)}


if __name__ == "__main__":
    sys.exit(main())
