"""``./run prove settlement``: does every window come to what docs/rules.md says, in whatever order things arrive?

Two reckonings that share no line, the engine (`server_broker.settlement`) and the second reckoning (`tests.reckoning`),
are given made-up months of villages, and must say the same of each. Each part ends with faults that it must find.

``worlds``: random months, and random worlds of a few days in which more goes wrong, each in three orders of arrival.
From the plain facts alone it is judged that nobody is blamed of whom not everything is told.
``intake``: counties on a real PostgreSQL live such months at their time: facts come signed in envelopes, in three
orders, everything else is entered by the product's own functions, and the chore settles piece by piece. What the county
says is compared with the second reckoning of what was entered, and what was kept piece by piece with the whole.
``as_of``: such a county keeps the sheets of each evening as CSV. Afterwards each is asked for again as of its evening.
``mutants``: rules of the engine are turned, one at a time, and each must make a world differ.
"""

import logging
import signal
import sys
from argparse import ArgumentParser, Namespace
from typing import Any

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code

type Found = dict[str, Any]

PARTS = ("worlds", "intake", "as_of", "mutants")
CODES_AT_LEAST, LINES_AT_LEAST = 300, 200
"""Of each result and of each line so many windows must come about, or the proof fails: it has not looked there."""
VILLAGES_A_MONTH = 3
SPARE = 1.1
"""Some months are refused, and in some a village has no windows."""
MUTANT_WORLDS = 1200
SHARES = 32
"""Into so many pieces the months are shared, so that no process waits long for the other one."""
LIVED_COUNTIES = 2
"""Into so many counties the townships of the lived months are shared, in each order of arrival."""
AS_OF_TOWNSHIPS = 3
NOT_COVERED = (
    "meetings' minutes, balances of leave, alarms; in lived months: moved stations and regions, signed closings"
)


def chosen() -> Namespace:
    """Return what the person wants."""
    parser: ArgumentParser = arguments("./run prove settlement", village_months=6000, worlds=2000, lived=100)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="all of them without it")
    return parser.parse_args()


def worlds(options: Namespace, seed: int) -> tuple[Found, list[str]]:
    """Return what the random months and worlds came to, and which of it must be 0 or empty."""
    from tests.proofs.apart import prove_apart  # noqa: PLC0415 - a process that turns a rule must not import the engine
    from tests.proofs.settlement.planted import PLANTED  # noqa: PLC0415
    from tests.proofs.settlement.worlds import Compared, compare_months, compare_worlds, unreached  # noqa: PLC0415

    months = round(options.village_months / VILLAGES_A_MONTH * SPARE)
    found = prove_apart(compare_months, Compared(), _shares(seed, months))
    village_months = found.village_months
    found = prove_apart(compare_worlds, found, _shares(seed, options.worlds))
    for example in found.examples:
        print(example, file=sys.stderr)
    escaped = [plant.__name__ for plant in PLANTED if not plant()]
    told: Found = {
        "village_months": village_months,
        "worlds": found.worlds,
        "refused": found.refused,
        "windows": found.windows,
        "differences": found.differences,
        "order_differences": found.order_differences,
        "absent_on_missing_data": found.absent_on_missing_data,
        "negative_judged": found.negative_judged,
        "results_by_code": dict(found.codes.most_common()),
        "lines_hit": dict(sorted(found.lines.items())),
        "too_few": max(0, options.village_months - village_months),
        "unreached": unreached(found, codes=CODES_AT_LEAST, lines=LINES_AT_LEAST),
        "planted_in_worlds": len(PLANTED),
        "not_caught_in_worlds": escaped,
    }
    bad = ["differences", "order_differences", "absent_on_missing_data", "too_few", "unreached", "not_caught_in_worlds"]
    return told, bad


def _shares(seed: int, count: int) -> list[dict[str, Any]]:
    return [{"seeds": range(seed + part, seed + count, SHARES)} for part in range(min(SHARES, count))]


def intake(options: Namespace, seed: int) -> tuple[Found, list[str]]:
    """Return what the lived months came to in three orders of arrival, and which of it must be 0 or empty."""
    from tests.proofs.settlement.lived import (  # noqa: PLC0415
        MONTHS,
        ORDERS,
        PLANTED_IN_INTAKE,
        Life,
        live,
        not_caught,
    )

    townships = round(options.lived / VILLAGES_A_MONTH / LIVED_COUNTIES * SPARE)
    lives = [
        Life(f"{seed} {county}", MONTHS[county % len(MONTHS)], townships, order)
        for county in range(LIVED_COUNTIES)
        for order in ORDERS
    ]
    found = live(lives)
    counts = found.counts
    told: Found = {
        "lived_village_months": counts["village_months"] // len(ORDERS),
        "lived_windows": counts["windows"] // len(ORDERS),
        "lived_facts": counts["facts"],
        "lived_envelopes": counts["envelopes"],
        "lived_edits": dict(sorted(found.edits.items())),
        "lived_results_by_code": dict(sorted(found.codes.items())),
        "lived_results_kept": counts["kept"],
        "intake_differences": counts["differences"],
        "incremental_differences": counts["incremental_differences"],
        "too_few_lived": max(0, options.lived - counts["village_months"] // len(ORDERS)),
        "not_caught_in_intake": not_caught(f"{seed} planted", PLANTED_IN_INTAKE),
    }
    return told, ["intake_differences", "incremental_differences", "too_few_lived", "not_caught_in_intake"]


def as_of(_: Namespace, seed: int) -> tuple[Found, list[str]]:
    """Return whether the sheets of a month's evenings are the same when they are asked for again."""
    from tests.proofs.settlement.lived import MONTHS, PLANTED_IN_SHEETS, Life, live, not_caught  # noqa: PLC0415

    lives = [
        Life(f"{seed} sheets {number}", MONTHS[number], AS_OF_TOWNSHIPS, order, sheets=True)
        for number, order in enumerate(("live", "at random"))
    ]
    counts = live(lives).counts
    told: Found = {
        "evening_sheets": counts["sheets"],
        "months_closed": counts["closed"],
        "as_of_differences": counts["as_of_differences"],
        "differences_of_kept_sheets": counts["differences"] + counts["incremental_differences"],
        "not_caught_in_sheets": not_caught(f"{seed} planted", PLANTED_IN_SHEETS, sheets=True),
    }
    return told, ["as_of_differences", "differences_of_kept_sheets", "not_caught_in_sheets"]


def mutants(_: Namespace, seed: int) -> tuple[Found, list[str]]:
    """Return what became of the turned rules, and which of it must be empty."""
    from tests.proofs.settlement.trying import try_mutants  # noqa: PLC0415

    tried = try_mutants(seed=seed, worlds=MUTANT_WORLDS)
    for broken in tried.broken:
        print(broken, file=sys.stderr)
    told: Found = {
        "mutants": len(tried.differ) + len(tried.survivors) + len(tried.broken),
        "mutants_that_differ": len(tried.differ),
        "survivors": tried.survivors,
        "broken": tried.broken,
    }
    return told, ["survivors", "broken"]


def main() -> int:
    """Run the proof."""
    options = chosen()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.disable(logging.CRITICAL)
    seed = chosen_seed(options.seed)
    report = Report("settlement", seed=seed)
    found: Found = {}
    bad: list[str] = []
    for name, part in (("worlds", worlds), ("intake", intake), ("as_of", as_of), ("mutants", mutants)):
        if name in options.parts:
            told, wrong = part(options, seed)
            found |= told
            bad += wrong
    result = report.finish(as_json=options.json, parts=list(options.parts), **found, not_covered=NOT_COVERED)
    repeat = f"./run prove settlement --village-months {options.village_months} --worlds {options.worlds} --seed {seed}"
    return exit_code(result, *bad, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
