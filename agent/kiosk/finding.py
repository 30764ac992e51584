"""Answer somebody who looks for something by keypad letters."""

from typing import Protocol

from agent.clocking.desk import KioskScreens
from agent.kiosk.table import Rows
from protocol.kiosk_find import Found, Search


class FindsTitles(Protocol):
    """The shelf's titles, as this room needs them."""

    def find(self, digits: str) -> Found:
        """Return what fits these digits."""


class Finding:
    """Asks the shelf and answers the kiosk that asked, no other: what somebody looks for is their own affair."""

    def __init__(self, *, finder: FindsTitles, screens: KioskScreens) -> None:
        self._finder = finder
        self._screens = screens

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {Search: self.asked}

    def asked(self, kiosk: int, asked: Search) -> None:
        """Show what fits."""
        self._screens.answer(kiosk, self._finder.find(asked.digits))
