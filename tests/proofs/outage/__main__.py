"""``./run prove outage``: the county is out of reach for 1 hour, 1 day, 30 and 60 days, and a renewal falls due
meanwhile.

Time is a number that the proof moves. The station's clocks, its uplink, its renewal and the county's enrolment and
ingest take it as an argument. The certificates are the county authority's own and have their real 90 days.
"""

import logging
import os
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code

if TYPE_CHECKING:
    from tests.proofs.outage.county import OutageCounty
    from tests.proofs.outage.history import Findings

MEMORY = Path("/dev/shm")
HOW_TIME_MOVED = (
    "an injected clock that jumps to the next deadline: the agent's monotonic and wall clock, the uplink's and the "
    "renewal's waits, the county's now; a board without a clock battery, power cuts with a new boot each; certificates "
    "of 90 days from the county's own authority"
)
NOT_COVERED = (
    "TLS itself: the certificate's issuer and dates are judged in the proof, not by OpenSSL in Mosquitto; the HTTPS "
    "process and TCP; counters of the kernel after 60 days; wear and growth of a real disk"
)


@contextmanager
def _county() -> Iterator["OutageCounty"]:
    """Keep a county up for the context. Django's settings are read here for the first time in this process."""
    with tempfile.TemporaryDirectory(prefix="outage-", dir=MEMORY if MEMORY.is_dir() else None) as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "static").mkdir()
        os.environ |= {"CUNHUI_HOME": name, "DJANGO_SETTINGS_MODULE": "server_broker.settings"}
        import django  # noqa: PLC0415 - the settings must be named before

        django.setup()
        logging.getLogger().setLevel(logging.CRITICAL)
        from server_broker.platform.home import CountyHome  # noqa: PLC0415
        from tests.proofs.outage.county import running_county  # noqa: PLC0415 - needs `django.setup`

        with running_county(CountyHome(folder)) as county:
            yield county


def prove(*, runs: range, seed: int) -> "Findings":
    """Live through the runs."""
    with _county() as county:
        from tests.proofs.outage.history import Findings, live_and_judge  # noqa: PLC0415 - needs `django.setup`

        findings = Findings()
        for number in runs:
            with tempfile.TemporaryDirectory(prefix="outage-", dir=MEMORY if MEMORY.is_dir() else None) as name:
                try:
                    live_and_judge(Path(name), county, number=number, seed=seed, findings=findings)
                except Exception as error:  # noqa: BLE001 -- the top of a run: it counts
                    findings.add("crashes", f"{type(error).__name__}: {error}, number={number},")
        return findings


def main() -> int:
    """Run the proof."""
    parser = arguments("./run prove outage", runs=48)
    parser.add_argument("--only", type=int, default=None, help="repeat one run of a seed by its number")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    seed = chosen_seed(options.seed)
    report = Report("outage", seed=seed)
    runs = range(options.runs) if options.only is None else range(options.only, options.only + 1)
    findings = prove(runs=runs, seed=seed)
    for example in findings.examples[:20]:
        print(example, file=sys.stderr)
    from tests.proofs.outage.history import BAD  # noqa: PLC0415 - needs `django.setup`

    found: dict[str, Value] = {
        "runs": len(runs),
        "tried": dict(sorted(findings.tried.items())),
        "touches": findings.touches,
        "slowest_back_s": dict(findings.back_s),
        "slowest_drained_s": dict(findings.drained_s),
        **{name: findings.counts[name] for name in BAD},
        "time_moved_by": HOW_TIME_MOVED,
        "not_covered": NOT_COVERED,
    }
    said = report.finish(as_json=options.json, **found)
    failed = re.search(r"number=(\d+)", findings.examples[0]) if findings.examples else None
    which = f"--only {failed[1]}" if failed else f"--runs {options.runs}"
    return exit_code(said, *BAD, repeat=f"./run prove outage {which} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
