"""Compare what the county shows with what the world knows."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tests.proofs.clock.world import ROUNDED_MS, Boot, World

WITHIN_MS = 2_000
DATED = ("synced", "holdover")
NTP_TAKES_MS = 180_000
"""If an honest NTP has been well for this long, the station must have believed it."""


@dataclass(frozen=True)
class Lit:
    """A touch as the lamp's observer saw it: its name, and its true time."""

    epoch: bytes
    seq: int
    true_ms: int


@dataclass(frozen=True)
class Shown:
    """A touch in the county: as the station sent it, and as the county's people see it."""

    epoch: bytes
    seq: int
    boot: bytes
    mono: int
    wall: int
    quality: str
    at: int
    dated: bool


@dataclass(frozen=True)
class ShownEvent:
    """When the station came up or went down, as the county has it."""

    kind: str
    boot: bytes
    mono: int
    wall: int
    quality: str
    corrected: int | None
    closed: int | None
    code: str

    @property
    def at(self) -> int | None:
        """When it happened; None if nothing dates it."""
        return self.corrected if self.corrected is not None else self.wall if self.quality in DATED else None


@dataclass
class Findings:
    """What went wrong, summed over histories, and how much was examined."""

    misordered: int = 0
    """Neighbours by seq, both dated and truly more than 4 s apart, that the county shows in the wrong order."""
    wrong_quality: int = 0
    """Touches that the station called `synced` or `holdover` although nobody had told it the time, or whose time is
    more than 2 s wrong although nobody lied."""
    uncorrected: int = 0
    """Touches that a time told in their boot could date, but that are shown more than 2 s wrong, or undated although an
    honest NTP ran."""
    undated_for_good: int = 0
    """Touches that the county's time could date, but that are shown undated after the county's clock was put right, and
    are not `in_review`."""
    invented: int = 0
    """Touches shown as dated in a boot in which nobody told the time, or by a wrong clock of the county that was put
    right later; and windows said to be closed that were not."""
    told_in_doubt: int = 0
    """Welcomes that told a wrong time although the county had reason to doubt its clock."""
    lost: int = 0
    doubled: int = 0
    crashes: int = 0
    touches: int = 0
    dated: int = 0
    undated: int = 0
    deceived: int = 0
    """Touches whose wrong time came from a lying NTP alone, in boots in which the county was never reached. Nobody can
    know better."""
    corrected_from_a_lie: int = 0
    corrected_from_the_county: int = 0
    """Touches that the county's own wrong clock had dated, and that were corrected."""
    windows_claimed: int = 0
    in_review: int = 0
    """Touches and events that are shown as dated by nobody, because the county's machine was started anew before its
    wrong clock was put right, and nobody said what it had been before."""
    details: list[str] = field(default_factory=list)
    by_event: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        times = self.misordered + self.wrong_quality + self.uncorrected + self.undated_for_good + self.invented
        return times + self.told_in_doubt + self.lost + self.doubled + self.crashes


class Judge:
    """Judges one history."""

    def __init__(self, world: World, lit: Sequence[Lit], findings: Findings) -> None:
        self._world = world
        self._lit = lit
        self._findings = findings

    def judge(self, shown: Sequence[Shown], events: Sequence[ShownEvent]) -> None:
        """Add to the findings."""
        self._counted(shown)
        for row in shown:
            self._quality(row)
            self._time(row.boot, row.mono, row.at if row.dated else None, row.wall, touch=True)
        for event in events:
            self._quality(event)
            self._time(event.boot, event.mono, event.at, event.wall, touch=False)
            if event.kind == "window_closed":
                self._claim(event)
        self._order(shown)
        self._findings.told_in_doubt += self._world.told_in_doubt
        self._findings.by_event.update(set(self._world.events))

    def _counted(self, shown: Sequence[Shown]) -> None:
        found, has = self._findings, Counter((row.epoch, row.seq) for row in shown)
        lit = {(light.epoch, light.seq) for light in self._lit}
        found.touches += len(lit)
        found.lost += sum(name not in has for name in lit)
        found.doubled += sum(times - 1 for times in has.values()) + sum(name not in lit for name in has)

    def _quality(self, row: Shown | ShownEvent) -> None:
        boot = self._world.boots[row.boot]
        true_ms = self._world.true_of(row.boot, row.mono)
        if row.quality not in DATED or boot.deceived_at(true_ms) or boot.misled:
            return
        if not (boot.heard or boot.honest) or abs(row.wall - true_ms) > WITHIN_MS:
            self._findings.wrong_quality += 1
            self._say(f"{row.quality} and {row.wall - true_ms} ms away", boot, true_ms)

    def _say(self, what: str, boot: Boot, true_ms: int) -> None:
        self._findings.details.append(f"{what}, {(true_ms - boot.began_ms) / 1000:.0f} s into {boot}")

    def _time(self, of: bytes, mono: int, at: int | None, wall: int, *, touch: bool) -> None:
        boot, found = self._world.boots[of], self._findings
        true_ms = self._world.true_of(of, mono)
        right = at is not None and abs(at - true_ms) <= WITHIN_MS
        found.dated += touch and at is not None
        found.undated += touch and at is None
        if at is None and self._may_be_in_review(boot):
            found.in_review += 1
            return
        if boot.told_ms is not None:
            # After the county's word a new lie may begin, and no later word in this boot has put that right.
            excused = self._still_deceived(boot, true_ms)
            if not right and not excused:
                found.undated_for_good += at is None
                found.invented += at is not None and boot.misled
                found.uncorrected += at is not None and not boot.misled
                self._say(f"shown {at - true_ms if at is not None else None} ms away", boot, true_ms)
            found.deceived += touch and not right and excused
            found.corrected_from_a_lie += touch and right and abs(wall - true_ms) > WITHIN_MS
            found.corrected_from_the_county += touch and right and boot.misled and abs(wall - true_ms) > WITHIN_MS
        elif at is None:
            found.uncorrected += self._ntp_must_have_told(boot)
        elif boot.misled and not right:
            found.invented += 1
            self._say(f"shown {at - true_ms} ms away", boot, true_ms)
        elif boot.lied:
            found.deceived += touch and not right
        elif boot.heard or boot.honest:
            found.uncorrected += not right
            if not right:
                self._say(f"shown {at - true_ms} ms away, told by one word", boot, true_ms)
        else:
            found.invented += 1

    @staticmethod
    def _still_deceived(boot: Boot, true_ms: int) -> bool:
        return any(until is None and since <= true_ms + ROUNDED_MS for since, until in boot.lied)

    def _may_be_in_review(self, boot: Boot) -> bool:
        """Return whether only words of before the county's clock was put right, and put right too late, date the boot.

        A station states the first word of a run of the county's clock also if it had the right time all along.
        """
        late_ms = self._world.mended_late_ms
        return late_ms is not None and (boot.taken_ms is None or boot.taken_ms < late_ms)

    def _ntp_must_have_told(self, boot: Boot) -> bool:
        """An honest NTP must be believed only if nobody has told a wrong time in this history, because a wrong time may
        have moved the floor."""
        wrong = any(one.lied or one.misled for one in self._world.boots.values())
        return boot.honest and not wrong and not self._world.odd_build

    def _claim(self, event: ShownEvent) -> None:
        """A window was said to be closed. If a lie caused that, the corrected time must show that the fact is void."""
        found = self._findings
        found.windows_claimed += 1
        true_ms = self._world.true_of(event.boot, event.mono)
        if event.at is None and self._may_be_in_review(self._world.boots[event.boot]):
            return
        if event.closed is None or event.at is None:
            found.invented += 1
            return
        false = true_ms < event.closed - WITHIN_MS
        found.invented += false and event.at >= event.closed and not self._world.boots[event.boot].lied

    def _order(self, shown: Sequence[Shown]) -> None:
        """By seq the touches are in their true order, and the county must show them in it."""
        found = self._findings
        truly = [light.true_ms for light in sorted(self._lit, key=lambda light: (light.epoch, light.seq))]
        found.misordered += sum(later < earlier for earlier, later in pairwise(truly))
        boots = self._world.boots
        dated = [
            self._world.true_of(row.boot, row.mono)
            for row in shown
            if row.dated
            and (boots[row.boot].told_ms is not None or not boots[row.boot].lied)
            and not self._still_deceived(boots[row.boot], self._world.true_of(row.boot, row.mono))
        ]
        pairs = pairwise(dated)
        found.misordered += sum(later < earlier - 2 * WITHIN_MS for earlier, later in pairs)
