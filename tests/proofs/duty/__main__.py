"""``./run prove duty``: do stations show and judge offline who is on duty as the rules have it?

A seeded county is made by the product's own functions and written down beside it. The real county computes the turns
of each village once, changes each roster in the middle of a window, and computes them again. Then each village's
station, which is the agent's own code on an injected clock, lives through the dates without a line. Directions of
touches, boards, stopped windows, 外村 and the ends of windows are compared with a second reckoning from the rules.
Where turns are late, have run out or never came, and where the time is not known, nothing may be invented.
"""

import datetime as dt
import logging
import signal
import sys
import time
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.private_county import county_home, private_cluster, temporary

BAD = ("differences", "invented", "kb_too_many", "not_caught", "unmet")
MOST_KB = 250
MONTH_VILLAGES, PLANTED_VILLAGES, PLANTED_DAYS = 20, 24, 30
MUST_MEET = {"touch in", "touch out", "touch None", "leads", "swap", "leave", "field_duty", "meeting", "stopped"}
NOT_COVERED = "the line itself, a real Pi, settings other than the defaults, people who leave the list, mergers"


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove duty", villages=200, days=35).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("duty", seed=seed)
    logging.disable(logging.CRITICAL)
    villages = max(2, options.villages // 2 * 2)
    with county_home("duty") as home, private_cluster(home), temporary("duty-stations") as name:
        # Django's models can be imported only now.
        from server_broker.bundles.files import BundleFolder  # noqa: PLC0415
        from tests.proofs.duty.catching import not_caught  # noqa: PLC0415
        from tests.proofs.duty.county import County  # noqa: PLC0415
        from tests.proofs.duty.living import live, made, month  # noqa: PLC0415
        from tests.proofs.duty.planted import PLANTED  # noqa: PLC0415

        folder = Path(name)
        begun = time.monotonic()
        home.bundles.mkdir(exist_ok=True)
        county = County(villages=villages, days=options.days, seed=seed)
        made_s = time.monotonic() - begun
        lived = made(county, BundleFolder(home.bundles))
        (folder / "all").mkdir()
        begun = time.monotonic()
        findings = live(lived, folder / "all", seed=seed, days=options.days, villages=villages)
        lived_s = time.monotonic() - begun
        escaped = not_caught(
            lived,
            folder,
            seed=seed,
            days=min(PLANTED_DAYS, options.days),
            villages=min(PLANTED_VILLAGES, villages),
        )
        costs = sorted(month(lived, villages=min(MONTH_VILLAGES, villages)), key=lambda cost: cost.total)
    for example in findings.examples:
        print(example, file=sys.stderr)
    most = costs[-1]
    result = report.finish(
        as_json=options.json,
        villages=villages,
        days=options.days,
        first=(county.monday).isoformat(),
        made=dict(sorted(county.made.items())),
        made_s=round(made_s, 1),
        rebuilt_s=round(lived.rebuilt_s, 1),
        lived_s=round(lived_s, 1),
        touches=findings.touches,
        boards=findings.boards,
        rows=findings.rows,
        neighbours=findings.neighbours,
        closings=findings.closings,
        met=dict(sorted(findings.met.items())),
        differences=findings.differences,
        invented=findings.invented,
        most_kb=round(most.total / 1000, 1),
        median_kb=round(costs[len(costs) // 2].total / 1000, 1),
        most_by_kind=most.by_kind,
        kb_too_many=max(0, round(most.total / 1000 - MOST_KB, 1)),
        unmet=sorted(MUST_MEET - findings.met.keys()),
        planted=len(PLANTED),
        caught=len(PLANTED) - len(escaped),
        not_caught=escaped,
        not_covered=NOT_COVERED,
        at=dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
    )
    repeat = f"./run prove duty --villages {villages} --days {options.days} --seed {seed}"
    return exit_code(result, *BAD, repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
