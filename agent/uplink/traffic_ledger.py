"""Keep the book of what the station moves, by local days, and say when something is put off and when no longer.

Bytes are counted against hours since boot and given their days only when they are asked for or kept: so a clock that
is corrected corrects the book of this run too. What moved before the time is known waits for a day. On disk goes one
small row, at most once an hour and once for each MiB, so 24 commits a day on an idle line; a power cut forgets that
much at most.
"""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from agent.clocking.duty import local_day
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from agent.uplink.traffic import MB, forecast, month_total, oldest_needed, put_off
from protocol import alarm_codes
from protocol.facts import AlarmCleared, AlarmRaised
from protocol.twin import Settings, Sheddable

log = logging.getLogger(__name__)

SAVE_EVERY_MS = 3_600_000
SAVE_EACH_BYTES = 1 << 20
JUDGE_EVERY_MS = 60_000

_HOUR_MS = 3_600_000
_WORDS: dict[Sheddable, str] = {"blobs": "图片暂缓上传", "vitals": "状态少报"}


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """What is kept: bytes by day, those that no day is known for, and what was put off last."""

    days: dict[int, int] = {}
    undated: int = 0
    saving: tuple[Sheddable, ...] = ()


class TrafficLedger:
    """Counts what the meters say. Used on the core thread."""

    def __init__(
        self,
        *,
        clock: StationClock,
        journal: FactWriter,
        state: StateStore,
        settings: Callable[[], Settings],
        meters: Sequence[Callable[[], int]],
    ) -> None:
        """Go on with the book that is kept in ``state``.

        Args:
            settings: What the county has set.
            meters: Each returns the bytes moved since the program's start, IP headers included.
        """
        self._clock = clock
        self._journal = journal
        self._slot = StateSlot(state, "traffic", _Row, title="the book of the month's data")
        self._settings = settings
        self._meters = meters
        self._kept = self._slot.read() or _Row()
        self._hours: Counter[int] = Counter()
        """This run's bytes by hours since boot."""
        self._began_hour = clock.mono_ms() // _HOUR_MS
        self._dated = False
        self._seen = self._unsaved = 0
        self._saved_ms = clock.mono_ms()
        self._judge_ms = 0
        self.saving = self._kept.saving

    def puts_off(self, what: Sheddable) -> bool:
        """Return whether ``what`` must wait for the next month."""
        return what in self.saving

    def month_bytes(self) -> int | None:
        """Return what this month has come to, or None while the date is unknown."""
        return month_total(self._days(), self._today()) if self._dated else None

    def forecast_bytes(self) -> int | None:
        """Return what this month will come to, or None while the date is unknown."""
        return forecast(self._days(), self._today()) if self._dated else None

    def tick(self) -> None:
        """Read the meters; judge and keep what is due."""
        now = self._clock.mono_ms()
        total = sum(meter() for meter in self._meters)
        if total > self._seen:
            self._hours[now // _HOUR_MS] += total - self._seen
            self._unsaved += total - self._seen
            self._seen = total
        if self._clock.dated and not self._dated:
            self._date()
        if self._dated and now >= self._judge_ms:
            self._judge_ms = now + JUDGE_EVERY_MS
            self._judge()
        if self._unsaved >= SAVE_EACH_BYTES or (self._unsaved and now - self._saved_ms >= SAVE_EVERY_MS):
            self.keep()

    def _date(self) -> None:
        """Give what earlier runs could not date a day: the first of this run, or today for what lies in the future."""
        self._dated = True
        today = self._today().toordinal()
        days: Counter[int] = Counter()
        for day, count in self._kept.days.items():
            days[min(day, today)] += count
        if self._kept.undated:
            days[self._day_of(self._began_hour)] += self._kept.undated
        self._kept = _Row(dict(days), 0, self._kept.saving)

    def _today(self) -> date:
        return local_day(self._clock.now().wall)

    def _day_of(self, hour: int) -> int:
        now = self._clock.now()
        return local_day(max(0, now.wall - now.mono + hour * _HOUR_MS)).toordinal()

    def _days(self) -> dict[int, int]:
        days = Counter(self._kept.days)
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
        self._say(month, settings)
        self.keep()

    def _say(self, month: int, settings: Settings) -> None:
        at = self._clock.now()
        if not self.saving:
            self._journal.owe(AlarmCleared(at=at, code=alarm_codes.DATA_SHORT))
            return
        words = "、".join(_WORDS[what] for what in self.saving)
        detail = f"本月已用 {month // MB} MB，限 {settings.data_mb_month} MB：{words}，打卡照常上传"
        self._journal.owe(AlarmRaised(at=at, code=alarm_codes.DATA_SHORT, severity="minor", detail=detail))

    def keep(self) -> None:
        """Put the book on disk; where that fails it is tried again when it is due next."""
        self._saved_ms = self._clock.mono_ms()
        self._unsaved = 0
        self._slot.keep(self._row())

    def _row(self) -> _Row:
        if not self._dated:
            undated = self._kept.undated + self._hours.total()
            return _Row(self._kept.days, undated, self.saving)
        oldest = oldest_needed(self._today())
        days = {day: count for day, count in self._days().items() if day >= oldest}
        for hour in [hour for hour in self._hours if self._day_of(hour) < oldest]:
            del self._hours[hour]
        return _Row(days, 0, self.saving)
