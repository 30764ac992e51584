"""Find out why the machine last started, as far as the station itself can know it.

In this order: if the run before stated its end, the start was intended. If the hardware tells why it reset, this is the
reason. If the voltage was low just before the station died, this probably ended it. Otherwise the end was abrupt.
"""

from collections.abc import Iterable

import msgspec

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import Booted, Fact, ShutDown
from protocol.health import BootReason, ResetCause
from protocol.units import BootId, Moment

SOON_MS = 15 * 60_000
"""A station that died at most so long after its voltage was too low probably died of that."""

_LOW_EVERY_MS = 5 * 60_000
"""Each note is a write to the SD card. A third of `SOON_MS`, so that a note is never too old to explain a death."""


class _BootVerdict(msgspec.Struct, frozen=True, array_like=True):
    boot: BootId
    reason: BootReason | None


def ended_in_order(facts: Iterable[Fact]) -> bool:
    """Return whether the last run that these facts tell of stated its end. No run can if the power fails."""
    ended = False
    for fact in facts:
        if isinstance(fact, Booted | ShutDown):
            ended = isinstance(fact, ShutDown)
    return ended


class LastBoot:
    """Judges once in a boot, and keeps the verdict: a restart of the agent alone does not change it."""

    def __init__(self, *, clock: StationClock, state: StateStore, ended_well: bool) -> None:
        """``ended_well``: whether the run before this one stated its end."""
        self._clock = clock
        self._slot = StateSlot(state, "last_boot", _BootVerdict, title="the reason of the last start")
        self._low_slot = StateSlot(state, "low_voltage", Moment, title="the time of low voltage")
        self._ended_well = ended_well
        self._low_mono: int | None = None
        kept = self._slot.read()
        self._verdict = kept if kept is not None and kept.boot == clock.now().boot else None

    @property
    def reason(self) -> BootReason | None:
        """Why the machine last started; None if it is not known, or not yet."""
        return self._verdict.reason if self._verdict else None

    def judge(self, reset: ResetCause | None, *, last_alive: Moment | None) -> None:
        """Judge once why the machine started, by the hardware's cause of the reset and by how the last run ended."""
        if self._verdict is None:
            now = self._clock.now()
            self._verdict = _BootVerdict(now.boot, self._reason(reset, last_alive, now))
            self._slot.keep(self._verdict)

    def _reason(self, reset: ResetCause | None, last_alive: Moment | None, now: Moment) -> BootReason | None:
        # A new station, or an agent that first judges after a restart in the same boot: nothing tells about the start.
        if last_alive is None or last_alive.boot == now.boot:
            return None
        if self._ended_well:
            return "ordered"
        if reset is not None:
            return reset
        low = self._low_slot.read()
        soon = low is not None and low.boot == last_alive.boot and last_alive.mono - low.mono <= SOON_MS
        return "undervoltage" if soon else "abrupt"

    def low_voltage(self) -> None:
        """Note on disk that the voltage is too low now, because it may end the station at any moment."""
        now = self._clock.now()
        if self._low_mono is None or now.mono - self._low_mono >= _LOW_EVERY_MS:
            self._low_mono = now.mono
            self._low_slot.keep(now)
