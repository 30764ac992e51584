"""Raise alarms about the machine that a person must act upon, and report how the machine and the devices are.

An alarm is raised at one limit and cleared at another, so that a value that goes up and down around a limit makes one
alarm and not many. A value that the machine does not tell neither raises nor clears an alarm.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from agent.events import MachineSeen
from agent.timekeeping.clock import StationClock
from agent.vitals.last_boot import LastBoot
from agent.vitals.last_update import Reverted
from protocol import alarm_codes
from protocol.facts import Severity
from protocol.health import HOT_C, DeviceHealth, Health, Machine, card_worn, disk_limit_kib
from protocol.units import Moment

COOL_C = 70
CALM_MS = 3_600_000
"""The alarm about low voltage is cleared after so long without a dip, so that many dips are one alarm."""


class MachineAlarms(Protocol):
    """The part of `StandingAlarms` that is used here."""

    def raise_alarm(self, code: str, severity: Severity, detail: str, *, kind: str = "") -> None:
        """State that something is wrong, unless the alarm stands already."""

    def clear_alarm(self, code: str) -> None:
        """State that an alarm's cause is gone, if the alarm stands."""


class _Judgement(Struct, frozen=True):
    """One look at one value. ``bad``: raise the alarm; ``well``: clear it; neither: leave it as it is."""

    code: str
    severity: Severity
    bad: bool = False
    well: bool = False
    detail: str = ""


class StationHealth:
    """Keeps the last look at the machine, and raises the alarms about it. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        alarms: MachineAlarms,
        last_boot: LastBoot,
        last_alive: Callable[[], Moment | None],
        free_kib: Callable[[], int],
        written_kib: Callable[[], int | None],
        devices: Callable[[], Sequence[DeviceHealth]],
        camera_untried: Callable[[], bool] = lambda: False,
        reverted: Callable[[], Reverted | None] = lambda: None,
    ) -> None:
        """Make it, with nothing seen yet.

        Args:
            last_alive: Returns when the station was last alive before this run.
            free_kib: Returns the free room on the disk of the station's folder.
            written_kib: Returns what was written to this disk since the machine started, or None if the kernel does
                not tell.
            devices: Returns how each device is now.
            camera_untried: Returns whether there is a camera of which nothing is known yet.
            reverted: Returns the version that was given up after the last update.
        """
        self._clock = clock
        self._alarms = alarms
        self._last_boot = last_boot
        self._last_alive = last_alive
        self._free_kib = free_kib
        self._written_kib = written_kib
        self._devices = devices
        self._camera_untried = camera_untried
        self._reverted = reverted
        self._machine = Machine()
        self._low_mono = clock.mono_ms()

    def on_machine_seen(self, event: MachineSeen) -> None:
        """Judge a look at the machine; raise and clear alarms."""
        before, self._machine = self._machine, event.state
        # Before the voltage is judged: that may overwrite the note of low voltage by which the last boot is judged.
        self._last_boot.judge(event.state.reset, last_alive=self._last_alive())
        judged = (
            _heat(event.state),
            _disk(self._free_kib(), event.state.disk_kib),
            _sd_card(event.state),
            _update(self._reverted()),
            self._voltage(before, event.state),
        )
        for one in judged:
            if one.bad:
                self._alarms.raise_alarm(one.code, one.severity, one.detail)
            elif one.well:
                self._alarms.clear_alarm(one.code)

    def current(self) -> Health:
        """Return how the machine and the devices are, for a person in the county."""
        return Health(
            machine=self._machine,
            devices=list(self._devices()),
            camera_untried=self._camera_untried(),
            boot_reason=self._last_boot.reason,
            up_s=self._clock.mono_ms() // 1000,
            disk_written_kib=self._written_kib(),
        )

    def _voltage(self, before: Machine, now: Machine) -> _Judgement:
        # A dip between two looks counts: the firmware remembers for the whole boot that there was one. So only the
        # first look that finds "earlier" tells of a new dip.
        dipped = before.undervoltage == "no" and now.undervoltage == "earlier"
        low = now.undervoltage == "now" or dipped
        if low:
            self._low_mono = self._clock.mono_ms()
            self._last_boot.low_voltage()
        calm = self._clock.mono_ms() - self._low_mono >= CALM_MS
        well = now.undervoltage is not None and not low and calm
        return _Judgement(alarm_codes.UNDERVOLTAGE, "major", low, well, "供电电压低于主板的要求")


def _update(reverted: Reverted | None) -> _Judgement:
    says = reverted.says if reverted else ""
    return _Judgement(alarm_codes.UPDATE_REVERTED, "major", bad=bool(reverted), well=reverted is None, detail=says)


def _heat(now: Machine) -> _Judgement:
    celsius = now.temperature_c
    if celsius is None:
        return _Judgement(alarm_codes.TOO_HOT, "minor")
    return _Judgement(alarm_codes.TOO_HOT, "minor", celsius >= HOT_C, celsius <= COOL_C, f"处理器 {celsius} °C")


def _disk(free_kib: int, size_kib: int | None) -> _Judgement:
    limit = disk_limit_kib(size_kib)
    # Twice the limit is enough again, so that a value that plays about the limit is one alarm.
    return _Judgement(
        alarm_codes.DISK_SHORT, "major", free_kib < limit, free_kib >= 2 * limit, f"只剩 {free_kib // 1024} MB"
    )


def _sd_card(now: Machine) -> _Judgement:
    """Judge the SD card. A card that tells nothing clears the alarm, because it may have replaced a worn one."""
    worn = now.card_worn_percent or 0
    bad = card_worn(now)
    detail = "备用的存储块快用完了" if now.card_end in ("warning", "urgent") else f"写入寿命已用去约 {min(worn, 100)} %"
    return _Judgement(alarm_codes.CARD_WORN, "major", bad, not bad and now.card is not None, detail)
