"""What can be on the screen: plain values, decided by `kiosk_tui.flow` and drawn by the screens.

Each has a ``face``, what its keys mean, and ``deaf_ms``, how long it must have been seen before they count: see
`kiosk_tui.guard`.
"""

from dataclasses import dataclass
from typing import ClassVar

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk import Home, LevelChoice, LevelOver, Marked, QuestionShown, TouchShown
from protocol.units import Direction, WallMs

LEVELS_A_PAGE = 6


@dataclass(frozen=True, slots=True)
class HomeView:
    """``turn`` counts the page turns of the duty board and of a long notice."""

    home: Home
    minute: WallMs
    turn: int
    face: ClassVar[Face] = "home"
    deaf_ms: ClassVar[int] = SCREEN_MS


@dataclass(frozen=True, slots=True)
class Correction:
    """The direction can be chosen: key number and what it stands for. ``chosen`` waits for the card."""

    seconds_left: int
    choices: tuple[tuple[int, Direction], ...]
    chosen: Direction | None = None


@dataclass(frozen=True, slots=True)
class TouchView:
    """``note`` says what became of a correction.

    ``again_s``: for so many seconds the card, touched again, gets one. ``before``: who touched so shortly before that
    they hardly saw it. ``shown`` counts how often a result was put onto the screen.
    """

    touch: TouchShown
    correction: Correction | None
    note: str
    again_s: int
    before: tuple[TouchShown, ...]
    shown: int
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This very result."""
        return ("touch", self.shown)


@dataclass(frozen=True, slots=True)
class LevelsView:
    """``page`` counts from 0; ``note`` says what went wrong or is under way."""

    levels: tuple[LevelChoice, ...]
    page: int
    note: str
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The levels that the numbers stand for now."""
        return ("levels", tuple((level.pack, level.level) for level in self.shown))

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
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This question of this run, or whether to leave it."""
        return ("question", self.question.run, self.question.number, self.question.question, self.leaving)


@dataclass(frozen=True, slots=True)
class MarkedView:
    """The answer that was given to ``question``."""

    question: QuestionShown
    marked: Marked
    leaving: bool
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The explanation of this question of this run, or whether to leave it."""
        return ("marked", self.marked.run, self.question.number, self.marked.question, self.leaving)


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A wrong answer of the level that has ended, looked at again: ``number`` of ``of``, counted from 1."""

    question: QuestionShown
    marked: Marked
    number: int
    of: int
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This wrong answer."""
        return ("review", self.marked.run, self.number)


@dataclass(frozen=True, slots=True)
class OverView:
    """The end of a level."""

    title: str
    over: LevelOver
    wrong: int
    """How many answers there are to look at again."""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The end of this run."""
        return ("over", self.over.run)


@dataclass(frozen=True, slots=True)
class HelpView:
    """How the kiosk is used."""

    note: str
    face: ClassVar[Face] = "help"
    deaf_ms: ClassVar[int] = SCREEN_MS


@dataclass(frozen=True, slots=True)
class AwayView:
    """The agent does not answer; ``interrupted`` when that ended a level."""

    interrupted: bool
    face: ClassVar[Face] = "away"
    deaf_ms: ClassVar[int] = SCREEN_MS


@dataclass(frozen=True, slots=True)
class IdleView:
    """Nobody has pressed a key for long."""

    seconds_left: int
    face: ClassVar[Face] = "idle"
    deaf_ms: ClassVar[int] = SCREEN_MS


@dataclass(frozen=True, slots=True)
class LiveBannerView:
    """The county looks into the room: said above every screen."""

    viewer: str
    seconds_left: int


type LessonView = LevelsView | QuestionView | MarkedView | OverView | ReviewView
type View = HomeView | TouchView | LessonView | HelpView | AwayView | IdleView
