"""Turn a card touch into a fact that cannot be lost, and tell the person.

The order is the promise: the fact is on disk, then the lamp, then the screen, then the picture. A broken lamp,
kiosk or camera never costs the touch. Touches that came while a commit was under way are committed together.

A direction decides pay, and anybody can press a key: only who touches the same card again may correct it, while that
second touch is what the screens show.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from msgspec.structs import replace

from agent import duty
from agent.clock import StationClock
from agent.events import CardTouched
from agent.journal import Journal
from agent.lamp import Lamp
from agent.outbox.errors import OutboxBroken, OutboxFull
from agent.today import Seen, Today
from agent.twin import Twin
from agent.unread_cards import UnreadCards
from protocol.cards import card_token, normalise_uid
from protocol.facts import AlarmRaised, DirectionChosen, Fact, Touch, TouchAnswer
from protocol.kiosk import ChooseDirection, Colour, Lacking, Missing, Sorry, ToKiosk, TouchShown
from protocol.refusal import Refused
from protocol.units import Direction, FactRef, Moment

log = logging.getLogger(__name__)

type Problem = Literal["disk_full", "disk_error", "bad_card", "too_fast"]

AGAIN_WITHIN_MS = 10_000
"""The card's next touch comes at most so long after the last, or it asks for nothing."""
CHOOSE_WITHIN_MS = 10_000
"""The direction is chosen at most so long after the touch that asked for it."""
_COLOURS: dict[TouchAnswer, Colour] = {"recorded": "green", "repeat": "green", "unknown": "amber", "lost": "amber"}


class Screens(Protocol):
    """The connected kiosks."""

    def show(self, message: ToKiosk) -> None:
        """Send to all; never blocks, never raises."""

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        """Send to one; never blocks, never raises."""


class Pictures(Protocol):
    """Who takes a still of the room when asked."""

    def touch_recorded(self, ref: FactRef) -> None:
        """Ask for a picture about a touch; never blocks, never raises."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """A touch as it is to be committed and told."""

    touch: Touch
    name: str
    person: str
    fresh: bool
    """False for a card that was touched within the repeat time, whatever it was answered."""

    @property
    def facts(self) -> list[Fact]:
        if self.touch.answer == "lost" and self.fresh:
            detail = "a card that was reported lost was touched"
            return [self.touch, AlarmRaised(at=self.touch.at, code="lost_card", severity="major", detail=detail)]
        return [self.touch]


@dataclass(frozen=True, slots=True)
class _Offer:
    """The touch whose direction can be chosen now: its owner touched again, and the screens show that."""

    seen: Seen
    until_ms: int


class ClockingDesk:
    """Answers cards."""

    def __init__(
        self,
        *,
        clock: StationClock,
        journal: Journal,
        twin: Twin,
        today: Today,
        lamp: Lamp,
        screens: Screens,
        pictures: Pictures,
        unread: UnreadCards,
        card_key: bytes,
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._twin = twin
        self._today = today
        self._lamp = lamp
        self._screens = screens
        self._pictures = pictures
        self._unread = unread
        self._card_key = card_key
        self._failing = False
        self._offer: _Offer | None = None

    def card_touched(self, uid: str, reader: str) -> None:
        """Record one touch and show the person the outcome; see `cards_touched`."""
        self.cards_touched([CardTouched(uid=uid, reader=reader)])

    def cards_touched(self, touches: Sequence[CardTouched]) -> None:
        """Record touches in one transaction and show each person the outcome.

        Malformed and random numbers are refused and not recorded. When the disk takes nothing, every lamp is
        red and nothing is recorded.
        """
        judged = self._judge_all(touches)
        facts = [fact for one in judged if one for fact in one.facts]
        try:
            refs = iter(self._journal.commit(*facts) if facts else [])
        except (OutboxFull, OutboxBroken) as error:
            problem: Problem = "disk_full" if isinstance(error, OutboxFull) else "disk_error"
            self._disk_fails(problem, error)
            for one in judged:
                self._refuse(problem if one else "bad_card")
        else:
            self._failing = self._failing and not facts
            for one in judged:
                if one is None:
                    self._refuse("bad_card")
                else:
                    self._tell(one, [next(refs) for _ in one.facts])
        for touch, one in zip(touches, judged, strict=True):
            self._unread.came(touch.reader, readable=one is not None)

    def _disk_fails(self, problem: Problem, error: Exception) -> None:
        """Say once that people are being refused: in the log now, to the county as soon as the disk takes it."""
        if not self._failing:
            log.error("touches are not recorded: %s", error)
            detail = "touches were answered in red and not recorded"
            self._journal.owe(AlarmRaised(at=self._clock.now(), code=problem, severity="critical", detail=detail))
        self._failing = True

    def too_fast(self, touches: Sequence[CardTouched]) -> None:
        """Refuse touches that come faster than they can be recorded: one red for all of them."""
        log.warning("%d touches refused: they come too fast", len(touches))
        self._refuse("too_fast")

    def _judge_all(self, touches: Sequence[CardTouched]) -> list[_Judged | None]:
        """Judge in order; None stands for a number that no card has."""
        judged: list[_Judged | None] = []
        before: dict[bytes, _Judged] = {}
        for one in touches:
            try:
                token = card_token(self._card_key, normalise_uid(one.uid))
            except Refused as refused:
                log.info("a card number was refused: %s", refused.detail)
                judged.append(None)
                continue
            verdict = self._judge(token, one.reader, before.get(token))
            before.setdefault(token, verdict)
            judged.append(verdict)
        return judged

    def _judge(self, token: bytes, reader: str, before: _Judged | None) -> _Judged:
        now = self._clock.now()
        card = self._twin.card(token)
        earlier = self._today.repeated(token, now)
        fresh = before is None and earlier is None
        person = card.person if card and not card.lost else ""
        answer: TouchAnswer = "unknown" if card is None else "lost" if card.lost else "recorded" if fresh else "repeat"
        direction = self._direction(person, earlier, before, now) if person else None
        touch = Touch(at=now, card=token, reader=reader, answer=answer, direction=direction)
        return _Judged(touch=touch, name=self._twin.name_of(person), person=person, fresh=fresh)

    def _direction(self, person: str, earlier: Seen | None, before: _Judged | None, now: Moment) -> Direction | None:
        if earlier is not None:
            return self._today.direction(earlier)
        if before is not None:
            return before.touch.direction
        if not self._clock.dated:  # a clock that began where the power failed would take a departure for an arrival
            return None
        return duty.direction_at(self._twin.desired, person, self._clock.wall_of(now))

    def _tell(self, one: _Judged, refs: list[FactRef]) -> None:
        ref = refs[0]
        if one.touch.answer != "repeat" and one.fresh:
            self._today.add(ref, one.touch)
        self._lamp.show(_COLOURS[one.touch.answer], fact=f"{ref.epoch.hex()}/{ref.seq}")
        self._show(self._shown(one), offer=self._offered(one))
        if one.fresh:
            self._pictures.touch_recorded(ref)

    def _offered(self, one: _Judged) -> _Offer | None:
        """Return what a touch offers: the second of a card, in time, proves who asks to correct the first."""
        at = one.touch.at
        seen = self._today.repeated(one.touch.card, at) if one.touch.answer == "repeat" else None
        if seen is None:
            return None
        again = seen.boot == at.boot and 0 <= at.mono - seen.tapped <= AGAIN_WITHIN_MS
        seen.tapped = at.mono
        return _Offer(seen, at.mono + CHOOSE_WITHIN_MS) if again else None

    def _show(self, shown: TouchShown, *, offer: _Offer | None = None) -> None:
        """Show a touch; nothing but what it offers can be corrected from now on."""
        self._offer = offer
        if offer is not None:
            choose_ms, again_ms = CHOOSE_WITHIN_MS, AGAIN_WITHIN_MS
            shown = replace(shown, touch=offer.seen.ref, choose_within_ms=choose_ms, again_within_ms=again_ms)
        self._screens.show(shown)

    def _shown(self, one: _Judged) -> TouchShown:
        touch = one.touch
        lacking = self._today.lacking(one.person, touch.at) if one.person else []
        seen = self._today.repeated(touch.card, touch.at) if touch.answer == "recorded" else None
        return TouchShown(
            colour=_COLOURS[touch.answer],
            answer=touch.answer,
            name=one.name,
            direction=touch.direction,
            wall=touch.at.wall,
            quality=touch.at.quality,
            missing=_of_opened(lacking),
            lacking=lacking,
            touch=seen.ref if seen else None,
            again_within_ms=AGAIN_WITHIN_MS if seen else 0,
        )

    def _refuse(self, problem: Problem) -> None:
        now = self._clock.now()
        self._lamp.show("red", fact="")
        shown = TouchShown(colour="red", answer="not_recorded", problem=problem, wall=now.wall, quality=now.quality)
        self._show(shown)

    def choose_direction(self, kiosk: int, asked: ChooseDirection) -> None:
        """Take the person's word for the direction of the touch that the screens offer to correct, and of no other."""
        now, offer = self._clock.now(), self._offer
        card = self._twin.card(offer.seen.token) if offer else None
        if offer is None or card is None or card.lost or offer.seen.ref != asked.touch or now.mono > offer.until_ms:
            self._screens.answer(kiosk, Sorry(reason="too_late", touch=asked.touch))
            return
        seen = offer.seen
        try:
            self._journal.commit(DirectionChosen(at=now, touch=seen.ref, direction=asked.direction))
        except (OutboxFull, OutboxBroken) as error:
            log.error("a direction was not recorded: %s", error)
            self._screens.answer(kiosk, Sorry(reason="not_recorded", touch=asked.touch))
            return
        seen.chosen = asked.direction
        self._show(self._corrected(seen, card.person, asked.direction, now))

    def _corrected(self, seen: Seen, person: str, direction: Direction, now: Moment) -> TouchShown:
        lacking = self._today.lacking(person, now)
        return TouchShown(
            colour="green",
            answer="recorded",
            name=self._twin.name_of(person),
            direction=direction,
            wall=self._clock.wall_of(seen.at),
            quality=seen.at.quality,
            missing=_of_opened(lacking),
            lacking=lacking,
            touch=seen.ref,
            again_within_ms=max(0, seen.tapped + AGAIN_WITHIN_MS - now.mono),
            corrected=True,
        )


def _of_opened(lacking: list[Lacking]) -> list[Missing]:
    return list(dict.fromkeys(lack.mark for lack in lacking if lack.when != "later"))
