"""Tell the time without a clock battery, and how far it can be trusted.

The station keeps its own wall time: an offset to the machine's CLOCK_BOOTTIME, which counts sleep and never jumps. It
never sets the machine's clock or RTC, and a jump of the machine's clock does not move the station's time. A boot that
does not know the time yet starts at the floor: the build time of the program or the last trusted time, the later one.

The station believes these sources, in this order:

1. The county's signed time, when it answers this connection's nonce promptly. It overrules everything else and may
   also lower a wrong floor; for a day after it, NTP is not asked. When it contradicts what the county said earlier in
   the same boot, the station states a dispute. The new time counts only when NTP agrees with it, or when the county
   says it again after ten minutes. So a county whose clock is wrong for a moment moves no station, and a county whose
   clock was corrected is followed.
2. NTP, when the machine's time service says that it is well and the kernel agrees. NTP is not signed, so it has
   bounds. While a boot does not know the time, NTP must lie between the floor and two years after it. Once the boot
   knows the time, NTP may differ by 2 s and by 200 ppm of the time since the anchor, because no crystal runs away
   faster. NTP outside these bounds is distrusted, and the county is told.
3. An RTC or the modem's network time gives a boot that does not know the time a better start, within the bounds of
   NTP. It dates no fact: the quality stays `restored`.

When a boot learns the time, or learns it better, a `ClockCorrected` fact dates the facts that it made before. The first
word of each run of the county's clock is stated too, because the county may come to doubt the run of the word before.
"""

import logging
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from agent.ports import SystemClock
from agent.storage.state import StateSlot, StateStore
from protocol import alarm_codes
from protocol.facts import AlarmCleared, AlarmRaised, ClockCorrected, Fact
from protocol.units import DATED_QUALITIES, LAST_WALL_MS, BootId, ClockQuality, ClockRun, Moment, MonoMs

log = logging.getLogger(__name__)

ANSWER_WITHIN_MS = 2_000
"""The county's time counts only if it answers this connection's nonce within this: half of it is the largest error."""
DAY_MS = 86_400_000
SYNCED_FOR_MS = DAY_MS
"""The clock is `synced` for so long after trusted time was heard, then `holdover`: a crystal may drift 4 s a day."""
STEP_MS = 2_000
"""A trusted time is stated as a fact if it differs by more than this from the time that the boot believed."""
NTP_EVERY_MS = 60_000
NTP_READ_WITHIN_MS = 900_000
"""For so long the last answer of the machine's time service counts."""
DRIFT_PPM = 200
"""How fast a station's crystal runs away at most: twice the 100 ppm of a cheap one over its temperatures."""
BEYOND_FLOOR_MS = 731 * DAY_MS
"""A time that is not signed is not believed if it lies further after the floor than this.

No station lies in store for two years with a program that is still in use. Clocks that are wrong are wrong by decades
(1970, 2038, 2099).
"""
REPEATED_AFTER_MS = 600_000
"""For so long the county must keep saying a time that contradicts its earlier one until it is taken."""
MAX_RESTATED = 8
"""How often in a boot the station states a word of the county that changes nothing, because it is another run's.

A county looks at 64 corrections of a boot. Few boots outlive eight starts of the county's machine. And words that are
2 s apart, one after the other, stay together below the minute from which on the county calls them a contradiction.
"""

type _Wall = Annotated[int, Meta(ge=0, le=LAST_WALL_MS)]


class _Trusted(msgspec.Struct, frozen=True, array_like=True):
    """What is kept on disk: a moment of trusted time, when trusted time was last heard, and the anchor."""

    boot: BootId
    mono: MonoMs
    wall: _Wall
    synced_mono: MonoMs
    signed: bool = False
    anchor_mono: MonoMs = 0
    anchor_wall: _Wall = 0
    build: int | None = None
    """Build time of the program that kept this. To the same program ``wall`` is the floor even if it lies below it."""
    run: ClockRun | None = None
    """The run of the county's clock whose word was stated last in the boot."""
    restated: int = 0


class _Anchor(Struct, frozen=True):
    """The statement of the time that this boot's time is derived from: the county's, or NTP's first one."""

    offset: int
    """``wall - mono`` as it was stated."""
    mono: int
    """When it was stated."""
    signed: bool
    """The county stated it."""

    def away_ms(self, wall: int, mono: int) -> int:
        """Return by how much a time stated at ``mono`` differs more from this one than a crystal can run away."""
        drift = abs(mono - self.mono) * DRIFT_PPM // 1_000_000
        return max(0, abs(wall - mono - self.offset) - STEP_MS - drift)


class StationClock:
    """The station's clock. Used on the core thread only."""

    def __init__(self, *, system: SystemClock, build_ms: int) -> None:
        self._system = system
        self._boot = system.boot_id()
        self._build = build_ms
        self._wall_at_boot = build_ms
        self._floor = build_ms
        self._least = build_ms
        """The lower bound for NTP; below the floor when the floor itself may be NTP's mistake."""
        self._quality_unsynced: ClockQuality = "unknown"
        self._synced_mono: int | None = None
        self._anchor: _Anchor | None = None
        self._stated: _Anchor | None = None
        """By which correction of this boot the county dates what was not dated before (docs/protocol.md, 9.4)."""
        self._run: bytes | None = None
        """The run of the county's clock whose word was stated last in this boot."""
        self._restated = 0
        self._slot: StateSlot[_Trusted] | None = None
        self._ntp_due = 0
        self._ntp_well_until = -1
        self._distrusted = False
        self._contrary: _Anchor | None = None
        """What the county said when it first contradicted its earlier time."""

    def restore(self, state: StateStore, *, last_fact: Moment | None = None) -> None:
        """Take the floor from disk; in the same boot go on with the clock of the run before.

        Args:
            last_fact: When the last fact was made. If the time was known then, it raises the floor too.
        """
        self._slot = StateSlot(state, "clock", _Trusted, title="the trusted time")
        trusted = self._slot.read()
        if trusted is not None and trusted.boot == self._boot and trusted.mono <= self._system.mono_ms():
            self._wall_at_boot = trusted.wall - trusted.mono
            self._synced_mono = trusted.synced_mono
            self._anchor = _Anchor(trusted.anchor_wall - trusted.anchor_mono, trusted.anchor_mono, trusted.signed)
            self._run, self._restated = trusted.run, trusted.restated
            return
        known = [trusted.wall] if trusted else []
        if last_fact is not None and last_fact.quality in DATED_QUALITIES and last_fact.wall <= LAST_WALL_MS:
            known.append(last_fact.wall)
        # A time below the build time counts only if this same program trusted it: then the county lowered the floor. A
        # newer program knows that its own build time has passed.
        if known and (max(known) > self._build or (trusted and trusted.build == self._build)):
            self._wall_at_boot = self._floor = max(known)
            self._quality_unsynced = "restored"
            # NTP may lower a floor that only NTP has raised, down to the build time. A floor from the county stands.
            self._least = trusted.wall if trusted and trusted.signed else min(self._build, self._floor)

    def now(self) -> Moment:
        """Return this moment."""
        mono = self._system.mono_ms()
        return Moment(wall=max(0, self._wall_at_boot + mono), boot=self._boot, mono=mono, quality=self._quality(mono))

    def _quality(self, mono: int) -> ClockQuality:
        if self._synced_mono is None:
            return self._quality_unsynced
        return "synced" if mono - self._synced_mono <= SYNCED_FOR_MS else "holdover"

    @property
    def signed(self) -> bool:
        """Whether the county told the time in this boot."""
        return self._anchor is not None and self._anchor.signed

    @property
    def dated(self) -> bool:
        """Whether the time is known (`synced` or `holdover`)."""
        return self._synced_mono is not None

    @property
    def wants_county_time(self) -> bool:
        """Whether to ask for the county's time: it was not told in this boot, or it is in dispute."""
        return not self.signed or self._contrary is not None

    def mono_ms(self) -> int:
        """Return milliseconds of CLOCK_BOOTTIME."""
        return self._system.mono_ms()

    def wall_of(self, moment: Moment) -> int:
        """Return the best known wall time of a moment, as this boot knows the time now."""
        return self._wall_at_boot + moment.mono if moment.boot == self._boot else moment.wall

    def dated_later(self, moment: Moment) -> int | None:
        """Return when an undated moment was, as the county dates it: it keeps to one correction of a boot, while this
        clock goes on being corrected. None if nobody knows.

        What a run before in this boot has stated is not known; then it is as this boot knows the time now.
        """
        if moment.boot != self._boot or not self.dated:
            return None
        return self._stated.offset + moment.mono if self._stated is not None else self.wall_of(moment)

    def take_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> list[Fact]:
        """Take signed time that answered this connection's nonce.

        Args:
            clock_run: Which stretch of the county's clock told it; the correction states it.

        Returns:
            The facts to commit: a correction, when this boot did not have the county's time yet or believed another
            one; an alarm, when a dispute with the county's earlier time begins; the alarm's end. The list is empty
            when nothing changed, or when the answer came too late to count.
        """
        trip = answered_mono_ms - asked_mono_ms
        if not 0 <= trip <= ANSWER_WITHIN_MS:
            log.info("the county's time came after %d ms and does not count", trip)
            return []
        # Half of the way there and back, as NTP assumes it too (RFC 5905, 8).
        wall = wall_ms + trip // 2
        if wall > LAST_WALL_MS:
            log.warning("the county says a time after the year 2199, which does not count")
            return []
        if self._is_disputed(wall, answered_mono_ms):
            return self._dispute(wall, answered_mono_ms)
        was_disputed, self._contrary = self._contrary is not None, None
        corrected = self._trust(wall, answered_mono_ms, "county", clock_run)
        over = [AlarmCleared(at=self.now(), code=alarm_codes.CLOCK_DISPUTED)] if was_disputed else []
        return [*([corrected] if corrected else []), *over]

    def _is_disputed(self, wall: int, mono: int) -> bool:
        """Return whether the county contradicts its earlier time of this boot, and nothing confirms the new one yet."""
        if self._anchor is None or not self._anchor.signed or not self._anchor.away_ms(wall, mono):
            return False
        # NTP confirms the county here even if NTP alone would not be believed: two sources rarely err alike.
        ntp_agrees = self._ntp_is_well(mono) and abs(self._system.wall_ms() - wall) <= STEP_MS
        said_again = (
            self._contrary is not None
            and mono - self._contrary.mono >= REPEATED_AFTER_MS
            and not self._contrary.away_ms(wall, mono)
        )
        return not ntp_agrees and not said_again

    def _dispute(self, wall: int, mono: int) -> list[Fact]:
        """Remember the county's new time without taking it; return the alarm when the dispute begins."""
        known, contrary = self._wall_at_boot + mono, self._contrary
        # The ten minutes begin anew when the county contradicts itself with yet another time.
        if contrary is None or contrary.away_ms(wall, mono):
            self._contrary = _Anchor(wall - mono, mono, signed=True)
        if contrary is not None:
            return []  # the alarm stands already
        log.warning("clock: the county contradicts its earlier word at mono %d ms", mono)
        detail = (
            f"县里先后两次说的时间相差 {abs(wall - known) // 1000} 秒，站点暂按先前的时间；"
            "请核对县里服务器的时钟。十分钟后县里仍这样说，站点就照办"
        )
        return [AlarmRaised(at=self.now(), code=alarm_codes.CLOCK_DISPUTED, severity="major", detail=detail)]

    def take_ntp_state(self, *, well: bool, mono_ms: int) -> None:
        """Take the state that the machine's time service reported at a moment of CLOCK_BOOTTIME."""
        self._ntp_well_until = mono_ms + NTP_READ_WITHIN_MS if well else -1

    def check_ntp(self) -> ClockCorrected | AlarmRaised | None:
        """Once a minute: take the machine's time if its time service and the kernel call it good.

        For a day after the county told the time, NTP is not asked. A time outside the bounds is not taken.

        Returns:
            The fact to commit: a correction, when the boot learnt the time or corrected it; an alarm, when NTP is
            distrusted, once in a boot.
        """
        mono = self._system.mono_ms()
        if mono < self._ntp_due:
            return None
        self._ntp_due = mono + NTP_EVERY_MS
        county_told = self.signed and self._anchor is not None and mono - self._anchor.mono <= SYNCED_FOR_MS
        if county_told or not self._ntp_is_well(mono):
            return None
        wall = self._system.wall_ms()
        problem = self._ntp_problem(wall, mono)
        if not problem:
            return self._trust(wall, mono, "ntp")
        if self._distrusted:
            return None
        self._distrusted = True
        log.warning("clock: NTP is not believed at mono %d ms", self._system.mono_ms())
        return AlarmRaised(at=self.now(), code=alarm_codes.NTP_DISTRUSTED, severity="major", detail=problem)

    def _ntp_is_well(self, mono: int) -> bool:
        return mono <= self._ntp_well_until and self._system.ntp_synced()

    def _ntp_problem(self, wall: int, mono: int) -> str:
        """Return why a time of NTP is out of bounds, in Chinese; empty when it is not."""
        if self._anchor is None:
            if not self._least + mono <= wall <= self._floor + mono + BEYOND_FLOOR_MS:
                return f"NTP 时间与站点已知的最早时间相差 {abs(wall - self._floor - mono) // 1000} 秒"
            return ""
        if self._anchor.away_ms(wall, mono):
            away = abs(wall - mono - self._anchor.offset)
            return f"NTP 时间与{'县里' if self._anchor.signed else '它先前'}的时间相差 {away // 1000} 秒"
        return ""

    def _trust(
        self, wall: int, mono: int, source: Literal["county", "ntp"], clock_run: bytes | None = None
    ) -> ClockCorrected | None:
        before, signed = self._quality(mono), source == "county"
        learnt = self._anchor is None or (signed and not self._anchor.signed)
        stepped = abs(wall - mono - self._wall_at_boot) > STEP_MS
        self._wall_at_boot = wall - mono
        self._synced_mono = mono
        # Not at each NTP: an NTP that drifts slowly away would otherwise carry its own bounds along.
        if signed or self._anchor is None:
            self._anchor = _Anchor(wall - mono, mono, signed)
        again = not (learnt or stepped) and self._may_restate(clock_run)
        if not (learnt or stepped or again):
            return None
        self._restated += again
        if signed:
            self._run = clock_run
        if self._stated is None or (signed and not self._stated.signed):
            self._stated = _Anchor(wall - mono, mono, signed)
        log.info("clock: %s by %s", "learnt the time" if learnt else "corrected" if stepped else "confirmed", source)
        self.keep()
        return ClockCorrected(
            at=self.now(), boot=self._boot, mono=mono, wall=wall, source=source, before=before, clock_run=clock_run
        )

    def _may_restate(self, clock_run: bytes | None) -> bool:
        """Return whether to state a word of the county that changes nothing.

        The county may come to doubt the run of the word before. Then only a word of another run dates this boot.
        """
        return clock_run not in (None, self._run) and self._restated < MAX_RESTATED

    def take_time_hint(self, wall_ms: int, *, source: Literal["rtc", "modem"], mono_ms: int) -> AlarmRaised | None:
        """Take the RTC's or the modem's time as a better start for a boot that does not know the time.

        Returns:
            An alarm when it can't be right; then it is not used. It can't be right a day before the floor or two years
            after it, or, once the time is known, a day away from that.
        """
        known = self._wall_at_boot + mono_ms
        floor = known if self.dated else self._floor + mono_ms
        if not floor - DAY_MS <= wall_ms <= floor + (DAY_MS if self.dated else BEYOND_FLOOR_MS):
            log.warning("clock: the %s says %d ms, which can't be right", source, wall_ms)
            detail = f"与站点的时间相差 {abs(wall_ms - known) // 1000} 秒"
            return AlarmRaised(
                at=self.now(), code=alarm_codes.HINT_IMPLAUSIBLE[source], severity="minor", detail=detail
            )
        if not self.dated and wall_ms > floor:
            log.info("clock: started by the %s", source)
            self._wall_at_boot = wall_ms - mono_ms
            self._quality_unsynced = "restored"
        return None

    def keep(self) -> None:
        """Keep the trusted time on disk as the floor of the next boot, even if it is lower than the one before."""
        if self._slot is None or self._synced_mono is None or self._anchor is None:
            return
        now = self.now()
        trusted = _Trusted(
            boot=self._boot,
            mono=now.mono,
            wall=now.wall,
            synced_mono=self._synced_mono,
            signed=self._anchor.signed,
            anchor_mono=self._anchor.mono,
            anchor_wall=max(0, self._anchor.offset + self._anchor.mono),
            build=self._build,
            run=self._run,
            restated=self._restated,
        )
        self._slot.keep(trusted)
