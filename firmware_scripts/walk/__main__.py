"""``./run walk all``: errands at the kiosk, played by keys, with the keys and seconds of each."""

import signal
import sys
from collections.abc import Sequence

from firmware_scripts.demo.bench import Bench
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from firmware_scripts.walk.duty_errands import ASKED
from firmware_scripts.walk.errands import DUTY, ERRANDS, MOST_KEYS, prepare_duty
from firmware_scripts.walk.learning import give_learning
from firmware_scripts.walk.learning_errands import LEARNING
from firmware_scripts.walk.losing import STATIONS, Lost, lose_each
from firmware_scripts.walk.village import Village, villages
from firmware_scripts.walk.walker import Walked, Walker

_PEOPLE = 12
_EACH = "each"
_OF_DUTY = {**ASKED, **DUTY}
_ALL = {**ERRANDS, **_OF_DUTY, **LEARNING}
_GROUPS = {"all": ERRANDS, "duty": _OF_DUTY, "learning": LEARNING}


def walk_all(place: Village, names: Sequence[str], *, lose: int = 0) -> dict[str, Walked]:
    """Play errands, each by a person of its own.

    Args:
        lose: The keyboard loses the key of this number, counted from 1 in each errand; 0: none.
    """
    done: dict[str, Walked] = {}
    for name, person in zip(names, place.people, strict=False):
        errand = _ALL[name]
        walker = Walker(place.kiosk, place.station, people=place.people)
        done[name] = walker.walk(errand.steps, person, before=errand.before, lose=lose)
    return done


def main() -> int:
    """Walk."""
    parser = arguments("./run walk")
    parser.add_argument(
        "errand",
        choices=(*_GROUPS, *_ALL),
        help="which; all: one after another; duty: those of the duty; learning: those of learning",
    )
    parser.add_argument(
        "--drop",
        default="0",
        type=_key,
        metavar="N",
        help=f"lose the key of this number in each errand; {_EACH}: each key of each errand, one at a time",
    )
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    seed = chosen_seed(options.seed)
    report = Report("walk", seed=seed)
    names = list(_GROUPS.get(options.errand, [options.errand]))
    prepare = prepare_duty if any(name in DUTY for name in names) else _nothing
    if any(name in LEARNING for name in names):
        prepare = give_learning
    repeat = f"./run walk {options.errand} --drop {options.drop} --seed {seed}"
    if options.drop == _EACH:
        with villages(seed, people=_PEOPLE, stations=STATIONS, prepare=prepare) as places:
            people = iter(places[0].people)
            lost = {name: lose_each(places, _ALL[name], people) for name in names}
        told, bad = _told_lost(lost), ("unnoticed", "failed")
    else:
        with villages(seed, people=_PEOPLE, prepare=prepare) as places:
            told = _told(walk_all(places[0], names, lose=int(options.drop)))
        bad = ("too_long", "failed")
    return exit_code(report.finish(as_json=options.json, **told), *bad, repeat=repeat)


def _nothing(_: Bench) -> None:
    """The errands need no more than the samples."""


def _key(text: str) -> str:
    if text != _EACH and not text.isdecimal():
        raise ValueError(text)
    return text


def _told(done: dict[str, Walked]) -> dict[str, Value]:
    failures = {name: one.failed for name, one in done.items() if one.failed}
    _say(failures)
    return {
        "errands": [
            {
                "errand": name,
                "keys": one.keys,
                "figures": one.figures,
                "answers": one.answers,
                "touches": one.touches,
                "seconds": one.seconds,
            }
            for name, one in done.items()
        ],
        "most_keys": max(one.keys for one in done.values()),
        "too_long": [name for name, one in done.items() if one.keys > MOST_KEYS],
        "failed": len(failures),
        "failures": dict(failures),
    }


def _told_lost(lost: dict[str, Lost]) -> dict[str, Value]:
    failures = {name: one.failed for name, one in lost.items() if one.failed}
    _say(failures)
    return {
        "lost_keys": {name: one.keys + len(one.unnoticed) for name, one in lost.items()},
        "noticed": sum(one.keys for one in lost.values()),
        "unnoticed": {name: one.unnoticed for name, one in lost.items() if one.unnoticed},
        "failed": len(failures),
        "failures": dict(failures),
    }


def _say(failures: dict[str, str]) -> None:
    for name, why in failures.items():
        print(f"{name}: {why}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
