"""The next meetings: who has come by number, and whether that is enough. Home leads here while one is near."""

import msgspec

from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.place import Move
from kiosk_tui.places.today import TodayPlace
from kiosk_tui.terminal.keys import BACK, Key
from kiosk_tui.views.meetings import MeetingsView
from protocol.kiosk import Home, ToKiosk
from protocol.units import DATED_QUALITIES

TODAY_KEY: Key = "1"


class MeetingsKept(msgspec.Struct, frozen=True, tag="meetings"):
    """Nothing is chosen here."""


class MeetingsPlace:
    """What everybody may see of meetings."""

    personal = running = types_digits = False

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._home = opening.home

    def kept(self) -> MeetingsKept:
        """Return what this place is made from again."""
        return MeetingsKept()

    @classmethod
    def again(cls, _: MeetingsKept, opening: Opening) -> "MeetingsPlace":
        """Make the place again."""
        return cls(opening)

    def view(self) -> MeetingsView:
        """Return the meetings as they are now."""
        dated = self._home.quality in DATED_QUALITIES
        return MeetingsView(tuple(self._home.meetings), self._opening.clock.minute(), dated)

    def key(self, key: Key) -> Move:
        """Open 今日, which home does not lead to meanwhile, or leave with 0."""
        if key == TODAY_KEY:
            today = TodayPlace(self._opening)
            today.agent_said(self._home)
            return today
        return "leave" if key == BACK else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what home shows."""
        if isinstance(message, Home):
            self._home = without_time(message)

    def agent_away(self) -> None:
        """What was last known stands here until the agent is back."""
