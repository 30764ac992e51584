"""What can be on the screen of answer to advance, as plain values."""

from datetime import date
from typing import ClassVar, Literal

import msgspec

from kiosk_tui.guard import CHOICE_MS, SCREEN_MS, Face
from protocol.kiosk_learning import (
    Amended,
    LevelChoice,
    LevelOver,
    MapShown,
    Marked,
    PackLine,
    PackShown,
    QuestionShown,
)

type Wrong = tuple[QuestionShown, Marked]
"""A question that was answered wrong, and its mark."""
AT_ONCE = 2
"""Wrong answers that the end of a run explains at once; the others by a key."""


class MapView(msgspec.Struct, frozen=True):
    """A page of the packs. None while it is asked for. ``here`` is false where the station has none.

    ``note`` says what went wrong. ``today`` is None where the date is not known.
    """

    visit: str
    shown: MapShown | None
    here: bool
    note: str
    today: date | None
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What the number keys and Enter open now."""
        return ("map", self.visit, self.note, self.reviews, tuple(one.pack for one in self.packs))

    @property
    def waits(self) -> bool:
        """Whether the packs are asked for and have not come."""
        return self.shown is None and (self.here or bool(self.visit))

    @property
    def packs(self) -> tuple[PackLine, ...]:
        """The packs that 1 to 6 open."""
        return () if self.shown is None else tuple(self.shown.packs)

    @property
    def enough(self) -> bool:
        """Whether the person can play no more level today."""
        return self.shown is not None and self.shown.levels_left == 0

    @property
    def reviews(self) -> bool:
        """Whether Enter opens the wrong book."""
        book = None if self.shown is None else self.shown.book
        return book is not None and book.due > 0 and not book.rested


class AmendedView(msgspec.Struct, frozen=True):
    """A question that was corrected since the person answered it. So many more follow."""

    visit: str
    amended: Amended
    more: int
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This correction."""
        return ("amended", self.visit, self.amended.title, self.amended.stem)


class PackView(msgspec.Struct, frozen=True):
    """A page of a pack's levels. None while it is asked for. ``note`` says what went wrong, or what was done."""

    visit: str
    shown: PackShown | None
    note: str
    today: date | None
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What the number keys open now, and what Enter does."""
        return ("pack", self.visit, self.chooses, self.enough, tuple((one.level, one.open) for one in self.levels))

    @property
    def levels(self) -> tuple[LevelChoice, ...]:
        """The levels of this page."""
        return () if self.shown is None else tuple(self.shown.levels)

    @property
    def enough(self) -> bool:
        """Whether the person can play no more level today."""
        return self.shown is not None and self.shown.levels_left == 0

    @property
    def chooses(self) -> bool | None:
        """Whether Enter chooses the pack, or gives it up; None: it is none of the person's menu."""
        part = "" if self.shown is None or not self.visit else self.shown.pack.part
        return {"menu": True, "chosen": False}.get(part)


class BeginView(msgspec.Struct, frozen=True):
    """A run is asked for; or ``note`` says why there is none, and 1 does what it ``offers``."""

    review: bool
    note: str
    offers: Literal["", "again", "review"] = ""
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """What 1 does."""
        return ("begin", self.note, self.offers)


class QuestionView(msgspec.Struct, frozen=True):
    """A question. ``chosen`` are options in the order picked, from 0; ``asked`` is true while the agent judges the
    answer. ``picture`` is None while it is asked for or if there is none, and empty if it can't be had."""

    question: QuestionShown
    chosen: tuple[int, ...]
    asked: bool
    leaving: bool
    note: str
    picture: bytes | None = None
    named: bool = False
    """Whose run it is is known, so what is answered is kept."""
    deaf_ms: ClassVar[int] = CHOICE_MS

    @property
    def face(self) -> Face:
        """This question of this run; the question whether to leave it is another face."""
        return ("question", self.question.run, self.question.number, self.question.question, self.leaving)


class PictureView(msgspec.Struct, frozen=True):
    """A question's picture alone, as large as the screen."""

    question: QuestionShown
    picture: bytes
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This picture."""
        return ("picture", self.question.run, self.question.question)


class MarkedView(msgspec.Struct, frozen=True):
    """Whether the answer to ``question`` was right, and why. ``named`` as in `QuestionView`."""

    question: QuestionShown
    marked: Marked
    leaving: bool
    note: str = ""
    named: bool = False
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def last(self) -> bool:
        """Whether the run ended with this answer."""
        no_lives = self.marked.lives == 0 and self.question.mode == "level"
        return self.question.number >= self.question.of or no_lives

    @property
    def face(self) -> Face:
        """The explanation of this question of this run; the question whether to leave is another face."""
        return ("marked", self.marked.run, self.question.number, self.marked.question, self.leaving)


class ReviewView(msgspec.Struct, frozen=True):
    """A wrong answer of the run that has ended, shown again: ``number`` of ``of``, counted from 1."""

    question: QuestionShown
    marked: Marked
    number: int
    of: int
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """This wrong answer."""
        return ("review", self.marked.run, self.number)


class OverView(msgspec.Struct, frozen=True):
    """The end of a run."""

    title: str
    over: LevelOver
    wrong: tuple[Wrong, ...]
    named: bool
    """Whose run it was is known, so it is kept."""
    today: date | None
    deaf_ms: ClassVar[int] = SCREEN_MS

    @property
    def face(self) -> Face:
        """The end of this run."""
        return ("over", self.over.run)

    @property
    def enough(self) -> bool:
        """Whether the person can play no more level today."""
        return self.over.levels_left == 0

    @property
    def first(self) -> Literal["next", "again", "go_on", "review", ""]:
        """What 1 does: play the next level, this one again, or more of the wrong book. What can't be done today is not
        offered."""
        if self.over.mode == "review":
            return "go_on" if self.over.left else ""
        if self.enough:
            return "review" if self.over.left else ""
        if not self.over.passed:
            return "again"
        return "next" if self.over.next is not None else ""

    @property
    def more_wrong(self) -> int:
        """How many wrong answers do not stand here; 2 shows them."""
        return max(0, len(self.wrong) - AT_ONCE)


type LessonView = BeginView | QuestionView | PictureView | MarkedView | OverView | ReviewView
type LearningView = MapView | AmendedView | PackView | LessonView
