"""The county's own machine in a world's true time: its clock goes wrong by a power cut, by hand or by a time service.

A person or a time service puts it right, in the same boot of the machine, after the machine was started anew with the
same wrong clock, or in the firmware while it starts.
"""

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from server_broker.platform.county_clock import ClockMode
from tests.proofs.clock.world import HOUR_MS, YEAR_MS, ms_of

type Trouble = Literal[
    "1970",
    "2020",
    "2038",
    "a_year_ahead",
    "an_hour_ahead",
    "set_by_hand",
    "set_back",
    "ntp_lies",
    "ntp_goes_back",
    "not_synchronised",
]

type Mending = Literal["in_the_boot", "after_a_start", "in_the_firmware"]

TROUBLES: tuple[tuple[ClockMode, Trouble], ...] = (
    ("ntp", "1970"),
    ("ntp", "2020"),
    ("ntp", "2038"),
    ("ntp", "a_year_ahead"),
    ("ntp", "an_hour_ahead"),
    ("ntp", "ntp_lies"),
    ("ntp", "ntp_goes_back"),
    ("ntp", "not_synchronised"),
    ("manual", "1970"),
    ("manual", "2020"),
    ("manual", "2038"),
    ("manual", "a_year_ahead"),
    ("manual", "an_hour_ahead"),
    ("manual", "set_by_hand"),
    ("manual", "set_back"),
)
"""How a county keeps its clock, and what happens to it. ``not_synchronised`` is right after a power cut, but no time
service vouches for it."""
_WALLS = {"1970": datetime(1970, 1, 1, tzinfo=UTC), "2020": datetime(2020, 1, 1, tzinfo=UTC)}
_WALLS["2038"] = datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC)
_AFTER_A_POWER_CUT = {"a_year_ahead": YEAR_MS, "an_hour_ahead": HOUR_MS, "not_synchronised": 0}
_IN_MID_BOOT = {"set_by_hand": YEAR_MS, "set_back": -HOUR_MS, "ntp_lies": YEAR_MS, "ntp_goes_back": -HOUR_MS}


class CountyMachine:
    """Implements `server_broker.platform.county_clock.MachineClock`."""

    def __init__(self, chance: random.Random, true_ms: Callable[[], int], *, mode: ClockMode, trouble: Trouble) -> None:
        self._chance = chance
        self._true_ms = true_ms
        self.mode, self.trouble = mode, trouble
        self.wrong = False
        self.began_wrong = False
        """Whether it was a power cut that made the clock wrong, so that this boot of the machine began with it."""
        self._ahead_ms = 0
        self._power_on(0)
        self._ntp = self.mode == "ntp"

    def _power_on(self, ahead_ms: int) -> None:
        self._boot = self._chance.randbytes(16)
        self._began_ms = self._true_ms() - 30_000
        self._ahead_ms, self._ntp = ahead_ms, False

    def go_wrong(self) -> None:
        """Let the clock go wrong: by a power cut, by hand, or by the time service."""
        self.wrong, self.began_wrong = True, self.trouble not in _IN_MID_BOOT
        if self.trouble in _WALLS:
            self._power_on(ms_of(_WALLS[self.trouble]) - self._true_ms())
        elif self.trouble in _IN_MID_BOOT:
            self._ahead_ms, self._ntp = _IN_MID_BOOT[self.trouble], self.trouble.startswith("ntp")
        else:
            self._power_on(_AFTER_A_POWER_CUT[self.trouble])

    def start_again(self) -> None:
        """Start the machine anew. Its battery has kept the wrong time, and a time service that lies goes on to lie."""
        self._power_on(self._ahead_ms)
        self._ntp = self.trouble.startswith("ntp")

    def mend(self, how: Mending) -> None:
        """Put the clock right, by its time service or by hand."""
        if how == "in_the_firmware":
            self._power_on(0)
        self.wrong, self._ahead_ms, self._ntp = False, 0, self.mode == "ntp"

    @property
    def doubtful(self) -> bool:
        """Whether the county, if it looks at its clock now, has reason to doubt it."""
        # Not an hour back by hand: only a synchronised clock lifts the floor close to the present.
        return self.wrong and (self.trouble in _WALLS or (self.mode == "ntp" and self.trouble != "ntp_lies"))

    @property
    def slow(self) -> bool:
        """Whether the clock is behind true time."""
        return self._ahead_ms < 0

    def wall_ms(self) -> int:
        return max(0, self._true_ms() + self._ahead_ms)

    def mono_ms(self) -> int:
        return self._true_ms() - self._began_ms

    def boot_id(self) -> bytes:
        return self._boot

    def synchronised(self) -> bool:
        return self._ntp
