"""The kiosk's part of answer-to-advance: choose a level, answer, read the explanation, see the stars.

The agent draws the questions, judges the answers and counts the lives. This module has only what a person sees and
presses.
"""

from collections.abc import Callable

import msgspec

from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.common import LessonView, LevelsView, MarkedView, OverView, QuestionView, ReviewView
from kiosk_tui.words import common as words
from protocol.kiosk import Home, Sorry, ToAgent, ToKiosk
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    QuestionShown,
)
from protocol.kiosk_visits import MineShown, OpenMine


class LessonKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="lesson"):
    """What a lesson is made from again. The run itself is the agent's, and so are its lives."""

    visit: str = ""
    page: int = 0
    opening: LevelChoice | None = None
    last: LevelChoice | None = None
    question: QuestionShown | None = None
    chosen: tuple[int, ...] = ()
    asked: bool = False
    leaving: bool = False
    marked: Marked | None = None
    over: LevelOver | None = None
    wrong: tuple[tuple[QuestionShown, Marked], ...] = ()
    reviewed: int | None = None


class Lesson:
    """The place of learning, from the choice of a level to leaving."""

    types_digits = False

    def __init__(self, *, say: Callable[[ToAgent], None], visit: str = "") -> None:
        """
        Args:
            visit: In whose visit it is opened; empty: nobody has said who they are.
        """
        self._say = say
        self._visit = visit
        self._levels: tuple[LevelChoice, ...] = ()
        self._left_out = 0
        self._page = 0
        self._note = ""
        self._opening: LevelChoice | None = None
        self._last: LevelChoice | None = None
        self._question: QuestionShown | None = None
        self._chosen: tuple[int, ...] = ()
        self._asked = False
        self._leaving = False
        self._marked: Marked | None = None
        self._over: LevelOver | None = None
        self._wrong: list[tuple[QuestionShown, Marked]] = []
        self._reviewed: int | None = None

    def kept(self) -> LessonKept:
        """Return what this lesson is made from again."""
        return LessonKept(
            visit=self._visit,
            page=self._page,
            opening=self._opening,
            last=self._last,
            question=self._question,
            chosen=self._chosen,
            asked=self._asked,
            leaving=self._leaving,
            marked=self._marked,
            over=self._over,
            wrong=tuple(self._wrong),
            reviewed=self._reviewed,
        )

    @classmethod
    def again(cls, kept: LessonKept, say: Callable[[ToAgent], None]) -> "Lesson":
        """Make a lesson that goes on, and ask the agent again for what it was asked for and may not have said."""
        lesson = cls(say=say, visit=kept.visit)
        lesson._page, lesson._opening, lesson._last = kept.page, kept.opening, kept.last
        lesson._question, lesson._chosen, lesson._asked = kept.question, kept.chosen, kept.asked
        lesson._leaving, lesson._marked, lesson._over = kept.leaving, kept.marked, kept.over
        lesson._wrong, lesson._reviewed = list(kept.wrong), kept.reviewed
        if kept.visit:
            say(OpenMine(visit=kept.visit, what="learning"))
        if kept.opening is not None:
            say(OpenLevel(pack=kept.opening.pack, level=kept.opening.level))
        elif kept.question is not None and kept.asked:
            # Both may be asked twice: an answer keeps its first mark, and a question that was not answered comes again.
            say(lesson._next_asked() if kept.marked is not None else lesson._answer_asked())
        return lesson

    @property
    def personal(self) -> bool:
        """Whether the levels and stars are one person's."""
        return bool(self._visit)

    @property
    def running(self) -> bool:
        """Whether a level has begun and not ended."""
        return (self._question is not None and self._over is None) or self._opening is not None

    def view(self) -> LessonView:
        """Return what is to be shown now."""
        if self._question is None:
            note = self._note or (words.levels_left_out(self._left_out) if self._left_out else "")
            return LevelsView(self._levels, self._page, note)
        if self._over is not None and self._reviewed is not None:
            return ReviewView(*self._wrong[self._reviewed], self._reviewed + 1, len(self._wrong))
        if self._over is not None:
            return OverView(f"{self._question.title}·{self._question.level}", self._over, len(self._wrong))
        if self._marked is not None:
            return MarkedView(self._question, self._marked, self._leaving)
        return QuestionView(self._question, self._chosen, self._asked, self._leaving, self._note)

    def agent_away(self) -> None:
        """End the running level without a result and say so."""
        if self.running:
            self._to_levels(words.INTERRUPTED)

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent; one that belongs to no question of this lesson is ignored."""
        match message:
            case Home() if not self._visit:
                self._left_out = message.levels_left_out
                self._offered(message.levels)
            case MineShown(what="learning") if message.visit == self._visit:
                self._offered(message.levels)
            case QuestionShown():
                running = self._question is not None and self._asked and message.run == self._question.run
                if running or self._opening is not None:
                    self._to_levels()
                    self._question = message
            case Marked():
                self._take_mark(message)
            case LevelOver():
                if self._question is not None and message.run == self._question.run:
                    self._over, self._asked = message, False
                    if self._visit:
                        self._say(OpenMine(visit=self._visit, what="learning"))
            case Sorry():
                self._take_refusal(message)

    def _take_refusal(self, sorry: Sorry) -> None:
        note = words.sorry(sorry.reason)
        if self._opening is not None and sorry.refuses(OpenLevel):
            self._to_levels(note)
        elif self._opening is None and sorry.refuses(NextQuestion if self._marked is not None else AnswerQuestion):
            if sorry.reason == "unknown_run":
                self._to_levels(note)
            elif self._question is not None:
                # The answer was not judged, so the person can give it again.
                self._asked, self._note = False, note

    def _take_mark(self, marked: Marked) -> None:
        question = self._question
        # The agent's words for a level that the person has left may still be on their way.
        if not self._asked or question is None:
            return
        if (marked.run, marked.question) == (question.run, question.question):
            self._marked, self._asked = marked, False
            if not marked.right:
                self._wrong.append((question, marked))

    def key(self, key: Key) -> Move:
        """Take a key."""
        if self._question is None:
            return self._choose_level(key)
        if self._over is not None:
            self._after_level(key)
        elif self._marked is not None:
            self._after_mark(key)
        elif not self._asked:
            self._answer(key)
        return "stay"

    def _to_levels(self, note: str = "") -> None:
        self._question, self._marked, self._over, self._opening = None, None, None, None
        self._chosen, self._asked, self._leaving, self._note = (), False, False, note
        self._reviewed = None

    def _offered(self, levels: list[LevelChoice]) -> None:
        self._levels = tuple(levels)
        # The county may have taken a pack away, and with it the page that is shown.
        last = LevelsView(self._levels, 0, "").pages - 1
        self._page = min(self._page, last)

    def _choose_level(self, key: Key) -> Move:
        if key == BACK:
            return "leave"
        view = LevelsView(self._levels, self._page, self._note)
        number = digit(key)
        if number in (7, 8):
            self._page = (self._page + (1 if number == 8 else -1)) % view.pages
        elif number is not None and 1 <= number <= len(view.shown) and self._opening is None:
            self._open(view.shown[number - 1])
        return "stay"

    def _open(self, level: LevelChoice) -> None:
        self._to_levels(words.OPENING)
        self._opening = self._last = level
        self._wrong = []
        self._say(OpenLevel(pack=level.pack, level=level.level))

    def _answer(self, key: Key) -> None:
        assert self._question is not None
        self._note = ""
        if key == BACK:
            # Back takes back one choice at a time. With nothing left to take back it asks, and then leaves the level.
            if self._leaving:
                self._to_levels()
            elif self._chosen:
                self._chosen = self._chosen[:-1]
            else:
                self._leaving = True
            return
        self._leaving = False
        number = digit(key)
        if number is not None and 1 <= number <= len(self._question.options):
            self._pick(number - 1)
        elif key == "enter":
            # An order is an answer only with every option in it; a choice of several needs one at least.
            least = len(self._question.options) if self._question.kind == "ordering" else 1
            if len(self._chosen) >= least:
                self._give_answer()
            else:
                self._note = words.CHOOSE_ALL if self._chosen else words.CHOOSE_FIRST

    def _pick(self, option: int) -> None:
        assert self._question is not None
        # With one right answer the number itself answers: a second key for Enter would only be a key more.
        if self._question.kind in ("single", "true_false"):
            self._chosen = (option,)
            self._give_answer()
        elif option in self._chosen:
            self._chosen = tuple(number for number in self._chosen if number != option)
        else:
            self._chosen = (*self._chosen, option)

    def _give_answer(self) -> None:
        self._asked = True
        self._say(self._answer_asked())

    def _answer_asked(self) -> AnswerQuestion:
        assert self._question is not None
        chosen = list(self._chosen) if self._question.kind == "ordering" else sorted(self._chosen)
        return AnswerQuestion(run=self._question.run, question=self._question.question, chosen=chosen)

    def _next_asked(self) -> NextQuestion:
        assert self._question is not None
        return NextQuestion(run=self._question.run)

    def _after_mark(self, key: Key) -> None:
        assert self._question is not None
        if key == BACK and self._leaving:
            self._to_levels()
            return
        self._leaving = key == BACK
        if key == "enter" and not self._asked:
            self._asked = True
            self._say(self._next_asked())

    def _after_level(self, key: Key) -> None:
        if self._reviewed is not None:
            last = self._reviewed + 1 == len(self._wrong)
            if key == BACK or (key == "enter" and last):
                self._reviewed = None
            elif key == "enter":
                self._reviewed += 1
        elif key == BACK:
            self._to_levels()
        elif key == "1" and self._last is not None:
            self._open(self._last)
        elif key == "2" and self._wrong:
            self._reviewed = 0
