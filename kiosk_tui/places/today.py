"""今日: what time it is and how well that is known, who is on duty, and what else matters today."""

import msgspec

from kiosk_tui.places.notices import NoticePlace
from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.common import DutyView, FixedRow, TodayView
from protocol.kiosk import Home, ToKiosk
from protocol.kiosk_notices import AskNotices, NoticeLine, NoticesShown


class TodayKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="today"):
    """The day was shown, on this page."""

    page: int = 0


class DutyKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="duty"):
    """The duty board was shown, turned so often."""

    turn: int = 0


class TodayPlace:
    """The day in words, and what opens from there."""

    personal = running = types_digits = False

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._home = opening.home
        self._say = opening.say
        self._notices: tuple[NoticeLine, ...] | None = None
        self._page = 0
        self._say(AskNotices())

    def kept(self) -> TodayKept:
        """Return what this place is made from again."""
        return TodayKept(self._page)

    @classmethod
    def again(cls, kept: TodayKept, opening: Opening) -> "TodayPlace":
        """Make the place again. The notices are asked for anew, and with them the page comes back."""
        place = cls(opening)
        place._page = kept.page
        return place

    def view(self) -> TodayView:
        """Return the day as it is now."""
        return TodayView(self._home, self._opening.clock.minute(), self._notices, self._page)

    def key(self, key: Key) -> Move:
        """Open what stands beside the number, turn the page with 8 or Enter, back with 7, or leave with 0."""
        view, number = self.view(), digit(key)
        if key == BACK:
            return "leave"
        if key in ("7", "8", "enter"):
            self._page = (self._page + (-1 if key == "7" else 1)) % view.pages
        elif number is not None and 1 <= number <= len(view.rows):
            return self._open(view.rows[number - 1])
        return "stay"

    def _open(self, row: FixedRow | NoticeLine) -> Move:
        match row:
            case "duty":
                return DutyPlace(self._home)
            case notice:
                return NoticePlace(notice, say=self._say)

    def agent_said(self, message: ToKiosk) -> None:
        """Take what home shows, because the day is made of it, and the notices."""
        if isinstance(message, Home):
            if message.notice != self._home.notice:
                self._say(AskNotices())
            self._home = without_time(message)
        elif isinstance(message, NoticesShown):
            self._notices = tuple(message.notices)
            # A notice that is over may take the page away that is shown.
            self._page = min(self._page, self.view().pages - 1)

    def agent_away(self) -> None:
        """The day comes back with the agent."""


class DutyPlace:
    """The whole duty board, page by page."""

    personal = running = types_digits = False

    def __init__(self, home: Home) -> None:
        self._home = home
        self._turn = 0

    def kept(self) -> DutyKept:
        """Return what this place is made from again."""
        return DutyKept(self._turn)

    @classmethod
    def again(cls, kept: DutyKept, opening: Opening) -> "DutyPlace":
        """Make the place again."""
        place = cls(opening.home)
        place._turn = kept.turn
        return place

    def view(self) -> DutyView:
        """Return the board by the time of day, and how often its page was turned."""
        by_time = sorted(self._home.duty, key=lambda row: row.start)
        return DutyView(tuple(by_time), self._home.quality, self._home.duty_left_out, self._turn, self._home.board)

    def key(self, key: Key) -> Move:
        """Turn the page with 8 or Enter, back with 7, or leave with 0."""
        if key in ("8", "enter"):
            self._turn += 1
        elif key == "7":
            self._turn -= 1
        return "leave" if key == BACK else "stay"

    def agent_said(self, message: ToKiosk) -> None:
        """Take what home shows, because the board is part of it."""
        if isinstance(message, Home):
            self._home = without_time(message)

    def agent_away(self) -> None:
        """The board comes back with the agent."""
