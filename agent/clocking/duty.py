"""The duty rules that a station applies by itself: direction, what is missing, which windows have closed.

Pure functions over the desired state, after docs/rules.md section 2.3. Times inside are whole local minutes
(Asia/Shanghai, UTC+8) since 1970-01-01; the county settles, the station only says what it shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from agent.twin import EffectiveState
from protocol.twin import DutyWindow
from protocol.units import Direction

_ZONE_MIN = 8 * 60
_DAY_MIN = 24 * 60
_EPOCH = date(1970, 1, 1)


def local_minute(wall_ms: int) -> int:
    """Return the local minute of a moment, seconds cut off."""
    return wall_ms // 60_000 + _ZONE_MIN


def local_day(wall_ms: int) -> date:
    """Return the local date of a moment."""
    return _EPOCH + timedelta(days=local_minute(wall_ms) // _DAY_MIN)


def minute_of_day(wall_ms: int, day: date) -> int:
    """Return minutes after local midnight of ``day``; negative before it."""
    return local_minute(wall_ms) - _midnight(day)


def _midnight(day: date) -> int:
    return (day - _EPOCH).days * _DAY_MIN


def _wall_ms(minute: int) -> int:
    return (minute - _ZONE_MIN) * 60_000


@dataclass(frozen=True, slots=True)
class Span:
    """A person's window on a date: arrival in ``[opens, middle)``, departure in ``[middle, closes)``."""

    window: DutyWindow
    day: date
    start: int
    end: int
    opens: int
    closes: int

    @property
    def middle(self) -> int:
        """First minute that is a departure's: half-way, rounded up."""
        return -(-(self.start + self.end) // 2)

    @property
    def end_minute(self) -> int:
        """When the window ends, in minutes after midnight of its date."""
        return self.end - _midnight(self.day)


def spans(desired: EffectiveState, person: str, day: date) -> list[Span]:
    """Return a person's spans around ``day``, the day before and after included, by start.

    Where two neighbours' spans would overlap, both end half-way between the one's end and the other's start.
    """
    mine = [window for window in desired.windows if person in window.people]
    found = sorted(_open_spans(desired, mine, day), key=lambda span: span.start)
    return [_cut(found, place) for place in range(len(found))]


def _open_spans(desired: EffectiveState, windows: Iterable[DutyWindow], day: date) -> list[Span]:
    settings = desired.settings
    days = [day + timedelta(days=offset) for offset in (-1, 0, 1)]
    return [
        Span(
            window=window,
            day=on,
            start=_midnight(on) + window.start,
            end=_midnight(on) + window.end,
            opens=_midnight(on) + window.start - settings.open_before_min,
            closes=_midnight(on) + window.end + settings.open_after_min,
        )
        for window in windows
        for on in days
        if on.isoweekday() in window.weekdays
    ]


def _cut(found: list[Span], place: int) -> Span:
    span = found[place]
    opens, closes = span.opens, span.closes
    if place > 0 and found[place - 1].closes > span.opens:
        opens = _half_way(found[place - 1].end, span.start)
    if place + 1 < len(found) and span.closes > found[place + 1].opens:
        closes = _half_way(span.end, found[place + 1].start)
    return Span(window=span.window, day=span.day, start=span.start, end=span.end, opens=opens, closes=closes)


def _half_way(end: int, start: int) -> int:
    return -(-(end + start) // 2)


def span_at(desired: EffectiveState, person: str, wall_ms: int) -> Span | None:
    """Return the span in which a moment lies, or None."""
    minute = local_minute(wall_ms)
    around = spans(desired, person, local_day(wall_ms))
    return next((span for span in around if span.opens <= minute < span.closes), None)


def direction_at(desired: EffectiveState, person: str, wall_ms: int) -> Direction | None:
    """Return what a touch at this moment is: arrival, departure or, outside every span, neither."""
    span = span_at(desired, person, wall_ms)
    if span is None:
        return None
    return "in" if local_minute(wall_ms) < span.middle else "out"


def running(desired: EffectiveState, wall_ms: int) -> list[Span]:
    """Return the duty windows, of anybody, that run at this moment."""
    minute = local_minute(wall_ms)
    around = _open_spans(desired, desired.windows, local_day(wall_ms))
    return [span for span in around if span.start <= minute < span.end]


def on_duty(desired: EffectiveState, wall_ms: int) -> bool:
    """Tell whether anybody's duty window runs at this moment."""
    return bool(running(desired, wall_ms))


def attended(desired: EffectiveState, wall_ms: int) -> bool:
    """Tell whether somebody may be touching for a duty window: time to come early and leave late included."""
    minute = local_minute(wall_ms)
    return any(span.opens <= minute < span.closes for span in _open_spans(desired, desired.windows, local_day(wall_ms)))


@dataclass(frozen=True, slots=True)
class Closing:
    """The moment after which no touch of a window can come any more."""

    window: str
    day: date
    closed_ms: int


def closings(desired: EffectiveState, *, after_ms: int, until_ms: int) -> list[Closing]:
    """Return the windows that closed in ``(after_ms, until_ms]``, by time; no more than two days back."""
    found: set[Closing] = set()
    for day in (local_day(until_ms) - timedelta(days=2), local_day(until_ms)):
        for span in _open_spans(desired, desired.windows, day):
            closing = Closing(window=span.window.id, day=span.day, closed_ms=_wall_ms(span.closes))
            if after_ms < closing.closed_ms <= until_ms:
                found.add(closing)
    return sorted(found, key=lambda closing: (closing.closed_ms, closing.window))
