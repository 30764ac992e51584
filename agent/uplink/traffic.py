"""The metered line: count the bytes that the station moves on each local day, and put things off to save data.

The county chooses what is put off; facts never are. The steps are shares of the month's data that are used up, not of
a forecast: a forecast wavers, and what people see must not. What is put off stays so until the month is over or the
county allows more.
"""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from agent.clocking.duty import local_day
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol import alarm_codes
from protocol.facts import AlarmCleared, AlarmRaised
from protocol.twin import Settings, Sheddable

log = logging.getLogger(__name__)

MB = 1_000_000
STEPS = (80, 95)
"""At which share of the month's data, in percent, the first and the second of `Settings.data_shed` are put off."""
FORECAST_DAYS = 7

SAVE_EVERY_MS = 3_600_000
SAVE_EACH_BYTES = 1 << 20
"""Each save is a commit on the SD card. These two bounds make 24 commits a day on an idle line."""
JUDGE_EVERY_MS = 60_000

_HOUR_MS = 3_600_000
_WORDS: dict[Sheddable, str] = {
    "blobs": "图片暂缓上传",
    "vitals": "状态少报",
    "packs": "学习包等暂缓下载",
}
"""What can be put off. `releases` is a reserved word of the contract, which nothing obeys."""

type Days = Mapping[int, int]
"""Bytes by `date.toordinal` of the local day."""


def put_off(month_bytes: int, settings: Settings) -> tuple[Sheddable, ...]:
    """Return what is put off once a month has come to ``month_bytes``."""
    cap = settings.data_mb_month * MB
    if not cap:
        return ()
    first, then = STEPS
    return tuple(
        what
        for place, what in enumerate(settings.data_shed)
        if what in _WORDS and month_bytes * 100 >= cap * (then if place else first)
    )


def month_total(days: Days, today: date) -> int:
    """Return the bytes of ``today``'s month so far."""
    first = today.replace(day=1).toordinal()
    return sum(count for day, count in days.items() if first <= day <= today.toordinal())


def forecast(days: Days, today: date) -> int:
    """Return the bytes of the whole month if its rest is like the last seven whole days, or as many as are known."""
    now = today.toordinal()
    begin = max(now - FORECAST_DAYS, min((day for day in days if day < now), default=now))
    whole = range(begin, now)
    # On the station's first day there is no whole day yet, and today's bytes are the best guess.
    rate = sum(days.get(day, 0) for day in whole) // len(whole) if whole else days.get(now, 0)
    next_month = (today.replace(day=28) + timedelta(days=4)).replace(day=1)
    days_left = (next_month - today).days - 1
    return month_total(days, today) + max(0, rate - days.get(now, 0)) + rate * days_left


def oldest_needed(today: date) -> int:
    """Return the first day that a total or a forecast may still need."""
    return min(today.replace(day=1).toordinal(), today.toordinal() - FORECAST_DAYS)


class Meter:
    """Adds up the bytes of connections that come and go. Any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._total = 0

    def add(self, count: int) -> None:
        """Count ``count`` bytes."""
        with self._lock:
            self._total += count

    def total(self) -> int:
        """Return all bytes so far."""
        return self._total


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """The stored row: bytes by day, bytes whose day is not known yet, and what was put off last."""

    days: dict[int, int] = {}
    undated: int = 0
    saving: tuple[Sheddable, ...] = ()


class TrafficLedger:
    """Keeps the counts, states an alarm when something is put off, and clears it when nothing is. Core thread only.

    Bytes are counted by hours since boot, and get their days only when somebody asks or the row is saved: so a clock
    that is corrected corrects the counts of this run too. Bytes that moved before the time is known wait for a day.
    A power cut forgets at most what one save holds: an hour, or one MiB.
    """

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        state: StateStore,
        settings: Callable[[], Settings],
        meters: Sequence[Callable[[], int]],
    ) -> None:
        """Go on with the counts that are kept in ``state``.

        Args:
            settings: What the county has set.
            meters: Each returns the bytes moved since the program's start, IP headers included.
        """
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "traffic", _Row, title="the book of the month's data")
        self._settings = settings
        self._meters = meters
        self._saved = self._slot.read() or _Row()
        self._hours: Counter[int] = Counter()
        """This run's bytes by hours since boot."""
        self._began_hour = clock.mono_ms() // _HOUR_MS
        self._dated = False
        self._metered = self._unsaved = 0
        self._saved_ms = clock.mono_ms()
        self._judge_ms = 0
        self.saving = self._saved.saving
        """What is put off now."""

    def puts_off(self, what: Sheddable) -> bool:
        """Return whether ``what`` must wait because the month's data run short."""
        return what in self.saving

    def month_bytes(self) -> int | None:
        """Return the bytes of this month so far, or None while the date is unknown."""
        return month_total(self._days(), self._today()) if self._dated else None

    def forecast_bytes(self) -> int | None:
        """Return the bytes that this month will come to, or None while the date is unknown."""
        return forecast(self._days(), self._today()) if self._dated else None

    def left_for(self, what: Sheddable) -> int | None:
        """Return how many bytes may still go into ``what`` this month; None on a line without limit.

        The last share of the month is for facts alone. While the date is unknown, all that was counted lately counts as
        this month's.
        """
        settings = self._settings()
        if not settings.data_mb_month:
            return None
        first, then = STEPS
        percent = first if settings.data_shed[:1] == (what,) else then
        total = sum(meter() for meter in self._meters) - self._metered
        if self._dated:
            total += month_total(self._days(), self._today())
        else:
            total += sum(self._saved.days.values()) + self._saved.undated + self._hours.total()
        return max(0, settings.data_mb_month * MB * percent // 100 - total)

    def tick(self) -> None:
        """Read the meters, judge what is to be put off, and save if that is due."""
        now = self._clock.mono_ms()
        total = sum(meter() for meter in self._meters)
        if total > self._metered:
            self._hours[now // _HOUR_MS] += total - self._metered
            self._unsaved += total - self._metered
            self._metered = total
        if self._clock.dated and not self._dated:
            self._date_earlier_runs()
        if self._dated and now >= self._judge_ms:
            self._judge_ms = now + JUDGE_EVERY_MS
            self._judge()
        if self._unsaved >= SAVE_EACH_BYTES or (self._unsaved and now - self._saved_ms >= SAVE_EVERY_MS):
            self.keep()

    def _date_earlier_runs(self) -> None:
        """Date what earlier runs saved, as soon as this run knows the date."""
        self._dated = True
        today = self._today().toordinal()
        days: Counter[int] = Counter()
        for day, count in self._saved.days.items():
            # A clock that ran ahead counted days that are still to come. The bytes can't be of a later day than today.
            days[min(day, today)] += count
        if self._saved.undated:
            # They moved before this run began, and nobody knows how long before.
            days[self._day_of(self._began_hour)] += self._saved.undated
        self._saved = _Row(dict(days), 0, self._saved.saving)

    def _today(self) -> date:
        return local_day(self._clock.now().wall)

    def _day_of(self, hour: int) -> int:
        now = self._clock.now()
        return local_day(max(0, now.wall - now.mono + hour * _HOUR_MS)).toordinal()

    def _days(self) -> dict[int, int]:
        days = Counter(self._saved.days)
        for hour, count in self._hours.items():
            days[self._day_of(hour)] += count
        return days

    def _judge(self) -> None:
        month = month_total(self._days(), self._today())
        settings = self._settings()
        wanted = put_off(month, settings)
        if wanted == self.saving:
            return
        self.saving = wanted
        log.warning("put off because of the month's data: %s", ", ".join(wanted) or "nothing any more")
        at = self._clock.now()
        if wanted:
            words = "、".join(_WORDS[what] for what in wanted)
            detail = f"本月已用 {month // MB} MB，限 {settings.data_mb_month} MB：{words}，打卡照常上传"
            self._fact_writer.owe(AlarmRaised(at=at, code=alarm_codes.DATA_SHORT, severity="minor", detail=detail))
        else:
            self._fact_writer.owe(AlarmCleared(at=at, code=alarm_codes.DATA_SHORT))
        self.keep()

    def keep(self) -> None:
        """Save the counts. If that fails, the next save that is due tries again."""
        self._saved_ms = self._clock.mono_ms()
        self._unsaved = 0
        if not self._dated:
            undated = self._saved.undated + self._hours.total()
            self._slot.keep(_Row(self._saved.days, undated, self.saving))
            return
        oldest = oldest_needed(self._today())
        days = {day: count for day, count in self._days().items() if day >= oldest}
        # Hours of days that nobody needs any more would pile up in a program that runs for months.
        for hour in [hour for hour in self._hours if self._day_of(hour) < oldest]:
            del self._hours[hour]
        self._slot.keep(_Row(days, 0, self.saving))
