"""Show the person of a visit what is theirs: today's touches at this station, and what they have learnt."""

from agent.clocking import duty
from agent.clocking.desk import KioskScreens
from agent.clocking.outcome import missing
from agent.clocking.touch_history import TouchHistory
from agent.kiosk.learning import Learning
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.timekeeping.clock import StationClock
from protocol.kiosk import Sorry
from protocol.kiosk_visits import MineShown, OpenMine, OwnTouch


class OwnThings:
    """Answers `OpenMine`. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        history: TouchHistory,
        learning: Learning,
        screens: KioskScreens,
        visits: Visits,
    ) -> None:
        self._clock = clock
        self._history = history
        self._learning = learning
        self._screens = screens
        self._visits = visits

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenMine: self.asked}

    def asked(self, kiosk: int, asked: OpenMine) -> None:
        """Show what was asked for, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked.visit)
        if visit is None:
            return
        match asked.what:
            case "touches":
                shown = self._touches(visit)
            case "learning":
                shown = MineShown(visit=visit.id, what="learning", levels=self._learning.levels(visit.person))
            case _:
                self._screens.answer(kiosk, Sorry(reason="not_here"))
                return
        visit.note(shown.what)
        self._screens.answer(kiosk, shown)

    def _touches(self, visit: Visit) -> MineShown:
        if not self._clock.dated:
            return MineShown(visit=visit.id, what="touches", dated=False)
        now = self._clock.now()
        day = duty.local_day(self._clock.wall_of(now))
        touches = [
            OwnTouch(minute=duty.minute_of_day(wall, day), direction=seen.direction, by_number=seen.by_number)
            for seen, wall in self._history.touches_of(visit.person)
            if duty.local_day(wall) == day
        ]
        return MineShown(
            visit=visit.id,
            what="touches",
            touches=sorted(touches, key=lambda touch: touch.minute),
            lacking=list(missing(self._history.lacking(visit.person, now))),
        )
