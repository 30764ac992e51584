"""Say why the machine last started, as far as the station itself can know it. What nothing tells stays unsaid."""

from collections.abc import Iterable

import msgspec

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import Booted, Fact, ShutDown
from protocol.health import BootReason, ResetCause
from protocol.units import BootId, Moment

SOON_MS = 15 * 60_000
"""A station that ends so soon after its voltage was too low ended by that, as far as anyone can tell."""

_LOW_EVERY_MS = 5 * 60_000


class _Judged(msgspec.Struct, frozen=True, array_like=True):
    boot: BootId
    reason: BootReason | None


def ended_in_order(facts: Iterable[Fact]) -> bool:
    """Return whether the last run that these facts tell of stated its end."""
    ended = False
    for fact in facts:
        if isinstance(fact, Booted | ShutDown):
            ended = isinstance(fact, ShutDown)
    return ended


class LastBoot:
    """Judges once in a boot; a restart of the agent alone does not change what was judged."""

    def __init__(self, *, clock: StationClock, state: StateStore, ended_well: bool) -> None:
        """``ended_well``: the run before this one stated its end."""
        self._clock = clock
        self._slot = StateSlot(state, "last_boot", _Judged, title="the reason of the last start")
        self._low_slot = StateSlot(state, "low_voltage", Moment, title="the time of low voltage")
        self._ended_well = ended_well
        self._low_mono: int | None = None
        self._judged = self._kept()

    def _kept(self) -> _Judged | None:
        kept = self._slot.read()
        return kept if kept is not None and kept.boot == self._clock.now().boot else None

    @property
    def reason(self) -> BootReason | None:
        """Why the machine last started; None while or where it is not known."""
        return self._judged.reason if self._judged else None

    def judge(self, reset: ResetCause | None, *, last_alive: Moment | None) -> None:
        """Judge by what the hardware says of its reset and by how the station ended before."""
        if self._judged is None:
            now = self._clock.now()
            self._judged = _Judged(now.boot, self._reason(reset, last_alive, now))
            self._slot.keep(self._judged)

    def _reason(self, reset: ResetCause | None, last_alive: Moment | None, now: Moment) -> BootReason | None:
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
        """Note that the voltage is too low now: the next start may be the answer to it."""
        now = self._clock.now()
        if self._low_mono is None or now.mono - self._low_mono >= _LOW_EVERY_MS:
            self._low_mono = now.mono
            self._low_slot.keep(now)
