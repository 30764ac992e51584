"""A run of answer to advance: answer, read the explanation, see how it ended, go on to the next one.

The agent draws the questions, judges the answers and counts the lives. This module has only what a person sees and
presses. A run is one through a level, or one through the person's wrong book.
"""

from dataclasses import replace

import msgspec

from kiosk_tui.drawing.picture_shape import can_be_drawn
from kiosk_tui.places.opening import Opening, without_time
from kiosk_tui.places.place import Move
from kiosk_tui.terminal.keys import BACK, Key, digit
from kiosk_tui.views.learning import (
    AT_ONCE,
    BeginView,
    LessonView,
    MarkedView,
    OverView,
    PictureView,
    QuestionView,
    ReviewView,
    Wrong,
)
from kiosk_tui.words import learning as words_learning
from protocol.kiosk import Home, Sorry, ToKiosk
from protocol.kiosk_documents import AskPicture, PictureShown
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenReview,
    QuestionShown,
)
from protocol.kiosk_sound import AskSound

PICTURE_KEY: Key = "8"
"""No question has so many options."""


class LessonKept(msgspec.Struct, frozen=True, omit_defaults=True, tag="lesson"):
    """What a lesson is made from, and made again. The run itself is the agent's, and so are its lives. Its picture
    is asked for again, and so is what can be heard."""

    begun: OpenLevel | OpenReview
    """What the agent was asked to begin."""
    visit: str = ""
    awaited: bool = False
    """No question of it has come yet."""
    refused: str = ""
    """A code, if there is no run."""
    note: str = ""
    question: QuestionShown | None = None
    chosen: tuple[int, ...] = ()
    asked: bool = False
    leaving: bool = False
    enlarged: bool = False
    marked: Marked | None = None
    over: LevelOver | None = None
    wrong: tuple[Wrong, ...] = ()
    reviewed: int | None = None


class Lesson:
    """The place of one run, and of those that follow it by a key."""

    types_digits = False

    def __init__(self, opening: Opening, kept: LessonKept) -> None:
        self._opening = opening
        self._visit = kept.visit
        self._take_up(kept)

    @classmethod
    def begin(cls, opening: Opening, asked: OpenLevel | OpenReview, *, visit: str) -> "Lesson":
        """Ask the agent for a run.

        Args:
            visit: In whose visit it is opened; empty: nobody has said who they are.
        """
        opening.say(asked)
        return cls(opening, LessonKept(begun=asked, visit=visit, awaited=True))

    @classmethod
    def again(cls, kept: LessonKept, opening: Opening) -> "Lesson":
        """Make a lesson that goes on, and ask the agent again for what it was asked for and may not have said."""
        lesson = cls(opening, kept)
        if kept.awaited:
            opening.say(kept.begun)
        elif kept.question is not None:
            lesson._ask_picture(kept.question)
            if kept.marked is None:
                opening.say(AskSound(run=kept.question.run))
            if kept.asked:
                # Both may be asked twice: an answer keeps its first mark, and a question that was not answered comes
                # again.
                opening.say(lesson._next_asked() if kept.marked is not None else lesson._answer_asked())
        return lesson

    def _take_up(self, kept: LessonKept) -> None:
        self._begun, self._awaited, self._refused = kept.begun, kept.awaited, kept.refused
        self._question, self._marked, self._over = kept.question, kept.marked, kept.over
        self._chosen, self._asked, self._leaving = kept.chosen, kept.asked, kept.leaving
        self._wrong, self._reviewed = kept.wrong, kept.reviewed
        self._note, self._enlarged = kept.note, kept.enlarged
        self._picture: bytes | None = None

    def kept(self) -> LessonKept:
        """Return what this lesson is made from again."""
        return LessonKept(
            begun=self._begun,
            visit=self._visit,
            awaited=self._awaited,
            refused=self._refused,
            note=self._note,
            question=self._question,
            chosen=self._chosen,
            asked=self._asked,
            leaving=self._leaving,
            enlarged=self._enlarged,
            marked=self._marked,
            over=self._over,
            wrong=self._wrong,
            reviewed=self._reviewed,
        )

    def _begin_another(self, asked: OpenLevel | OpenReview) -> None:
        self._take_up(LessonKept(begun=asked, awaited=True))
        self._opening.say(asked)

    @property
    def personal(self) -> bool:
        """Whether the run is one person's."""
        return bool(self._visit)

    @property
    def running(self) -> bool:
        """Whether a run has begun and not ended."""
        return (self._question is not None and self._over is None) or self._awaited

    @property
    def _reviews(self) -> bool:
        return isinstance(self._begun, OpenReview)

    def view(self) -> LessonView:
        """Return what is to be shown now."""
        question = self._question
        if question is None:
            return self._not_begun()
        if self._over is not None and self._reviewed is not None:
            return ReviewView(*self._wrong[self._reviewed], self._reviewed + 1, len(self._wrong))
        if self._over is not None:
            pack = words_learning.name(question.title, sample=question.sample)
            title = words_learning.BOOK if self._reviews else f"{pack}·{question.level}"
            return OverView(title, self._over, self._wrong, bool(self._visit), self._opening.today)
        if self._marked is not None:
            return MarkedView(question, self._marked, self._leaving, self._note, self.personal)
        if self._enlarged and self._picture:
            return PictureView(question, self._picture)
        return QuestionView(
            question, self._chosen, self._asked, self._leaving, self._note, self._picture, self.personal
        )

    def _not_begun(self) -> BeginView:
        match self._refused:
            case "":
                return BeginView(self._reviews, "")
            case "enough_today":
                return BeginView(self._reviews, words_learning.sorry(self._refused), "review" if self._visit else "")
            case "nothing_due" | "done_today" | "no_such_level" | "not_here" | "too_late" as reason:
                return BeginView(self._reviews, words_learning.sorry(reason))
            case reason:
                return BeginView(self._reviews, words_learning.sorry(reason), "again")

    def agent_away(self) -> None:
        """End the run without a result and say so."""
        if self.running:
            self._stop("unknown_run")

    def _stop(self, reason: str) -> None:
        self._take_up(LessonKept(begun=self._begun, refused=reason))

    def agent_said(self, message: ToKiosk) -> None:
        """Take a message of the agent; one that belongs to no question of this lesson is ignored."""
        match message:
            case Home():
                self._opening = replace(self._opening, home=without_time(message))
            case QuestionShown():
                self._take_question(message)
            case PictureShown() if self._question is not None:
                if (message.bundle, message.item) == (self._question.pack, self._question.picture):
                    self._picture = message.content if can_be_drawn(message.content) else b""
            case Marked():
                self._take_mark(message)
            case LevelOver():
                if self._question is not None and message.run == self._question.run:
                    self._over, self._asked, self._leaving = message, False, False
            case Sorry():
                self._take_refusal(message)

    def _take_question(self, question: QuestionShown) -> None:
        running = self._question is not None and self._asked and question.run == self._question.run
        if running or self._awaited:
            self._take_up(LessonKept(begun=self._begun, question=question, wrong=self._wrong))
            self._ask_picture(question)

    def _ask_picture(self, question: QuestionShown) -> None:
        if question.picture is not None:
            asked = AskPicture(bundle=question.pack, item=question.picture, version=question.pack_version)
            self._opening.say(asked)

    @property
    def _awaits_picture(self) -> bool:
        return self._question is not None and self._question.picture is not None and self._picture is None

    def _take_refusal(self, sorry: Sorry) -> None:
        if self._awaited:
            if sorry.refuses(type(self._begun)):
                self._stop(sorry.reason)
        elif self._awaits_picture and sorry.asked and sorry.refuses(AskPicture):
            self._picture = b""
        elif self._asked and sorry.refuses(NextQuestion if self._marked is not None else AnswerQuestion):
            if sorry.reason == "unknown_run":
                self._stop(sorry.reason)
            else:
                # The answer was not judged, so the person can give it again.
                self._note, self._asked = words_learning.sorry(sorry.reason), False

    def _take_mark(self, marked: Marked) -> None:
        question = self._question
        # A mark that nobody waits for belongs to an answer that was given before the question went away: it was left or
        # interrupted, or the next level has begun. One of these may still be on their way.
        if not self._asked or question is None:
            return
        if (marked.run, marked.question) == (question.run, question.question):
            self._marked, self._asked, self._note = marked, False, ""
            if not marked.right:
                self._wrong = (*self._wrong, (question, marked))

    def key(self, key: Key) -> Move:
        """Take a key."""
        if self._question is None:
            return self._before_run(key)
        if self._over is not None:
            return self._after_run(key, self.view())
        if self._marked is not None:
            return self._after_mark(key)
        if self._enlarged:
            self._enlarged = False
            return "stay"
        return "stay" if self._asked else self._answer(key, self._question)

    def _before_run(self, key: Key) -> Move:
        view = self.view()
        assert isinstance(view, BeginView)
        if key == "1" and view.offers:
            self._begin_another(self._begun if view.offers == "again" else OpenReview(visit=self._visit))
        return "leave" if key == BACK else "stay"

    def _answer(self, key: Key, question: QuestionShown) -> Move:
        self._note = ""
        if key == BACK:
            # Back takes back one choice at a time. With nothing left to take back it asks, and then leaves the run.
            if self._leaving:
                return "leave"
            self._leaving = not self._chosen
            self._chosen = self._chosen[:-1]
            return "stay"
        self._leaving = False
        number = digit(key)
        if number is not None and 1 <= number <= len(question.options):
            self._pick(number - 1, question)
        elif key == "enter":
            # An order is an answer only with every option in it; a choice of several needs one at least.
            least = len(question.options) if question.kind == "ordering" else 1
            if len(self._chosen) >= least:
                self._give_answer()
            else:
                self._note = words_learning.CHOOSE_ALL if self._chosen else words_learning.CHOOSE_FIRST
        elif key == PICTURE_KEY and self._picture:
            self._enlarged = True
        return "stay"

    def _pick(self, option: int, question: QuestionShown) -> None:
        # With one right answer the number itself answers: a second key for Enter would only be a key more.
        if question.kind in ("single", "true_false"):
            self._chosen = (option,)
            self._give_answer()
        elif option in self._chosen:
            self._chosen = tuple(number for number in self._chosen if number != option)
        else:
            self._chosen = (*self._chosen, option)

    def _give_answer(self) -> None:
        self._asked = True
        self._opening.say(self._answer_asked())

    def _answer_asked(self) -> AnswerQuestion:
        assert self._question is not None
        chosen = list(self._chosen) if self._question.kind == "ordering" else sorted(self._chosen)
        return AnswerQuestion(run=self._question.run, question=self._question.question, chosen=chosen)

    def _next_asked(self) -> NextQuestion:
        assert self._question is not None
        return NextQuestion(run=self._question.run)

    def take_note(self, note: str) -> bool:
        """Say a sentence beside the question, or above its explanation, until the next key; return False where neither
        stands here."""
        if self._question is None or self._over is not None:
            return False
        self._note, self._leaving, self._enlarged = note, False, False
        return True

    def _after_mark(self, key: Key) -> Move:
        self._note = ""
        if key == BACK and self._leaving:
            return "leave"
        self._leaving = key == BACK
        if key == "enter" and not self._asked:
            self._asked = True
            self._opening.say(self._next_asked())
        return "stay"

    def _following(self, view: OverView) -> OpenLevel | OpenReview:
        """Return what 1 asks for at the end of a run."""
        if view.first == "review":
            return OpenReview(visit=self._visit)
        if view.first == "next" and view.over.next is not None:
            return OpenLevel(pack=view.over.next.pack, level=view.over.next.level)
        return self._begun

    def _after_run(self, key: Key, view: LessonView) -> Move:
        if self._reviewed is not None:
            last = self._reviewed + 1 == len(self._wrong)
            if key == BACK or (key == "enter" and last):
                self._reviewed = None
            elif key == "enter":
                self._reviewed += 1
            return "stay"
        assert isinstance(view, OverView)
        if key == "1" and view.first:
            self._begin_another(self._following(view))
        elif key == "2" and view.more_wrong:
            self._reviewed = AT_ONCE
        return "leave" if key == BACK else "stay"
