"""The duty rules that a station applies by itself: a touch's direction, and which windows run or have closed.

Pure functions over dates (`agent.clocking.duty_dates`). The county decides by its own rules who attended; the station
only decides what it shows to people. If no unit is named, times are whole minutes of Chinese local time since
1970-01-01 00:00. They are whole minutes because windows are set in minutes, and a touch in the last second of a minute
belongs to this minute.
"""

from collections.abc import Iterable, Sequence
from copy import replace
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct

from agent.clocking.duty_dates import DAY_MIN, DateWindow, DutyDate, DutyDates, midnight
from protocol.china_time import OFFSET_MIN
from protocol.twin import Settings
from protocol.units import MAX_SHORT_TEXT, Direction

_EPOCH = date(1970, 1, 1)


def local_minute(wall_ms: int) -> int:
    """Return the local minute of a moment, seconds cut off."""
    return wall_ms // 60_000 + OFFSET_MIN


def local_day(wall_ms: int) -> date:
    """Return the local date of a moment."""
    return _EPOCH + timedelta(days=local_minute(wall_ms) // DAY_MIN)


def minute_of_day(wall_ms: int, day: date) -> int:
    """Return minutes after local midnight of ``day``; negative before it."""
    return local_minute(wall_ms) - midnight(day)


def _wall_ms(minute: int) -> int:
    return (minute - OFFSET_MIN) * 60_000


class DutySpan(Struct, frozen=True):
    """What is judged as one of a person's date: arrival in ``[opens, middle)``, departure in ``[middle, closes)``.

    That is a window, or all windows of the date that ask for one arrival and one departure together (`ends`).
    """

    windows: tuple[DateWindow, ...]
    day: date
    start: int
    end: int
    opens: int
    middle: int
    """The first minute in which a touch is a departure: the half of what is left of the window, rounded up."""
    closes: int
    departs: bool = True
    """False: nobody need touch when leaving, and every touch is an arrival."""

    @property
    def name(self) -> str:
        """The window's name; of several, each."""
        return "、".join(window.name for window in self.windows)[:MAX_SHORT_TEXT]

    @property
    def start_minute(self) -> int:
        """When it begins, in minutes after midnight of its date."""
        return self.start - midnight(self.day)

    @property
    def end_minute(self) -> int:
        """When it ends, in minutes after midnight of its date."""
        return self.end - midnight(self.day)

    def is_shown(self, day: date, minute: int) -> bool:
        """Tell whether it is one of a date's, or a night's of before for which touches still count."""
        return self.day == day or (self.day < day and minute < self.closes)

    @property
    def is_here(self) -> bool:
        """Whether any of it is this village's."""
        return not all(window.elsewhere for window in self.windows)


def spans(dates: DutyDates, person: str, day: date) -> list[DutySpan]:
    """Return a person's spans of ``day`` and of the days before and after it, by start."""
    return spans_in(dates.around(day), dates.settings, person)


def spans_in(around: Iterable[DutyDate], settings: Settings, person: str) -> list[DutySpan]:
    """Return a person's spans of some dates, by start. What notices and absences leave nothing of is in none.

    A person may come early and leave late, so the spans of two windows may overlap. Then the one closes and the other
    opens half-way between the end of the first window and the start of the second.
    """
    found = [
        _span(parts, person, settings)
        for one in around
        for parts in _judged_as_one([window for window in one.windows if person in window.people], person)
    ]
    found.sort(key=lambda span: span.start)
    cut = list(found)
    for place, (earlier, later) in enumerate(pairwise(found)):
        if not earlier.departs:
            cut[place + 1] = replace(cut[place + 1], opens=max(later.opens, earlier.end))
        elif earlier.closes > later.opens:
            half_way = _half_way(earlier.end, later.start)
            cut[place] = replace(cut[place], closes=half_way)
            cut[place + 1] = replace(cut[place + 1], opens=half_way)
    return [span for span in cut if span.is_here]


def _judged_as_one(windows: Iterable[DateWindow], person: str) -> list[tuple[DateWindow, ...]]:
    """Return a date's windows of somebody of which anything is left, those together that are judged together."""
    judged = sorted((one for one in windows if one.rest(person)), key=lambda window: window.start)
    together = tuple(window for window in judged if window.marks == "ends")
    alone = [(window,) for window in judged if window.marks != "ends"]
    return [together, *alone] if together else [*alone]


def _span(parts: Sequence[DateWindow], person: str, settings: Settings) -> DutySpan:
    first, last = parts[0], parts[-1]
    rests = [rest for one in parts if (rest := one.rest(person))]
    departs = first.marks != "arrival"
    return DutySpan(
        windows=tuple(parts),
        day=first.day,
        start=first.start,
        end=last.end,
        opens=first.start - settings.open_before_min,
        middle=_half_way(rests[0][0], rests[-1][1]) if departs else last.end,
        closes=last.end + settings.open_after_min if departs else last.end,
        departs=departs,
    )


def _half_way(one: int, other: int) -> int:
    return -(-(one + other) // 2)


def span_at(dates: DutyDates, person: str, wall_ms: int) -> DutySpan | None:
    """Return the span in which a moment lies, or None."""
    minute = local_minute(wall_ms)
    around = spans(dates, person, local_day(wall_ms))
    return next((span for span in around if span.opens <= minute < span.closes), None)


def direction_at(dates: DutyDates, person: str, wall_ms: int) -> Direction | None:
    """Return whether a touch at this moment is an arrival or a departure, or None outside every span."""
    span = span_at(dates, person, wall_ms)
    if span is None:
        return None
    return "in" if local_minute(wall_ms) < span.middle else "out"


def _windows(dates: DutyDates, wall_ms: int) -> list[DateWindow]:
    """Return this village's windows of a moment's date and of those beside it, in which anybody is due."""
    around = dates.around(local_day(wall_ms))
    return [window for one in around for window in one.windows if window.is_anybodys]


def running(dates: DutyDates, wall_ms: int) -> list[DateWindow]:
    """Return all people's duty windows that run at this moment, without early and late times."""
    minute = local_minute(wall_ms)
    return [window for window in _windows(dates, wall_ms) if window.begin <= minute < window.until]


def on_duty(dates: DutyDates, wall_ms: int) -> bool:
    """Return whether anybody's duty window runs at this moment."""
    return bool(running(dates, wall_ms))


def attended(dates: DutyDates, wall_ms: int) -> bool:
    """Return whether somebody may touch for a duty window now: in its time, or in the early or late time around it."""
    minute, settings = local_minute(wall_ms), dates.settings
    return any(
        window.start - settings.open_before_min <= minute < window.end + settings.open_after_min
        for window in _windows(dates, wall_ms)
    )


class Closing(Struct, frozen=True):
    """The moment after which no touch counts for a window any more."""

    window: str
    day: date
    closed_ms: int


def closings(dates: DutyDates, *, after_ms: int, until_ms: int) -> list[Closing]:
    """Return the windows that closed in ``(after_ms, until_ms]``, by time, and only those of the last three dates.

    The bound keeps a station that was off for weeks from going through each of the days.
    """
    day = local_day(until_ms)
    around = dates.between(day - timedelta(days=3), day + timedelta(days=1))
    found = {
        Closing(window=window.id, day=one.day, closed_ms=_wall_ms(window.end + dates.settings.open_after_min))
        for one in around
        for window in one.windows
        if not window.elsewhere
    }
    closed = (closing for closing in found if after_ms < closing.closed_ms <= until_ms)
    return sorted(closed, key=lambda closing: (closing.closed_ms, closing.window))
