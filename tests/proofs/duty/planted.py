"""Faults of county and station that the proof must find. Import it after `django.setup`."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any
from unittest.mock import patch

from agent.clocking import duty, duty_dates
from agent.clocking.duty_dates import DateWindow, DutyDates
from agent.clocking.touch_history import TouchHistory
from protocol.duty_days import DutyDays
from server_broker.duty import due
from server_broker.twin import duty_content

type Plant = Callable[[], AbstractContextManager[Any]]
_DAY = dt.timedelta(days=1)
_dated = duty_dates.dated_date
_span = duty._span


def _swaps_forgotten() -> AbstractContextManager[Any]:
    return patch.object(due, "_swapped", lambda turns, *_: turns)


def _notices_forgotten() -> AbstractContextManager[Any]:
    return patch.object(due, "_after_notices", lambda turn, _: turn)


def _absences_forgotten() -> AbstractContextManager[Any]:
    return patch.object(duty_content, "absences_of", lambda *_: {})


def _windows_elsewhere_forgotten() -> AbstractContextManager[Any]:
    return patch.object(duty, "_judged_as_one", _only_here)


_judged = duty._judged_as_one


def _only_here(windows: Sequence[DateWindow], person: str) -> list[tuple[DateWindow, ...]]:
    return _judged([window for window in windows if not window.elsewhere], person)


def _no_cut() -> AbstractContextManager[Any]:
    return patch.object(duty, "pairwise", lambda spans: [])


def _middle_of_the_whole() -> AbstractContextManager[Any]:
    def rest(self: DateWindow, person: str) -> tuple[int, int] | None:
        left = self.away.get(person)
        return None if left is not None and left.begin == left.end else (self.start, self.end)

    return patch.object(DateWindow, "rest", rest)


def _ends_one_by_one() -> AbstractContextManager[Any]:
    return patch.object(duty, "_judged_as_one", lambda windows, person: [(one,) for one in windows if one.rest(person)])


def _a_date_too_late() -> AbstractContextManager[Any]:
    return patch.object(duty_dates, "dated_date", lambda content, day: _dated(content, day + _DAY))


def _by_the_week_all_the_same() -> AbstractContextManager[Any]:
    return patch.object(duty_dates, "dated_date", lambda content, day: None)


def _the_last_week_once_more(content: DutyDays, day: dt.date) -> Any:
    found = _dated(content, day)
    weeks = 0
    while found is None and weeks < 9:
        weeks += 1
        found = _dated(content, day - weeks * 7 * _DAY)
    return found


def _run_out_and_guessed() -> AbstractContextManager[Any]:
    return patch.object(duty_dates, "dated_date", _the_last_week_once_more)


@contextmanager
def _turns_read_once() -> Iterator[None]:
    renew = DutyDates._renew

    def once(self: DutyDates, days: list[dt.date]) -> None:
        first = vars(self).setdefault("_planted", self._latest())
        if first is None:
            del vars(self)["_planted"]
            renew(self, days)
            return
        with patch.object(self, "_latest", lambda: first):
            renew(self, days)

    with patch.object(DutyDates, "_renew", once):
        yield


def _direction_without_the_time() -> AbstractContextManager[Any]:
    def guessed(self: TouchHistory, person: str, now: Any) -> Any:
        return duty.direction_at(self._duty_dates, person, self._clock.wall_of(now)) or "in"

    return patch.object(TouchHistory, "direction_at", guessed)


IN_THE_COUNTY: dict[str, Plant] = {
    "swaps forgotten": _swaps_forgotten,
    "notices forgotten": _notices_forgotten,
    "absences forgotten": _absences_forgotten,
}
AT_THE_STATION: dict[str, Plant] = {
    "windows elsewhere forgotten": _windows_elsewhere_forgotten,
    "spans that overlap": _no_cut,
    "the middle of the whole window": _middle_of_the_whole,
    "windows of one pair judged one by one": _ends_one_by_one,
    "a date too late": _a_date_too_late,
    "by the week all the same": _by_the_week_all_the_same,
    "run out and guessed": _run_out_and_guessed,
    "turns read once": _turns_read_once,
    "a direction without the time": _direction_without_the_time,
}
PLANTED = IN_THE_COUNTY | AT_THE_STATION
