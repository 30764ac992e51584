"""Since when each pack has been here, and which of them somebody without a visit has opened, so that the map can say
what is new."""

from collections.abc import Iterable

from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock

NEW_MS = 14 * 24 * 3_600_000
"""For so long a pack is new."""


class SeenPacks:
    """When packs were first offered. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, state: StateStore) -> None:
        self._clock = clock
        self._slot = StateSlot(state, "packs_seen", dict[str, int], title="since when packs are here")
        self._since = self._slot.read() or {}
        self._opened_slot = StateSlot(state, "packs_opened", list[str], title="which packs were opened")
        self._opened = frozenset(self._opened_slot.read() or [])

    @property
    def opened(self) -> frozenset[str]:
        """The packs that somebody without a visit has opened. What a person opened is that person's
        (`agent.kiosk.progress`)."""
        return self._opened

    def note_opened(self, pack: str) -> None:
        """Take note that somebody without a visit has opened a pack."""
        if pack not in self._opened:
            self._opened |= {pack}
            self._opened_slot.keep(sorted(self._opened))

    def new(self, packs: Iterable[str]) -> frozenset[str]:
        """Return which of the packs that are offered now came lately. While the time is not known, none that was not
        seen before."""
        now, offered = self._clock.now().wall, list(packs)
        if self._clock.dated and any(pack not in self._since for pack in offered):
            self._since |= {pack: now for pack in offered if pack not in self._since}
            self._slot.keep(self._since)
        return frozenset(pack for pack in offered if now - self._since.get(pack, 0) < NEW_MS)
