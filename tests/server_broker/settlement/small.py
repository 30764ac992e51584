"""Small worlds for tests: one village, one person, one window on Monday 2 March 2026, 08:30 to 12:00."""

import datetime as dt
from typing import Any

from server_broker.settlement import values
from server_broker.settlement.index import Index
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import END_OF_TIME, Minute, Moment, midnight, moment_of
from server_broker.settlement.values import World

DAY = dt.date(2026, 3, 2)


def minute(clock: str, day: dt.date = DAY) -> Minute:
    hour, rest = clock.split(":")
    return midnight(day) + int(hour) * 60 + int(rest)


def moment(clock: str, day: dt.date = DAY) -> Moment:
    return moment_of(dt.datetime.combine(day, dt.time.fromisoformat(clock)))


def fact(seq: int, clock: str, kind: str, *, day: dt.date = DAY, epoch: int = 1, **more: Any) -> values.Fact:
    at = moment(clock, day)
    given = {"dated": True, "received": at + 60_000_000, **more}
    return values.Fact(epoch=epoch, seq=seq, at=at, kind=kind, **given)


def touch(seq: int, clock: str, card: str = "k", **more: Any) -> values.Fact:
    return fact(seq, clock, "touch", card=card, **more)


def undated(seq: int, kind: str, received: str, **more: Any) -> values.Fact:
    return fact(seq, "00:00", kind, dated=False, received=moment(received), **more)


def station(*facts: values.Fact, id: str = "s1", **more: Any) -> values.Station:
    return values.Station(**{"id": id, "village": "v1", "facts": facts, **more})


def small_world(*stations: values.Station, **more: Any) -> World:
    given = {
        "regions": (
            values.Region(id="county"),
            values.Region(id="t1", parent="county"),
            values.Region(id="v1", parent="t1"),
            values.Region(id="v2", parent="t1"),
            values.Region(id="t2", parent="county"),
        ),
        "calendar": (
            values.Table(
                source="county",
                first=dt.date(2026, 1, 1),
                last=dt.date(2026, 12, 31),
                holidays=frozenset(),
                workdays=frozenset(),
            ),
        ),
        "people": (
            values.Person(id="zhang", home="v1", rank="cadre"),
            values.Person(id="sec", home="v1", rank="secretary"),
        ),
        "bindings": (values.Binding(card="k", person="zhang", begin=minute("00:00", dt.date(2026, 1, 1))),),
        "windows": (roster_window(),),
        "stations": stations,
    }
    return World(**{**given, **more})


def roster_window(start: int = 510, end: int = 720, **more: Any) -> values.RosterWindow:
    given = {"roster": "r", "village": "v1", "persons": frozenset({"zhang"}), "weekdays": frozenset(range(1, 6))}
    return values.RosterWindow(start=start, end=end, **{**given, **more})


def sheet(world: World, at: Moment = END_OF_TIME) -> Sheet:
    return Sheet(Index(world), [DAY], at, {})


def result(world: World, at: Moment = END_OF_TIME) -> Result:
    (only,) = sheet(world, at).results()
    return only
