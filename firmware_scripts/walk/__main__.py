"""``./run walk all``: errands at the kiosk, played by keys, with the keys and seconds of each."""

import signal
import sys
from collections.abc import Callable, Sequence

from firmware_scripts.demo.level_player import Terminal
from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from firmware_scripts.walk.errands import ERRANDS, MOST_KEYS, set_pin
from firmware_scripts.walk.village import Village, village
from firmware_scripts.walk.walker import Walked, Walker


def walk_all(place: Village, names: Sequence[str], *, drop: int = 0) -> dict[str, Walked]:
    """Play errands, each by a person of its own.

    Args:
        drop: The keyboard loses the key of this number, counted from 1 in each errand; 0: none.
    """
    done: dict[str, Walked] = {}
    for name, person in zip(names, place.people, strict=False):
        walker = Walker(place.terminal, place.station)
        if name == "forgotten_card":
            set_pin(walker, person)
        done[name] = Walker(place.terminal, place.station, press=_losing(drop)).walk(ERRANDS[name], person)
    return done


def _losing(drop: int) -> Callable[[Terminal, str], None]:
    pressed = 0

    def press(terminal: Terminal, key: str) -> None:
        nonlocal pressed
        pressed += 1
        if pressed != drop:
            terminal.press(key)

    return press


def main() -> int:
    """Walk."""
    parser = arguments("./run walk")
    parser.add_argument("errand", choices=("all", *ERRANDS), help="which; all: one after another")
    parser.add_argument("--drop", type=int, default=0, help="lose the key of this number in each errand")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("walk", seed=seed)
    names = list(ERRANDS) if options.errand == "all" else [options.errand]
    with village(seed) as place:
        done = walk_all(place, names, drop=options.drop)
    errands = [
        {"errand": name, "keys": one.keys, "figures": one.figures, "touches": one.touches, "seconds": one.seconds}
        for name, one in done.items()
    ]
    failed = {name: one.failed for name, one in done.items() if one.failed}
    for name, why in failed.items():
        print(f"{name}: {why}", file=sys.stderr)
    result = report.finish(
        as_json=options.json,
        errands=errands,
        most_keys=max(one.keys for one in done.values()),
        too_long=[name for name, one in done.items() if one.keys > MOST_KEYS],
        failed=len(failed),
        failures=failed,
    )
    return exit_code(result, "failed", "too_long", repeat=f"./run walk {options.errand} --seed {seed}")


if __name__ == "__main__":
    sys.exit(main())
