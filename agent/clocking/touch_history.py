"""Decide whether a touch repeats another, and remember a day's touches for the duty board.

**The repeat rule** is `TouchHistory.repeated`: a touch repeats the last counted touch of the same card if that was at
most `REPEAT_WITHIN_MS` ago. A repeat is stored as a fact, too, but it counts for nothing and is not remembered here.

Nothing here is kept on disk: when the agent begins, it reads the last facts of the outbox. Names and dates are derived
at each look, so that a card that is bound later, or a clock that is corrected, counts at once. A direction is not
derived: it is the stored one, of the touch or of the person's correction, because the county shows the stored one. A
touch that was stored without a direction (its card or the time was unknown, or it was outside every window) is placed
on the board by its time alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date

from msgspec import Struct

from agent.clocking import duty
from agent.clocking.board import Board, ShownTouch
from agent.clocking.duty_dates import DateWindow, DutyDates
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import DirectionChosen, Fact, NumberEntered, Touch
from protocol.kiosk import GRACE_MIN, Lacking, LackingWhen, Missing
from protocol.kiosk_duty import DutyRow, WindowState
from protocol.units import DATED_QUALITIES, ClockQuality, Direction, FactRef, Moment

MAX_KEPT = 2_000
"""Touches in memory: more than a village makes in a day."""
KEEP_MS = 17 * 24 * 3_600_000
"""The county's list of a person's touches is brought up to date twice a month (`server_broker.months`); what came since
must be known here. A day's board needs 36 hours: its windows may open up to 12 hours before midnight."""
REPEAT_WITHIN_MS = 120_000
MAX_ROWS = 120
"""Of the board."""
FIRST_FOR_MS = 60_000
"""For so long the person who touched last is first on the board, because they look for themselves."""
_ORDER: dict[WindowState, int] = {"running": 0, "coming": 1, "over": 2}
_BY_NUMBER = b"number "
"""Before a person's id it stands for a card's token; no token is of this form."""


class RememberedTouch(Struct):
    """A touch that counts: no repeat of another. Its fields are plain numbers, because thousands are in memory."""

    epoch: bytes
    seq: int
    wall: int
    boot: bytes
    mono: int
    quality: ClockQuality
    token: bytes
    tapped: int
    """When the card was touched last: ``mono`` of the touch itself, or of the last touch that repeats it."""
    direction: Direction | None = None
    """The direction on disk: the one recorded with the touch, or the last one that the person chose for it."""
    as_lost: bool = False
    """The card had been reported lost, so the touch counts for nobody unless the card is found again."""

    @property
    def ref(self) -> FactRef:
        """The touch's identity."""
        return FactRef(epoch=self.epoch, seq=self.seq)

    @property
    def by_number(self) -> bool:
        """Whether the person entered their number instead of touching a card."""
        return self.token.startswith(_BY_NUMBER)

    @property
    def at(self) -> Moment:
        """When it was."""
        return Moment(wall=self.wall, boot=self.boot, mono=self.mono, quality=self.quality)


class TouchHistory:
    """The station's short memory of touches."""

    def __init__(self, *, clock: StationClock, twin: Twin, duty_dates: DutyDates) -> None:
        self._clock = clock
        self._twin = twin
        self._duty_dates = duty_dates
        self._touches: deque[RememberedTouch] = deque()
        self._cards: dict[bytes, list[RememberedTouch]] = {}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Remember the touches that the outbox still has, oldest first."""
        for ref, fact in facts:
            if isinstance(fact, Touch) and fact.answer != "repeat":
                self.add(ref, fact)
            elif isinstance(fact, NumberEntered) and fact.clocks and fact.answer == "accepted":
                self.add_number(ref, fact)
            elif isinstance(fact, DirectionChosen) and (seen := self.find(fact.touch)):
                seen.direction = fact.direction

    def add(self, ref: FactRef, touch: Touch) -> None:
        """Remember a committed touch that is no repeat, and forget the touches that no board needs any more."""
        self._remember(ref, touch.at, touch.card, touch.direction, as_lost=touch.answer == "lost")

    def add_number(self, ref: FactRef, entered: NumberEntered) -> None:
        """Remember that a person clocked by number, as `add` does a touch."""
        self._remember(ref, entered.at, _BY_NUMBER + entered.person.encode(), entered.direction)

    def _remember(
        self, ref: FactRef, at: Moment, token: bytes, direction: Direction | None, *, as_lost: bool = False
    ) -> None:
        # Most touches have the same epoch and boot, and a card's touches the same token: keep one copy of each.
        before = self._touches[-1] if self._touches else None
        of_card = self._cards.setdefault(token, [])
        seen = RememberedTouch(
            epoch=before.epoch if before and before.epoch == ref.epoch else ref.epoch,
            seq=ref.seq,
            wall=at.wall,
            boot=before.boot if before and before.boot == at.boot else at.boot,
            mono=at.mono,
            quality=at.quality,
            token=of_card[0].token if of_card else token,
            tapped=at.mono,
            direction=direction,
            as_lost=as_lost,
        )
        of_card.append(seen)
        self._touches.append(seen)
        while len(self._touches) > MAX_KEPT or self._age_ms(self._touches[0], at) > KEEP_MS:
            oldest = self._touches.popleft()
            of_oldest = self._cards[oldest.token]
            del of_oldest[0]
            if not of_oldest:
                del self._cards[oldest.token]

    def _age_ms(self, seen: RememberedTouch, now: Moment) -> int:
        if seen.boot == now.boot:  # exact, even if the wall clock was corrected in between
            return now.mono - seen.mono
        return self._clock.wall_of(now) - seen.wall

    def find(self, ref: FactRef) -> RememberedTouch | None:
        """Return a touch by its identity, or None if it is not remembered."""
        return next((seen for seen in reversed(self._touches) if (seen.seq, seen.epoch) == (ref.seq, ref.epoch)), None)

    def repeated(self, token: bytes, now: Moment) -> RememberedTouch | None:
        """Return the earlier touch that a touch of this card repeats now, or None. This is the repeat rule.

        Across a reboot, the age of a touch is known only if both boots knew the time: a boot that does not know it
        starts its clock where the power failed, even if that was hours ago. A touch whose age is not known is not
        repeated, because a lost departure is worse than a touch too many.
        """
        of_card = self._cards.get(token)
        if not of_card:
            return None
        last = of_card[-1]
        # A negative age: the clock was set back across the reboot, and tells nothing about how long ago the touch was.
        known = last.boot == now.boot or {last.quality, now.quality} <= {*DATED_QUALITIES}
        if last.as_lost and not self._is_of_a_stranger(last):
            return None  # it was refused, so the first touch after the card was found repeats nothing
        return last if known and 0 <= self._age_ms(last, now) <= REPEAT_WITHIN_MS else None

    def repeated_by_number(self, person: str, now: Moment) -> RememberedTouch | None:
        """Return the person's last touch, by card or by number, that clocking by number would repeat now, or None."""
        seen = [self.repeated(token, now) for token in self._tokens(person)]
        # By age, because the clocks of two boots have nothing to do with each other.
        return min(
            (one for one in seen if one and not one.as_lost), key=lambda one: self._age_ms(one, now), default=None
        )

    def lacking(self, person: str, now: Moment, *, correctable: RememberedTouch | None = None) -> list[Lacking]:
        """Return the arrivals and departures that a person lacks in today's windows, window by window.

        Returns nothing if the station does not know the date.

        Args:
            correctable: A touch whose direction its owner can correct now. It may still become the arrival or the
                departure that its window lacks.
        """
        if not self._clock.dated:
            return []
        wall = self._clock.wall_of(now)
        minute = duty.local_minute(wall)
        touched = duty.local_minute(self._clock.wall_of(correctable.at)) if correctable else None
        spans = self._spans_of(person, wall)
        return [lack for span in spans for lack in self._lacking_in(person, span, minute, touched)]

    def direction_at(self, person: str, now: Moment) -> Direction | None:
        """Return which direction a touch of a person has by its time; None outside every window.

        Without the time, the clock goes on from where the power failed: a departure would look like an arrival. So it
        has none.
        """
        if not self._clock.dated:
            return None
        return duty.direction_at(self._duty_dates, person, self._clock.wall_of(now))

    def windows_on(self, person: str, day: date) -> list[DateWindow]:
        """Return a person's windows of one date in this village, by start, as the station has them now."""
        spans = (span for span in duty.spans(self._duty_dates, person, day) if span.day == day)
        return [window for span in spans for window in span.windows if not window.elsewhere]

    def is_complete(self, person: str, now: Moment) -> bool:
        """Tell whether a person on duty today has touched for every window and left none early.

        False where today is not known, and for a person without a duty window: there is nothing to complete.
        """
        if not self._clock.dated:
            return False
        spans = self._spans_of(person, self._clock.wall_of(now))
        marks = [(span, *self._arrival_and_departure(person, span)) for span in spans]
        return bool(spans) and all(
            arrived is not None
            and (not span.departs or (left is not None and left.minute >= span.end_minute - GRACE_MIN))
            for span, arrived, left in marks
        )

    def _lacking_in(self, person: str, span: duty.DutySpan, minute: int, touched: int | None) -> Iterator[Lacking]:
        arrived, left = self._arrival_and_departure(person, span)
        may_be_it = touched is not None and span.opens <= touched < span.closes
        marks: tuple[tuple[Missing, ShownTouch | None, int], ...] = (
            ("arrival", arrived, span.middle),
            ("departure", left, span.closes),
        )
        for mark, made, until in marks if span.departs else marks[:1]:
            if made is None:
                when: LackingWhen = "past" if minute >= until else "now" if minute >= span.opens else "later"
                yield Lacking(
                    window=span.name,
                    start=span.start_minute,
                    mark=mark,
                    when=when,
                    correctable=may_be_it and when == "past",
                )

    def board(self, now: Moment) -> list[DutyRow]:
        """Return today's windows, one row for each person and window, at most `MAX_ROWS`.

        First the person who touched just now, then the windows that run, that come and that are over; who leads is
        before the others. Returns nothing if the station does not know the date.
        """
        if not self._clock.dated:
            return []
        wall = self._clock.wall_of(now)
        latest: str | None = None
        if self._touches and 0 <= self._age_ms(self._touches[-1], now) <= FIRST_FOR_MS:
            card = self._twin.card(self._touches[-1].token)
            latest = card.person if card and not card.lost else None
        board = Board(self._duty_dates, self._twin, self._arrival_and_departure)
        rows = [(person != latest, row) for person, row in board.rows(wall)]
        rows.sort(key=lambda ranked: (ranked[0], _ORDER[ranked[1].state], not ranked[1].leads, ranked[1].start))
        return [row for _, row in rows[:MAX_ROWS]]

    def _spans_of(self, person: str, wall: int) -> list[duty.DutySpan]:
        """Return the spans of a moment's date, and yesterday's span if a night's window still runs."""
        day, minute = duty.local_day(wall), duty.local_minute(wall)
        return [span for span in duty.spans(self._duty_dates, person, day) if span.is_shown(day, minute)]

    def _arrival_and_departure(self, person: str, span: duty.DutySpan) -> tuple[ShownTouch | None, ShownTouch | None]:
        """Return the first arrival and the last departure in a span."""
        arrivals: list[ShownTouch] = []
        departures: list[ShownTouch] = []
        for seen, wall in self.touches_of(person):
            minute = duty.local_minute(wall)
            if span.opens <= minute < span.closes:
                # Without a stored direction, the half of the window decides.
                by_time: Direction = "in" if minute < span.middle else "out"
                made = ShownTouch(duty.minute_of_day(wall, span.day), seen.direction is None)
                (arrivals if (seen.direction or by_time) == "in" else departures).append(made)
        return min(arrivals, default=None), max(departures, default=None)

    def touches_of(self, person: str) -> Iterator[tuple[RememberedTouch, int]]:
        """Return a person's touches that have a known time, each with its time."""
        boot = self._clock.now().boot
        for token in self._tokens(person):
            for seen in self._cards.get(token, ()):
                if self._is_of_a_stranger(seen):
                    continue
                # What this boot made before it knew the time is dated as soon as the boot learns the time.
                if seen.quality in DATED_QUALITIES or (seen.boot == boot and self._clock.dated):
                    yield seen, self._clock.wall_of(seen.at)

    def all_of(self, person: str) -> Iterator[tuple[RememberedTouch, int | None]]:
        """Return a person's touches, each with its time; None where it has none that is known."""
        dated = {(seen.epoch, seen.seq): wall for seen, wall in self.touches_of(person)}
        for token in self._tokens(person):
            for seen in self._cards.get(token, ()):
                if not self._is_of_a_stranger(seen):
                    yield seen, dated.get((seen.epoch, seen.seq))

    def _is_of_a_stranger(self, seen: RememberedTouch) -> bool:
        """Tell whether a card was touched while it was lost, and still is: its person did not come."""
        card = self._twin.card(seen.token)
        return seen.as_lost and card is not None and card.lost

    def _tokens(self, person: str) -> list[bytes]:
        return [*self._twin.tokens_of(person), _BY_NUMBER + person.encode()]
