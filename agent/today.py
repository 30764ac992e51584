"""Remember the touches of the last two days: for the repeat rule, the duty board and what is still missing.

Nothing here is kept on disk: it is read back from the outbox's last facts when the agent begins. Names,
directions and dates are derived at each look, so that a card bound later or a corrected clock counts at once.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from agent import duty
from agent.clock import StationClock
from agent.twin import Twin
from protocol.facts import DirectionChosen, Fact, Touch
from protocol.kiosk import DutyRow, Missing
from protocol.units import Direction, FactRef, Moment

MAX_CARDS, MAX_OF_A_CARD, MAX_LATEST = 2_000, 100, 500
REPEAT_WITHIN_MS = 120_000
_KEEP_MS = 2 * 24 * 3_600_000
MAX_ROWS = 120


@dataclass(slots=True)
class Seen:
    """A touch that counts: not a repeat of another."""

    ref: FactRef
    at: Moment
    token: bytes
    chosen: Direction | None = None


class Today:
    """The station's short memory of touches."""

    def __init__(self, *, clock: StationClock, twin: Twin) -> None:
        self._clock = clock
        self._twin = twin
        self._cards: dict[bytes, deque[Seen]] = {}
        self._latest: deque[Seen] = deque(maxlen=MAX_LATEST)

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Take up what the outbox still knows, oldest first."""
        for ref, fact in facts:
            if isinstance(fact, Touch) and fact.answer != "repeat":
                self.add(ref, fact)
            elif isinstance(fact, DirectionChosen) and (seen := self.find(fact.touch)):
                seen.chosen = fact.direction

    def add(self, ref: FactRef, touch: Touch) -> None:
        """Remember a committed touch that is no repeat."""
        seen = Seen(ref=ref, at=touch.at, token=touch.card)
        # Taken out and put back, the card stands last: the dict is in the order of the cards' last touches.
        of_card = self._cards.pop(touch.card, deque(maxlen=MAX_OF_A_CARD))
        while of_card and self._age_ms(of_card[0], touch.at) > _KEEP_MS:
            of_card.popleft()
        of_card.append(seen)
        self._cards[touch.card] = of_card
        self._latest.append(seen)
        if len(self._cards) > MAX_CARDS:
            del self._cards[next(iter(self._cards))]

    def _age_ms(self, seen: Seen, now: Moment) -> int:
        if seen.at.boot == now.boot:
            return now.mono - seen.at.mono
        return self._clock.wall_of(now) - seen.at.wall

    def find(self, ref: FactRef) -> Seen | None:
        """Return one of the latest touches by its identity."""
        return next((seen for seen in reversed(self._latest) if seen.ref == ref), None)

    def repeated(self, token: bytes, now: Moment) -> Seen | None:
        """Return the touch of the same card that a touch now would repeat, or None."""
        of_card = self._cards.get(token)
        return of_card[-1] if of_card and 0 <= self._age_ms(of_card[-1], now) <= REPEAT_WITHIN_MS else None

    def direction(self, seen: Seen) -> Direction | None:
        """Return what a touch was: the person's word, else by the duty windows."""
        card = self._twin.card(seen.token)
        if seen.chosen or card is None:
            return seen.chosen
        return duty.direction_at(self._twin.desired, card.person, self._clock.wall_of(seen.at))

    def missing(self, person: str, now: Moment) -> list[Missing]:
        """Return what a person still lacks in the windows of today that have opened for them."""
        wall = self._clock.wall_of(now)
        lacking: list[Missing] = []
        for span in self._spans_of(person, duty.local_day(wall)):
            if span.opens <= duty.local_minute(wall):
                arrived, left = self._marks(person, span)
                lacking += ["arrival"] if arrived is None else []
                lacking += ["departure"] if left is None else []
        return list(dict.fromkeys(lacking))

    def board(self, now: Moment) -> list[DutyRow]:
        """Return today's windows, person by person, by start."""
        day = duty.local_day(self._clock.wall_of(now))
        rows = [
            self._row(person.id, person.name, span)
            for person in self._twin.desired.people
            for span in self._spans_of(person.id, day)
        ]
        return sorted(rows, key=lambda row: row.start)[:MAX_ROWS]

    def _row(self, person: str, name: str, span: duty.Span) -> DutyRow:
        arrived, left = self._marks(person, span)
        window = span.window
        return DutyRow(name=name, window=window.name, start=window.start, end=window.end, arrived=arrived, left=left)

    def _spans_of(self, person: str, day: date) -> list[duty.Span]:
        return [span for span in duty.spans(self._twin.desired, person, day) if span.day == day]

    def _marks(self, person: str, span: duty.Span) -> tuple[int | None, int | None]:
        """Return first arrival and last departure in a span, minutes after midnight of its date."""
        arrivals: list[int] = []
        departures: list[int] = []
        for seen, wall in self._touches_of(person):
            if span.opens <= duty.local_minute(wall) < span.closes:
                minute = duty.minute_of_day(wall, span.day)
                (arrivals if self.direction(seen) == "in" else departures).append(minute)
        return min(arrivals, default=None), max(departures, default=None)

    def _touches_of(self, person: str) -> Iterator[tuple[Seen, int]]:
        for token in self._twin.tokens_of(person):
            for seen in self._cards.get(token, ()):
                yield seen, self._clock.wall_of(seen.at)
