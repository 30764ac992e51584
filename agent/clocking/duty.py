"""The duty rules that a station applies by itself: a touch's direction, and which windows run or have closed.

Pure functions over the desired state. The county decides by its own rules who attended; the station only decides what
it shows to people. If no unit is named, times are whole minutes of Chinese local time since 1970-01-01 00:00. They are
whole minutes because windows are set in minutes, and a touch in the last second of a minute belongs to this minute.
"""

from collections.abc import Iterable
from copy import replace
from datetime import date, timedelta
from itertools import pairwise

from msgspec import Struct

from agent.twin import EffectiveState
from protocol.china_time import OFFSET_MIN
from protocol.twin import DutyWindow
from protocol.units import Direction

_DAY_MIN = 24 * 60
_EPOCH = date(1970, 1, 1)


def local_minute(wall_ms: int) -> int:
    """Return the local minute of a moment, seconds cut off."""
    return wall_ms // 60_000 + OFFSET_MIN


def local_day(wall_ms: int) -> date:
    """Return the local date of a moment."""
    return _EPOCH + timedelta(days=local_minute(wall_ms) // _DAY_MIN)


def minute_of_day(wall_ms: int, day: date) -> int:
    """Return minutes after local midnight of ``day``; negative before it."""
    return local_minute(wall_ms) - _midnight(day)


def _midnight(day: date) -> int:
    return (day - _EPOCH).days * _DAY_MIN


def _wall_ms(minute: int) -> int:
    return (minute - OFFSET_MIN) * 60_000


class DutySpan(Struct, frozen=True):
    """A person's window on a date: arrival in ``[opens, middle)``, departure in ``[middle, closes)``."""

    window: DutyWindow
    day: date
    start: int
    end: int
    opens: int
    closes: int

    @property
    def middle(self) -> int:
        """The first minute in which a touch is a departure: the half of the window, rounded up."""
        return _half_way(self.start, self.end)

    @property
    def end_minute(self) -> int:
        """When the window ends, in minutes after midnight of its date."""
        return self.end - _midnight(self.day)


def spans(desired: EffectiveState, person: str, day: date) -> list[DutySpan]:
    """Return a person's spans of ``day`` and of the days before and after it, by start.

    A person may come early and leave late, so the spans of two windows may overlap. Then the one closes and the other
    opens half-way between the end of the first window and the start of the second.
    """
    mine = [window for window in desired.windows if person in window.people]
    found = sorted(_open_spans(desired, mine, day), key=lambda span: span.start)
    cut = list(found)
    for place, (earlier, later) in enumerate(pairwise(found)):
        if earlier.closes > later.opens:
            half_way = _half_way(earlier.end, later.start)
            cut[place] = replace(cut[place], closes=half_way)
            cut[place + 1] = replace(cut[place + 1], opens=half_way)
    return cut


def _open_spans(desired: EffectiveState, windows: Iterable[DutyWindow], day: date) -> list[DutySpan]:
    settings = desired.settings
    # A night's window of yesterday reaches into today, and one of tomorrow may open before midnight.
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]
    return [
        DutySpan(
            window=window,
            day=on,
            start=_midnight(on) + window.start,
            end=_midnight(on) + window.end,
            opens=_midnight(on) + window.start - settings.open_before_min,
            closes=_midnight(on) + window.end + settings.open_after_min,
        )
        for window in windows
        for on in days
        if on.isoweekday() in window.weekdays and _runs_on(window, on)
    ]


def _runs_on(window: DutyWindow, day: date) -> bool:
    begin = _wall_ms(_midnight(day))
    return (not window.since or window.since <= begin) and (not window.until or begin < window.until)


def _half_way(one: int, other: int) -> int:
    return -(-(one + other) // 2)


def span_at(desired: EffectiveState, person: str, wall_ms: int) -> DutySpan | None:
    """Return the span in which a moment lies, or None."""
    minute = local_minute(wall_ms)
    around = spans(desired, person, local_day(wall_ms))
    return next((span for span in around if span.opens <= minute < span.closes), None)


def direction_at(desired: EffectiveState, person: str, wall_ms: int) -> Direction | None:
    """Return whether a touch at this moment is an arrival or a departure, or None outside every span."""
    span = span_at(desired, person, wall_ms)
    if span is None:
        return None
    return "in" if local_minute(wall_ms) < span.middle else "out"


def running(desired: EffectiveState, wall_ms: int) -> list[DutySpan]:
    """Return the spans of all people's duty windows that run at this moment, without early and late times."""
    minute = local_minute(wall_ms)
    around = _open_spans(desired, desired.windows, local_day(wall_ms))
    return [span for span in around if span.start <= minute < span.end]


def on_duty(desired: EffectiveState, wall_ms: int) -> bool:
    """Return whether anybody's duty window runs at this moment."""
    return bool(running(desired, wall_ms))


def attended(desired: EffectiveState, wall_ms: int) -> bool:
    """Return whether somebody may touch for a duty window now: in its time, or in the early or late time around it."""
    minute = local_minute(wall_ms)
    return any(span.opens <= minute < span.closes for span in _open_spans(desired, desired.windows, local_day(wall_ms)))


class Closing(Struct, frozen=True):
    """The moment after which no touch counts for a window any more."""

    window: str
    day: date
    closed_ms: int


def closings(desired: EffectiveState, *, after_ms: int, until_ms: int) -> list[Closing]:
    """Return the windows that closed in ``(after_ms, until_ms]``, by time, and only those of the last three dates.

    The bound keeps a station that was off for weeks from going through each of the days.
    """
    found: set[Closing] = set()
    # Each of the two looks at the days around it, so together they reach from three days before until tomorrow.
    for day in (local_day(until_ms) - timedelta(days=2), local_day(until_ms)):
        for span in _open_spans(desired, desired.windows, day):
            closing = Closing(window=span.window.id, day=span.day, closed_ms=_wall_ms(span.closes))
            if after_ms < closing.closed_ms <= until_ms:
                found.add(closing)
    return sorted(found, key=lambda closing: (closing.closed_ms, closing.window))
