"""Remember what people did here that may count for a meeting: touches, entries, what the chair said, counted votes.

All of it is facts. When the agent begins it reads them back, so that a power cut in the middle of a meeting costs
nothing. What they mean is reckoned anew at each look (`agent.kiosk.meeting_sign_ins`).
"""

from collections import deque
from collections.abc import Iterable, Iterator

from msgspec import Struct

from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import Fact, MeetingStepped, NumberEntered, PersonVouched, Touch, VotesCounted
from protocol.meetings import meeting_taken_back, meeting_vouched
from protocol.units import DATED_QUALITIES, FactRef, Moment, PersonId, WallMs

KEEP_MS = 36 * 3_600_000
"""Longer than any meeting with what may be entered after it."""
MAX_TOUCHES = 1_000
MAX_WORDS = 500
_NEVER = 2**53 - 1


class Seen(Struct, frozen=True):
    """A touch, or a number that was entered rightly."""

    ref: FactRef
    at: Moment
    card: bytes
    """Empty: it is a number."""
    person: PersonId
    """Whose number it is."""
    signs_in: bool
    """False for a number with which its person only came to read."""
    as_lost: bool = False
    """The card was reported lost then."""


class Touched(Struct, frozen=True):
    """When somebody touched: ``first`` and ``last`` are equal, or if nothing dates it, between these two."""

    person: PersonId
    dated: bool
    first: WallMs
    last: WallMs


class Word(Struct, frozen=True):
    """Somebody says that a person is there, or takes that back."""

    meeting: str
    person: PersonId
    by: FactRef
    at: Moment
    back: bool = False


class Evidence:
    """What was done here in the last hours. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, twin: Twin) -> None:
        self._clock = clock
        self._twin = twin
        self._seen: deque[Seen] = deque(maxlen=MAX_TOUCHES)
        self._words: deque[Word] = deque(maxlen=MAX_WORDS)
        self._steps: deque[MeetingStepped] = deque(maxlen=MAX_WORDS)
        self._votes: deque[VotesCounted] = deque(maxlen=MAX_WORDS)

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Read back the last facts of the outbox, oldest first."""
        for ref, fact in facts:
            self.note(ref, fact)

    def note(self, ref: FactRef, fact: Fact) -> None:
        """Take a committed fact that may count for a meeting; pass over any other."""
        match fact:
            case Touch():
                self._add(Seen(ref, fact.at, fact.card, "", signs_in=True, as_lost=fact.answer == "lost"))
            case NumberEntered(answer="accepted"):
                self._add(Seen(ref, fact.at, b"", fact.person, signs_in=fact.clocks))
            case PersonVouched() if meeting := meeting_vouched(fact.purpose):
                self._words.append(Word(meeting, fact.person, fact.by, fact.at))
            case PersonVouched() if meeting := meeting_taken_back(fact.purpose):
                self._words.append(Word(meeting, fact.person, fact.by, fact.at, back=True))
            case MeetingStepped():
                self._steps.append(fact)
            case VotesCounted():
                self._votes.append(fact)

    def _add(self, seen: Seen) -> None:
        self._seen.append(seen)
        while self._clock.wall_of(seen.at) - self._clock.wall_of(self._seen[0].at) > KEEP_MS:
            self._seen.popleft()

    def person_of(self, ref: FactRef) -> PersonId:
        """Return whose touch or number this is; empty if nobody's, or if it is not remembered."""
        return next((self._whose(seen) for seen in reversed(self._seen) if seen.ref == ref), "")

    def _whose(self, seen: Seen) -> PersonId:
        if not seen.card:
            return seen.person
        card = self._twin.card(seen.card)
        # Found again, a card counts as it did: so does `agent.clocking.touch_history`.
        return "" if card is None or (card.lost and seen.as_lost) else card.person

    def touches(self) -> Iterator[Touched]:
        """Yield whose each touch is, and when it was; the newest first.

        One that nothing dates lies between its neighbours that something dates. A clock that does not know the time
        shows at most the true one.
        """
        after = self._clock.now().wall if self._clock.dated else _NEVER
        for seen in reversed(self._seen):
            wall = self.dated(seen.at)
            after = after if wall is None else wall
            if seen.signs_in and (person := self._whose(seen)):
                first, last = (seen.at.wall, max(after, seen.at.wall)) if wall is None else (wall, wall)
                yield Touched(person, wall is not None, first, last)

    def time_of(self, ref: FactRef) -> WallMs | None:
        """Return when a touch was, or None where nothing dates it or it is not remembered."""
        return next((self.dated(seen.at) for seen in reversed(self._seen) if seen.ref == ref), None)

    def dated(self, at: Moment) -> WallMs | None:
        """Return the time of a moment, or None if it is not known."""
        here = at.boot == self._clock.now().boot and self._clock.dated
        return self._clock.wall_of(at) if here or at.quality in DATED_QUALITIES else None

    def words(self, meeting: str) -> list[Word]:
        """Return who says of whom that they are at a meeting or not, oldest first."""
        return [one for one in self._words if one.meeting == meeting]

    def steps(self, meeting: str) -> list[MeetingStepped]:
        """Return how far its chair said that a meeting is, oldest first."""
        return [one for one in self._steps if one.meeting == meeting]

    def votes(self, meeting: str) -> dict[str, VotesCounted]:
        """Return for each item the outcome that was entered last."""
        return {one.question: one for one in self._votes if one.meeting == meeting}
