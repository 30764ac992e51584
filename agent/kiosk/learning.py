"""The quiz: people go through a level, and each answer is a fact before it is graded.

A run is in memory only and ends with the agent; the best stars of a level are kept on disk. A run that was opened in a
visit is its person's: the facts say so (``by``), the stars are theirs, and it ends with the visit. Every other run is
anonymous, and its stars are the station's. Options are shuffled on the screen; facts name the pack's own option
numbers.
"""

import logging
import secrets
from collections.abc import Mapping
from random import Random

from msgspec import Struct

from agent.clocking.desk import KioskScreens
from agent.kiosk.library import Library
from agent.kiosk.progress import PersonalProgress
from agent.kiosk.sound import OpenQuestion
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.facts import Attempt, Fact, LevelEnded
from protocol.kiosk import refusal
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
MOST_TOOK_MS = 86_400_000
"""The longest time that a fact tells (`protocol.facts_learning`). Somebody who comes back after it took a day."""


class _Asked(Struct, frozen=True):
    """A question with its options in the order shown: ``order[i]`` is the pack's number of the option shown at
    ``i``."""

    question: Question
    order: list[int]

    def as_shown(self, numbers: list[int]) -> list[int]:
        return [self.order.index(number) for number in numbers]


class _Run(Struct):
    id: bytes
    pack: PackHead
    level: LevelHead
    asked: list[_Asked]
    visit: Visit | None
    """The visit in which it was opened; None if nobody has said who they are."""
    began_ms: int
    """When its first question was shown, by the monotonic clock."""
    shown_ms: int
    """When the question that is open was shown for the first time."""
    place: int = 0
    lives: int = LIVES
    right: int = 0
    graded: Marked | None = None

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
        visits: Visits,
        progress: PersonalProgress,
        random: Random,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "stars", dict[str, int], title="the list of stars")
        self._library = library
        self._screens = screens
        self._visits = visits
        self._progress = progress
        self._random = random
        self._runs: dict[bytes, _Run] = {}
        self._stars = self._slot.read() or {}
        visits.on_end(self.visit_ended)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenLevel: self.open_level, AnswerQuestion: self.answer_question, NextQuestion: self.next_question}

    def levels(self, person: str = "") -> list[LevelChoice]:
        """Return the levels that a person, or anybody, can play now, with the person's or the station's best stars.

        These are the first level of each pack, and each one after a passed one.
        """
        stars = self._progress.stars(person) if person else self._stars
        return [
            LevelChoice(
                pack=pack.id,
                level=level.id,
                title=pack.title,
                name=level.name,
                sample=pack.sample,
                best_stars=_best(stars, pack, level),
            )
            for pack in (one.head for one in self._library.packs())
            for place, level in enumerate(pack.levels)
            if place == 0 or _best(stars, pack, pack.levels[place - 1]) > 0
        ]

    def visit_ended(self, visit: Visit) -> None:
        """Drop the runs of a visit."""
        self._runs = {name: run for name, run in self._runs.items() if run.visit is not visit}

    def open_level(self, kiosk: int, asked: OpenLevel) -> None:
        """Begin a run and show its first question."""
        pack = self._library.find(asked.pack)
        visit = self._visits.at(kiosk)
        # A kiosk may ask for a level that it was not offered.
        playable = {(choice.pack, choice.level) for choice in self.levels(visit.person if visit else "")}
        if pack is None or (asked.pack, asked.level) not in playable:
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        try:
            level = pack.read_level(asked.level)
        except (OSError, Refused) as error:
            log.warning("pack %s can't be read: %s", pack.id, error)
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        questions = []
        for question in self._random.sample(level.questions, level.draw):
            shown = list(range(len(question.options)))
            if question.kind != "true_false":
                self._random.shuffle(shown)
            questions.append(_Asked(question=question, order=shown))
        shown_level = LevelHead(id=level.id, name=level.name)
        now = self._clock.mono_ms()
        run = _Run(
            id=secrets.token_bytes(8),
            pack=pack.head,
            level=shown_level,
            asked=questions,
            visit=visit,
            began_ms=now,
            shown_ms=now,
        )
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
        run = self._run(kiosk, answer.run)
        if run is None:
            self._screens.answer(kiosk, refusal(answer, "unknown_run"))
            return
        asked = run.asked[run.place]
        # An answer to an earlier question must not count for this one.
        if answer.question != asked.question.id or max(answer.chosen) >= len(asked.order):
            self._screens.answer(kiosk, refusal(answer, "malformed"))
            return
        if run.graded is None:
            chosen = [asked.order[number] for number in answer.chosen]
            right = is_right(asked.question, chosen)
            lives = run.lives if right else run.lives - 1
            ended = lives == 0 or run.place == len(run.asked) - 1
            # Recorded before it is shown: nobody must see a grading that the record lacks.
            if not self._record(run, asked.question, chosen, right=right, lives=lives, ended=ended):
                self._screens.answer(kiosk, refusal(answer, "not_recorded"))
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
            if ended:
                self._keep_stars(run)
        self._screens.answer(kiosk, run.graded)

    def _keep_stars(self, run: _Run) -> None:
        if run.visit is not None:
            self._progress.reached(run.visit.person, run.pack.id, run.level.id, run.stars)
        elif run.stars > _best(self._stars, run.pack, run.level):
            self._stars[f"{run.pack.id}/{run.level.id}"] = run.stars
            self._slot.keep(self._stars)

    def _record(
        self, run: _Run, question: Question, chosen: list[int], *, right: bool, lives: int, ended: bool
    ) -> bool:
        at, mono_ms = self._clock.now(), self._clock.mono_ms()
        by = run.visit.by if run.visit is not None else None
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
            by=by,
            took_ms=min(mono_ms - run.shown_ms, MOST_TOOK_MS),
        )
        end = LevelEnded(
            at=at,
            run=run.id,
            pack=run.pack.id,
            pack_version=run.pack.version,
            level=run.level.id,
            passed=lives > 0,
            stars=lives,
            by=by,
            took_ms=min(mono_ms - run.began_ms, MOST_TOOK_MS),
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
        run = self._run(kiosk, asked.run)
        if run is None:
            self._screens.answer(kiosk, refusal(asked, "unknown_run"))
        elif run.over:
            del self._runs[run.id]
            over = LevelOver(run=asked.run, passed=run.lives > 0, stars=run.stars, right=run.right, of=len(run.asked))
            self._screens.answer(kiosk, over)
        else:
            if run.graded is not None:
                run.place, run.graded, run.shown_ms = run.place + 1, None, self._clock.mono_ms()
            self._show_question(kiosk, run)

    def open_question(self, kiosk: int, run: str) -> OpenQuestion | None:
        """Return the question of a run that is open at a kiosk, as it is shown there; None if there is none."""
        found = self._run(kiosk, run)
        if found is None:
            return None
        asked = found.asked[found.place]
        return OpenQuestion(found.pack.id, asked.question, [asked.question.options[number] for number in asked.order])

    def _run(self, kiosk: int, name: str) -> _Run | None:
        try:
            run = self._runs.get(bytes.fromhex(name))
        except ValueError:
            return None
        # A person's run is nobody else's at another kiosk.
        return run if run is None or run.visit is None or run.visit is self._visits.at(kiosk) else None


def _best(stars: Mapping[str, int], pack: PackHead, level: LevelHead) -> int:
    return min(3, max(0, stars.get(f"{pack.id}/{level.id}", 0)))
