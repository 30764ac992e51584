"""``./run bench county``: what one county machine carries, on loopback with a real database.

Its parts can be chosen (``--parts``), and each can be made small. Processor times and counts hold on a busy machine
too. Whatever is told in seconds has in it what else the machine was doing, which the report states beside it.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_scripts.report import Report, Value, arguments, chosen_seed
from tests.benchmarks.county import beside_peers, history, ingest_cost, whole_county
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.measures.surroundings import Surroundings
from tests.proofs.private_county import county_home, private_cluster

if TYPE_CHECKING:
    from server_broker.platform.home import CountyHome

_PROBES = 5


@dataclass(frozen=True, slots=True)
class Size:
    """How large each part is made."""

    ingest: ingest_cost.Size
    peers: beside_peers.Size
    years_of: int
    """Stations that have years behind them."""
    years: float
    herd: int
    """Stations that come back at once."""
    idle: int
    """Stations that are connected and quiet."""
    lists: tuple[int, ...]
    """How many stations are connected while some are enrolled, renewed and revoked."""


FULL = Size(
    ingest_cost.Size(stations=500, singles=40, backlog=2),
    beside_peers.Size(stations=100, singles=200, backlog=10),
    years_of=8,
    years=5,
    herd=500,
    idle=10_000,
    lists=(500, 2_000, 10_000),
)
SMALL = Size(
    ingest_cost.Size(stations=20, singles=5, backlog=1),
    beside_peers.Size(stations=10, singles=100, backlog=4),
    years_of=4,
    years=0.1,
    herd=20,
    idle=50,
    lists=(20,),
)

type Part = Callable[["CountyHome", Size], list[Figure]]
DATABASE_PARTS: dict[str, Part] = {
    "cpu": lambda _, size: ingest_cost.measure(size.ingest, workers=1),
    "two-workers": lambda _, size: ingest_cost.measure(size.ingest, workers=2),
    "years": lambda _, size: history.touch_cost(stations=size.years_of, years=size.years),
    "patrol": lambda *_: history.patrol_round(),
}
"""Those that need the county's database, and neither its broker nor its web server."""
WHOLE_PARTS: dict[str, Callable[[Path, Size], list[Figure]]] = {
    "herd": lambda folder, size: whole_county.herd(folder, size.herd),
    "idle": lambda folder, size: whole_county.idle(folder, size.idle),
    "lists": lambda folder, size: whole_county.lists(folder, size.lists),
}
"""Those that need a whole county, each a new one."""
PARTS = [*DATABASE_PARTS, *WHOLE_PARTS]


def main() -> int:
    """Run the chosen parts; return 0 if they ran, whether or not goals are met."""
    options = arguments("./run bench county")
    options.add_argument("--parts", default=",".join(PARTS), help=f"some of {','.join(PARTS)}")
    options.add_argument("--small", action="store_true", help="in a size that shows only that it works")
    options.add_argument("--peers", action="store_true", help="the same facts by others' programs, and nothing else")
    chosen = options.parse_args()
    names = chosen.parts.split(",")
    if unknown := set(names) - set(PARTS):
        options.error(f"no part is named {', '.join(sorted(unknown))}")
    report = Report("county", seed=chosen_seed(chosen.seed))
    size = SMALL if chosen.small else FULL
    parts: list[Part] = [DATABASE_PARTS[name] for name in names if name in DATABASE_PARTS]
    figures: list[Value] = []
    said: dict[str, Value] = {}
    if chosen.peers or parts:
        said = _with_database([_peers] if chosen.peers else parts, size, figures)
    for name in [] if chosen.peers else names:
        if name in WHOLE_PARTS:
            said |= {f"{name}_surroundings": _with_whole_county(WHOLE_PARTS[name], size, figures)}
    report.finish(as_json=chosen.json, **said, figures=figures)
    return 0


def _peers(home: "CountyHome", size: Size) -> list[Figure]:
    beside_peers.set_up(home)
    return beside_peers.measure(home, size.peers)


def _with_whole_county(part: Callable[[Path, Size], list[Figure]], size: Size, figures: list[Value]) -> Value:
    """Run a part in a folder of its own, and return what else the machine was doing."""
    with tempfile.TemporaryDirectory(prefix="cunhui-bench-county-", dir="/tmp") as made:  # short enough for sockets
        folder = Path(made)
        folder.chmod(0o755)
        surroundings = Surroundings(folder)
        surroundings.probe_disk()
        figures += [noted(figure).line() for figure in part(folder, size)]
        return surroundings.describe()


def _with_database(parts: list[Part], size: Size, figures: list[Value]) -> dict[str, Value]:
    """Run parts in a county of a private PostgreSQL cluster alone, on the disk; return what it and the machine were."""
    with county_home("cunhui-bench-county", in_memory=False) as home:
        from server_broker import trust  # noqa: PLC0415 - Django must be set up

        trust.prepare(home)
        with private_cluster(home):
            surroundings = Surroundings(home.root)
            for part in parts:
                for _ in range(_PROBES):
                    surroundings.probe_disk()
                figures += [noted(figure).line() for figure in part(home, size)]
            said = surroundings.describe()
            database = database_settings()
    return {"database": database, "surroundings": said}


def database_settings() -> str:
    """Return the database's version, and the settings on which durability depends."""
    from server_broker.platform.sql import query  # noqa: PLC0415 - needs the settings

    names = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
    return ", ".join(f"{name} {query(f'SHOW {name}', [])[0][0]}" for name in names)


def noted(figure: Figure) -> Figure:
    """Print a figure as soon as it is there, because later parts take long."""
    line = figure.line()
    print(f"· {time.strftime('%H:%M:%S')} {figure.name}: {line['value']} {figure.unit}", file=sys.stderr, flush=True)
    return figure


if __name__ == "__main__":
    sys.exit(main())
