"""查一查: a receipt number is typed, what became of the question is shown, and its answer is rated."""

from collections.abc import Callable

from kiosk_tui.places.place import Move, taken_back
from kiosk_tui.terminal.keys import BACK, HELD, Key, digit
from kiosk_tui.views.feedback import FollowedView, NumberView
from kiosk_tui.words import common
from kiosk_tui.words import feedback as words
from protocol.feedback import RECEIPT_DIGITS, is_receipt_number
from protocol.kiosk import Sorry, ToAgent, ToKiosk
from protocol.kiosk_feedback import FollowedUp, FollowUp, RateAnswer


class Following:
    """Digits that are typed, then what the agent found."""

    def __init__(self, *, say: Callable[[ToAgent], None], number: str = "") -> None:
        """
        Args:
            number: What was looked up before, and is at once again.
        """
        self._say = say
        self._typed = number
        self._note = ""
        self._waiting = False
        self._found: FollowedUp | None = None
        if number:
            self._look_up()

    @property
    def number(self) -> str:
        """The number of the question that stands here; empty while one is typed."""
        return self._found.number if self._found is not None else ""

    @property
    def shows(self) -> bool:
        """Whether somebody's question stands here."""
        return self._found is not None

    @property
    def types_digits(self) -> bool:
        """Whether digits are figures of a number now."""
        return self._found is None

    def view(self) -> NumberView | FollowedView:
        """Return the number so far, or what was found."""
        if self._found is None:
            return NumberView(self._typed, self._note, self._waiting)
        return FollowedView(self._found, self._note)

    def key(self, key: Key) -> Move:
        """Take a figure, take one back with `*` or leave by holding it, look up with Enter; then rate, or go back with
        0."""
        if self._found is not None:
            return self._key_on(self._found, key)
        if self._waiting:
            return "stay"
        if key in (HELD, "repeat"):
            left = taken_back(self._typed, key)
            if left is None:
                return "leave"
            self._typed = left
        elif key == "enter":
            self._look_up()
        elif digit(key) is not None and (len(self._typed) < RECEIPT_DIGITS or self._note):
            # After a number that nobody has, another one begins.
            self._typed = key if len(self._typed) == RECEIPT_DIGITS else self._typed + key
            self._note = ""
        return "stay"

    def _key_on(self, found: FollowedUp, key: Key) -> Move:
        number = digit(key)
        if key in (BACK, "enter"):
            return "leave"
        if rateable(found) and number in words.RATING and not self._waiting:
            self._waiting = True
            self._say(RateAnswer(number=found.number, rating=number))
        return "stay"

    def _look_up(self) -> None:
        if lacks := RECEIPT_DIGITS - len(self._typed):
            self._note = common.digits_lack(lacks) if self._typed else common.TYPE_FIRST
            return
        # A number that can't be one is answered as one that nobody has, at once.
        if not is_receipt_number(self._typed):
            self._note = words.NOT_FOUND
            return
        self._waiting, self._note = True, ""
        self._say(FollowUp(number=self._typed))

    def agent_said(self, message: ToKiosk) -> None:
        """Take what was found."""
        if not self._waiting:
            return
        if isinstance(message, FollowedUp) and message.number == self._typed:
            self._waiting = False
            if message.known:
                self._found = message
            else:
                self._note = words.NOT_FOUND
        elif isinstance(message, Sorry) and message.refuses(RateAnswer if self.shows else FollowUp):
            self._waiting, self._note = False, words.sorry(message.reason)

    def agent_away(self) -> None:
        """Begin anew."""
        self._waiting, self._found, self._typed, self._note = False, None, "", ""


def rateable(found: FollowedUp) -> bool:
    """Tell whether an answer is there that was not rated yet."""
    return found.state == "answered" and not found.rating
