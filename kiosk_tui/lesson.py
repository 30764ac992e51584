"""The kiosk's part of answer-to-advance: choose a level, answer, read the explanation, see the stars.

The agent draws the questions, judges the answers and counts the lives. This module has only what a person sees and
presses.
"""

from collections.abc import Callable

from kiosk_tui import words
from kiosk_tui.keys import BACK, Key, digit
from kiosk_tui.views import LessonView, LevelsView, MarkedView, OverView, QuestionView, ReviewView
from protocol.kiosk import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    QuestionShown,
    Sorry,
    ToAgent,
)

type Said = QuestionShown | Marked | LevelOver | Sorry


class Lesson:
    """One visit to learning, from the choice of a level to leaving."""

    def __init__(self, *, say: Callable[[ToAgent], None]) -> None:
        self._say = say
        self._levels: tuple[LevelChoice, ...] = ()
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

    @property
    def running(self) -> bool:
        """Whether a level has begun and not ended."""
        return (self._question is not None and self._over is None) or self._opening is not None

    def view(self) -> LessonView:
        """Return what is to be shown now."""
        if self._question is None:
            return LevelsView(self._levels, self._page, self._note)
        if self._over is not None and self._reviewed is not None:
            return ReviewView(*self._wrong[self._reviewed], self._reviewed + 1, len(self._wrong))
        if self._over is not None:
            return OverView(f"{self._question.title}·{self._question.level}", self._over, len(self._wrong))
        if self._marked is not None:
            return MarkedView(self._question, self._marked, self._leaving)
        return QuestionView(self._question, self._chosen, self._asked, self._leaving, self._note)

    def offered(self, levels: list[LevelChoice]) -> None:
        """Take the levels that can be played now."""
        self._levels = tuple(levels)
        last = LevelsView(self._levels, 0, "").pages - 1
        self._page = min(self._page, last)

    def interrupted(self) -> None:
        """End the running level without a result and say so."""
        if self.running:
            self._to_levels(words.INTERRUPTED)

    def agent_said(self, message: Said) -> None:
        """Take a message of the agent; one that belongs to no question of this lesson is ignored."""
        match message:
            case QuestionShown():
                self._take_question(message)
            case Marked():
                question = self._question
                if not self._asked or question is None:
                    return
                if (message.run, message.question) == (question.run, question.question):
                    self._marked, self._asked = message, False
                    if not message.right:
                        self._wrong.append((question, message))
            case LevelOver():
                if self._question is not None and message.run == self._question.run:
                    self._over, self._asked = message, False
            case Sorry():
                self._take_sorry(message)

    def key(self, key: Key) -> bool:
        """Take a key; return False if the person leaves learning."""
        if self._question is None:
            return self._choose_level(key)
        if self._over is not None:
            self._after_level(key)
        elif self._marked is not None:
            self._after_mark(key)
        elif not self._asked:
            self._answer(key)
        return True

    def _to_levels(self, note: str = "") -> None:
        self._question, self._marked, self._over, self._opening = None, None, None, None
        self._chosen, self._asked, self._leaving, self._note = (), False, False, note
        self._reviewed = None

    def _take_question(self, message: QuestionShown) -> None:
        expected = self._opening is not None or (
            self._question is not None and self._asked and message.run == self._question.run
        )
        if not expected:
            return
        self._to_levels()
        self._question = message

    def _take_sorry(self, sorry: Sorry) -> None:
        note = words.SORRY[sorry.reason]
        if sorry.reason == "unknown_run" or self._opening is not None:
            self._to_levels(note)
        elif self._question is not None:
            self._asked, self._note = False, note

    def _choose_level(self, key: Key) -> bool:
        if key == BACK:
            return False
        view = LevelsView(self._levels, self._page, self._note)
        number = digit(key)
        if number in (7, 8):
            self._page = (self._page + (1 if number == 8 else -1)) % view.pages
        elif number is not None and 1 <= number <= len(view.shown) and self._opening is None:
            self._open(view.shown[number - 1])
        return True

    def _open(self, level: LevelChoice) -> None:
        self._to_levels(words.OPENING)
        self._opening = self._last = level
        self._wrong = []
        self._say(OpenLevel(pack=level.pack, level=level.level))

    def _answer(self, key: Key) -> None:
        assert self._question is not None
        self._note = ""
        if key == BACK:
            self._step_back()
            return
        self._leaving = False
        number = digit(key)
        if number is not None and 1 <= number <= len(self._question.options):
            self._pick(number - 1)
        elif key == "enter" and self._complete():
            self._give_answer()

    def _step_back(self) -> None:
        if self._leaving:
            self._to_levels()
        elif self._chosen:
            self._chosen = self._chosen[:-1]
        else:
            self._leaving = True

    def _pick(self, option: int) -> None:
        assert self._question is not None
        if self._question.kind in ("single", "true_false"):
            self._chosen = (option,)
            self._give_answer()
        elif option in self._chosen:
            self._chosen = tuple(number for number in self._chosen if number != option)
        else:
            self._chosen = (*self._chosen, option)

    def _complete(self) -> bool:
        assert self._question is not None
        wanted = len(self._question.options) if self._question.kind == "ordering" else 1
        return len(self._chosen) >= wanted

    def _give_answer(self) -> None:
        assert self._question is not None
        chosen = list(self._chosen) if self._question.kind == "ordering" else sorted(self._chosen)
        self._asked = True
        self._say(AnswerQuestion(run=self._question.run, question=self._question.question, chosen=chosen))

    def _after_mark(self, key: Key) -> None:
        assert self._question is not None
        if key == BACK and self._leaving:
            self._to_levels()
            return
        self._leaving = key == BACK
        if key == "enter" and not self._asked:
            self._asked = True
            self._say(NextQuestion(run=self._question.run))

    def _after_level(self, key: Key) -> None:
        if self._reviewed is not None:
            self._review(key, self._reviewed)
        elif key == BACK:
            self._to_levels()
        elif key == "1" and self._last is not None:
            self._open(self._last)
        elif key == "2" and self._wrong:
            self._reviewed = 0

    def _review(self, key: Key, place: int) -> None:
        if key == BACK or (key == "enter" and place + 1 == len(self._wrong)):
            self._reviewed = None
        elif key == "enter":
            self._reviewed = place + 1
