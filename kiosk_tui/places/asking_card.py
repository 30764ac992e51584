"""我的 before anybody is known: the card is asked for, or a number where the county allows it."""

import msgspec

from kiosk_tui.places.entry import SignIn
from kiosk_tui.places.opening import Opening
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key
from kiosk_tui.views.common import AskCardView
from protocol.kiosk import Home, ToKiosk


class AskCardKept(msgspec.Struct, frozen=True, tag="ask_card"):
    """The card was asked for."""


class AskCard:
    """Asks for the card. The touch itself is shown as everywhere, and opens the visit from there."""

    personal = running = types_digits = False

    def __init__(self, opening: Opening) -> None:
        self._home = opening.home
        self._say = opening.say
        self._refused = False

    def kept(self) -> AskCardKept:
        """Return what this place is made from again."""
        return AskCardKept()

    @classmethod
    def again(cls, _kept: AskCardKept, opening: Opening) -> "AskCard":
        """Make the place again."""
        return cls(opening)

    def view(self) -> AskCardView:
        """Return what is asked for."""
        by_number = self._home.number_sign_in
        return AskCardView(by_number, self._home.reader_ready, refused=self._refused and not by_number)

    def key(self, key: Key) -> Move:
        """Leave with 0, or go on to the number with Enter."""
        if key == "enter" and self._home.number_sign_in:
            return SignIn(say=self._say)
        self._refused = key == "enter"
        return "leave" if key == BACK else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take whether numbers are allowed and the reader is there."""
        if isinstance(message, Home):
            self._home = message

    def agent_away(self) -> None:
        """The card is asked for again when the agent is back."""
