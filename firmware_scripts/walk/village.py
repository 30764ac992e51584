"""The village of the walk: a county, one station, and a cadre who has set a PIN."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastPerson, make_cast
from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.demo.station import DemoStation


@dataclass(frozen=True, slots=True)
class Village:
    """The station, the terminal of its kiosk, and whoever goes there."""

    station: DemoStation
    terminal: Terminal
    people: tuple[CastPerson, ...]


@contextmanager
def village(seed: int) -> Iterator[Village]:
    """Run the village as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="ch-walk-", dir="/tmp") as name:
        cast = make_cast(people_per_station=12, seed=seed)[:1]
        with Bench(Path(name), cast, pcsc=False) as bench:
            bench.county.tool("setting", "number_sign_in", "是", "--at", cast[0].village)
            station = bench.stations[0]
            terminal = Terminal(socket=Path(name) / "tmux", kiosk_socket=station.kiosk_socket)
            try:
                yield Village(station, terminal, cast[0].people)
            finally:
                terminal.close()
