"""``./run prove visits``: is anything of a visit left when it is over, and how many guesses does a PIN get?"""

import asyncio
import logging
import signal
import sys
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.private_county import county_home, private_cluster, temporary
from tests.proofs.visits.planted import GUESSING, PLANTED, VISITING
from tests.proofs.visits.visiting import Visited, visit_all

VISITS, DAYS = 5_000, 90
SMALL_VISITS, SMALL_DAYS = 60, 2
BAD = ("canaries_after", "foreign_lines", "stuck", "found_right", "guesses_too_many", "not_caught")
NOT_COVERED = "the socket's own buffers, the broker, a real Pi, a camera at the keypad, who looks over a shoulder"


def visited(visits: int, seed: int) -> Visited:
    """Have so many visits at a fresh station."""
    with temporary("visits") as name:
        return asyncio.run(visit_all(Path(name), visits=visits, seed=seed))


def _is_bad(found: Visited) -> bool:
    return bool(found.canaries_after or found.foreign_lines or found.stuck)


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove visits", visits=VISITS, days=DAYS).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("visits", seed=seed)
    logging.disable(logging.CRITICAL)
    found = visited(options.visits, seed)
    not_caught = []
    for name, plant in VISITING.items():
        with plant():
            if not _is_bad(visited(SMALL_VISITS, seed)):
                not_caught.append(name)
    with county_home("visits") as home, private_cluster(home):
        # Django's models can be imported only now.
        from tests.proofs.visits.guessing import MOST, guess_all, small_is_caught  # noqa: PLC0415

        with temporary("visits") as folder:
            guessed = guess_all(Path(folder), seed=seed, days=options.days)
        for name, plant in GUESSING.items():
            with plant(), temporary("visits") as folder:
                if not small_is_caught(Path(folder), seed=seed, days=SMALL_DAYS):
                    not_caught.append(name)
    for example in found.examples:
        print(example, file=sys.stderr)
    result = report.finish(
        as_json=options.json,
        visits=found.visits,
        opened_by=dict(found.by),
        ended_by=dict(found.ended),
        screens_drawn=found.drawn,
        canaries_after=found.canaries_after,
        foreign_lines=found.foreign_lines,
        stuck=found.stuck,
        days=guessed.days,
        plugs_pulled=guessed.plugs_pulled,
        guesses_of_a_person=guessed.most(),
        guesses_at=dict(guessed.by_place()),
        guesses_too_many=max(0, guessed.most() - MOST),
        found_right=guessed.found_right,
        planted=len(PLANTED),
        caught=len(PLANTED) - len(not_caught),
        not_caught=not_caught,
        not_covered=NOT_COVERED,
    )
    repeat = f"./run prove visits --visits {options.visits} --days {options.days} --seed {seed}"
    return exit_code(result, *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
