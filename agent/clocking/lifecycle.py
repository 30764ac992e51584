"""State when cards could be touched and when not, so that nobody is called absent because a station was down.

There is a fact at each start and orderly end, at the loss and return of a reader, and when a duty window closes while
the station is up and knows the time. A station that dies can state nothing. So it keeps a stamp on disk, the alive
stamp, which is never older than 10 minutes: the next start states how long the station had lived at least.
"""

import logging

from agent.clocking import duty
from agent.clocking.duty_dates import DutyDates
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import BootCause, Booted, ReaderBack, ReaderLost, ShutDown, WindowClosed
from protocol.units import DATED_QUALITIES, Moment

log = logging.getLogger(__name__)

STAMP_EVERY_MS = 9 * 60_000
"""Less than the 10 minutes that the county counts on, because the core comes here only with its chores."""


class Lifecycle:
    """Keeps the record of when cards could be touched at this station."""

    def __init__(
        self, *, clock: StationClock, fact_writer: FactWriter, duty_dates: DutyDates, state: StateStore, software: str
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._duty_dates = duty_dates
        self._alive_slot = StateSlot(state, "last_alive", Moment, title="the last-alive stamp")
        self._software = software
        self._readers: dict[str, bool] = {}
        self._alive_mono = 0
        self._lived_from = clock.now()
        self._claimed: set[duty.Closing] = set()
        self._last_alive: Moment | None = None

    @property
    def last_alive(self) -> Moment | None:
        """When the station was last known to be alive before this run, once this run has begun."""
        return self._last_alive

    @property
    def readers(self) -> dict[str, bool]:
        """Whether each reader that was heard of can read cards now, by its name."""
        return dict(self._readers)

    @property
    def reader_ready(self) -> bool:
        """Whether cards can be read by any reader now."""
        return any(self._readers.values())

    def started(self, *, last_fact: Moment | None) -> None:
        """State that the agent began.

        Args:
            last_fact: When the last fact before this run was made. The station was alive then, too.
        """
        now = self._clock.now()
        last_alive = self._last_alive = self._later(self._alive_slot.read(), last_fact)
        cause: BootCause = "restart" if last_alive is not None and last_alive.boot == now.boot else "power_on"
        self._fact_writer.owe(Booted(at=now, cause=cause, software=self._software, last_alive=last_alive))
        self._alive_mono = now.mono

    @staticmethod
    def _later(stamp: Moment | None, fact: Moment | None) -> Moment | None:
        if stamp is None or fact is None:
            return stamp or fact
        if stamp.boot == fact.boot:
            return max(stamp, fact, key=lambda at: at.mono)
        if {stamp.quality, fact.quality} <= {*DATED_QUALITIES}:
            return max(stamp, fact, key=lambda at: at.wall)
        # Wall clocks of two boots can't be compared if one did not know the time. But each boot states its start before
        # it sets a stamp. So if the last fact is of another boot than the stamp, the fact's boot is the later one.
        return fact

    def stopped(self) -> None:
        """State that the agent ends in good order."""
        self._fact_writer.owe(ShutDown(at=self._clock.now()))

    def reader_changed(self, reader: str, *, ready: bool) -> None:
        """State that a reader is lost or is back."""
        before = self._readers.get(reader)
        self._readers[reader] = ready
        if ready == before or (ready and before is None):  # a reader that is there at the start has not come back
            return
        log.warning("reader %s is %s", reader, "back" if ready else "gone")
        now = self._clock.now()
        self._fact_writer.owe(ReaderBack(at=now, reader=reader) if ready else ReaderLost(at=now, reader=reader))

    def committed(self) -> None:
        """Put off the next alive stamp: a fact that was committed just now proves as much as a stamp."""
        self._alive_mono = self._clock.mono_ms()

    def tick(self) -> None:
        """State the windows that have closed, and set the alive stamp when it is due."""
        self._close_windows()
        now = self._clock.now()
        if now.mono - self._alive_mono < STAMP_EVERY_MS:
            return
        self._alive_mono = now.mono
        self._clock.keep()
        self._alive_slot.keep(now)

    def _close_windows(self) -> None:
        """State each window that closed since this run began, once.

        The time of the whole run is taken as it is known now, because the clock may have been corrected meanwhile. Then
        a window may turn out to have closed unnoticed, or not to be closed yet. In the latter case it is stated again
        when it really closes, so a statement that no longer holds is forgotten here.
        """
        if not self._clock.dated:
            return
        now = self._clock.now()
        closed = duty.closings(self._duty_dates, after_ms=self._clock.wall_of(self._lived_from), until_ms=now.wall)
        claims = [closing for closing in closed if closing not in self._claimed]
        self._claimed = set(closed)
        self._fact_writer.owe(
            *[WindowClosed(at=now, window=c.window, date=c.day.isoformat(), closed=c.closed_ms) for c in claims]
        )
