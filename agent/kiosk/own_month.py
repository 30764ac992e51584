"""Show the person of a visit their touches, each with what the county has of it.

The county's list says of most touches what they count as. It is not renewed with every touch, so this station adds its
own touches that the list does not name: those that have reached the county, and those that wait here.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

from msgspec import Struct, field

from agent.clocking import duty
from agent.clocking.desk import KioskScreens
from agent.clocking.touch_history import TouchHistory
from agent.kiosk.request_book import KnownRequest, RequestBook, ref_in
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.recent import ReadableStream
from agent.timekeeping.clock import StationClock
from protocol.bundle_contents import Month
from protocol.china_time import china_time
from protocol.facts_requests import request_number
from protocol.kiosk import Lacking
from protocol.kiosk_months import (
    MONTH_LINES,
    WINDOWS_A_DAY,
    DayWindow,
    MonthLine,
    MonthShown,
    OpenMonth,
    WindowLacks,
)
from protocol.units import CodeWord, DayText, Direction, FactRef, PersonId, WallMs

DAYS_BACK = 14
"""So many days back a missing touch can be reported here; for earlier ones the township is asked."""
MAX_LINES = 1_000
"""In one visit, the touches that came to it included."""
_UNDATED = "undated"


class OwnTouch(Struct, frozen=True, kw_only=True):
    """A touch of the person. ``wall`` is None if nobody knows when it was."""

    wall: WallMs | None
    state: CodeWord
    direction: Direction | None
    by_number: bool
    where: str = ""
    touch: FactRef | None = None
    """Which fact it is, if it was made here."""
    at: WallMs = 0
    """What the county's list gives as its time."""


class _Seen(Struct):
    """What a visit has seen: every touch keeps its number, also where the list has changed since."""

    touches: list[OwnTouch] = field(default_factory=list)
    order: list[int] = field(default_factory=list)
    """The numbers, the newest touch first."""

    def put(self, touches: list[OwnTouch]) -> None:
        """Number the touches as they are now."""
        known = {_name_of(touch): number for number, touch in enumerate(self.touches)}
        self.order = []
        for touch in touches[:MAX_LINES]:
            number = known.get(_name_of(touch), len(self.touches))
            if number == len(self.touches):
                if number == 2 * MAX_LINES:
                    break
                self.touches.append(touch)
            self.touches[number] = touch
            self.order.append(number)


class OwnMonth:
    """Answers `OpenMonth`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        history: TouchHistory,
        stream: ReadableStream,
        month: Callable[[PersonId], Month | None],
        book: RequestBook,
        screens: KioskScreens,
        visits: Visits,
    ) -> None:
        """
        Args:
            month: Returns the county's list for a person, or None.
        """
        self._clock = clock
        self._history = history
        self._stream = stream
        self._month = month
        self._book = book
        self._screens = screens
        self._visits = visits
        self._seen: dict[str, _Seen] = {}
        visits.on_end(self._ended)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenMonth: self.asked}

    def asked(self, kiosk: int, asked: OpenMonth) -> None:
        """Show a page, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        month = self._month(visit.person)
        seen = self._seen.setdefault(visit.id, _Seen())
        if asked.page == 0 or not seen.order:
            seen.put(self._touches(visit.person, month))
        visit.note("month")
        pages = max(1, -(-len(seen.order) // MONTH_LINES))
        page = min(asked.page, pages - 1)
        first = page * MONTH_LINES
        days = self.days()
        objections = [one for one in self._book.of(visit.person, month=month) if one.kind == "objection"]
        shown = seen.order[first : first + MONTH_LINES]
        answer = MonthShown(
            visit=visit.id,
            page=page,
            pages=pages,
            begins=f"{month.month}-01" if month is not None else None,
            lines=[_line(number, seen.touches[number], objections) for number in shown],
            lacking=_by_window(self._history.lacking(visit.person, self._clock.now())),
            days=days,
            windows=[one for day in days for one in self.windows(visit.person, day)],
        )
        self._screens.answer(kiosk, answer)

    def touch(self, visit: Visit, line: int | None) -> OwnTouch | None:
        """Return the touch of a line that the visit has seen, or None."""
        seen = self._seen.get(visit.id)
        return seen.touches[line] if seen is not None and line is not None and line < len(seen.touches) else None

    def days(self) -> list[DayText]:
        """Return the days for which a missing touch can be reported; none while the station does not know the date."""
        if not self._clock.dated:
            return []
        today = self._clock.wall_of(self._clock.now())
        return [day_of(today - back * 86_400_000) for back in range(DAYS_BACK)]

    def windows(self, person: PersonId, day: DayText) -> list[DayWindow]:
        """Return the windows of a day in which a touch can be missing."""
        windows = self._history.windows_on(person, date.fromisoformat(day))[:WINDOWS_A_DAY]
        return [DayWindow(day=day, start=one.start_minute, end=one.end_minute, window=one.name) for one in windows]

    def _ended(self, visit: Visit) -> None:
        self._seen.pop(visit.id, None)

    def _touches(self, person: PersonId, month: Month | None) -> list[OwnTouch]:
        listed = list(_listed(month)) if month is not None else []
        named = {(one.touch.epoch, one.touch.seq) for one in listed if one.touch is not None}
        held = [ref for place in month.held if (ref := ref_in(month, place)) is not None] if month is not None else []
        own = [
            OwnTouch(
                wall=wall,
                state="held" if seen.ref in held else "received" if self.is_received(seen.ref) else "waiting",
                direction=seen.direction,
                by_number=seen.by_number,
                touch=seen.ref,
                at=wall or 0,
            )
            for seen, wall in self._history.all_of(person)
            if (seen.epoch, seen.seq) not in named
        ]
        # What nobody can date comes first, because somebody must look at it.
        return sorted([*own, *listed], key=lambda one: (one.wall is None, one.wall or 0), reverse=True)

    def is_received(self, fact: FactRef) -> bool:
        """Tell whether the county has a fact of this station, by its receipts."""
        if fact.epoch == self._stream.epoch:
            return fact.seq <= self._stream.receipted
        # What an earlier stream left behind stands in this one again.
        return self._stream.receipted >= self._stream.through


def _name_of(touch: OwnTouch) -> tuple[object, ...]:
    if touch.touch is not None:
        return touch.touch.epoch, touch.touch.seq
    return touch.at, touch.where, touch.direction, touch.by_number


def _listed(month: Month) -> Iterator[OwnTouch]:
    for one in month.touches:
        yield OwnTouch(
            wall=None if one.state == _UNDATED else one.at,
            state=one.state or "counted",
            direction=one.direction,
            by_number=one.by_number,
            where=one.where,
            touch=ref_in(month, one.touch),
            at=one.at,
        )


def is_about(request: KnownRequest, touch: OwnTouch) -> bool:
    """Tell whether a request is about a touch. One that was made elsewhere is known by its time alone."""
    if request.about is not None or touch.touch is not None:
        return request.about == touch.touch
    return bool(request.begin) and request.begin == touch.at


def _by_window(lacking: Sequence[Lacking]) -> list[WindowLacks]:
    """Return what the windows lack that have opened."""
    marks: dict[tuple[str, int], list[CodeWord]] = {}
    for lack in lacking:
        if lack.when != "later":
            marks.setdefault((lack.window, lack.start), []).append(lack.mark)
    return [WindowLacks(window=window, marks=lacks) for (window, _), lacks in marks.items()]


def _line(number: int, touch: OwnTouch, objections: list[KnownRequest]) -> MonthLine:
    newest = next((one for one in objections if is_about(one, touch)), None)
    return MonthLine(
        line=number,
        state=touch.state,
        day=day_of(touch.wall) if touch.wall is not None else None,
        minute=minute_of(touch.wall) if touch.wall is not None else 0,
        direction=touch.direction,
        by_number=touch.by_number,
        where=touch.where,
        request=request_number(newest.request) if newest else "",
        request_state=newest.state if newest else None,
    )


def day_of(wall: WallMs) -> DayText:
    """Return the local date of a moment."""
    return duty.local_day(wall).isoformat()


def minute_of(wall: WallMs) -> int:
    """Return the local minute of the day."""
    at = china_time(wall)
    return at.hour * 60 + at.minute
