"""What can be on the screen: plain values, decided by `kiosk_tui.flow` and drawn by the screens."""

from dataclasses import dataclass

from protocol.kiosk import Home, LevelChoice, LevelOver, Marked, QuestionShown, TouchShown
from protocol.units import Direction, WallMs

LEVELS_A_PAGE = 6


@dataclass(frozen=True, slots=True)
class HomeView:
    """``turn`` counts the page turns of the duty board and of a long notice."""

    home: Home
    minute: WallMs
    turn: int


@dataclass(frozen=True, slots=True)
class Correction:
    """The direction can still be chosen: key number and what it stands for."""

    seconds_left: int
    choices: tuple[tuple[int, Direction], ...]


@dataclass(frozen=True, slots=True)
class TouchView:
    """``note`` says what became of a correction."""

    touch: TouchShown
    correction: Correction | None
    note: str


@dataclass(frozen=True, slots=True)
class LevelsView:
    """``page`` counts from 0; ``note`` says what went wrong or is under way."""

    levels: tuple[LevelChoice, ...]
    page: int
    note: str

    @property
    def pages(self) -> int:
        """How many pages the levels take, at least one."""
        return max(1, -(-len(self.levels) // LEVELS_A_PAGE))

    @property
    def shown(self) -> tuple[LevelChoice, ...]:
        """The levels of this page, chosen by 1 to 6."""
        return self.levels[self.page * LEVELS_A_PAGE : (self.page + 1) * LEVELS_A_PAGE]


@dataclass(frozen=True, slots=True)
class QuestionView:
    """``chosen`` in the order picked, numbered from 0; ``asked`` while the agent marks it."""

    question: QuestionShown
    chosen: tuple[int, ...]
    asked: bool
    leaving: bool
    note: str


@dataclass(frozen=True, slots=True)
class MarkedView:
    """The answer that was given to ``question``."""

    question: QuestionShown
    marked: Marked


@dataclass(frozen=True, slots=True)
class OverView:
    """The end of a level."""

    title: str
    over: LevelOver


@dataclass(frozen=True, slots=True)
class HelpView:
    """How the kiosk is used."""

    note: str


@dataclass(frozen=True, slots=True)
class AwayView:
    """The agent does not answer; ``interrupted`` when that ended a level."""

    interrupted: bool


@dataclass(frozen=True, slots=True)
class IdleView:
    """Nobody has pressed a key for long."""

    seconds_left: int


@dataclass(frozen=True, slots=True)
class LiveBannerView:
    """The county looks into the room: said above every screen."""

    viewer: str
    seconds_left: int


type LessonView = LevelsView | QuestionView | MarkedView | OverView
type View = HomeView | TouchView | LessonView | HelpView | AwayView | IdleView
