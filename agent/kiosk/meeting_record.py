"""Write down what people say at meetings: each word is a fact, and there are only so many, however often keys are
pressed."""

import logging
from collections.abc import Iterable

from agent.clocking.desk import KioskScreens
from agent.kiosk.meeting_evidence import Evidence
from agent.kiosk.spacing import Allowance
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol.facts import Fact, MeetingStepped, PersonVouched, VotesCounted
from protocol.kiosk import refusal
from protocol.kiosk_line import Line
from protocol.kiosk_meetings import Vouch
from protocol.units import FactRef

log = logging.getLogger(__name__)

MOST_AN_HOUR = 200
"""Facts of chairs and of who vouches: more than the largest meeting needs."""
_HOUR_MS = 3_600_000


class MeetingRecord:
    """Commits words and remembers them. Used on the core thread only."""

    def __init__(
        self, *, clock: StationClock, fact_writer: FactWriter, screens: KioskScreens, evidence: Evidence
    ) -> None:
        self.evidence = evidence
        self._fact_writer = fact_writer
        self._screens = screens
        self._stated = Allowance(clock, MOST_AN_HOUR, within_ms=_HOUR_MS)

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Read back the last facts of the outbox, oldest first."""
        for ref, fact in facts:
            self.evidence.note(ref, fact)
            if isinstance(fact, PersonVouched | MeetingStepped | VotesCounted):
                self._stated.recall(fact.at)

    def state(self, kiosk: int, asked: Line, fact: PersonVouched | MeetingStepped | VotesCounted) -> bool:
        """Commit a word that a kiosk asked for. If that is not possible, tell the kiosk and return False."""
        touch = asked.touch if isinstance(asked, Vouch) else None
        if self._stated.is_used_up():
            self._screens.answer(kiosk, refusal(asked, "too_many", touch=touch))
            return False
        try:
            (ref,) = self._fact_writer.commit(fact)
        except StorageError as error:
            log.warning("a word at a meeting was not recorded: %s", error)
            self._screens.answer(kiosk, refusal(asked, "not_recorded", touch=touch))
            return False
        self._stated.done()
        self.evidence.note(ref, fact)
        return True
