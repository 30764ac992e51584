"""The quiz: people go through a level, and each answer is a fact before it is graded.

A run is in memory only and ends with the agent; the best stars of a level are kept on disk. Options are shuffled on the
screen; facts name the pack's own option numbers.
"""

import logging
import secrets
from dataclasses import dataclass, field
from random import Random

from agent.clocking.desk import KioskScreens
from agent.kiosk.library import Library
from agent.kiosk.table import Rows
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import Attempt, Fact, LevelEnded
from protocol.kiosk import Sorry
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    QuestionShown,
)
from protocol.packs import LIVES, LevelHead, PackHead, Question, is_right
from protocol.refusal import Refused

log = logging.getLogger(__name__)

MAX_RUNS = 8


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question with its options in the order shown: ``order[i]`` is the pack's number of the option shown at
    ``i``."""

    question: Question
    order: list[int]

    def as_shown(self, numbers: list[int]) -> list[int]:
        return [self.order.index(number) for number in numbers]


@dataclass(slots=True)
class _Run:
    id: bytes
    pack: PackHead
    level: LevelHead
    asked: list[_Asked]
    place: int = 0
    lives: int = LIVES
    right: int = 0
    graded: Marked | None = field(default=None)

    @property
    def over(self) -> bool:
        return self.lives == 0 or (self.place == len(self.asked) - 1 and self.graded is not None)

    @property
    def stars(self) -> int:
        # A star for each life that is left.
        return self.lives if self.over else 0


class Learning:
    """The runs through the station's levels."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        state: StateStore,
        library: Library,
        screens: KioskScreens,
        random: Random,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "stars", dict[str, int], title="the list of stars")
        self._library = library
        self._screens = screens
        self._random = random
        self._runs: dict[bytes, _Run] = {}
        self._stars = self._slot.read() or {}

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenLevel: self.open_level, AnswerQuestion: self.answer_question, NextQuestion: self.next_question}

    def levels(self) -> list[LevelChoice]:
        """Return the levels that can be played now: the first one of each pack, and each one after a passed one."""
        return [
            LevelChoice(
                pack=pack.id,
                level=level.id,
                title=pack.title,
                name=level.name,
                sample=pack.sample,
                best_stars=self._best(pack, level),
            )
            for pack in (one.head for one in self._library.packs())
            for place, level in enumerate(pack.levels)
            if place == 0 or self._best(pack, pack.levels[place - 1]) > 0
        ]

    def _best(self, pack: PackHead, level: LevelHead) -> int:
        return min(3, max(0, self._stars.get(f"{pack.id}/{level.id}", 0)))

    def open_level(self, kiosk: int, asked: OpenLevel) -> None:
        """Begin a run and show its first question."""
        pack = self._library.find(asked.pack)
        # A kiosk may ask for a level that it was not offered.
        playable = {(choice.pack, choice.level) for choice in self.levels()}
        if pack is None or (asked.pack, asked.level) not in playable:
            self._screens.answer(kiosk, Sorry(reason="no_such_level"))
            return
        try:
            level = pack.read_level(asked.level)
        except (OSError, Refused) as error:
            log.warning("pack %s can't be read: %s", pack.id, error)
            self._screens.answer(kiosk, Sorry(reason="no_such_level"))
            return
        questions = []
        for question in self._random.sample(level.questions, level.draw):
            shown = list(range(len(question.options)))
            if question.kind != "true_false":
                self._random.shuffle(shown)
            questions.append(_Asked(question=question, order=shown))
        shown_level = LevelHead(id=level.id, name=level.name)
        run = _Run(id=secrets.token_bytes(8), pack=pack.head, level=shown_level, asked=questions)
        # The oldest run goes, because somebody has probably walked away from it.
        while len(self._runs) >= MAX_RUNS:
            del self._runs[next(iter(self._runs))]
        self._runs[run.id] = run
        self._show_question(kiosk, run)

    def _show_question(self, kiosk: int, run: _Run) -> None:
        asked = run.asked[run.place]
        question = asked.question
        self._screens.answer(
            kiosk,
            QuestionShown(
                run=run.id.hex(),
                title=run.pack.title,
                level=run.level.name,
                sample=run.pack.sample,
                number=run.place + 1,
                of=len(run.asked),
                lives=run.lives,
                kind=question.kind,
                question=question.id,
                stem=question.stem,
                options=[question.options[number] for number in asked.order],
            ),
        )

    def answer_question(self, kiosk: int, answer: AnswerQuestion) -> None:
        """Record an answer, then grade it. If the same question is answered again, the first grading is shown again."""
        run = self._run(answer.run)
        if run is None:
            self._screens.answer(kiosk, Sorry(reason="unknown_run"))
            return
        asked = run.asked[run.place]
        # An answer to an earlier question must not count for this one.
        if answer.question != asked.question.id or max(answer.chosen) >= len(asked.order):
            self._screens.answer(kiosk, Sorry(reason="malformed"))
            return
        if run.graded is None:
            chosen = [asked.order[number] for number in answer.chosen]
            right = is_right(asked.question, chosen)
            lives = run.lives if right else run.lives - 1
            ended = lives == 0 or run.place == len(run.asked) - 1
            # Recorded before it is shown: nobody must see a grading that the record lacks.
            if not self._record(run, asked.question, chosen, right=right, lives=lives, ended=ended):
                self._screens.answer(kiosk, Sorry(reason="not_recorded"))
                return
            run.lives = lives
            run.right += right
            run.graded = Marked(
                run=run.id.hex(),
                question=asked.question.id,
                right=right,
                chosen=answer.chosen,
                answer=asked.as_shown(asked.question.answer),
                explanation=asked.question.explanation,
                source=asked.question.source,
                lives=lives,
            )
            if ended and run.stars > self._best(run.pack, run.level):
                self._stars[f"{run.pack.id}/{run.level.id}"] = run.stars
                self._slot.keep(self._stars)
        self._screens.answer(kiosk, run.graded)

    def _record(
        self, run: _Run, question: Question, chosen: list[int], *, right: bool, lives: int, ended: bool
    ) -> bool:
        at = self._clock.now()
        attempt = Attempt(
            at=at,
            run=run.id,
            pack=run.pack.id,
            pack_version=run.pack.version,
            level=run.level.id,
            question=question.id,
            chosen=chosen,
            right=right,
            lives_left=lives,
        )
        end = LevelEnded(
            at=at,
            run=run.id,
            pack=run.pack.id,
            pack_version=run.pack.version,
            level=run.level.id,
            passed=lives > 0,
            stars=lives,
        )
        facts: list[Fact] = [attempt, end] if ended else [attempt]
        try:
            self._fact_writer.commit(*facts)
        except StorageError as error:
            log.error("an answer was not recorded: %s", error)
            return False
        return True

    def next_question(self, kiosk: int, asked: NextQuestion) -> None:
        """Go on after a graded answer; before that, show the same question again."""
        run = self._run(asked.run)
        if run is None:
            self._screens.answer(kiosk, Sorry(reason="unknown_run"))
        elif run.over:
            del self._runs[run.id]
            over = LevelOver(run=asked.run, passed=run.lives > 0, stars=run.stars, right=run.right, of=len(run.asked))
            self._screens.answer(kiosk, over)
        else:
            if run.graded is not None:
                run.place, run.graded = run.place + 1, None
            self._show_question(kiosk, run)

    def _run(self, name: str) -> _Run | None:
        try:
            return self._runs.get(bytes.fromhex(name))
        except ValueError:
            return None
