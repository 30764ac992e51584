"""``./run pictures [NAME]``: start the bench, touch some cards, and draw the kiosk, the console and telephones."""

import argparse
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from firmware_scripts.demo.bench import Bench
from firmware_scripts.demo.cast import CastPerson, make_cast
from firmware_scripts.demo.kiosk_line import ask
from firmware_scripts.demo.observer import touch_rows, whole_pictures
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from firmware_scripts.pictures import console, duty, kiosk, kiosk_tour, learning, phone, settlement
from firmware_scripts.pictures.stage import NORMAL, SCREENS
from protocol.kiosk import Home
from protocol.kiosk_notices import AskNotices

_SEED = 20260101
_TOUCHES_A_STATION = 7
_LATE = 3
_UNKNOWN_UID = "04d1e2f3a4b5c6"


def main() -> int:
    """Draw what was asked for and print where it lies."""
    parser = argparse.ArgumentParser(prog="./run pictures", description=__doc__)
    parser.add_argument(
        "name",
        nargs="?",
        choices=["kiosk", "console", "phone", "duty", "settlement", "learning"],
        help="only these (default: all)",
    )
    parser.add_argument("--out", type=Path, default=Path("var/pictures"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cunhui-pictures-") as name:
        folder = Path(name)
        # PostgreSQL never runs as root, and its own user must get into this folder.
        folder.chmod(0o755)
        drawn = [] if options.name not in (None, "settlement") else settlement.take(folder, options.out)
        if options.name != "settlement":
            with Bench(folder, make_cast(people_per_station=12, seed=_SEED), pcsc=False) as bench:
                _touch_cards(bench)
                drawn += _draw(bench, options.name, options.out)
    print("\n".join(str(path) for path in drawn))
    return 0


def _draw(bench: Bench, name: str | None, out: Path) -> list[Path]:
    drawn: list[Path] = []
    if name in (None, "console"):
        link = bench.sign_in_link()
        drawn += console.take(link.split("/sign-in/")[0] + "/", link, out)
    if name in (None, "duty"):
        drawn += duty.take(bench, out)
    if name in (None, "learning"):
        drawn += learning.take(bench, out)
    if name in (None, "phone"):
        first, second = bench.stations[:2]
        person = first.cast.people[-1]
        second.touch(person.uid)  # so that the month has a touch in another village too
        door = str(bench.county.where()["front_door"])
        drawn += phone.take(door, first.kiosk_socket, out, touch=partial(first.touch, person.uid), name=person.name)
    if name in (None, "kiosk"):
        first = bench.stations[0]
        early = _people_in(first)
        late = [person for person in first.cast.people if person not in early][: len(SCREENS)]
        # The first of them is on duty, and touches for the picture that the README shows.
        late.insert(SCREENS.index(NORMAL), late.pop(0))
        for screen, person in zip(SCREENS, late, strict=True):
            drawn += kiosk.take(first.kiosk_socket, out, touch=partial(first.touch, person.uid), screen=screen)
        drawn += _tour(bench, out, touch=partial(first.touch, early[0].uid))
    return drawn


def _tour(bench: Bench, out: Path, *, touch: Callable[[], object]) -> list[Path]:
    """Draw every screen by day, some in the dark, and all of them on one sheet."""
    first, receipt = bench.stations[0], bench.furnish()
    drawn = kiosk_tour.take(first.kiosk_socket, out, touch=touch, receipt=receipt)
    bench.county.tool("setting", "theme", "深色", "--at", first.cast.village)
    wait_until(lambda: ask(first.kiosk_socket, AskNotices(), Home).theme == "dark", what="the dark", timeout_s=60)
    drawn += kiosk_tour.take(first.kiosk_socket, out, touch=touch, receipt=receipt, shots=kiosk_tour.DARK_SHOTS)
    return [*drawn, *kiosk_tour.for_guide(drawn, out), kiosk_tour.sheet(drawn, out / "kiosk-sheet.png")]


def _touch_cards(bench: Bench) -> None:
    """Play a morning: most people touch and one card is unknown. Return when the county has every touch and picture."""
    for station in bench.stations:
        for person in _people_in(station):
            station.touch(person.uid)
    bench.stations[0].touch(_UNKNOWN_UID)
    expected = sum(len(_people_in(station)) for station in bench.stations) + 1
    wait_until(lambda: len(touch_rows(bench.county)) >= expected, what="the touches in the county", timeout_s=60)
    wait_until(lambda: whole_pictures(bench.county) >= expected, what="the snapshots in the county", timeout_s=60)


def _people_in(station: DemoStation) -> list[CastPerson]:
    """Return the people who touch before the pictures are drawn."""
    return [person for place, person in enumerate(station.cast.people[:_TOUCHES_A_STATION]) if place != _LATE]


if __name__ == "__main__":
    sys.exit(main())
