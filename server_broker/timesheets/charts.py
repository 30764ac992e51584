"""Charts as plain values: a month as a calendar, and shares over months as lines. Each has its table beside it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from server_broker.platform.sql import query
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.models import DayCount

_DAY = dt.timedelta(days=1)
_LEVELS = (0.5, 0.8, 0.95)
"""Shares at which the shade of a day gets lighter."""


SQUARE_WIDTH, SQUARE_HEIGHT, HEAD_HEIGHT = 64, 48, 20
"""Of a calendar, in units of its drawing."""


class Count(NamedTuple):
    """Windows that touches decided, and how many of them were in time."""

    judged: int
    in_time: int

    @property
    def percent(self) -> int | None:
        """The share in time, in whole percent; None: nothing was decided."""
        return round(100 * self.in_time / self.judged) if self.judged else None


@dataclass(frozen=True, slots=True)
class Square:
    """A date in a calendar. ``level`` is a class of the style sheet, and ``said`` repeats in words what it shows."""

    day: dt.date
    x: int
    y: int
    level: str
    mark: str
    said: str


@dataclass(frozen=True, slots=True)
class Calendar:
    """A month from Monday to Sunday."""

    squares: tuple[Square, ...]

    @property
    def height(self) -> int:
        """Of the drawing, in its units."""
        return self.squares[-1].y + SQUARE_HEIGHT


def calendar(month: str, shown: Mapping[dt.date, tuple[str, str, str]]) -> Calendar:
    """Return a month as a calendar.

    Args:
        month: Such as ``2026-03``.
        shown: Of dates level, mark and words; the others are empty.
    """
    first = first_of_month(month)
    count = (next_month(first) - first).days
    squares = []
    for number in range(count):
        day = first + number * _DAY
        place = first.weekday() + number
        x, y = place % 7 * SQUARE_WIDTH, HEAD_HEIGHT + place // 7 * SQUARE_HEIGHT
        squares.append(Square(day, x, y, *shown.get(day, ("none", "", "没有班"))))
    return Calendar(tuple(squares))


def village_calendar(month: str, counts: Mapping[dt.date, Count]) -> Calendar:
    """Return a village's month by the share of windows in time."""
    shown = {}
    for day, count in counts.items():
        if count.percent is None:
            shown[day] = ("none", "", "没有凭打卡定的班")
        else:
            words = f"{count.judged} 个班，按时 {count.in_time} 个"
            shown[day] = (_level(count), f"{count.percent}%", words)
    return calendar(month, shown)


def _level(count: Count) -> str:
    share = count.in_time / count.judged
    return f"l{sum(share >= bound for bound in _LEVELS)}"


def counts_of(village: int, month: str) -> dict[dt.date, Count]:
    """Return the counts of a village's month by date, in one query."""
    first = first_of_month(month)
    rows = DayCount.objects.filter(village__identity=village, day__gte=first, day__lt=next_month(first))
    return {day: Count(judged, in_time) for day, judged, in_time in rows.values_list("day", "judged", "in_time")}


_BY_MONTH = """
SELECT left(r.code, %s), to_char(c.day, 'YYYY-MM'), sum(c.judged)::bigint, sum(c.in_time)::bigint
FROM settling_daycount c JOIN regions_region r ON r.identity = c.village_id
WHERE c.village_id = ANY(%s) AND c.day >= %s AND c.day < %s GROUP BY 1, 2
"""


def by_month(villages: Collection[int], months: Sequence[str], *, digits: int) -> dict[str, dict[str, Count]]:
    """Return the counts of months by region, in one query.

    Args:
        villages: Identities of regions.
        months: In order, without a gap.
        digits: So many of a village's code name the region by which is counted.
    """
    since, until = first_of_month(months[0]), next_month(first_of_month(months[-1]))
    found: dict[str, dict[str, Count]] = defaultdict(dict)
    for region, month, judged, in_time in query(_BY_MONTH, [digits, sorted(villages), since, until]):
        found[region][month] = Count(judged, in_time)
    return dict(found)


WIDTH, HEIGHT = 220, 72
"""Of a line's panel, in units of the drawing."""


@dataclass(frozen=True, slots=True)
class Line:
    """A region's share over the months."""

    code: str
    name: str
    pieces: tuple[str, ...]
    """Points of polylines; a month without a share breaks the line."""
    dots: tuple[tuple[float, float], ...]
    cells: tuple[tuple[str, Count | None], ...]
    """Months with what was counted in each."""

    @property
    def place(self) -> str:
        """The region's whole code."""
        return self.code.ljust(12, "0")

    @property
    def last(self) -> int | None:
        """The newest share."""
        shares = [count.percent for _, count in self.cells if count is not None and count.percent is not None]
        return shares[-1] if shares else None


def line(code: str, name: str, months: Sequence[str], counts: Mapping[str, Count]) -> Line:
    """Return a region's line over some months."""
    step = WIDTH / max(len(months) - 1, 1)
    shares = [counts[month].percent if month in counts else None for month in months]
    points = [
        None if share is None else (round(place * step, 1), round(HEIGHT * (1 - share / 100), 1))
        for place, share in enumerate(shares)
    ]
    return Line(
        code=code,
        name=name,
        pieces=tuple(_pieces(points)),
        dots=tuple(point for point in points if point is not None),
        cells=tuple((month, counts.get(month)) for month in months),
    )


def _pieces(points: Iterable[tuple[float, float] | None]) -> Iterable[str]:
    piece: list[str] = []
    for point in (*points, None):
        if point is not None:
            piece.append(f"{point[0]:g},{point[1]:g}")
            continue
        if len(piece) > 1:
            yield " ".join(piece)
        piece = []
