"""Answer what kiosks ask: a table says for each kind of message which part of which room deals with it.

Each room names its own rows, and `agent.wiring.parts` puts them together. The core knows no message of a kiosk by name.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from agent.clocking.desk import KioskScreens
from agent.events import KioskSaid
from protocol.kiosk import refusal

log = logging.getLogger(__name__)

type Handler = Callable[[int, Any], None]
"""Takes the kiosk's number and its message."""
type Rows = Mapping[Any, Handler]
"""The rows of one room: by the type of the message."""


class AskingKiosks(KioskScreens, Protocol):
    """The kiosk socket, as the table needs it."""

    def handled(self, kiosk: int) -> None:
        """Note that one question of this kiosk is dealt with."""


class KioskTable:
    """The rows of all rooms. Used on the core thread only."""

    def __init__(self, kiosks: AskingKiosks, rooms: Iterable[Rows]) -> None:
        """Join the rooms' rows.

        Raises:
            ValueError: Two rooms name the same message.
        """
        self._kiosks = kiosks
        self._rows: dict[type[Any], Handler] = {}
        for rows in rooms:
            if twice := self._rows.keys() & rows.keys():
                raise ValueError(f"two rooms answer {sorted(kind.__name__ for kind in twice)}")
            self._rows.update(rows)

    @property
    def kinds(self) -> frozenset[type[Any]]:
        """The kinds of message that some room deals with."""
        return frozenset(self._rows)

    def said(self, event: KioskSaid) -> None:
        """Have a message dealt with, and let the socket read more of its kiosk."""
        handler = self._rows.get(type(event.message))
        if handler is None:
            log.info("kiosk %d asks for %s, which no room does", event.kiosk, type(event.message).__name__)
            self._kiosks.answer(event.kiosk, refusal(event.message, "not_here"))
        else:
            handler(event.kiosk, event.message)
        # Only now the socket reads more of this kiosk, so that no kiosk can fill the inbox.
        self._kiosks.handled(event.kiosk)
