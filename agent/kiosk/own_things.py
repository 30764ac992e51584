"""Show the person of a visit what is theirs: the levels with their own stars."""

from agent.clocking.desk import KioskScreens
from agent.kiosk.learning import Learning
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visits
from protocol.kiosk import refusal
from protocol.kiosk_visits import MineShown, OpenMine


class OwnThings:
    """Answers `OpenMine`. Used on the core thread only."""

    def __init__(self, *, learning: Learning, screens: KioskScreens, visits: Visits) -> None:
        self._learning = learning
        self._screens = screens
        self._visits = visits

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenMine: self.asked}

    def asked(self, kiosk: int, asked: OpenMine) -> None:
        """Show what was asked for, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        if asked.what != "learning":
            self._screens.answer(kiosk, refusal(asked, "not_here"))
            return
        visit.note(asked.what)
        levels = self._learning.levels(visit.person)
        self._screens.answer(kiosk, MineShown(visit=visit.id, what=asked.what, levels=levels))
