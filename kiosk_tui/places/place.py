"""Where somebody can be in the kiosk: each place knows its view and its keys, and what the agent says in it.

`kiosk_tui.flow` holds home, or the visit that stands in its place, and the places over it: what a person opened there,
what that leads to, a form or a detail, and help. A place decides nothing about touches, idling or the agent's absence.
"""

from typing import Literal, Protocol

from kiosk_tui.terminal.keys import Key
from kiosk_tui.views.common import View
from protocol.kiosk import ToKiosk

type Move = Place | Literal["stay", "leave"]
"""What a key leads to: another place over this one, this one still, or away from it."""


class Place(Protocol):
    """One place."""

    @property
    def personal(self) -> bool:
        """Whether it shows or holds something of one person. Such a place ends when a card is touched."""

    @property
    def types_digits(self) -> bool:
        """Whether every digit is a figure here, so that 9 asks for no help, and `*` takes a figure back, or held leads
        away (`HELD`)."""

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


def taken_back(typed: str, key: Key) -> str | None:
    """Return what was typed without its last figure, for `*`; None where the key leads away: nothing is left to take
    back, or `*` is held."""
    return typed[:-1] if typed and key == "repeat" else None
