"""``./run bench county-rest``: what an installed county costs while nothing happens: its packages, memory and start.

The county is a real one with 500 stations, each enrolled over HTTPS and connected to the broker with its own
certificate. They say nothing after that. The packages are those of this checkout.
"""

import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from firmware_scripts.packaging.making import make_packages
from firmware_scripts.packaging.parts import PACKAGES
from firmware_scripts.packaging.source import REPOSITORY
from firmware_scripts.packaging.version import commit_of
from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.memory import children, proportional
from tests.proofs.revocation.line import Line
from tests.proofs.revocation.runs import Revoker
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board

PARTS = ("postgres", "mosquitto", "ingest", "chores", "notifier", "web")
_STARTS = 3
_REST_S = 20.0
"""Less than the keep-alive of 60 s, so that every session is still open when the memory is measured."""


def main() -> int:
    """Run the bench."""
    options = arguments("./run bench county-rest", stations=500).parse_args()
    report = Report("county-rest", seed=chosen_seed(options.seed))
    figures = _packages()
    with tempfile.TemporaryDirectory(prefix="cunhui-rest-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with County(folder / "county") as county:
            _say("the county runs")
            figures.append(_memory(county, "memory_no_station_mb"))
            boards = _enrolled(county, options.stations)
            _say(f"{options.stations} stations are enrolled")
            with _connected(county, boards):
                figures.append(_memory(county, f"memory_{options.stations}_stations_mb"))
            figures.append(_start(county))
    report.finish(as_json=options.json, stations=options.stations, figures=[figure.line() for figure in figures])
    return 0


def _packages() -> list[Figure]:
    """Build the packages, and measure each as a file and as dpkg counts what it unpacks."""
    folder = REPOSITORY / "var" / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    figures = []
    for file in make_packages(commit_of(REPOSITORY), "amd64", list(PACKAGES), folder):
        command = ["dpkg-deb", "--field", str(file), "Installed-Size"]
        kib = int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        name = file.name.partition("_")[0].replace("-", "_")
        detail: dict[str, Value] = {"installed_mb": round(kib * 1024 / 1e6, 1)}
        figures.append(Figure(name=f"{name}_deb_mb", value=file.stat().st_size / 1e6, unit="MB", detail=detail))
    return figures


def _enrolled(county: County, stations: int) -> list[Board]:
    boards = []
    with Revoker(county) as claims:
        for number in range(stations):
            board = Board(county)
            answer = board.enrol(claims.claim(f"rest-{number:05}"))
            if not answer.admitted:
                raise SystemExit(f"rest-{number:05} was not enrolled: {answer}")
            boards.append(board)
    return boards


@contextmanager
def _connected(county: County, boards: list[Board]) -> Iterator[None]:
    """Have every board connected while the context lasts.

    Raises:
        SystemExit: The broker refused one, or one was cut off before the context ended.
    """
    with ExitStack() as stack:
        lines = [stack.enter_context(Line(county.broker_port, board.station, board.tls())) for board in boards]
        _say(f"{sum(line.admitted for line in lines)} stations are connected")
        yield
        if closed := sum(not (line.admitted and line.is_open()) for line in lines):
            raise SystemExit(f"{closed} of {len(lines)} sessions were not open")


def _memory(county: County, name: str) -> Figure:
    """Add up the proportional set sizes of all processes of the county's parts, so that shared pages count once.

    The program that keeps the parts running is left out, because systemd does that in an installed county.
    """
    threading.Event().wait(_REST_S)
    parts = {part: sum(_size(pid) for pid in _tree(county.pid(part))) for part in PARTS}
    detail: dict[str, Value] = {part: round(size, 1) for part, size in parts.items()}
    return Figure(name=name, value=sum(parts.values()), unit="MB", detail=detail)


def _size(pid: int) -> float:
    try:
        return proportional(pid)["Pss"]
    except FileNotFoundError:
        # PostgreSQL ends its workers when they have done their work.
        return 0.0


def _tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    return [pid, *(one for child in children(pid) for one in _tree(child))]


def _start(county: County) -> Figure:
    """Stop and start the county several times; the figure is the median time until all parts are ready."""
    taken = []
    for _ in range(_STARTS):
        county.stop()
        began = time.monotonic()
        county.start()
        taken.append(round(time.monotonic() - began, 2))
    seconds: list[Value] = [*taken]
    return Figure(name="start_to_ready_s", value=sorted(taken)[_STARTS // 2], unit="s", detail={"starts": seconds})


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
