"""Take questions to the village, and tell by the receipt number what became of them, with or without a line.

A question is on disk before its number is shown. What this station was asked is kept beside its facts, because facts
are erased in time; the last facts of the outbox are read again at each start. Answers come in the county's `answers`
bundles, which are read when somebody asks.
"""

import secrets
from collections.abc import Callable, Iterable

import msgspec

from agent.clocking.desk import KioskScreens
from agent.kiosk.spacing import Allowance
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visits
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.recent import ReadableStream
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import Fact, FeedbackGiven, FeedbackRated
from protocol.feedback import Answer, receipt_number
from protocol.kiosk import refusal
from protocol.kiosk_feedback import FeedbackTaken, FollowedUp, FollowUp, GiveFeedback, RateAnswer
from protocol.units import DATED_QUALITIES, FactRef, Moment, WallMs

MAX_KEPT = 500
"""The newest questions of this station that are found again."""
MOST_AN_HOUR = 12
"""Questions and ratings together: each costs disk and data for ever, and a child plays with keys. Recalled from the
facts, so that a restart gives nobody more."""
WRONG_TRIES, WRONG_WITHIN_MS = 10, 600_000
"""After so many numbers that nobody has, within so long, no number is looked up: somebody is trying them."""
_HOUR_MS = 3_600_000


class Kept(msgspec.Struct, array_like=True):
    """A question of this station."""

    feedback: bytes
    epoch: bytes
    seq: int
    """0: it was asked at another station of the village, and rated here."""
    given: WallMs
    topic: str
    matter: str
    sent: bool = False
    """The county had it when this was last looked at."""
    rating: int = 0


class FeedbackDesk:
    """Takes questions and follows them up. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        stream: ReadableStream,
        state: StateStore,
        screens: KioskScreens,
        visits: Visits,
        answers: Callable[[], Iterable[Answer]],
        draw: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """
        Args:
            answers: Reads the county's answers for this village.
            draw: Returns so many random bytes.
        """
        self._clock = clock
        self._fact_writer = fact_writer
        self._stream = stream
        self._screens = screens
        self._visits = visits
        self._answers = answers
        self._draw = draw
        self._slot = StateSlot(state, "feedback", list[Kept], title="the list of questions to the village")
        self._kept = self._slot.read() or []
        self._stated = Allowance(clock, MOST_AN_HOUR, within_ms=_HOUR_MS)
        self._wrong = Allowance(clock, WRONG_TRIES, within_ms=WRONG_WITHIN_MS)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {GiveFeedback: self.given, FollowUp: self.followed, RateAnswer: self.rated}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts of the outbox what was stated and perhaps not kept, oldest first."""
        known = {one.feedback: one for one in self._kept}
        for ref, fact in facts:
            if isinstance(fact, FeedbackGiven | FeedbackRated):
                self._stated.recall(fact.at)
            if isinstance(fact, FeedbackGiven) and fact.feedback not in known:
                known[fact.feedback] = self._take(fact, ref)
            elif isinstance(fact, FeedbackRated) and fact.feedback in known:
                known[fact.feedback].rating = fact.rating

    def given(self, kiosk: int, asked: GiveFeedback) -> None:
        """State a question and show its number."""
        by = None
        if asked.visit is not None:
            visit = self._visits.asked(kiosk, asked, asked.visit)
            if visit is None:
                return
            by = visit.by
        if self._stated.is_used_up():
            self._screens.answer(kiosk, refusal(asked, "too_many"))
            return
        fact = FeedbackGiven(
            at=self._clock.now(),
            feedback=self._draw_id(),
            by=by,
            about=asked.about,
            item=asked.item,
            topic=asked.topic,
            matter=asked.matter,
        )
        refs = self._commit(kiosk, asked, fact)
        if refs:
            self._take(fact, refs[0])
            self._keep()
            number = receipt_number(fact.feedback)
            self._screens.answer(kiosk, FeedbackTaken(number=number, named=by is not None))

    def followed(self, kiosk: int, asked: FollowUp) -> None:
        """Show what became of the question with a number."""
        if self._wrong.is_used_up():
            self._screens.answer(kiosk, refusal(asked, "too_many_tries"))
            return
        found = self._found(asked.number)
        if not found.known:
            self._wrong.done()
        self._screens.answer(kiosk, found)

    def rated(self, kiosk: int, asked: RateAnswer) -> None:
        """State how an answer was. An answer is rated once."""
        found = self._found(asked.number)
        if found.state != "answered" or found.rating:
            self._screens.answer(kiosk, found)
            return
        if self._stated.is_used_up():
            self._screens.answer(kiosk, refusal(asked, "too_many"))
            return
        one = self._own(asked.number) or self._of_answer(asked.number)
        if one is None:
            return
        fact = FeedbackRated(at=self._clock.now(), feedback=one.feedback, rating=asked.rating)
        if self._commit(kiosk, asked, fact):
            one.rating = asked.rating
            self._keep()
            self._screens.answer(kiosk, self._found(asked.number))

    def _commit(self, kiosk: int, asked: GiveFeedback | RateAnswer, fact: Fact) -> list[FactRef]:
        """Commit a fact that somebody waits for. If the disk takes nothing, the kiosk is told and the list is empty."""
        try:
            refs = self._fact_writer.commit(fact)
        except StorageError:
            self._screens.answer(kiosk, refusal(asked, "not_recorded"))
            return []
        self._stated.done()
        return refs

    def _draw_id(self) -> bytes:
        numbers = {receipt_number(one.feedback) for one in self._kept}
        while receipt_number(drawn := self._draw(16)) in numbers:
            pass
        return drawn

    def _take(self, fact: FeedbackGiven, ref: FactRef) -> Kept:
        one = Kept(fact.feedback, ref.epoch, ref.seq, _dated(fact.at), fact.topic, fact.matter)
        self._kept.append(one)
        return one

    def _keep(self) -> None:
        for one in self._kept:
            one.sent = one.sent or self._is_sent(one) is True
        del self._kept[:-MAX_KEPT]
        self._slot.keep(self._kept)

    def _is_sent(self, one: Kept) -> bool | None:
        """Tell whether the county has a question; None if it is of an earlier stream and nobody looked in its time."""
        if one.sent or one.seq == 0:
            return True
        return one.seq <= self._stream.receipted if one.epoch == self._stream.epoch else None

    def _own(self, number: str) -> Kept | None:
        return next((one for one in reversed(self._kept) if receipt_number(one.feedback) == number), None)

    def _answer(self, number: str) -> Answer | None:
        return next((one for one in self._answers() if receipt_number(one.feedback) == number), None)

    def _of_answer(self, number: str) -> Kept | None:
        """Take a question of another station of the village onto the list, because its answer is rated here."""
        if (answer := self._answer(number)) is None:
            return None
        one = Kept(answer.feedback, b"", 0, answer.given, answer.topic or "", answer.matter or "")
        self._kept.append(one)
        return one

    def _found(self, number: str) -> FollowedUp:
        own, answer = self._own(number), self._answer(number)
        if own is None and answer is None:
            return FollowedUp(number=number)
        found = FollowedUp(number=number, known=True, sent=True)
        if own is not None:
            found = msgspec.structs.replace(
                found,
                given=own.given,
                topic=own.topic or None,
                matter=own.matter or None,
                sent=answer is not None or self._is_sent(own),
                rating=own.rating,
            )
        if answer is not None:
            found = msgspec.structs.replace(
                found,
                given=found.given or answer.given,
                topic=found.topic or answer.topic,
                matter=found.matter or answer.matter,
                state=answer.state,
                office=answer.office,
                at=answer.at,
                text=answer.text,
            )
        return found


def _dated(at: Moment) -> WallMs:
    return at.wall if at.quality in DATED_QUALITIES else 0
