"""``./run prove power-cut --cuts N [--seed S] [--json]``: cut the power after every call that a station makes."""

import sys

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.apart import cuts_apart, prove_apart
from tests.proofs.power_cut.cutting import Outcome, prove
from tests.proofs.power_cut.judge import BAD


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove power-cut", cuts=2000).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("power-cut", seed=seed)
    outcome = prove_apart(prove, Outcome(), cuts_apart(options.cuts, seed))
    verdict = outcome.verdict
    found = {name: getattr(verdict, name) for name in (*BAD, "salvaged")}
    for example in verdict.examples[:10]:
        print(example, file=sys.stderr)
    result = report.finish(
        as_json=options.json,
        cuts=outcome.cuts,
        cuts_by_kind=dict(outcome.purposes),
        cuts_by_way=dict(outcome.ways),
        **found,
    )
    return exit_code(result, *BAD, repeat=f"./run prove power-cut --cuts {options.cuts} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
