"""``./run prove guard``: texts of village offices, and their numbers written otherwise; what slips through?

The texts that were written before the guard and those of a fresh reader afterwards are reported apart. A text must be
stopped for what its author says is in it. The time is that of a document as large as a bundle may hold.
"""

import sys
import time
from random import Random

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from protocol.bundles import MAX_CONTENT_BYTES
from server_broker.guard.finding import County, find
from tests.server_broker.guard.texts import CORPUS, Entry, Figures, county, entries, judged, mutant

FALSE_HITS_ALLOWED = 0.02
LARGEST_S = 1.0
_PROSE = "关于示例村2026年11月份财务收支情况的公示，收入138,001.38元，支出23项，请村民监督。"


def _figures(name: str, found: Figures) -> dict[str, Value]:
    share = len(found.false_hits) / found.to_pass if found.to_pass else 0.0
    return {
        f"{name}_to_stop": found.to_stop,
        f"{name}_undetected": len(found.undetected),
        f"{name}_undetected_texts": list(found.undetected[:20]),
        f"{name}_to_pass": found.to_pass,
        f"{name}_false_hits": len(found.false_hits),
        f"{name}_false_hit_texts": list(found.false_hits[:20]),
        f"{name}_too_many_false_hits": int(share > FALSE_HITS_ALLOWED),
    }


def _mutants(texts: list[Entry], count: int, seed: int) -> list[Entry]:
    random = Random(seed)
    numbers = [entry for entry in texts if entry.wanted and "secret_word" not in entry.wanted]
    return [mutant(random.choice(numbers), random) for _ in range(count)]


def _seconds_of_the_largest(by: County) -> float:
    text = _PROSE * (MAX_CONTENT_BYTES // len(_PROSE.encode()))
    took = []
    # The best of three, because what else the machine does costs time of the processor's caches too.
    for _ in range(3):
        began = time.process_time()
        find(text, by)
        took.append(time.process_time() - began)
    return round(min(took), 3)


def main() -> int:
    """Run the proof."""
    parser = arguments("prove guard", mutants=5_000)
    options = parser.parse_args()
    seed, by = chosen_seed(options.seed), county()
    report = Report("prove guard", seed=seed)
    before, later = entries(CORPUS), entries(CORPUS / "later")
    mutants = judged(_mutants([*before, *later], options.mutants, seed), by)
    seconds = _seconds_of_the_largest(by)
    found = report.finish(
        as_json=options.json,
        **_figures("before", judged(before, by)),
        **_figures("later", judged(later, by)),
        mutants=options.mutants,
        mutants_undetected=len(mutants.undetected),
        mutants_undetected_texts=sorted(set(mutants.undetected))[:20],
        largest_cpu_s=seconds,
        too_slow=int(seconds > LARGEST_S),
    )
    return exit_code(
        found,
        *("before_undetected", "before_too_many_false_hits", "later_undetected", "later_too_many_false_hits"),
        *("mutants_undetected", "too_slow"),
        repeat=f"./run prove guard --seed {seed} --mutants {options.mutants}",
    )


if __name__ == "__main__":
    sys.exit(main())
