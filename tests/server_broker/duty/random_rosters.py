"""Rosters drawn from a seed, crowded enough that all that the rules speak of happens: as dictionaries and as values."""

import datetime as dt
import random
from typing import Any

from server_broker.duty.values import Agreed, CalendarDay, Crew, Days, Held, Notice, Rosters, Window, minute_at

DAY = dt.timedelta(days=1)
PEOPLE, POSTS, VILLAGES = range(1, 7), range(10, 13), (1, 2)
STATES = ("held", "held", "held", "seconded", "suspended", "off")


def drawn(draw: random.Random, first: dt.date, days: int) -> dict[str, Any]:
    """Return a county for the dates from ``first`` on, and some before and after."""
    dates = [first + n * DAY for n in range(-4, days + 4)]
    windows = [_window(draw, number, dates) for number in range(1, 8)]
    return {
        "calendar": {date: draw.random() < (0.9 if date.isoweekday() < 6 else 0.3) for date in dates},
        "windows": windows,
        "named": [
            {"window": window["id"], "date": date, **_crew(draw)}
            for window in windows
            for date in dates
            if draw.random() < (0.5 if window["named"] else 0.15)
        ],
        "swaps": [_swap(draw, draw.choice(windows), draw.choice(dates)) for _ in range(30)],
        "holdings": [_holding(draw, dates) for _ in range(draw.randrange(8))],
        "left": [{"person": draw.choice(PEOPLE), **_some(draw, dates)} for _ in range(draw.randrange(3))],
        "notices": [_notice(draw, draw.choice(dates)) for _ in range(draw.randrange(4))],
    }


def _some(draw: random.Random, dates: list[dt.date]) -> dict[str, dt.date | None]:
    first, last = sorted(draw.sample(dates, 2))
    return {"first": draw.choice((None, first)), "last": draw.choice((None, last))}


def _crew(draw: random.Random) -> dict[str, list[int]]:
    return {"people": draw.sample(PEOPLE, draw.randrange(4)), "posts": draw.sample(POSTS, draw.randrange(2))}


def _window(draw: random.Random, number: int, dates: list[dt.date]) -> dict[str, Any]:
    start = draw.randrange(0, 1440, 60)
    named = draw.random() < 0.3
    week = [1, 2, 3, 4, 5] if draw.random() < 0.5 else []
    date = draw.choice(dates)
    return {
        "id": number,
        "village": draw.choice(VILLAGES),
        "named": named,
        "weekdays": [] if named else sorted({*week, *draw.sample(range(1, 8), draw.randrange(4))}),
        "season": (0, 0)
        if named or draw.random() < 0.6
        else draw.choice(
            (
                (date.month * 100 + date.day, 1231),
                (101, date.month * 100 + date.day),
                (1001, date.month * 100 + date.day),
            )
        ),
        "start": start,
        "end": start + draw.choice((20, 60, 240, 600, 1440)),
        **(_some(draw, dates) if draw.random() < 0.3 else {"first": None, "last": None}),
        **_crew(draw),
    }


def _swap(draw: random.Random, window: dict[str, Any], date: dt.date) -> dict[str, Any]:
    giver, taker = draw.sample(PEOPLE, 2)
    start = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=window["start"])
    agreed = start + dt.timedelta(minutes=draw.choice((-3000, -60, -1, 0, 5)))
    return {"window": window["id"], "date": date, "giver": giver, "taker": taker, "agreed": agreed}


def _holding(draw: random.Random, dates: list[dt.date]) -> dict[str, Any]:
    whose = {"person": draw.choice(PEOPLE), "post": draw.choice(POSTS), "state": draw.choice(STATES)}
    return whose | _some(draw, dates)


def _notice(draw: random.Random, date: dt.date) -> dict[str, Any]:
    begin = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=draw.randrange(1440))
    length = dt.timedelta(minutes=draw.choice((30, 120, 600, 2000)))
    return {"village": draw.choice(VILLAGES), "begin": begin, "end": begin + length}


def as_values(county: dict[str, Any]) -> Rosters:
    """Return the same county as the product reckons with it."""
    swaps: dict[tuple[int, dt.date], list[Agreed]] = {}
    for one in county["swaps"]:
        agreed = Agreed(one["giver"], one["taker"], _minute(one["agreed"]))
        swaps.setdefault((one["window"], one["date"]), []).append(agreed)
    left: dict[int, list[Days]] = {}
    for one in county["left"]:
        left.setdefault(one["person"], []).append(_days(one))
    notices: dict[int, list[Notice]] = {}
    for one in county["notices"]:
        notices.setdefault(one["village"], []).append(Notice(_minute(one["begin"]), _minute(one["end"])))
    return Rosters(
        calendar={date: CalendarDay(working) for date, working in county["calendar"].items()},
        windows=[
            Window(
                id=one["id"],
                village=one["village"],
                name=str(one["id"]),
                start=one["start"],
                end=one["end"],
                crew=_values_of_crew(one),
                weekdays=frozenset(one["weekdays"]),
                named_days=one["named"],
                season=one["season"],
                days=_days(one),
            )
            for one in county["windows"]
        ],
        named={(one["window"], one["date"]): _values_of_crew(one) for one in county["named"]},
        swaps=swaps,
        holdings=[Held(one["person"], one["post"], one["state"], _days(one)) for one in county["holdings"]],
        left=left,
        notices=notices,
    )


def _values_of_crew(one: dict[str, Any]) -> Crew:
    return Crew(frozenset(one["people"]), frozenset(one["posts"]))


def _days(one: dict[str, Any]) -> Days:
    return Days(one["first"], None if one["last"] is None else one["last"] + DAY)


def _minute(at: dt.datetime) -> int:
    return minute_at(at.date(), at.hour * 60 + at.minute)
