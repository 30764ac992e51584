"""``./run prove learning``: one person at three stations, whatever happens; does each station say what one would have?

The plain scorer (`tests.scoring`) reckons by the rules alone, from the bytes of the facts. Most histories are lived in
this process (`tests.proofs.learning.histories`), and ``--real`` people live theirs at the kiosks of real agents, with a
real county (`tests.proofs.learning.real`; root is needed).
"""

import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.learning.draws import LEAST_WELL, SEEDS, by_the_product, favours, well
from tests.proofs.learning.histories import lives
from tests.proofs.learning.planted import MOST_LIVES, PLANTED, is_caught, made
from tests.proofs.learning.real import Really, live_really

WORKERS = 2
CHUNK = 25
SCREENS = 6
"""On average so many times at least what one person has learnt must have been read from a kiosk's screen."""
REPEATED = 1_000_000
"""Seeds of histories are this many apart for each seed of the proof."""


class Lived(NamedTuple):
    """What some histories came to."""

    histories: int = 0
    visits: int = 0
    compared: int = 0
    differences: tuple[str, ...] = ()

    def and_(self, other: "Lived") -> "Lived":
        """Return both together."""
        return Lived(
            self.histories + other.histories,
            self.visits + other.visits,
            self.compared + other.compared,
            self.differences + other.differences,
        )


def lived(seeds: range) -> Lived:
    """Live some histories and compare what the stations say."""
    logging.disable(logging.CRITICAL)
    found = Lived()
    folder = Path(tempfile.mkdtemp(prefix="learning-", dir="/dev/shm"))
    try:
        for seed, life in zip(seeds, lives(seeds, lambda seed: made(folder / str(seed))), strict=True):
            differences = tuple(f"history {seed}: {one}" for one in life.differences)
            found = found.and_(Lived(1, life.visits, life.compared, differences))
            shutil.rmtree(folder / str(seed))
    finally:
        shutil.rmtree(folder)
    return found


def _parts(first: int, count: int) -> Iterator[range]:
    for begin in range(first, first + count, CHUNK):
        yield range(begin, min(begin + CHUNK, first + count))


def main() -> int:
    """Run the proof."""
    parser = arguments("prove learning", histories=1_000, real=50)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report, first = Report("prove learning", seed=seed), seed % 1_000 * REPEATED
    pools, orders = well([favours(by_the_product, first + number) for number in range(SEEDS)])
    total = Lived()
    with ProcessPoolExecutor(WORKERS, initializer=signal.signal, initargs=(signal.SIGTERM, signal.SIG_DFL)) as workers:
        parts = [workers.submit(lived, part) for part in _parts(first, options.histories)]
        try:
            # The real county lets some minutes pass before it computes for the first time.
            real = live_really(options.real, seed=seed) if options.real else Really()
        except BaseException:
            workers.shutdown(wait=False, cancel_futures=True)
            raise
        for part in parts:
            total = total.and_(part.result())
    for difference in total.differences:
        print(difference, file=sys.stderr, flush=True)
    logging.disable(logging.CRITICAL)
    caught = [fault.__name__ for fault in PLANTED if is_caught(fault, range(first, first + MOST_LIVES))]
    found = report.finish(
        as_json=options.json,
        histories=total.histories,
        visits=total.visits,
        compared=total.compared,
        differences=len(total.differences) + len(real.differences),
        **real.said(),
        seeds_with_fair_pools=pools,
        seeds_with_fair_options=orders,
        seeds=SEEDS,
        unfair=int(min(pools, orders) < LEAST_WELL),
        planted=len(PLANTED),
        caught=len(caught),
        undetected=[fault.__name__ for fault in PLANTED if fault.__name__ not in caught],
    )
    return exit_code(
        {
            **found,
            "undetected": len(PLANTED) - len(caught),
            "screens_too_few": max(0, SCREENS * options.real - real.compared),
        },
        *("differences", "unfair", "undetected", "real_problems", "screens_too_few"),
        repeat=f"./run prove learning --seed {seed} --histories {options.histories} --real {options.real}",
    )


if __name__ == "__main__":
    sys.exit(main())
