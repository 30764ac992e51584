"""Everything that can be on the screen, as plain values: `kiosk_tui.flow` decides them, the screens draw them.

Each view has a ``face``, which says what its keys mean, and ``deaf_ms``, which says how long the person must have seen
it before keys count. `kiosk_tui.guard` explains both.
"""

from typing import ClassVar, Literal

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from kiosk_tui.views.feedback import FeedbackView
from kiosk_tui.views.learning import LearningView
from kiosk_tui.views.meetings import OfMeetings
from kiosk_tui.views.months import OwnView
from kiosk_tui.views.reading import ReadingView
from kiosk_tui.views.results import OfResults
from kiosk_tui.views.wishes import AskingView
from protocol.kiosk import Home, TouchShown
from protocol.kiosk_duty import DutyRow
from protocol.kiosk_feedback import HelpContact
from protocol.kiosk_meetings import MeetingLine, VouchAsked
from protocol.kiosk_notices import NoticeLine, NoticeShown
from protocol.kiosk_visits import PhoneCode
from protocol.units import ClockQuality, Direction, WallMs

ROWS_A_PAGE = 6

type FixedRow = Literal["duty"]
"""What always opens from 今日, by the names of the screens."""
FIXED_ROWS: tuple[FixedRow, ...] = ("duty",)


class MenuLine(msgspec.Struct, frozen=True):
    """A way from home: its key, and the words beside it."""

    key: str
    word: str


class HomeView(msgspec.Struct, frozen=True):
    """``turn`` counts the lines of a long notice."""

    home: Home
    minute: WallMs
    turn: int
    menu: tuple[MenuLine, ...]
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What the number keys open now."""
        return ("home", self.menu)


class TodayView(msgspec.Struct, frozen=True):
    """The day in words, and what opens from there: on the first page what is always there, and the notices.

    ``notices`` are None while they are asked for. ``page`` counts from 0.
    """

    home: Home
    minute: WallMs
    notices: tuple[NoticeLine, ...] | None
    page: int
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What the number keys open now."""
        return ("today", self.page, tuple(row.id if isinstance(row, NoticeLine) else row for row in self.rows))

    @property
    def _all(self) -> tuple[FixedRow | NoticeLine, ...]:
        return (*FIXED_ROWS, *(self.notices or ()))

    @property
    def pages(self) -> int:
        """How many pages the rows take."""
        return -(-len(self._all) // ROWS_A_PAGE)

    @property
    def rows(self) -> tuple[FixedRow | NoticeLine, ...]:
        """What 1 to 6 open on this page."""
        return self._all[self.page * ROWS_A_PAGE : (self.page + 1) * ROWS_A_PAGE]


class NoticeView(msgspec.Struct, frozen=True):
    """A notice. ``shown`` is None while its text is asked for."""

    line: NoticeLine
    shown: NoticeShown | None
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This notice."""
        return ("notice", self.line.id, self.shown is None)


class RestView(msgspec.Struct, frozen=True):
    """Nobody is here: ``number`` of ``of`` notices, counted from 1. Any key only wakes home, whatever stands here."""

    line: NoticeLine
    shown: NoticeShown | None
    minute: WallMs
    dated: bool
    number: int
    of: int
    face: ClassVar[Face] = "rest"
    deaf_ms: ClassVar[int] = 0


class DutyView(msgspec.Struct, frozen=True):
    """The whole duty board. ``turn`` counts the page turns, those back as minus one."""

    rows: tuple[DutyRow, ...]
    quality: ClockQuality
    left_out: int
    turn: int
    board: str = ""
    """What the county lets everybody see of it, as in `protocol.kiosk.Home.board`."""
    face: ClassVar[Face] = "duty"
    deaf_ms: ClassVar[int] = SCREEN_MS


class AskCardView(msgspec.Struct, frozen=True):
    """A card is asked for; ``by_number``: a number will do as well. ``refused``: somebody wanted to type a number where
    none does."""

    by_number: bool
    reader_ready: bool
    refused: bool = False
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """Whether Enter leads to a number."""
        return ("ask_card", self.by_number)


class Correction(msgspec.Struct, frozen=True):
    """The direction can be corrected now. ``choices`` are the number of a key and the direction that it chooses. With
    ``chosen`` the choice is made and waits for the card."""

    seconds_left: int
    choices: tuple[tuple[int, Direction], ...]
    chosen: Direction | None = None


class TouchView(msgspec.Struct, frozen=True):
    """The result of a touch. ``note`` says what became of a correction.

    ``again_s``: within so many seconds the same card, touched again, may correct the direction. ``before``: results
    that stood on the screen too shortly for their owners. ``shown`` counts how often a result was put on the screen.
    ``dropped``: the card took away what somebody was filling in.
    """

    touch: TouchShown
    correction: Correction | None
    note: str
    again_s: int
    before: tuple[TouchShown, ...]
    shown: int
    dropped: bool = False
    vouch: VouchAsked | None = None
    """For whom the person may vouch by a key."""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This result alone: the same touch shown again is another screen."""
        return ("touch", self.shown)


class HelpView(msgspec.Struct, frozen=True):
    """The way to call somebody, and one key further (``rules``) how the kiosk is used.

    ``resumes``: a level goes on under it, so the way back has to say that it leads there.
    """

    note: str
    rules: bool = False
    resumes: bool = False
    contact: HelpContact | None = None
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What its keys do now."""
        return "help rules" if self.rules else "help"


class AwayView(msgspec.Struct, frozen=True):
    """The agent does not answer. ``interrupted`` says that this ended a level."""

    interrupted: bool
    face: ClassVar[Face] = "away"
    deaf_ms: ClassVar[int] = SCREEN_MS


class WaitView(msgspec.Struct, frozen=True):
    """The kiosk has begun anew and asks the agent what stood here."""

    face: ClassVar[Face] = None
    deaf_ms: ClassVar[int] = SCREEN_MS


class IdleView(msgspec.Struct, frozen=True):
    """Nobody has pressed a key for long; the kiosk asks whether anybody is there."""

    seconds_left: int
    face: ClassVar[Face] = "idle"
    deaf_ms: ClassVar[int] = SCREEN_MS


type EntryStep = Literal["number", "pin", "new_pin", "again", "touch", "set"]
"""What is typed or done: the number, its PIN; a new PIN, the same again, the touch that makes it so, and done."""


class EntryView(msgspec.Struct, frozen=True):
    """Figures that are typed. ``shown`` are those of a number; of a PIN there is only how many were ``typed``."""

    step: EntryStep
    shown: str
    typed: int
    note: str
    waiting: bool
    """The agent judges what was typed."""
    changes: bool = False
    """The new PIN takes the place of one that the person has."""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What is asked for. Neither figures that appear nor a note that goes make another screen of it: a person types
        on."""
        return ("entry", self.step, self.waiting)


class VisitView(msgspec.Struct, frozen=True):
    """The home of whoever has shown who they are. ``can`` are opened by 1, 2, 3, …"""

    visit: str
    name: str
    opened_by: Literal["card", "number"]
    can: tuple[str, ...]
    number: str = ""
    meeting: MeetingLine | None = None
    """The next meeting of theirs, if it is not near yet."""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This visit, and what its keys open."""
        return ("visit", self.visit, self.can)


class PhoneView(msgspec.Struct, frozen=True):
    """A code for a person's telephone. None while it is asked for, or where ``refused`` says why."""

    visit: str
    shown: PhoneCode | None
    refused: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This code."""
        return ("phone", self.visit, self.shown is None, self.refused)


class LiveBannerView(msgspec.Struct, frozen=True):
    """The county looks into the room. The line stands above every screen."""

    viewer: str
    seconds_left: int


type View = (
    HomeView
    | ReadingView
    | TodayView
    | NoticeView
    | RestView
    | DutyView
    | AskCardView
    | TouchView
    | LearningView
    | EntryView
    | VisitView
    | OwnView
    | OfResults
    | OfMeetings
    | AskingView
    | PhoneView
    | FeedbackView
    | HelpView
    | AwayView
    | WaitView
    | IdleView
)
