"""Tell the time without a clock battery, and how far it can be trusted.

The station keeps its own wall time: an anchor plus the machine's CLOCK_BOOTTIME. It never sets the machine's
clock and believes it only while the kernel says that a time service disciplines it. Before it knows the time a
boot stands at the floor: the later of the program's build and the last trusted time. When a boot learns the time
a `ClockCorrected` fact dates the facts that it made before.
"""

import logging
from typing import Literal, Protocol

import msgspec

from agent.outbox.errors import OutboxBroken, OutboxFull
from agent.ports import SystemClock
from protocol.facts import ClockCorrected
from protocol.units import ClockQuality, Moment

log = logging.getLogger(__name__)

ANSWER_WITHIN_MS = 2_000
"""Time from the county counts only when it answered this connection's nonce within this."""
SYNCED_FOR_MS = 24 * 3_600_000
"""So long after trusted time was heard the clock is `synced`, after it `holdover`; a crystal drifts 4 s a day."""
STEP_MS = 2_000
"""A trusted time that differs by more than this from what the boot believed is stated as a fact again."""
NTP_EVERY_MS = 60_000

_KEY = "clock"


class State(Protocol):
    """Where the station keeps small things: the outbox's state table."""

    def get(self, key: str) -> bytes | None:
        """Return what `put` kept, or None."""

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` durably."""


class _Trusted(msgspec.Struct, frozen=True, array_like=True):
    """A moment of trusted time, and when in that boot trust was last renewed."""

    boot: bytes
    mono: int
    wall: int
    synced_mono: int


class StationClock:
    """The station's clock. Used on the core thread only."""

    def __init__(self, *, system: SystemClock, build_ms: int) -> None:
        self._system = system
        self._boot = system.boot_id()
        self._wall_at_boot = build_ms
        self._quality_unsynced: ClockQuality = "unknown"
        self._synced_mono: int | None = None
        self._by_county = False
        self._state: State | None = None
        self._ntp_due = 0

    def restore(self, state: State, *, last_fact: Moment | None = None) -> None:
        """Take the floor from disk; in the same boot take up the clock of the run before.

        Args:
            last_fact: When the last fact was made; where the time was known then, it raises the floor too.
        """
        self._state = state
        trusted = self._kept(state)
        if trusted is not None and trusted.boot == self._boot and trusted.mono <= self._system.mono_ms():
            self._wall_at_boot = trusted.wall - trusted.mono
            self._synced_mono = trusted.synced_mono
            return
        known = [trusted.wall] if trusted else []
        if last_fact is not None and last_fact.quality in ("synced", "holdover"):
            known.append(last_fact.wall)
        if known and max(known) > self._wall_at_boot:
            self._wall_at_boot = max(known)
            self._quality_unsynced = "restored"

    def _kept(self, state: State) -> _Trusted | None:
        raw = state.get(_KEY)
        try:
            return msgspec.msgpack.decode(raw, type=_Trusted) if raw else None
        except msgspec.DecodeError:
            log.warning("the kept time can't be read; the clock starts at the build time")
            return None

    def now(self) -> Moment:
        """Return this moment."""
        mono = self._system.mono_ms()
        return Moment(wall=max(0, self._wall_at_boot + mono), boot=self._boot, mono=mono, quality=self._quality(mono))

    def _quality(self, mono: int) -> ClockQuality:
        if self._synced_mono is None:
            return self._quality_unsynced
        return "synced" if mono - self._synced_mono <= SYNCED_FOR_MS else "holdover"

    @property
    def dated(self) -> bool:
        """Whether the time is known (`synced` or `holdover`)."""
        return self._synced_mono is not None

    def mono_ms(self) -> int:
        """Return milliseconds of CLOCK_BOOTTIME."""
        return self._system.mono_ms()

    def wall_of(self, moment: Moment) -> int:
        """Return the best known wall time of a moment: what this boot has learnt since counts."""
        return self._wall_at_boot + moment.mono if moment.boot == self._boot else moment.wall

    def county_said(self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int) -> ClockCorrected | None:
        """Take signed time that answered this connection's nonce.

        Returns:
            The fact to commit when this boot learnt the time by it or it differs from what was believed; None
            else, also when the answer came too late to count.
        """
        trip = answered_mono_ms - asked_mono_ms
        if not 0 <= trip <= ANSWER_WITHIN_MS:
            log.info("the county's time came after %d ms and does not count", trip)
            return None
        self._by_county = True
        return self._trust(wall_ms + trip // 2, answered_mono_ms, "county")

    def check_ntp(self) -> ClockCorrected | None:
        """Once a minute: take the machine's time while the kernel calls it disciplined.

        The county's word stands before it until it has aged to `holdover`.
        """
        mono = self._system.mono_ms()
        if mono < self._ntp_due:
            return None
        self._ntp_due = mono + NTP_EVERY_MS
        if (self._by_county and self._quality(mono) == "synced") or not self._system.ntp_synced():
            return None
        return self._trust(self._system.wall_ms(), mono, "ntp")

    def _trust(self, wall: int, mono: int, source: Literal["county", "ntp"]) -> ClockCorrected | None:
        before = self._quality(mono)
        learnt = self._synced_mono is None
        stepped = abs(wall - mono - self._wall_at_boot) > STEP_MS
        self._wall_at_boot = wall - mono
        self._synced_mono = mono
        if not (learnt or stepped):
            return None
        log.info("clock: %s by %s", "learnt the time" if learnt else "corrected", source)
        self.keep()
        return ClockCorrected(at=self.now(), boot=self._boot, mono=mono, wall=wall, source=source, before=before)

    def keep(self) -> None:
        """Keep the trusted time on disk, as the floor of the next boot; it may lower a wrong one."""
        if self._state is None or self._synced_mono is None:
            return
        now = self.now()
        trusted = _Trusted(boot=self._boot, mono=now.mono, wall=now.wall, synced_mono=self._synced_mono)
        try:
            self._state.put(_KEY, msgspec.msgpack.encode(trusted))
        except (OutboxFull, OutboxBroken) as error:
            log.warning("the floor of the clock was not kept: %s", error)
