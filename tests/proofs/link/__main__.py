"""``./run prove link --runs N``: lines with every fault that lines have, between real uplinks and a real county.

In the scaled runs the stations' time runs ten times faster. ``--real N`` runs follow with real time-outs. Beside them
there is a line of 15 kbit/s, on which a touch's receipt is timed while pictures go up.
"""

import logging
import os
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from agent.drivers.https import post_json
from agent.identity.enrolment import enrol
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from tests.proofs.link.judge import BAD, Findings, Judge
from tests.proofs.link.netns import Namespace
from tests.proofs.link.rounds import Rounds
from tests.proofs.link.slow_line import measure
from tests.proofs.link.station import LinkedStation
from tests.proofs.strangers.county import County

AT_ONCE = 20
"""How many stations suffer at the same time: each round is one run of each."""
IN_NAMESPACES = 4
SCALE = 10.0
_UNIT_S = 10.0
"""In seconds of a station's own time."""
_EACH = 1_000_000
NOT_COVERED = (
    "losses and reordering of single packets beyond what an overflowing queue drops (no netem in every kernel), "
    "radio networks themselves, a moved clock; scaled runs keep every proportion of the uplink's waits, "
    "but not TLS, fsync and the database, which take as long as ever"
)


def prove(*, runs: int, real: int, seed: int, findings: Findings) -> dict[str, Value]:
    """Run everything, and return what was tried."""
    with ExitStack() as stack:
        folder = stack.enter_context(_folder())
        spaces = [stack.enter_context(Namespace(number)) for number in range(min(IN_NAMESPACES, AT_ONCE) + 1)]
        county = stack.enter_context(County(folder / "county", "chores", also=[space.host for space in spaces]))
        tried: dict[str, Value] = {}
        stations: list[LinkedStation] = []
        if runs:
            made = _stations(county, folder / "scaled", min(runs, AT_ONCE), spaces[:-1], scale=SCALE, seed=seed)
            stations += made
            rounds = Rounds(county, made, unit_s=_UNIT_S / SCALE, seed=seed, findings=findings)
            rounds.run(-(-runs // len(made)))
            _stop(made)
            tried |= _tried("scaled", rounds)
            for one in made:
                one.close()
        if real:
            made = _stations(county, folder / "real", real, spaces[:2], scale=1.0, seed=seed + 1)
            [slow] = _stations(county, folder / "slow", 1, spaces[-1:], scale=1.0, seed=seed + 2)
            stations += [*made, slow]
            rounds = Rounds(county, made, unit_s=_UNIT_S, seed=seed + 1, findings=findings)
            with ThreadPoolExecutor(1) as pool:
                timed = pool.submit(measure, slow, seed=seed, findings=findings)
                rounds.run(1)
                tried |= _tried("real", rounds) | {"at_15_kbit": dict(timed.result())}
            _stop([*made, slow])
            for one in (*made, slow):
                one.close()
        Judge(county).judge_touches(stations, findings)
        tried["touches"] = sum(len(one.lamp.green) for one in stations)
        return tried


def _stations(
    county: County, folder: Path, count: int, spaces: Sequence[Namespace], *, scale: float, seed: int
) -> list[LinkedStation]:
    made = []
    for number in range(count):
        name = f"{folder.name}-{number:02}"
        place = folder / name
        place.mkdir(parents=True)
        url = f"https://127.0.0.1:{county.web_port}"
        identity = enrol(place, url=url, ca_file=county.ca, claim=county.claim(name), post=post_json)
        made.append(
            LinkedStation(
                identity,
                ca_file=county.ca,
                broker_port=county.broker_port,
                numbers=range((seed % 1_000 * 1_000 + number + 1) * _EACH, 2**63),
                scale=scale,
                seed=seed + number,
                namespace=spaces[number] if number < len(spaces) else None,
            )
        )
    for one in made:
        one.start()
    return made


def _stop(stations: Sequence[LinkedStation]) -> None:
    for one in stations:
        one.stop("farewell")


def _tried(name: str, rounds: Rounds) -> dict[str, Value]:
    return {
        f"{name}_runs": rounds.runs,
        f"{name}_faults": dict(sorted(rounds.faults.items())),
        f"{name}_ends": dict(rounds.ends),
        f"{name}_slowest_drain_s": round(rounds.slowest_drain_s, 1),
    }


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="ch-link-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the proof."""
    options = arguments("./run prove link", runs=300, real=10).parse_args()
    if os.geteuid() != 0:
        print("network namespaces take the rights of root", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    logging.getLogger("agent").setLevel(logging.CRITICAL)
    # A connection that was swallowed stays open at one end for as long as its proxy lives.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seed = chosen_seed(options.seed)
    report = Report("link", seed=seed)
    findings = Findings()
    tried = prove(runs=options.runs, real=options.real, seed=seed, findings=findings)
    for example in findings.examples[:20]:
        print(example, file=sys.stderr)
    found: dict[str, Value] = {"runs": options.runs + options.real, "scale": SCALE}
    bad: dict[str, Value] = {name: findings.counts[name] for name in BAD}
    said = report.finish(as_json=options.json, **found, **tried, **bad, not_covered=NOT_COVERED)
    return exit_code(said, *BAD, repeat=f"./run prove link --runs {options.runs} --real {options.real} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
