"""``./run prove io-fault [--every N] [--seed S] [--json]``: the k-th disk operation fails, for every k."""

import sys

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.apart import PROCESSES, prove_apart
from tests.proofs.io_fault.failing import Outcome, prove
from tests.proofs.power_cut.judge import BAD


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove io-fault", every=1).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("io-fault", seed=seed)
    # Every so many-th operation, dealt out to the processes in turn.
    parts = [
        {"seed": seed, "first": 1 + part * options.every, "step": options.every * PROCESSES}
        for part in range(PROCESSES)
    ]
    outcome = prove_apart(prove, Outcome(), parts)
    verdict = outcome.verdict
    for example in verdict.examples[:10]:
        print(example, file=sys.stderr)
    found = {name: getattr(verdict, name) for name in BAD}
    result = report.finish(
        as_json=options.json, cases=outcome.runs.total(), cases_by_kind=dict(outcome.runs), every=options.every, **found
    )
    return exit_code(result, *BAD, repeat=f"./run prove io-fault --every {options.every} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
