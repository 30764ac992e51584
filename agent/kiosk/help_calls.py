"""State in a fact that somebody asked for help at a kiosk, but not for each press of the key."""

from agent.kiosk.spacing import Spacing
from agent.kiosk.table import Rows
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol.facts import HelpAsked
from protocol.kiosk import AskHelp

HELP_EVERY_MS = 10_000
"""However often the key is pressed: each fact costs disk and data, and one is enough to act on."""


class HelpCalls:
    """Takes calls for help."""

    def __init__(self, *, clock: StationClock, fact_writer: FactWriter) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._spacing = Spacing(clock, HELP_EVERY_MS)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {AskHelp: self.asked}

    def asked(self, kiosk: int, call: AskHelp) -> None:
        """State a call, unless one was stated just now."""
        if self._spacing.is_due():
            self._fact_writer.owe(HelpAsked(at=self._clock.now(), screen=call.screen))
