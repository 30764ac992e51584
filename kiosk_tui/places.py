"""Where somebody can be in the kiosk: each place knows its view and its keys, and what the agent says in it.

`kiosk_tui.flow` holds home, or the visit that stands in its place, and the places over it: what a person opened there,
what that leads to, a form or a detail, and help. A place decides nothing about touches, idling or the agent's absence.
"""

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from kiosk_tui.keys import BACK, Key
from kiosk_tui.views import HelpView, View
from protocol.kiosk import ToAgent, ToKiosk

type Move = Place | Literal["stay", "leave"]
"""What a key leads to: another place over this one, this one still, or away from it."""


class Place(Protocol):
    """One place."""

    @property
    def personal(self) -> bool:
        """Whether it shows or holds something of one person. Such a place ends when a card is touched."""

    @property
    def types_digits(self) -> bool:
        """Whether every digit is a figure here, so that 9 asks for no help, and `*` takes a figure back."""

    @property
    def running(self) -> bool:
        """Whether leaving it now, with the agent gone, costs something that a person must be told."""

    def view(self) -> View:
        """Return what is to be shown now."""

    def key(self, key: Key) -> Move:
        """Take a key."""

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent; one that does not concern this place is ignored."""

    def agent_away(self) -> None:
        """Take note that the agent, and what it kept for this place, is gone."""


class HelpKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="help"):
    """What help is made from again."""

    note: str


class Help:
    """How the kiosk is used."""

    personal = running = types_digits = False

    def __init__(self, note: str) -> None:
        self._note = note

    def kept(self) -> HelpKept:
        """Return what this place is made from again."""
        return HelpKept(self._note)

    @classmethod
    def again(cls, kept: HelpKept, _say: Callable[[ToAgent], None]) -> "Help":
        """Make the place again."""
        return cls(kept.note)

    def view(self) -> HelpView:
        """Return the help, with a note above it that says why it opened."""
        return HelpView(self._note)

    def key(self, key: Key) -> Move:
        """Leave with 0 or Enter."""
        return "leave" if key in (BACK, "enter") else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Nothing that the agent says concerns help."""

    def agent_away(self) -> None:
        """Help needs no agent."""
