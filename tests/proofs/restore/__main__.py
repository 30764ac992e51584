"""``./run prove restore``: a county's disk is thrown away again and again, and it comes back from its backup.

Real agents (``--agents``) touch cards at a real county, whose backups go to a folder. In each of ``--runs`` drills
there is a base backup or only the log, touches that are in no backup, and then the county is killed and its folder
deleted. First a restore from a damaged copy of the disk must be refused by name: a flipped bit, a missing segment of
the log, a file cut short, another key, a mistyped one. In every fourth drill the disk was pulled out before. Then the
county is restored into an empty folder and starts at other ports, to which a relay leads that plays its name, and the
stations send what it lacks. An outsider compares lamps and rows.

``--facts N`` also says how long a county with N facts takes to be backed up and restored.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.restore.drill import BAD, Findings, drill
from tests.proofs.restore.village import running_village
from tests.proofs.restore.years import timed


def prove(folder: Path, *, runs: int, agents: int, seed: int) -> Findings:
    """Go through the drills."""
    findings = Findings()
    with running_village(folder, agents, seed=seed) as village:
        for number in range(runs):
            drill(village, number, findings)
    return findings


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove restore", runs=20, agents=50, facts=0).parse_args()
    seed = chosen_seed(options.seed)
    report = Report("restore", seed=seed)
    folder = Path(tempfile.mkdtemp(prefix="cr-", dir="/tmp"))  # short: sockets' paths have 107 bytes
    folder.chmod(0o755)
    findings = Findings()
    years: dict[str, Value] = {}
    try:
        if options.runs:
            findings = prove(folder, runs=options.runs, agents=options.agents, seed=seed)
        if options.facts:
            (folder / "years").mkdir(mode=0o755)
            years = timed(folder / "years", options.facts)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    counts: dict[str, Value] = {name: findings.counts[name] for name in BAD}
    said = report.finish(
        as_json=options.json,
        runs=options.runs,
        agents=options.agents,
        damages=dict(findings.damages),
        touches_in_no_backup=list(findings.gaps),
        restore_s=list(findings.restore_s),
        all_back_s=list(findings.back_s),
        years=years,
        **counts,
    )
    return exit_code(said, *BAD, repeat=f"./run prove restore --runs {options.runs} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
