"""Places where somebody types a number or a PIN: each digit is a figure, `*` takes one back, and held leads away.

What was typed is dropped as soon as it was said to the agent, and with the place.
"""

from collections.abc import Callable
from typing import Literal

import msgspec

from kiosk_tui.places.place import Move, taken_back
from kiosk_tui.terminal.keys import HELD, Key, digit
from kiosk_tui.views.common import EntryStep, EntryView
from kiosk_tui.words import common as words
from kiosk_tui.words import visits as words_visits
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_visits import EnterNumber, PinAsked, SetPin
from protocol.pins import PIN_DIGITS, is_common

MOST_DIGITS = 13
"""Of a number."""


class _Entry:
    """Digits that are typed one after another."""

    personal = types_digits = True
    running = False

    def __init__(self, step: EntryStep) -> None:
        self._step: EntryStep = step
        self._typed = ""
        self._note = ""
        self._waiting = False
        self._changes = False

    def view(self) -> EntryView:
        """Return what was typed so far; of a PIN only how much."""
        shown = self._typed if self._step == "number" else ""
        return EntryView(self._step, shown, len(self._typed), self._note, self._waiting, self._changes)

    def key(self, key: Key) -> Move:
        """Take a figure, take one back with `*` or leave by holding it, or go on with Enter."""
        if key in (HELD, "repeat") and not self._waiting:
            left = taken_back(self._typed, key)
            if left is None:
                return self._back(key)
            self._typed = left
        # While the agent judges, a figure would be typed into whatever it asks for next.
        elif self._waiting or self._step in ("touch", "set"):
            return "leave" if self._step == "set" and key in ("0", "enter") else "stay"
        elif key == "enter":
            self._enter()
        elif digit(key) is not None and len(self._typed) < (MOST_DIGITS if self._step == "number" else PIN_DIGITS):
            self._typed += key
            self._note = ""
        return "stay"

    def agent_away(self) -> None:
        """Drop what was typed."""
        self._typed, self._waiting = "", False

    def _enter(self) -> None:
        """Go on, or say what is still to be typed."""
        lacks = (1 if self._step == "number" else PIN_DIGITS) - len(self._typed)
        if lacks <= 0:
            self._entered()
        else:
            self._note = words.digits_lack(lacks) if self._typed else words.TYPE_FIRST

    def _back(self, _key: Key) -> Move:
        """Go back from here, with nothing typed."""
        return "leave"

    def _entered(self) -> None:
        raise NotImplementedError

    def _go(self, step: EntryStep, note: str = "") -> None:
        self._step, self._typed, self._note, self._waiting = step, "", note, False


class SignIn(_Entry):
    """The number, then the PIN. If they are right, the agent opens a visit."""

    def __init__(self, *, say: Callable[[ToAgent], None]) -> None:
        super().__init__("number")
        self._say = say
        self._number = ""

    def _entered(self) -> None:
        if self._step == "number":
            self._number = self._typed
            self._go("pin")
        else:
            pin, self._typed, self._waiting, self._note = self._typed, "", True, ""
            self._say(EnterNumber(number=self._number, pin=pin))

    def _back(self, key: Key) -> Move:
        """Go back from the PIN to the number, which may be the wrong one."""
        if self._step == "number" or key == HELD:
            return "leave"
        self._number = ""
        self._go("number")
        return "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what became of the entry."""
        if not self._waiting:
            return
        if isinstance(message, PinAsked):
            again: EntryStep = "pin" if message.answer in ("wrong", "busy", "not_recorded") else "number"
            note = words_visits.pin_answer(message)
            self._number = self._number if again == "pin" else ""
            self._go(again, note)
        elif isinstance(message, Sorry) and message.refuses(EnterNumber):
            self._go("number", words_visits.sorry(message.reason))

    def agent_away(self) -> None:
        """Begin anew."""
        self._number = ""
        self._go("number")


class NewPinKept(msgspec.Struct, frozen=True, tag="new_pin"):
    """What is left of a new PIN once nothing of it is typed any more."""

    visit: str
    changes: bool
    step: Literal["touch", "set"]


class NewPin(_Entry):
    """A new PIN, twice; then the card makes it so."""

    def __init__(self, visit: str, *, changes: bool, say: Callable[[ToAgent], None]) -> None:
        super().__init__("new_pin")
        self._changes = changes
        self._visit = visit
        self._say = say
        self._first = ""

    def kept(self) -> NewPinKept | None:
        """Return what this place is made from again; None while a PIN is typed or judged."""
        return NewPinKept(self._visit, self._changes, self._step) if self._step in ("touch", "set") else None

    @classmethod
    def again(cls, kept: NewPinKept, say: Callable[[ToAgent], None]) -> "NewPin":
        """Make the place again."""
        place = cls(kept.visit, changes=kept.changes, say=say)
        place._step = kept.step
        return place

    def _entered(self) -> None:
        if self._step == "new_pin" and is_common(self._typed):
            self._go("new_pin", words_visits.PIN_ANSWER["common"])
        elif self._step == "new_pin":
            self._first = self._typed
            self._go("again")
        elif self._typed != self._first:
            self._first = ""
            self._go("new_pin", words_visits.PIN_DIFFERS)
        else:
            pin, self._typed, self._first, self._waiting = self._typed, "", "", True
            self._say(SetPin(visit=self._visit, pin=pin))

    def agent_said(self, message: ToKiosk) -> None:
        """Take what became of the PIN."""
        if isinstance(message, PinAsked) and (self._waiting or self._step == "touch"):
            match message.answer:
                case "touch_card":
                    self._go("touch")
                case "set":
                    self._go("set")
                case _:
                    self._go("new_pin", words_visits.pin_answer(message))
        elif isinstance(message, Sorry) and self._waiting and message.refuses(SetPin):
            self._go("new_pin", words_visits.sorry(message.reason))
