"""Who is here, reckoned a second time from the rules alone, minute by minute and over plain dictionaries.

It shares no code with `server_broker.today`: docs/rules.md 2.2 to 2.5 and section 3, lines 1 to 9, as far as they say
whether somebody came at all.
"""

from itertools import pairwise
from typing import Any

BEFORE, AFTER, GRACE, REST = 90, 180, 10, 30
ALWAYS_IN_THE_WAY = ("held", "lost", "reader")


def reckon(world: dict[str, Any]) -> list[tuple[str, int | None, int | None]]:
    """Return the state, the minute of arrival and that of departure of each turn of a world."""
    for turn in world["turns"]:
        there = [
            m
            for m in range(turn["start"], turn["end"])
            if not (turn["hole"] and turn["hole"][0] <= m < turn["hole"][1])
        ]
        # Whoever is resident in the village is on duty there.
        away = [(a, b) for kind, a, b in world["away"] if kind != "residency"]
        turn["left"] = [m for m in there if not any(a <= m < b for a, b in away)]
        alone = [
            [m for m in there if not any(kind == one and a <= m < b for one, a, b in world["away"])]
            for kind in ("leave", "field_duty", "meeting")
        ]
        turn["covered"] = any(len(left) < min(REST, len(there)) for left in [turn["left"], *alone])
        if len(turn["left"]) == len(there):
            turn["covered"], turn["left"] = False, list(range(turn["start"], turn["end"]))
    units = _units([turn for turn in world["turns"] if turn["due"] and not turn["covered"]])
    _give_marks(units, _runs([tap for tap in world["taps"] if tap["dated"] and tap["here"]]))
    return [_state(turn, units, world) for turn in world["turns"]]


def _units(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    units: list[dict[str, Any]] = []
    for turn in turns:
        same = [
            one for one in units if turn["marks"] == one["marks"] == "ends" and one["turns"][0]["day"] == turn["day"]
        ]
        if same:
            same[0]["turns"].append(turn)
        else:
            units.append({"turns": [turn], "marks": turn["marks"], "in": [], "out": [], "odd": False})
    for one in units:
        minutes = [minute for turn in one["turns"] for minute in turn["left"]]
        one["start"], one["end"] = min(minutes), max(minutes) + 1
        one["first"] = min(turn["start"] for turn in one["turns"])
        one["last"] = max(turn["end"] for turn in one["turns"])
        half = one["start"] + one["end"]
        one["middle"] = one["end"] if one["marks"] == "arrival" else half // 2 + half % 2
    return sorted(units, key=lambda one: one["start"])


def _raw(one: dict[str, Any]) -> tuple[int, int]:
    """Return the span of a unit before it is cut."""
    return one["first"] - BEFORE, one["last"] + (0 if one["marks"] == "arrival" else AFTER)


def _own(units: list[dict[str, Any]], minute: int) -> int | None:
    """Return the place of the unit whose spans have a minute."""
    for place, one in enumerate(units):
        begin, end = _raw(one)
        if place > 0 and _raw(units[place - 1])[1] > begin:
            begin = _border(units[place - 1], one)
        if place + 1 < len(units) and end > _raw(units[place + 1])[0]:
            end = _border(one, units[place + 1])
        if begin <= minute < end:
            return place
    return None


def _border(one: dict[str, Any], other: dict[str, Any]) -> int:
    """Return the first minute that is the later unit's, where the spans of two meet."""
    total = one["last"] + other["first"]
    return int(one["last"]) if one["marks"] == "arrival" else total // 2 + total % 2


def _runs(taps: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    runs: list[list[dict[str, Any]]] = []
    for tap in sorted(taps, key=lambda one: one["second"]):
        for run in runs:
            same = (run[0]["card"], run[0]["station"]) == (tap["card"], tap["station"])
            if same and tap["second"] - run[0]["second"] <= 120:
                run.append(tap)
                break
        else:
            runs.append([tap])
    return runs


def _give_marks(units: list[dict[str, Any]], runs: list[list[dict[str, Any]]]) -> None:
    shared = set()
    for one, other in pairwise(units):
        if one["marks"] != "arrival" and other["start"] - one["end"] < 30:
            between = [
                number
                for number, run in enumerate(runs)
                if one["end"] - GRACE <= run[0]["second"] // 60 <= other["start"] + GRACE
            ]
            if len(between) == 1:
                one["out"].append(runs[between[0]])
                other["in"].append(runs[between[0]])
                shared.add(between[0])
    for number, run in enumerate(runs):
        if number in shared:
            continue
        minute = run[0]["second"] // 60
        mark = _mark(units, run, minute)
        if mark is not None:
            units[mark[0]][mark[1]].append(run)
            continue
        for one in units:
            after = 0 if one["marks"] == "arrival" else AFTER
            one["odd"] |= one["first"] - BEFORE <= minute < one["last"] + after
    for one in units:
        _judge(one)


def _mark(units: list[dict[str, Any]], run: list[dict[str, Any]], minute: int) -> tuple[int, str] | None:
    place = _own(units, minute)
    if place is None:
        return None
    one = units[place]
    chosen = [tap["chosen"] for tap in run if tap["chosen"]]
    by_span = "in" if minute < one["middle"] else "out"
    if not chosen or chosen[-1] == by_span:
        return place, by_span
    if chosen[-1] == "in":
        # In the span of departures.
        if minute < one["end"]:
            return place, "in"
        if place + 1 < len(units) and minute >= units[place + 1]["first"] - BEFORE:
            return place + 1, "in"
        return None
    # 下班 in the span of arrivals.
    if minute > one["start"]:
        return place, "out"
    if place > 0:
        before = units[place - 1]
        if minute < before["last"] + AFTER:
            return place - 1, "out"
    return None


def _judge(one: dict[str, Any]) -> None:
    came = sorted(run[0]["second"] for run in one["in"])
    went = sorted(run[-1]["second"] for run in one["out"])
    one["came"], one["went"] = (came[0] if came else None), (went[-1] if went else None)
    if one["came"] is None and went:
        early = sorted(
            run[0]["second"]
            for run in one["out"]
            if run[0]["second"] // 60 < one["end"]
            and ([tap["chosen"] for tap in run if tap["chosen"]] or [""])[-1] != "out"
        )
        if early and went[-1] // 60 - early[0] // 60 >= 30:
            one["came"] = early[0]
    if one["came"] is not None and one["went"] is not None and one["went"] <= one["came"]:
        one["went"] = None


def _state(
    turn: dict[str, Any], units: list[dict[str, Any]], world: dict[str, Any]
) -> tuple[str, int | None, int | None]:
    if not turn["due"]:
        return "off", None, None
    if turn["covered"]:
        return "excused", None, None
    (unit,) = (one for one in units if any(mine is turn for mine in one["turns"]))
    came, went = (None if at is None else at // 60 for at in (unit["came"], unit["went"]))
    if went is not None:
        return "left", came, went
    if came is not None:
        return "here", came, went
    last = turn["left"][0] + GRACE
    if world["now"] <= last:
        return "not_yet", None, None
    return _not_seen(turn, unit, last, world), None, None


def _not_seen(turn: dict[str, Any], unit: dict[str, Any], last: int, world: dict[str, Any]) -> str:
    for tap in world["taps"]:
        minute = tap["second"] // 60
        if not tap["dated"] and minute >= turn["start"] - BEFORE:
            return "unknown"
        if tap["dated"] and not tap["here"] and turn["start"] - BEFORE <= minute < turn["end"] + AFTER:
            return "unknown"
    if unit["odd"] or turn["provisional"]:
        return "unknown"
    stations = [one for one in world["stations"] if one["enrolled"] <= last]
    if not stations:
        return "unknown"
    waits = False
    for one in stations:
        if one["wrong"] in ALWAYS_IN_THE_WAY:
            return "unknown"
        if one["through"] is None or one["through"] <= last:
            if one["wrong"]:
                return "unknown"
            waits = True
    for minute in range(turn["left"][0] - 30, last + 1):
        if all(minute < one["enrolled"] or any(a <= minute < b for a, b in one["downs"]) for one in stations):
            return "unknown"
    return "not_yet" if waits else "missing"
