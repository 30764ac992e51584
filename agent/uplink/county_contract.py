"""Which minor version of the contract the county speaks, so that a station writes for its reader.

The last welcome says it, and it is kept over restarts: a station without a line writes for the county that it knew.
"""

import logging

from agent.storage.state import StateSlot, StateStore

log = logging.getLogger(__name__)


class CountyContract:
    """The minor version that the last welcome said; 0 before the first, and from a county that does not say."""

    def __init__(self, state: StateStore | None) -> None:
        """Recall what was kept. Without ``state`` it is forgotten with this run."""
        self._slot = StateSlot(state, "county_contract", int, title="the county's version") if state else None
        self.minor = (self._slot.read() if self._slot is not None else None) or 0

    def note(self, minor: int) -> None:
        """Take what a welcome says. It may be less than before: a county can go back a release."""
        if minor == self.minor:
            return
        log.info("the county speaks contract 1.%d, before it was 1.%d", minor, self.minor)
        self.minor = minor
        if self._slot is not None:
            self._slot.keep(minor)
