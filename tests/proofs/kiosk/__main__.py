"""``./run prove kiosk``: random hands at the kiosk; does it crash, trap anybody, keep a visitor, or lose what it showed
as recorded?"""

import logging
import signal
import sys
import time
from pathlib import Path

from firmware_scripts.report import Report, arguments, chosen_seed, exit_code
from kiosk_tui import app
from tests.proofs.kiosk.machines import is_caught, on_machines
from tests.proofs.kiosk.office import AtTerminals, press_all
from tests.proofs.kiosk.planted import PLANTED
from tests.proofs.private_county import temporary

MACHINE_KEYS = 1_000_000
TERMINAL_KEYS, STATIONS = 20_000, 6
NOT_COVERED = (
    "a keyboard and its driver: keys are the bytes that a terminal sends for them; foot and cage; visits by number at "
    "terminals; the county, which nobody reaches here"
)
SCREENS = [view.__name__ for view in app.SCREENS]
BAD = ("crashes", "dead_ends", "canaries_after", "lost")


def at_terminals(keys: int, seed: int, *, stations: int = STATIONS) -> AtTerminals:
    """Have hands press so many keys at real kiosks, and judge what is left."""
    with temporary("kiosk") as name:
        return press_all(Path(name), keys=keys, seed=seed, stations=stations)


def main() -> int:
    """Run the proof."""
    options = arguments(
        "./run prove kiosk", keys=TERMINAL_KEYS, machine_keys=MACHINE_KEYS, stations=STATIONS
    ).parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("kiosk", seed=seed)
    logging.disable(logging.CRITICAL)
    began = time.monotonic()
    pressed = at_terminals(options.keys, seed, stations=options.stations)
    terminals_s = time.monotonic() - began
    played = on_machines(options.machine_keys, seed)
    machine_s = time.monotonic() - began - terminals_s
    not_caught = [fault for fault in PLANTED if not is_caught(fault, seed)]
    for example in (*pressed.examples, *played.examples):
        print(example, file=sys.stderr)
    bad = {name: getattr(played, name) + getattr(pressed, name) for name in BAD}
    result = report.finish(
        as_json=options.json,
        **pressed.said(),
        machine_keys=played.keys,
        terminals_seconds=round(terminals_s, 1),
        machine_seconds=round(machine_s, 1),
        machine_visits=played.visits,
        machine_views=dict(played.views),
        machine_unreached=sorted(name for name in SCREENS if name not in played.views),
        machine_sizes=dict(played.sizes),
        machine_months_seen=played.months_seen,
        machine_replaced=played.replaced,
        machine_same_place=played.same_place,
        machine_recorded=dict(played.recorded),
        canaries_seen_in_visit=played.canaries_seen_in_visit + pressed.canaries_seen_in_visit,
        **bad,
        escapes=pressed.escapes,
        over_memory=pressed.over_memory,
        planted=len(PLANTED),
        caught=len(PLANTED) - len(not_caught),
        not_caught=not_caught,
        not_covered=NOT_COVERED,
    )
    repeat = f"./run prove kiosk --keys {options.keys} --machine-keys {options.machine_keys} --seed {seed}"
    return exit_code(result, *BAD, "escapes", "over_memory", "not_caught", repeat=repeat)


if __name__ == "__main__":
    sys.exit(main())
