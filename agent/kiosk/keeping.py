"""What a kiosk shows outlives the kiosk for a few seconds, so that the one in its place goes on where it stood.

Whoever starts kiosks gives each of them the same token. While a kiosk lives, it says what it shows. When it is gone,
its state and its visit wait for a kiosk that knows its token, and end if none comes in time. All of it is in memory
only.
"""

import logging

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.timekeeping.clock import StationClock
from protocol.kiosk_keeping import Hello, Keep, Kept

log = logging.getLogger(__name__)

WITHIN_MS = 10_000
"""How long a kiosk that is gone is waited for. A hung one is ended after 5 s, but is connected until then; the next one
needs up to 3 s on the smallest computer. With some room, and still before somebody else has sat down."""
MAX_WAITING = 16


class _Kiosk(Struct):
    token: str
    state: str = ""
    left_ms: int | None = None
    """When it went; None while it is there."""


class Keeping:
    """The kiosks that said hello, by their numbers. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, screens: KioskScreens, visits: Visits) -> None:
        self._clock = clock
        self._screens = screens
        self._visits = visits
        self._kiosks: dict[int, _Kiosk] = {}
        visits.on_end(self._visit_ended)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {Hello: self.hello, Keep: self.keep}

    def hello(self, kiosk: int, hello: Hello) -> None:
        """Give a kiosk what was kept for its token, with the visit that ran there."""
        known = self._kiosks.setdefault(kiosk, _Kiosk(hello.token))
        # A kiosk has one token for good; another one would be somebody who tries tokens.
        before = None if known.token != hello.token else self._before(kiosk, hello.token)
        if before is not None and not hello.fresh:
            known.state = self._kiosks[before].state
            log.info("kiosk %d goes on in place of kiosk %d", kiosk, before)
            self._visits.move(before, kiosk)
        if before is not None:
            self._forget(before)
        self._screens.answer(kiosk, Kept(state=known.state))

    def keep(self, kiosk: int, keep: Keep) -> None:
        """Keep what a kiosk shows now."""
        if (known := self._kiosks.get(kiosk)) is not None:
            known.state = keep.state

    def kiosk_left(self, kiosk: int) -> None:
        """Wait for the next kiosk with the token of one that is gone. Without a token its visit ends now."""
        known = self._kiosks.get(kiosk)
        if known is None:
            self._visits.kiosk_left(kiosk)
            return
        known.left_ms = self._clock.mono_ms()
        waiting = [number for number, one in self._kiosks.items() if one.left_ms is not None]
        for number in waiting[:-MAX_WAITING]:
            self._forget(number)

    def tick(self) -> None:
        """Give up kiosks that nobody came in place of."""
        now = self._clock.mono_ms()
        for number, one in list(self._kiosks.items()):
            if one.left_ms is not None and now - one.left_ms > WITHIN_MS:
                self._forget(number)

    def _before(self, kiosk: int, token: str) -> int | None:
        """Return the number of the kiosk that had this token last. It may seem to be there still, if it only hangs."""
        return next((number for number, one in self._kiosks.items() if one.token == token and number != kiosk), None)

    def _forget(self, kiosk: int) -> None:
        del self._kiosks[kiosk]
        self._visits.kiosk_left(kiosk)

    def _visit_ended(self, visit: Visit) -> None:
        """Drop what the visit's kiosk showed: it may be of the person."""
        if (known := self._kiosks.get(visit.kiosk)) is not None:
            known.state = ""
