"""State in a fact that somebody calls the township for help, and tell what became of the call.

Home says it for a while: that it is recorded, that the county has it, and who has seen it there. The county tells of
that in the desired state.
"""

from collections.abc import Iterable

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.kiosk.spacing import Allowance, Spacing
from agent.kiosk.table import Rows
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.recent import ReadableStream
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import Fact, HelpAsked
from protocol.kiosk import AskHelp, refusal
from protocol.kiosk_feedback import HelpContact, HelpState
from protocol.twin import HelpSeen
from protocol.units import DATED_QUALITIES, FactRef, Moment

HELP_EVERY_MS = 10_000
"""However often the key is pressed: each fact costs disk and data, and one is enough to act on."""
MOST_AN_HOUR = 12
"""Then the screen gives the telephone number instead. Recalled from the facts, so that a restart gives nobody more."""
_HOUR_MS = 3_600_000
UNSEEN_SHOWN_MS = 7_200_000
"""A call that nobody has seen stands on home for so long."""
SEEN_SHOWN_MS = 600_000
"""Home says for so long who has seen it."""


class _Call(Struct):
    ref: FactRef
    at: Moment
    seen_ms: int | None = None
    """When this station learnt that it was seen, by the monotonic clock of this run."""


class HelpCalls:
    """Takes calls for help. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        stream: ReadableStream,
        twin: Twin,
        screens: KioskScreens,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._stream = stream
        self._twin = twin
        self._screens = screens
        self._spacing = Spacing(clock, HELP_EVERY_MS)
        self._stated = Allowance(clock, MOST_AN_HOUR, within_ms=_HOUR_MS)
        self._last: _Call | None = None

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {AskHelp: self.asked}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts of the outbox which call was the last one."""
        for ref, fact in facts:
            if isinstance(fact, HelpAsked):
                self._last = _Call(ref, fact.at)
                self._stated.recall(fact.at)

    def asked(self, kiosk: int, call: AskHelp) -> None:
        """State a call, unless one was stated just now, or so many that the screen names the telephone instead."""
        if self._stated.is_used_up():
            self._screens.answer(kiosk, refusal(call, "too_many"))
            return
        if not self._spacing.is_due():
            return
        now = self._clock.now()
        try:
            [ref] = self._fact_writer.commit(HelpAsked(at=now, screen=call.screen))
        except StorageError:
            self._spacing.forget()
            self._screens.answer(kiosk, refusal(call, "not_recorded"))
            return
        self._last = _Call(ref, now)
        self._stated.done()

    def state(self) -> HelpState | None:
        """Return what became of the last call, while that is worth saying."""
        call = self._last
        if call is None:
            return None
        now = self._clock.now()
        seen = self._seen(call)
        if seen is not None and call.seen_ms is None:
            call.seen_ms = now.mono
        since = self._clock.wall_of(now) - self._clock.wall_of(call.at)
        # What was asked before this boot can be dated only if the time is known.
        if call.at.boot != now.boot and not self._clock.dated:
            return None
        if not 0 <= since < UNSEEN_SHOWN_MS:
            return None
        if call.seen_ms is not None and now.mono - call.seen_ms >= SEEN_SHOWN_MS:
            return None
        dated = call.at.quality in DATED_QUALITIES or (call.at.boot == now.boot and self._clock.dated)
        return HelpState(
            asked=self._clock.wall_of(call.at) if dated else 0,
            sent=seen is not None or self._is_sent(call),
            seen=seen.seen if seen else 0,
            by=seen.by if seen else "",
        )

    def contact(self) -> HelpContact | None:
        """Return whom people here may telephone."""
        contact = self._twin.desired.contact
        return HelpContact(name=contact.name, phone=contact.phone) if contact else None

    def _seen(self, call: _Call) -> HelpSeen | None:
        """Return who has seen this call, or one after it."""
        seen = self._twin.desired.help
        if seen is None or seen.asked.epoch != call.ref.epoch or seen.asked.seq < call.ref.seq:
            return None
        return seen

    def _is_sent(self, call: _Call) -> bool:
        return call.ref.epoch == self._stream.epoch and call.ref.seq <= self._stream.receipted
