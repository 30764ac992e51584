"""Commit facts at once, or keep them in memory until the disk takes them.

A person waits for a touch, so it is committed or refused on the spot. Nobody waits for a fact such as "the reader is
lost", and it must not be lost because the disk is full at that moment. So the station owes it: it waits in memory, and
the next commit writes it first.
"""

import logging
from collections import deque
from collections.abc import Mapping
from typing import Protocol

from agent.storage.errors import StorageError
from protocol.facts import Fact
from protocol.units import FactRef

log = logging.getLogger(__name__)

MAX_OWED = 200
"""Facts in memory at most: a disk that takes nothing for days must not fill the memory, too."""


class FactStore(Protocol):
    """The outbox, as a `FactWriter` needs it."""

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        """Make facts durable, and values of the state with them, all or none.

        Raises:
            StorageFull: The disk is full; nothing was written.
            StorageFailed: The disk fails; nothing was written.
        """


class FactWriter:
    """The core's way to the outbox."""

    def __init__(self, outbox: FactStore) -> None:
        self._outbox = outbox
        self._owed: deque[Fact] = deque()
        self._owed_state: dict[str, bytes] = {}
        self._news = False
        """Something was committed since `take_news`."""
        self._stuck = False
        """The log says already that facts wait."""

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        """Make facts durable now, after everything owed, in one transaction, and values of the state with them.

        Raises:
            StorageFull: Nothing was written.
            StorageFailed: Nothing was written.
        """
        refs = self._outbox.commit(*self._owed, *facts, state={**self._owed_state, **(state or {})})
        self._owed.clear()
        self._owed_state.clear()
        self._news, self._stuck = True, False
        return refs[len(refs) - len(facts) :]

    def owe(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> None:
        """Make facts durable now, or as soon as the disk takes them.

        Values of the state are written in the same transaction: they say that the facts were stated.
        """
        room = MAX_OWED - len(self._owed)
        if len(facts) > room:
            log.error("%d facts given up: the disk has taken nothing for too long", len(facts) - max(0, room))
        self._owed.extend(facts[: max(0, room)])
        self._owed_state.update(state or {})
        self.flush()

    def flush(self) -> None:
        """Try again to commit the facts that are owed."""
        if not self._owed and not self._owed_state:
            return
        try:
            self.commit()
        except StorageError as error:
            if not self._stuck:
                log.warning("facts wait for the disk: %s", error)
            self._stuck = True

    def take_news(self) -> bool:
        """Return whether anything was committed since the last call."""
        news, self._news = self._news, False
        return news
