"""Remember the touches of a day: for the repeat rule, the duty board and what is still missing.

Nothing here is kept on disk: it is read back from the outbox's last facts when the agent begins. Names and dates are
derived at each look, so that a card bound later or a corrected clock counts at once. A direction is not: it is what was
stored, by the touch or by the person's correction, because that is what the county shows. A touch that was stored
without one (its card was unknown, or the time, or it came outside every window) stands on the board by its time alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.clocking import duty
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import DirectionChosen, Fact, Touch
from protocol.kiosk import GRACE_MIN, DutyRow, Lacking, LackingWhen, Missing, WindowState
from protocol.twin import Person
from protocol.units import DATED_QUALITIES, ClockQuality, Direction, FactRef, Moment

MAX_KEPT = 2_000
"""Touches at hand: more than a village makes in a day."""
KEEP_MS = 36 * 3_600_000
"""What a day's board needs: its windows may open up to 12 hours before midnight."""
REPEAT_WITHIN_MS = 120_000
MAX_ROWS = 120
FIRST_FOR_MS = 60_000
"""So long whoever touched last stands first on the board: they look for themselves."""
SHORTEST_APART = 2
_ORDER: dict[WindowState, int] = {"running": 0, "coming": 1, "over": 2}


@dataclass(slots=True)
class RememberedTouch:
    """A touch that counts: not a repeat of another. In plain numbers, because some thousands lie in memory."""

    epoch: bytes
    seq: int
    wall: int
    boot: bytes
    mono: int
    quality: ClockQuality
    token: bytes
    tapped: int
    """When the card was touched last: ``mono`` of the touch itself, or of one that repeats it."""
    direction: Direction | None = None
    """What is stored: as the touch says, or as its person corrected it last."""

    @property
    def ref(self) -> FactRef:
        """The touch's identity."""
        return FactRef(epoch=self.epoch, seq=self.seq)

    @property
    def at(self) -> Moment:
        """When it was."""
        return Moment(wall=self.wall, boot=self.boot, mono=self.mono, quality=self.quality)


class _Mark(NamedTuple):
    """A touch that a window's arrival or departure is shown by."""

    minute: int
    """After midnight of the window's date."""
    by_time: bool
    """It was stored without a direction."""


class TouchHistory:
    """The station's short memory of touches."""

    def __init__(self, *, clock: StationClock, twin: Twin) -> None:
        self._clock = clock
        self._twin = twin
        self._touches: deque[RememberedTouch] = deque()
        self._cards: dict[bytes, list[RememberedTouch]] = {}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Take up what the outbox still knows, oldest first."""
        for ref, fact in facts:
            if isinstance(fact, Touch) and fact.answer != "repeat":
                self.add(ref, fact)
            elif isinstance(fact, DirectionChosen) and (seen := self.find(fact.touch)):
                seen.direction = fact.direction

    def add(self, ref: FactRef, touch: Touch) -> None:
        """Remember a committed touch that is no repeat; forget what no board needs any more."""
        at, before = touch.at, self._touches[-1] if self._touches else None
        of_card = self._cards.setdefault(touch.card, [])
        seen = RememberedTouch(
            epoch=before.epoch if before and before.epoch == ref.epoch else ref.epoch,
            seq=ref.seq,
            wall=at.wall,
            boot=before.boot if before and before.boot == at.boot else at.boot,
            mono=at.mono,
            quality=at.quality,
            token=of_card[0].token if of_card else touch.card,
            tapped=at.mono,
            direction=touch.direction,
        )
        of_card.append(seen)
        self._touches.append(seen)
        while len(self._touches) > MAX_KEPT or self._age_ms(self._touches[0], at) > KEEP_MS:
            self._forget(self._touches.popleft())

    def _forget(self, oldest: RememberedTouch) -> None:
        of_card = self._cards[oldest.token]
        del of_card[0]
        if not of_card:
            del self._cards[oldest.token]

    def _age_ms(self, seen: RememberedTouch, now: Moment) -> int:
        if seen.boot == now.boot:
            return now.mono - seen.mono
        return self._clock.wall_of(now) - seen.wall

    def find(self, ref: FactRef) -> RememberedTouch | None:
        """Return a touch by its identity."""
        return next((seen for seen in reversed(self._touches) if (seen.seq, seen.epoch) == (ref.seq, ref.epoch)), None)

    def repeated(self, token: bytes, now: Moment) -> RememberedTouch | None:
        """Return the touch of the same card that a touch now would repeat, or None.

        Over a reboot only known times tell how long ago that was: a boot that does not know the time begins where the
        power failed, be it hours later.
        """
        of_card = self._cards.get(token)
        if not of_card:
            return None
        last = of_card[-1]
        known = last.boot == now.boot or {last.quality, now.quality} <= {*DATED_QUALITIES}
        return last if known and 0 <= self._age_ms(last, now) <= REPEAT_WITHIN_MS else None

    def _is_dated(self, seen: RememberedTouch) -> bool:
        return seen.quality in DATED_QUALITIES or (seen.boot == self._clock.now().boot and self._clock.dated)

    def lacking(self, person: str, now: Moment, *, correctable: RememberedTouch | None = None) -> list[Lacking]:
        """Return what a person lacks in today's windows, window by window, and whether a touch can still be that.

        Nothing where today is not known. ``correctable`` is a touch whose direction its owner can correct now: in its
        window, either mark may yet be it.
        """
        if not self._clock.dated:
            return []
        wall = self._clock.wall_of(now)
        minute = duty.local_minute(wall)
        touched = duty.local_minute(self._clock.wall_of(correctable.at)) if correctable else None
        spans = self._spans_of(person, wall)
        return [lack for span in spans for lack in self._lacking_in(person, span, minute, touched)]

    def is_complete(self, person: str, now: Moment) -> bool:
        """Tell whether a person on duty today has touched for every window and left none early.

        False where today is not known, and for a person without a duty window: there is nothing to complete.
        """
        if not self._clock.dated:
            return False
        spans = self._spans_of(person, self._clock.wall_of(now))
        marks = [(span, *self._marks(person, span)) for span in spans]
        return bool(spans) and all(
            arrived is not None and left is not None and left.minute >= span.end_minute - GRACE_MIN
            for span, arrived, left in marks
        )

    def _lacking_in(self, person: str, span: duty.Span, minute: int, touched: int | None) -> Iterator[Lacking]:
        arrived, left = self._marks(person, span)
        may_be_it = touched is not None and span.opens <= touched < span.closes
        marks: tuple[tuple[Missing, _Mark | None, int], ...] = (
            ("arrival", arrived, span.middle),
            ("departure", left, span.closes),
        )
        for mark, made, until in marks:
            if made is None:
                when: LackingWhen = "past" if minute >= until else "now" if minute >= span.opens else "later"
                yield Lacking(
                    window=span.window.name,
                    start=span.window.start,
                    mark=mark,
                    when=when,
                    correctable=may_be_it and when == "past",
                )

    def board(self, now: Moment) -> list[DutyRow]:
        """Return today's windows, a row a person: who touched just now, then what runs, what comes, what is over.

        Nothing where today is not known.
        """
        if not self._clock.dated:
            return []
        wall = self._clock.wall_of(now)
        people = self._twin.desired.people
        apart = _told_apart(people)
        latest = self._latest(now)
        found = [(one, span) for one in people for span in self._spans_of(one.id, wall)]
        rows = [(one.id != latest, self._row(one, apart[one.id], span, duty.local_minute(wall))) for one, span in found]
        rows.sort(key=lambda ranked: (ranked[0], _ORDER[ranked[1].state], ranked[1].start))
        return [row for _, row in rows[:MAX_ROWS]]

    def _latest(self, now: Moment) -> str | None:
        """Return who touched last, for a minute."""
        if not self._touches or not 0 <= self._age_ms(self._touches[-1], now) <= FIRST_FOR_MS:
            return None
        card = self._twin.card(self._touches[-1].token)
        return card.person if card and not card.lost else None

    def _row(self, person: Person, apart: str, span: duty.Span, minute: int) -> DutyRow:
        arrived, left = self._marks(person.id, span)
        window = span.window
        return DutyRow(
            name=person.name,
            window=window.name,
            start=window.start,
            end=window.end,
            arrived=arrived.minute if arrived else None,
            left=left.minute if left else None,
            apart=apart,
            state="coming" if minute < span.start else "running" if minute < span.end else "over",
            closed=minute >= span.closes,
            arrivals_over=minute >= span.middle,
            arrived_by_time=arrived is not None and arrived.by_time,
            left_by_time=left is not None and left.by_time,
        )

    def _spans_of(self, person: str, wall: int) -> list[duty.Span]:
        """Return the spans of a moment's date, and those that a night's window brings over into it."""
        day, minute = duty.local_day(wall), duty.local_minute(wall)
        around = duty.spans(self._twin.desired, person, day)
        return [span for span in around if span.day == day or (span.day < day and minute < span.closes)]

    def _marks(self, person: str, span: duty.Span) -> tuple[_Mark | None, _Mark | None]:
        """Return first arrival and last departure in a span."""
        arrivals: list[_Mark] = []
        departures: list[_Mark] = []
        for seen, wall in self._touches_of(person):
            minute = duty.local_minute(wall)
            if span.opens <= minute < span.closes:
                by_time: Direction = "in" if minute < span.middle else "out"
                made = _Mark(duty.minute_of_day(wall, span.day), seen.direction is None)
                (arrivals if (seen.direction or by_time) == "in" else departures).append(made)
        return min(arrivals, default=None), max(departures, default=None)

    def _touches_of(self, person: str) -> Iterator[tuple[RememberedTouch, int]]:
        """Return a person's touches of which it is known when they were."""
        for token in self._twin.tokens_of(person):
            for seen in self._cards.get(token, ()):
                if self._is_dated(seen):
                    yield seen, self._clock.wall_of(seen.at)


def _told_apart(people: Sequence[Person]) -> dict[str, str]:
    """Return for each person the end of the number that tells them from the others of their name; mostly nothing."""
    namesakes: dict[str, list[str]] = {}
    for person in people:
        namesakes.setdefault(person.name, []).append(person.id)
    return {number: _end_of(number, numbers) for numbers in namesakes.values() for number in numbers}


def _end_of(number: str, numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return ""
    lengths = range(SHORTEST_APART, max(map(len, numbers)) + 1)
    apart = (length for length in lengths if len({one[-length:] for one in numbers}) == len(numbers))
    return number[-next(apart, len(number)) :]
