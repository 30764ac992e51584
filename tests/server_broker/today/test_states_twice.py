"""Who is here, reckoned twice over worlds drawn from seeds: one person, some turns, touches, leave and stations."""

import datetime as dt
import random
from collections import Counter
from typing import Any

from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent
from server_broker.duty.reasons import CutByNotice
from server_broker.duty.values import Crew, Notice, Window, minute_at
from server_broker.today.standing import Known, lines_of
from server_broker.today.values import Down, Line, StationNow, Tap
from tests.server_broker.today.plain_states import ALWAYS_IN_THE_WAY, reckon

WORLDS = 500
MONDAY = dt.date(2027, 3, 15)
DAYS = [MONDAY + dt.timedelta(days=n) for n in (-1, 0, 1)]
NOON = dt.datetime(2027, 3, 15, 4, tzinfo=dt.UTC)
NOON_MINUTE = minute_at(MONDAY, 720)
_NOBODY = Crew()


def drawn(draw: random.Random) -> dict[str, Any]:
    """Return a world. Its turns do not overlap, because rosters refuse that."""
    turns: list[dict[str, Any]] = []
    for day in DAYS:
        # A date's windows with a first and a last touch are judged as one, so none of another kind lies among them.
        kinds = draw.choice((("ends",), ("each", "each", "arrival")))
        at = 0
        while (at := at + draw.choice((0, 20, 29, 60, 240, 480))) < 1_200:
            length = draw.choice((25, 60, 240, 480))
            start = minute_at(day, at)
            if draw.random() < 0.6:
                turns.append(
                    {
                        "day": day,
                        "start": start,
                        "end": start + length,
                        "marks": draw.choice(kinds),
                        "due": draw.random() < 0.9,
                        "provisional": draw.random() < 0.1,
                        "hole": _hole(draw, start, length),
                    }
                )
            at += length
    first, last = minute_at(DAYS[0], 0), minute_at(DAYS[2], 1_440)
    return {
        "turns": turns,
        "now": draw.randrange(first, last),
        "away": [
            (
                draw.choice(("leave", "leave", "field_duty", "meeting", "residency")),
                at,
                at + draw.choice((30, 200, 700)),
            )
            for at in _some(draw, first, last, (0, 0, 1, 2))
        ],
        "taps": [_tap(draw, turns, first, last) for _ in range(draw.randrange(9))],
        "stations": [_station(draw, first, last) for _ in range(draw.choice((0, 1, 1, 1, 2)))],
    }


def _hole(draw: random.Random, start: int, length: int) -> tuple[int, int] | None:
    """Return a stretch within a turn that a notice takes away, or None."""
    if length < 240 or draw.random() < 0.8:
        return None
    begin = start + draw.randrange(60, 120)
    return begin, begin + draw.choice((30, 90))


def _some(draw: random.Random, first: int, last: int, counts: tuple[int, ...]) -> list[int]:
    return [draw.randrange(first, last) for _ in range(draw.choice(counts))]


def _tap(draw: random.Random, turns: list[dict[str, Any]], first: int, last: int) -> dict[str, Any]:
    at = draw.randrange(first, last)
    if turns and draw.random() < 0.8:
        turn = draw.choice(turns)
        at = draw.choice((turn["start"], turn["end"], (turn["start"] + turn["end"]) // 2)) + draw.randrange(-40, 41)
    return {
        "second": at * 60 + draw.randrange(60),
        "card": draw.choice("ab"),
        "station": "s",
        "chosen": draw.choice(("", "", "in", "out")),
        "dated": draw.random() < 0.95,
        "here": draw.random() < 0.95,
    }


def _station(draw: random.Random, first: int, last: int) -> dict[str, Any]:
    return {
        "through": draw.choice((None, last, last, last, draw.randrange(first, last))),
        "wrong": draw.choice((None, None, None, "silent", "clock", "held")),
        "downs": [(at, at + draw.choice((5, 300))) for at in _some(draw, first, last, (0, 0, 0, 1, 3))],
        "enrolled": draw.choice((0, 0, 0, draw.randrange(first, last))),
    }


def product(world: dict[str, Any]) -> list[Line]:
    turns = [
        Turn(
            1,
            Window(
                id=n,
                village=1,
                name=str(n),
                start=one["start"] - minute_at(one["day"], 0),
                end=one["end"] - minute_at(one["day"], 0),
                crew=_NOBODY,
                marks=one["marks"],
            ),
            one["day"],
            due=one["due"],
            why=(CutByNotice(Notice(*one["hole"])),) if one["hole"] else (),
            provisional=one["provisional"],
            begin=one["start"],
            end=one["end"],
        )
        for n, one in enumerate(world["turns"])
    ]
    taps = [
        Tap(
            at=NOON + dt.timedelta(seconds=one["second"] - NOON_MINUTE * 60),
            minute=one["second"] // 60,
            card=one["card"],
            station=one["station"],
            village=1,
            place="",
            counts=one["here"],
            dated=one["dated"],
            chosen=one["chosen"],
        )
        for one in world["taps"]
    ]
    stations = [
        StationNow(
            str(n),
            "",
            through=one["through"],
            cause=one["wrong"],
            blocks=one["wrong"] if one["wrong"] in ALWAYS_IN_THE_WAY else None,
            downs=tuple(Down(a, b) for a, b in one["downs"]),
            enrolled=one["enrolled"],
        )
        for n, one in enumerate(world["stations"])
    ]
    away = [Absent(kind, "", a, b) for kind, a, b in world["away"]]
    return lines_of(turns, Known(world["now"], {1: taps}, {1: away}, {1: stations})) if turns else []


def test_both_reckonings_agree() -> None:
    met: Counter[str] = Counter()
    for seed in range(WORLDS):
        world = drawn(random.Random(seed))
        lines = product(world)
        mine = [
            (line.state, line.arrived and line.arrived.minute, line.departed and line.departed.minute) for line in lines
        ]
        assert mine == reckon(world), f"seed {seed}"
        met.update(line.state for line in lines)
        met.update(str(line.cause) for line in lines)
        assert not [line for line in lines if line.state == "missing" and not _well(world)], f"seed {seed}"
    # Else the two would agree about nothing.
    assert {"here", "left", "not_yet", "missing", "excused", "off", "unknown"} < met.keys()
    assert {"silent", "clock", "held", "waits", "down", "no_station", "provisional", "undated", "odd"} < met.keys()


def _well(world: dict[str, Any]) -> bool:
    """Tell whether some station of a world has ever told anything."""
    return any(one["through"] is not None and one["wrong"] != "held" for one in world["stations"])
