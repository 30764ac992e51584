"""``./run prove contract``: contracts 1.0 and 1.1 understand one another, and no bytes crash a reader."""

import shutil
import signal
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.contract.matrix import read_all
from tests.proofs.contract.mutants import Outcome, kinds, try_kind
from tests.proofs.contract.versions import OLD, take_out
from tests.proofs.contract.weeks import Found, new_station_old_county, old_station_new_county

WORKERS = 2
BAD = (
    *("refused_wrongly", "crashes", "slow", "lost", "doubled", "held_wrongly", "read_wrongly", "not_reread"),
    *("still_held", "rows_missing", "nothing_held", "nothing_killed"),
)


def main() -> int:
    """Run the proof."""
    parser = arguments("./run prove contract", mutants=200_000, days=7, facts_a_round=12, kills=12)
    parser.add_argument(
        "--old", default=OLD, metavar="COMMIT", help="the version of contract 1.0 (default: %(default)s)"
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("contract", seed=seed)
    root = Path(tempfile.mkdtemp(prefix="cunhui-contract-"))
    root.chmod(0o755)
    try:
        old = root / "old"
        take_out(options.old, old)
        matrix = read_all(old)
        terms = {"seed": seed, "days": options.days, "facts_a_round": options.facts_a_round, "kills": options.kills}
        weeks = {
            "old_station_new_county": old_station_new_county(root / "week1", old, **terms),
            "new_station_old_county": new_station_old_county(root / "week2", old, **terms),
        }
        outcome = try_mutants(options.mutants, seed=seed)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    examples = [*matrix.examples, *outcome.examples, *(line for week in weeks.values() for line in week.examples)]
    for example in examples[:20]:
        print(example, file=sys.stderr)
    said = report.finish(
        as_json=options.json,
        old=options.old,
        messages_read=matrix.cases,
        by_outcome=dict(matrix.by_outcome),
        refused_wrongly=matrix.refused_wrongly,
        kinds=len(kinds()),
        mutants_of_each=options.mutants,
        mutants=outcome.mutants,
        mutants_read=outcome.read,
        mutants_refused=dict(outcome.by_reason),
        crashes=outcome.crashes,
        slow=outcome.slow,
        **summed(weeks),
    )
    return exit_code(said, *BAD, repeat=f"./run prove contract --seed {seed} --mutants {options.mutants}")


def try_mutants(count: int, *, seed: int) -> Outcome:
    """Read the mutants of all kinds, in some processes at a time."""
    total = Outcome()
    if count:
        with ProcessPoolExecutor(WORKERS) as pool:
            for outcome in [pool.submit(try_kind, name, count=count, seed=seed) for name in kinds()]:
                total.add(outcome.result())
    return total


def summed(weeks: dict[str, Found]) -> dict[str, Value]:
    """Return the counts of both weeks together, and each week by itself."""
    later = weeks["new_station_old_county"]
    totals = {name: sum(getattr(week, name) for week in weeks.values()) for name in ("facts", "kills")}
    bad = ("lost", "doubled", "held_wrongly", "read_wrongly", "still_held", "rows_missing")
    return {
        **totals,
        **{name: sum(getattr(week, name) for week in weeks.values()) for name in bad},
        "sent_of_later_kinds": later.sent_of_later_kinds,
        "held_and_reread": later.held_and_reread,
        "not_reread": abs(later.sent_of_later_kinds - later.held_and_reread),
        "nothing_held": int(later.held == 0),
        "nothing_killed": int(any(week.kills == 0 for week in weeks.values())),
        **{
            name: {key: value for key, value in asdict(week).items() if key != "examples"}
            for name, week in weeks.items()
        },
    }


if __name__ == "__main__":
    sys.exit(main())
