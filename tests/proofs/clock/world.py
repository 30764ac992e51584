"""True time, and a machine whose clocks show anything but true time.

The machine's monotonic clock is true except for its crystal's drift. Its wall clock begins where a boot sets it, can be
set at any moment, and follows an NTP that may lie. The world remembers what it did, so that a judge can compare.
"""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
YEAR_MS = 365 * DAY_MS
MOST_DRIFT_PPM = 8
"""With at most a day between a fact and the time that dates it, the crystal uses up 0.7 s of the 2 s. Half of the
longest round trip uses up another second."""

ROUNDED_MS = 2
"""True time that is computed from whole milliseconds of a drifting clock may be wrong by this much."""

REPEATED_MS = 11 * MINUTE_MS
TURN_MS = 1_000
"""The core takes an answer at its next turn. Other answers of the same batch may be on their way for this long."""

type Ntp = Literal["none", "honest", "lying"]

WALLS = {
    "1970": datetime(1970, 1, 1, tzinfo=UTC),
    "2000": datetime(2000, 1, 1, tzinfo=UTC),
    "2038": datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    "2100": datetime(2100, 1, 1, tzinfo=UTC),
}
"""Where a machine's clock begins if it has no battery, or a broken one."""
BEGINNINGS = {
    "ordinary": datetime(2026, 9, 21, 0, 20, tzinfo=UTC),
    "midnight": datetime(2026, 9, 21, 15, 50, tzinfo=UTC),
    "leap_day": datetime(2028, 2, 28, 15, 50, tzinfo=UTC),
    "year_end": datetime(2026, 12, 31, 15, 50, tzinfo=UTC),
}
"""When a history begins; 16:00 UTC is midnight in Shanghai."""


def ms_of(moment: datetime) -> int:
    """Return milliseconds since 1970."""
    return round(moment.timestamp() * 1000)


@dataclass
class Boot:
    """What the world knows of one boot."""

    began_ms: int
    wall: str
    """Where the machine's clock began."""
    drift_ppm: int
    told_ms: int | None = None
    """When the county's time was surely taken for the first time."""
    right_since_ms: int | None = None
    """When the county told the right time for the first time after the last wrong one."""
    taken_ms: int | None = None
    """When the right time was surely taken for the last time."""
    heard: bool = False
    """Whether any answer of the county came at all."""
    misled: bool = False
    """Whether the county itself told a wrong time."""
    honest: bool = False
    """Whether an honest NTP ran in it for a while."""
    lied: list[tuple[int, int | None]] = field(default_factory=list)
    """From when until when the station may have believed a lie of NTP; the county's next word ends such a span."""

    def deceived_at(self, true_ms: int) -> bool:
        """Return whether the station may have believed a lie at that moment."""
        return any(
            since <= true_ms + ROUNDED_MS and (until is None or true_ms <= until + TURN_MS)
            for since, until in self.lied
        )


class World:
    """Implements `agent.ports.SystemClock` over true time."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.beginning = chance.choice(list(BEGINNINGS))
        self.true_ms = ms_of(BEGINNINGS[self.beginning])
        self.boots: dict[bytes, Boot] = {}
        self.ntp: Ntp = "none"
        self.odd_build = False
        """Whether the program claims to have been built in the future."""
        self.told_in_doubt = 0
        """Welcomes with a wrong time which the county had reason to doubt."""
        self.mended_late_ms: int | None = None
        """When the county's machine had been started anew before a wrong clock that it believed was put right, be it
        wrong since that start or from before. By how much it had been wrong before, nobody knows."""
        self.events: list[str] = [f"begins_{self.beginning}"]
        """How often each thing happened, for the report."""
        self._ahead_ms = 0
        self._boot = b""

    @property
    def boot(self) -> Boot:
        """The boot that is running."""
        return self.boots[self._boot]

    def power_on(self) -> None:
        """Begin a boot."""
        self._boot = self._chance.randbytes(16)
        wall = self._chance.choice([*WALLS, "right", "an_hour_back", "a_year_ahead"])
        drift_ppm = self._chance.randint(-MOST_DRIFT_PPM, MOST_DRIFT_PPM)
        self.boots[self._boot] = Boot(began_ms=self.true_ms, wall=wall, drift_ppm=drift_ppm)
        self.ntp = "none"
        ahead = {"right": 0, "an_hour_back": -HOUR_MS, "a_year_ahead": YEAR_MS}
        self._ahead_ms = ahead[wall] if wall in ahead else ms_of(WALLS[wall]) - self.true_ms
        self.events.append(f"boot_{wall}")

    def set_wall(self, by_ms: int) -> None:
        """Somebody sets the machine's clock; the kernel then calls it undisciplined (adjtimex(2))."""
        self._ahead_ms += by_ms
        self.ntp = "none"
        self.events.append(f"jump_{by_ms // HOUR_MS:+}h")

    def ntp_honest(self) -> None:
        """A time service sets the clock right and keeps it so."""
        self._ahead_ms, self.ntp = 0, "honest"
        self.boot.honest = True
        self.events.append("ntp_honest")

    def ntp_lies(self) -> None:
        """A time service follows a server that lies."""
        lies = (10 * SECOND_MS, -10 * SECOND_MS, HOUR_MS, -HOUR_MS, YEAR_MS, -YEAR_MS, 50 * YEAR_MS)
        self._ahead_ms, self.ntp = self._chance.choice(lies), "lying"
        self.boot.lied.append((self.true_ms, None))
        self.events.append("ntp_lies")

    def ntp_off(self) -> None:
        """The time service ends."""
        self.ntp = "none"

    def county_told(self, *, wrongly: bool) -> None:
        """An answer that surely counts came to the station. Lies that it believed are over, unless one goes on."""
        boot = self.boot
        boot.told_ms = self.true_ms if boot.told_ms is None else boot.told_ms
        if wrongly:
            boot.right_since_ms = None
        elif boot.right_since_ms is None:
            boot.right_since_ms = self.true_ms
        # A station that was told another time before takes the right one when it is repeated ten minutes later.
        since_ms = boot.right_since_ms
        if since_ms is not None and (not boot.misled or self.true_ms - since_ms > REPEATED_MS):
            boot.taken_ms = self.true_ms
        boot.lied = [(since, until if until is not None else self.true_ms) for since, until in boot.lied]
        if self.ntp == "lying":
            boot.lied.append((self.true_ms + DAY_MS, None))

    def wall_ms(self) -> int:
        return max(0, self.true_ms + self._ahead_ms)

    def mono_ms(self) -> int:
        lived = self.true_ms - self.boot.began_ms
        return 5_000 + lived + lived * self.boot.drift_ppm // 1_000_000

    def boot_id(self) -> bytes:
        return self._boot

    def ntp_synced(self) -> bool:
        return self.ntp != "none"

    def true_of(self, boot: bytes, mono_ms: int) -> int:
        """Return the true time at a moment of the monotonic clock."""
        of = self.boots[boot]
        lived = mono_ms - 5_000
        return of.began_ms + round(lived / (1 + of.drift_ppm / 1_000_000))
