"""Turn a card touch into a fact that cannot be lost, and tell the person the outcome.

The order is the promise: first the fact is on disk, then the lamp shows it, then the screen, and then a picture is
asked for. A broken lamp, kiosk or camera never costs the touch. Touches that came while a commit was under way are
committed together in the next one.

- **The disk is full or fails at a touch:** `ClockingDesk.cards_touched`. Nothing is recorded, and the person sees red.
- **A touch repeats another:** `agent.clocking.touch_history.TouchHistory.repeated` decides this.
- **A person corrects a direction:** `agent.clocking.direction_correction` decides who may do so.
"""

import logging
from collections.abc import Sequence
from copy import replace
from typing import Protocol

from msgspec import Struct

from agent.clocking.card_flood import CardFlood
from agent.clocking.direction_correction import (
    CHOOSE_WITHIN_MS,
    CONFIRM_WITHIN_MS,
    DirectionCorrection,
    Offer,
    Wish,
    again_within_ms,
)
from agent.clocking.disk_alarm import DiskAlarm
from agent.clocking.lamp import Lamp
from agent.clocking.outcome import Outcomes, Problem, disk_problem
from agent.clocking.touch_history import RememberedTouch, TouchHistory
from agent.clocking.unread_cards import UnreadCards
from agent.events import CardTouched
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol import alarm_codes
from protocol.cards import card_token, normalise_uid
from protocol.facts import AlarmRaised, DirectionChosen, Fact, Touch, TouchAnswer
from protocol.kiosk import ChooseDirection, Colour, KeepDirection, ToKiosk, TouchShown, refusal
from protocol.kiosk_meetings import MeetingSignedIn, VouchAsked
from protocol.refusal import Refused
from protocol.units import Direction, FactRef, Moment

log = logging.getLogger(__name__)

FLOOD_SHOWN_EVERY_MS = 3_000
"""In a flood of touches red is shown so rarely, because it would wipe out the green of a person in between."""
_COLOURS: dict[TouchAnswer, Colour] = {"recorded": "green", "repeat": "green", "unknown": "amber", "lost": "amber"}


class KioskScreens(Protocol):
    """The screens of the kiosks that are connected now."""

    def show(self, message: ToKiosk) -> None:
        """Send a message to all; never blocks, never raises."""

    def answer(self, kiosk: int, message: ToKiosk) -> None:
        """Send a message to one; never blocks, never raises."""


class TouchPictures(Protocol):
    """Takes a still of the room for a touch."""

    def touch_recorded(self, ref: FactRef) -> None:
        """Ask for a picture about a touch; never blocks, never raises."""


class VisitDoor(Protocol):
    """Knows who is visiting, and whom a touch may let in."""

    def touched(self, person: str, ref: FactRef, at: Moment) -> str:
        """Note a recorded touch of a person, or of nobody who is known; return the visit that its screen may open."""


class ToldOfMeetings(Struct, frozen=True):
    """What the screen of a touch says of meetings."""

    signed_in: list[MeetingSignedIn]
    vouch: VouchAsked | None


class MeetingDoor(Protocol):
    """Knows at which meetings a touch signs in."""

    def touched(self, fact: Touch, ref: FactRef, person: str) -> ToldOfMeetings:
        """Note a recorded touch of a person, or of nobody who is known; return what its screen says of meetings."""


class _JudgedTouch(Struct, frozen=True):
    """A touch whose outcome is decided and which is not on disk yet."""

    touch: Touch
    person: str
    """Id of the card's owner; empty for an unknown or lost card."""
    fresh: bool
    """False if the same card was touched within the repeat time before, known or not."""
    corrects: RememberedTouch | None = None
    """The earlier touch, whose direction this one corrects. Its owner chose the new direction at the kiosk."""

    @property
    def facts(self) -> list[Fact]:
        """The facts to commit, the touch first."""
        if self.corrects is not None and self.touch.direction is not None:
            chosen = DirectionChosen(at=self.touch.at, touch=self.corrects.ref, direction=self.touch.direction)
            return [self.touch, chosen]
        if self.touch.answer == "lost" and self.fresh:
            detail = "有人用已挂失的卡打卡"
            return [
                self.touch,
                AlarmRaised(at=self.touch.at, code=alarm_codes.LOST_CARD, severity="major", detail=detail),
            ]
        return [self.touch]


class ClockingDesk:
    """Records touches of cards and shows each person the outcome. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        history: TouchHistory,
        lamp: Lamp,
        screens: KioskScreens,
        pictures: TouchPictures,
        unread: UnreadCards,
        flood: CardFlood,
        disk_alarm: DiskAlarm,
        visits: VisitDoor,
        meetings: MeetingDoor,
        card_key: bytes,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._history = history
        self._lamp = lamp
        self._screens = screens
        self._pictures = pictures
        self._unread = unread
        self._flood = flood
        self._disk_alarm = disk_alarm
        self._shown_ms = clock.mono_ms() - FLOOD_SHOWN_EVERY_MS
        """When an outcome was shown last."""
        self._visits = visits
        self._meetings = meetings
        self._card_key = card_key
        self._correcting = DirectionCorrection()
        self._outcomes = Outcomes(clock=clock, twin=twin, history=history)

    def card_touched(self, uid: str, reader: str) -> None:
        """Record one touch and show the person the outcome; see `cards_touched`."""
        self.cards_touched([CardTouched(uid=uid, reader=reader)])

    def cards_touched(self, touches: Sequence[CardTouched], *, too_many: bool = False) -> None:
        """Record touches in one transaction and show each person the outcome.

        A number that no card can have is refused and not recorded (`protocol.cards`), and so is an unknown card in a
        flood of them (`agent.clocking.card_flood`). If the disk is full or fails, none of the touches is recorded and
        each is answered in red, so the people must touch again later.
        The county is told once, by an alarm, as soon as the disk takes a fact again, and when that is over
        (`agent.clocking.disk_alarm`).

        Args:
            too_many: Touches come faster than they can be recorded. Then only the first touch of each card is.
        """
        judged = self._judge_all(touches, too_many=too_many)
        recorded = [one for one in judged if isinstance(one, _JudgedTouch)]
        facts = [fact for one in recorded for fact in one.facts]
        state = self._flood.row() if any(one.touch.answer == "unknown" for one in recorded) else {}
        try:
            refs = iter(self._fact_writer.commit(*facts, state=state) if facts else [])
        except StorageError as error:
            problem = disk_problem(error)
            self._disk_alarm.refused(problem, error)
            for one in judged:
                self._refuse(problem if isinstance(one, _JudgedTouch) else one)
        else:
            # A commit of no facts says nothing about the disk.
            if facts:
                self._disk_alarm.recorded()
            for one in judged:
                if isinstance(one, _JudgedTouch):
                    self._remember_and_show(one, [next(refs) for _ in one.facts])
                else:
                    self._refuse(one)
        for touch, one in zip(touches, judged, strict=True):
            self._unread.count(touch.reader, readable=one != "bad_card")

    def tick(self) -> None:
        """State what is due of floods of unknown cards, and of a disk that records again."""
        self._flood.tick()
        self._disk_alarm.tick()

    def _judge_all(self, touches: Sequence[CardTouched], *, too_many: bool) -> list[_JudgedTouch | Problem]:
        """Decide the outcome of each touch, in order: what is not recorded has a problem."""
        judged: list[_JudgedTouch | Problem] = []
        before: dict[bytes, _JudgedTouch] = {}
        for one in touches:
            try:
                token = card_token(self._card_key, normalise_uid(one.uid))
            except Refused as refused:
                log.info("a card number was refused: %s", refused.detail)
                judged.append("bad_card")
                continue
            if self._twin.card(token) is None and not self._flood.takes(one.reader):
                judged.append("cards_flood")
                continue
            verdict = self._judge(token, one.reader, before.get(token), is_next=not judged)
            # The history knows only what is on disk. A card that is touched twice in one batch repeats its first touch.
            before.setdefault(token, verdict)
            judged.append(verdict if verdict.fresh or not too_many else "too_fast")
        return judged

    def _judge(self, token: bytes, reader: str, before: _JudgedTouch | None, *, is_next: bool) -> _JudgedTouch:
        """Decide the outcome of one touch.

        Args:
            before: An earlier touch of the same card in the same batch.
            is_next: Whether it is the first of its batch. Only this one can confirm a correction, because any other
                touch in between takes the offer off the screens.
        """
        now = self._clock.now()
        card = self._twin.card(token)
        earlier = self._history.repeated(token, now)
        fresh = before is None and earlier is None
        person = card.person if card and not card.lost else ""
        answer: TouchAnswer = "unknown" if card is None else "lost" if card.lost else "recorded" if fresh else "repeat"
        confirmed = self._correcting.confirmed_by(earlier, now) if person and is_next else None
        direction = confirmed or (self._direction(person, earlier, before, now) if person else None)
        touch = Touch(at=now, card=token, reader=reader, answer=answer, direction=direction)
        return _JudgedTouch(touch=touch, person=person, fresh=fresh, corrects=earlier if confirmed else None)

    def _direction(
        self, person: str, earlier: RememberedTouch | None, before: _JudgedTouch | None, now: Moment
    ) -> Direction | None:
        # A repeat has the direction of the touch that it repeats, even if the window's middle has passed since.
        if before is not None:
            return before.touch.direction
        if earlier is not None:
            return earlier.direction
        return self._history.direction_at(person, now)

    def _remember_and_show(self, one: _JudgedTouch, refs: list[FactRef]) -> None:
        """Remember a touch that is on disk now, show its outcome on lamp and screen, and ask for a picture."""
        ref, touch = refs[0], one.touch
        if one.fresh:  # also an unknown card's: it may be bound to a person later in the day
            self._history.add(ref, touch)
        self._shown_ms = self._clock.mono_ms()
        self._lamp.show(_COLOURS[touch.answer], fact=f"{ref.epoch.hex()}/{ref.seq}")
        # Before the screen, so that nothing of a visitor stands behind somebody else's touch.
        visit = self._visits.touched(one.person, ref, touch.at)
        told = self._meetings.touched(touch, ref, one.person)
        # The touch that counts: the history has just remembered a fresh one, so a fresh touch finds itself.
        seen = self._history.repeated(touch.card, touch.at) if touch.answer in ("recorded", "repeat") else None
        if seen is None:
            self._show(self._shown_to_stranger(touch))
        else:
            offer = self._offer(one, seen)
            shown = self._shown_to_owner(seen, one.person, touch.at, offer)
            # A correction is no repeat of what stands there.
            answer: TouchAnswer = "recorded" if one.corrects is not None else touch.answer
            shown = replace(shown, answer=answer, corrected=one.corrects is not None, visit=visit)
            self._show(replace(shown, meetings=told.signed_in, vouch=told.vouch), offer)
        if one.fresh:  # no second picture of a person who touches again
            self._pictures.touch_recorded(ref)

    def _offer(self, one: _JudgedTouch, seen: RememberedTouch) -> Offer | Wish | None:
        """Return what a touch offers its owner to correct; one that corrects has made the earlier touch so."""
        if one.corrects is not None:
            seen.direction, seen.tapped = one.touch.direction, one.touch.at.mono
            return None
        return self._correcting.touched_again(seen, one.touch.at) if one.touch.answer == "repeat" else None

    def _shown_to_stranger(self, touch: Touch) -> TouchShown:
        """Return the screen for an unknown or a lost card."""
        # Before the county's first list every card is unknown, and the screen must not blame the card for it.
        no_list = touch.answer == "unknown" and not self._twin.version
        at = touch.at
        colour = _COLOURS[touch.answer]
        return TouchShown(colour=colour, answer=touch.answer, wall=at.wall, quality=at.quality, no_list=no_list)

    def _shown_to_owner(
        self, seen: RememberedTouch, person: str, now: Moment, open_now: Offer | Wish | None = None
    ) -> TouchShown:
        """Return the screen for the owner of a recorded touch: the touch, and how its direction can be corrected now.

        Args:
            seen: The touch that counts: a repeat shows the time and direction of the touch that it repeats.
            open_now: What the screen offers: to choose a direction, or to confirm the chosen one.
        """
        again_ms = again_within_ms(seen, now)
        correctable = seen if again_ms or open_now else None
        wish = open_now if isinstance(open_now, Wish) else None
        return replace(
            self._outcomes.recorded(seen, person, now, correctable=correctable),
            touch=seen.ref if correctable else None,
            again_within_ms=again_ms,
            choose_within_ms=CHOOSE_WITHIN_MS if isinstance(open_now, Offer) else 0,
            chosen=wish.direction if wish else None,
            confirm_within_ms=CONFIRM_WITHIN_MS if wish else 0,
        )

    def _show(self, shown: TouchShown, open_now: Offer | Wish | None = None) -> None:
        """Show an outcome, and ``open_now`` with it. Whatever the screens showed and offered before is over."""
        self._correcting.shows(open_now)
        self._screens.show(shown)

    def _refuse(self, problem: Problem) -> None:
        if problem in ("cards_flood", "too_fast"):
            if self._clock.mono_ms() - self._shown_ms < FLOOD_SHOWN_EVERY_MS:
                return
            log.warning("touches are refused: %s", problem)
        self._shown_ms = self._clock.mono_ms()
        self._lamp.show("red", fact="")
        self._show(self._outcomes.not_recorded(problem))

    def choose_direction(self, kiosk: int, asked: ChooseDirection) -> None:
        """Show the direction that was chosen at a kiosk. It counts only after the same card is touched once more."""
        now = self._clock.now()
        wish = self._correcting.choose(asked.touch, asked.direction, now)
        self._show_again(kiosk, asked, wish, wish, now)

    def keep_direction(self, kiosk: int, asked: KeepDirection) -> None:
        """Drop the direction that was chosen for a touch, and show the touch as it is recorded."""
        self._show_again(kiosk, asked, self._correcting.chosen(asked.touch), None, self._clock.now())

    def _show_again(
        self, kiosk: int, asked: ChooseDirection | KeepDirection, of: Wish | None, open_now: Wish | None, now: Moment
    ) -> None:
        card = self._twin.card(of.seen.token) if of else None
        if of is None or card is None or card.lost:
            self._screens.answer(kiosk, refusal(asked, "too_late", touch=asked.touch))
        else:
            self._show(replace(self._shown_to_owner(of.seen, card.person, now, open_now), answer="repeat"), open_now)
