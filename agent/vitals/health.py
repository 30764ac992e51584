"""Watch the machine for what a person must act upon, and say how machine and devices are.

An alarm is raised at one limit and over at another, so that a value that plays about the limit is one alarm. A value
that the machine does not tell neither raises nor ends one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.events import MachineSeen
from agent.timekeeping.clock import StationClock
from agent.vitals.last_boot import LastBoot
from protocol.facts import Severity
from protocol.health import HOT_C, DeviceHealth, Health, Machine, card_worn, disk_limit_kib
from protocol.units import Moment

COOL_C = 70
CALM_MS = 3_600_000
"""So long must the voltage be right before the alarm is over."""


class Alarms(Protocol):
    """What is needed of the station's standing alarms."""

    def raised(self, code: str, severity: Severity, detail: str, *, kind: str = "") -> None:
        """State that something is wrong, unless it stands already."""

    def cleared(self, code: str) -> None:
        """State that what an alarm said is over, if it stands."""


@dataclass(frozen=True, slots=True)
class _Judgement:
    """``bad``: raise; ``well``: it is over; neither: leave it as it is."""

    code: str
    severity: Severity
    bad: bool = False
    well: bool = False
    detail: str = ""


class StationHealth:
    """What was last seen of the machine, and the alarms about it. Used on the core thread."""

    def __init__(
        self,
        *,
        clock: StationClock,
        alarms: Alarms,
        last_boot: LastBoot,
        last_alive: Callable[[], Moment | None],
        free_kib: Callable[[], int],
        written_kib: Callable[[], int | None],
        devices: Callable[[], Sequence[DeviceHealth]],
        camera_untried: Callable[[], bool] = lambda: False,
    ) -> None:
        """Make it, with nothing seen yet.

        Args:
            last_alive: When the station was last alive before this run.
            free_kib: Room on the disk of the station's folder.
            written_kib: Written to that disk since the machine started, where the kernel tells.
            devices: How each device is now.
            camera_untried: Whether there is a camera of which nothing is known yet.
        """
        self._clock = clock
        self._alarms = alarms
        self._last_boot = last_boot
        self._last_alive = last_alive
        self._free_kib = free_kib
        self._written_kib = written_kib
        self._devices = devices
        self._camera_untried = camera_untried
        self._machine = Machine()
        self._low_mono = clock.mono_ms()

    def seen(self, event: MachineSeen) -> None:
        """Take a look at the machine; raise and end alarms."""
        before, self._machine = self._machine, event.state
        self._last_boot.judge(event.state.reset, last_alive=self._last_alive())
        judged = (
            _heat(event.state),
            _disk(self._free_kib(), event.state.disk_kib),
            _card(event.state),
            self._voltage(before, event.state),
        )
        for one in judged:
            if one.bad:
                self._alarms.raised(one.code, one.severity, one.detail)
            elif one.well:
                self._alarms.cleared(one.code)

    def current(self) -> Health:
        """Return what a person in the county can act upon."""
        return Health(
            machine=self._machine,
            devices=list(self._devices()),
            camera_untried=self._camera_untried(),
            boot_reason=self._last_boot.reason,
            up_s=self._clock.mono_ms() // 1000,
            disk_written_kib=self._written_kib(),
        )

    def _voltage(self, before: Machine, now: Machine) -> _Judgement:
        """A dip between two looks counts: the firmware remembers that there was one."""
        dipped = before.undervoltage == "no" and now.undervoltage == "earlier"
        low = now.undervoltage == "now" or dipped
        if low:
            self._low_mono = self._clock.mono_ms()
            self._last_boot.low_voltage()
        calm = self._clock.mono_ms() - self._low_mono >= CALM_MS
        well = now.undervoltage is not None and not low and calm
        return _Judgement("undervoltage", "major", low, well, "供电电压低于主板的要求")


def _heat(now: Machine) -> _Judgement:
    celsius = now.temperature_c
    if celsius is None:
        return _Judgement("too_hot", "minor")
    return _Judgement("too_hot", "minor", celsius >= HOT_C, celsius <= COOL_C, f"处理器 {celsius} °C")


def _disk(free_kib: int, size_kib: int | None) -> _Judgement:
    limit = disk_limit_kib(size_kib)
    # Twice the limit is enough again, so that a value that plays about the limit is one alarm.
    return _Judgement("disk_short", "major", free_kib < limit, free_kib >= 2 * limit, f"只剩 {free_kib // 1024} MB")


def _card(now: Machine) -> _Judgement:
    """A card that tells nothing is no worn card: it may have taken a worn one's place."""
    worn = now.card_worn_percent or 0
    bad = card_worn(now)
    detail = "备用的存储块快用完了" if now.card_end in ("warning", "urgent") else f"写入寿命已用去约 {min(worn, 100)} %"
    return _Judgement("card_worn", "major", bad, not bad and now.card is not None, detail)
