"""``./run prove clock --runs N``: clocks that begin anywhere, jump and lie; does the county date touches rightly in the
end?

The agent is the real one, with its own wiring. The county is its own ingest on a private PostgreSQL.
"""

import logging
import signal
import sys
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from tests.proofs.clock.county_machine import TROUBLES
from tests.proofs.clock.judge import Findings
from tests.proofs.private_county import county_home, private_cluster, temporary

BAD = (
    "misordered",
    "wrong_quality",
    "uncorrected",
    "undated_for_good",
    "invented",
    "told_in_doubt",
    "lost",
    "doubled",
    "crashes",
)
SEEN = (
    "touches",
    "dated",
    "undated",
    "deceived",
    "corrected_from_a_lie",
    "corrected_from_the_county",
    "windows_claimed",
    "in_review",
)
MOVED = """\
Time was moved by the clock that the agent is given (agent.ports.SystemClock): its wall clock, CLOCK_BOOTTIME with a \
crystal's drift, boot ids and the kernel's NTP flag. What the time service says of itself is put into the inbox; how \
chrony and timesyncd are read is tested apart. The county's machine has such clocks of its own: in three of four \
histories they stand in 1970, 2020, 2038, an hour or a year ahead, or are set in the middle of a boot, also back, by \
hand or by a time service; county_clocks counts the histories of each kind. They are put right in the same boot of \
that machine, after it was started anew with the wrong time, or in its firmware meanwhile (if it was slow, a person \
then says so by `clock --earlier wrong`, because nothing else tells of it). If a boot of the machine began with a \
wrong time, the county can't know whether the boots before did; in half of the histories in which they did not, a \
person says so by `clock --earlier right`. in_review counts what is left dated by nobody. OpenSSL's judgement of dates \
is not in it: tests/integration has a real agent whose wall clock libfaketime moves to 2100 and 1972 (boot id and \
CLOCK_BOOTTIME stay), tests/agent/uplink has certificates that ended in 2021. Not covered: the kernel's own clock \
code, a running chronyd, a real RTC or modem, drift above 8 ppm, more than a day from a fact to the word that dates \
it, the times of answered questions, a clock that is slow by less than its machine was off."""


def prove(*, runs: int, seed: int) -> Findings:
    """Run the histories of ``seed``, ``seed + 1``, …. `django.setup` must have been called, and the database must be
    up."""
    from tests.proofs.clock.history import live_and_judge  # noqa: PLC0415 - needs `django.setup`

    findings = Findings()
    for number in range(runs):
        with temporary("clock") as name:
            live_and_judge(Path(name), seed=seed + number, findings=findings)
    return findings


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove clock", runs=300).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("clock", seed=seed)
    with county_home("clock") as home, private_cluster(home):
        logging.getLogger("agent").setLevel(logging.CRITICAL)
        findings = prove(runs=options.runs, seed=seed)
    for example in [*findings.examples[:10], *findings.details[:20]]:
        print(example, file=sys.stderr)
    found = {name: getattr(findings, name) for name in (*BAD, *SEEN)}
    kinds = [f"county_{mode}_{trouble}" for mode, trouble in TROUBLES]
    result = report.finish(
        as_json=options.json,
        runs=options.runs,
        county_clocks={kind: findings.by_event[kind] for kind in kinds},
        runs_by_event=dict(findings.by_event),
        time=MOVED,
        **found,
    )
    failed = findings.examples[0].split(",")[0].split(":")[0].removeprefix("seed ") if findings.examples else str(seed)
    return exit_code(result, *BAD, repeat=f"./run prove clock --runs 1 --seed {failed}")


if __name__ == "__main__":
    sys.exit(main())
