"""The villages of the walk: a county, stations with samples on their shelves, and the kiosks as stations show them."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastPerson, make_cast
from firmware_scripts.demo.level_player import Shown
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.pictures.stage import Screen, Stage, stage

SCREEN = Screen(1920, 1080)


class SessionKiosk(Shown):
    """The kiosk of a whole session: foot under a cage without a screen, and tmux in it, which is read and keyed."""

    def __init__(self, session: Stage) -> None:
        self._session = session

    def press(self, *keys: str) -> None:
        """Send keys by tmux's names."""
        self._session.tmux("send-keys", *keys)

    def screen(self) -> str:
        """Return the text on the screen."""
        return self._session.text()

    def cells(self) -> tuple[int, int]:
        """Return how many columns and rows the text of this size has; (0, 0) before it is there."""
        return self._session.cells()


@dataclass(frozen=True, slots=True)
class Village:
    """The station, its kiosk, and whoever goes there."""

    station: DemoStation
    kiosk: SessionKiosk
    people: tuple[CastPerson, ...]


@contextmanager
def villages(
    seed: int, *, people: int, stations: int = 1, prepare: Callable[[Bench], None] = lambda _: None
) -> Iterator[list[Village]]:
    """Run so many villages of one county as long as the context lasts.

    Args:
        prepare: Gives them what the errands need beside the samples.
    """
    with tempfile.TemporaryDirectory(prefix="ch-walk-", dir="/tmp") as name, ExitStack() as kiosks:
        Path(name).chmod(0o755)  # PostgreSQL never runs as root, and its own user must get into this folder
        cast = make_cast(people_per_station=people, seed=seed)[:stations]
        bench = kiosks.enter_context(Bench(Path(name), cast, pcsc=False, speaker=True))
        bench.county.tool("setting", "number_sign_in", "是", "--at", cast[0].village)
        bench.furnish()
        prepare(bench)
        yield [
            Village(station, SessionKiosk(kiosks.enter_context(stage(station.kiosk_socket, SCREEN))), place.people)
            for station, place in zip(bench.stations, cast, strict=True)
        ]
