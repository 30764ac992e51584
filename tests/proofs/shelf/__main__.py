"""``./run prove shelf [--cuts N] [--line-cuts N] [--seed N] [--json]``; see the room's docstring."""

import logging
import signal
import sys
import tempfile
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.agent.uplink.pki import Authority
from tests.proofs.apart import cuts_apart, prove_apart
from tests.proofs.shelf.bounds import BoundsFindings, prove_cap, prove_night
from tests.proofs.shelf.line import LineFindings, prove_line
from tests.proofs.shelf.power import BAD, MEMORY, Findings, prove
from tests.proofs.shelf.real import RealFindings, prove_admission, prove_month, running

MOST_TWICE_PERCENT = 2
NOT_COVERED = (
    "a real disk and its cache; a telephone line and its packets; the broker: what announces an index and what reports "
    "are counted by their length; nights are trips one after another, not hours"
)
ALL_BAD = (*BAD, "too_much_twice", "over_cap_bytes", "by_day_bytes", "admitted", "own_refused", "not_followed")


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove shelf", cuts=5_000, line_cuts=500).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    seed = chosen_seed(options.seed)
    report = Report("shelf", seed=seed)
    power = prove_apart(prove, Findings(), cuts_apart(options.cuts, seed))
    bounds, real = BoundsFindings(), RealFindings()
    with tempfile.TemporaryDirectory(prefix="shelf-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the county's database runs under a user of its own
        (folder / "line").mkdir()
        line = prove_line(folder / "line", breaks=options.line_cuts, seed=seed)
        authority = Authority(folder / "pki")
        prove_cap(folder / "cap", authority, bounds, seed=seed)
        prove_night(folder / "night", authority, bounds, seed=seed)
        with running(folder) as (county, publisher, own, other):
            prove_admission(county, publisher, own, other, folder, real)
            prove_month(county, publisher, own, folder, real, seed=seed)
    for example in [*power.examples, *line.findings.examples, *real.examples][:20]:
        print(example, file=sys.stderr)
    found = report.finish(as_json=options.json, **_found(power, line, bounds, real))
    repeat = f"./run prove shelf --cuts {options.cuts} --line-cuts {options.line_cuts} --seed {seed}"
    return exit_code(found, *ALL_BAD, "over_250_kb", "crashes_of_bounds", repeat=repeat)


def _found(power: Findings, line: LineFindings, bounds: BoundsFindings, real: RealFindings) -> dict[str, Value]:
    counts = power.counts + line.findings.counts
    return {
        "cuts": power.cuts,
        "cuts_by_way": dict(power.ways),
        "opened_after_cuts": dict(power.opened),
        "line_cuts": line.breaks,
        "opened_after_line_cuts": dict(line.opened),
        **{name: counts[name] for name in BAD},
        "fetched_mb": round(line.whole.content_down / 1e6, 1),
        "twice_percent": line.twice_percent,
        "too_much_twice": int(line.twice_percent > MOST_TWICE_PERCENT),
        "cap_bytes": bounds.cap_bytes,
        "month_bytes": bounds.month_bytes,
        "over_cap_bytes": bounds.over_cap,
        "night_bundles": bounds.night_bundles,
        "by_day_bytes": bounds.by_day,
        "crashes_of_bounds": bounds.crashes,
        "wrong_requests": real.tried,
        "admitted": real.admitted,
        "own_refused": real.own_refused,
        "not_followed": real.not_followed,
        "beside_content_kb_month": real.month_kb,
        "content_kb_month": real.content_kb,
        "reports_kb_month": real.reports_kb,
        "over_250_kb": real.over_250_kb,
        "not_covered": NOT_COVERED,
    }


if __name__ == "__main__":
    sys.exit(main())
