"""Answer to advance: people go through levels and their wrong books, and each answer is a fact before it is graded.

A run that was opened in a visit is its person's: the facts say so (``by``), what is learnt is theirs, and it ends with
the visit. Every other run is anonymous; the best stars of these are the station's, and are kept on disk.
"""

import logging
from collections.abc import Iterable
from random import Random

from msgspec import structs

from agent.clocking.desk import KioskScreens
from agent.kiosk.library import Library
from agent.kiosk.progress import Learnt, PersonalProgress
from agent.kiosk.questions_here import QuestionsHere
from agent.kiosk.runs import Asked, Run, asked_of, drawn
from agent.kiosk.sound import OpenQuestion
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from agent.shelf.question_set import QuestionSet
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from protocol.facts import Attempt, LevelEnded
from protocol.facts_learning import LearningMode
from protocol.kiosk import refusal
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelChoice,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenReview,
)
from protocol.packs import LevelHead, PackHead, Question
from protocol.progress import LEVELS_A_DAY, REVIEWS_A_DAY, Due, QuestionName, due_now
from protocol.refusal import Refused

log = logging.getLogger(__name__)

MAX_RUNS = 8
MOST_TOOK_MS = 86_400_000
"""The longest time that a fact tells (`protocol.facts_learning`). Somebody who comes back after it took a day."""


class Learning:
    """The runs at this station."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        state: StateStore,
        twin: Twin,
        library: Library,
        screens: KioskScreens,
        visits: Visits,
        progress: PersonalProgress,
        random: Random,
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "stars", dict[str, int], title="the list of stars")
        self._twin = twin
        self._library = library
        self._screens = screens
        self._visits = visits
        self._progress = progress
        self._random = random
        self._questions_here = QuestionsHere()
        self._runs: dict[bytes, Run] = {}
        self._stars = self._slot.read() or {}
        visits.on_end(self.visit_ended)

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {
            OpenLevel: self.open_level,
            OpenReview: self.open_review,
            AnswerQuestion: self.answer_question,
            NextQuestion: self.next_question,
        }

    def packs(self, visit: Visit | None) -> list[QuestionSet]:
        """Return the packs that the person of a visit, or somebody without one, can play."""
        type_ = self._twin.type_of(visit.person) if visit is not None else ""
        return [pack for pack in self._library.packs() if pack.is_for(type_)]

    def levels(self, pack: PackHead, learnt: Learnt | None) -> list[LevelChoice]:
        """Return the levels of a pack with a person's stars, or the station's. The first is open, and each one after a
        passed one."""
        stars = [self._stars_of(pack, level, learnt) for level in pack.levels]
        return [
            LevelChoice(
                pack=pack.id,
                level=level.id,
                title=pack.title,
                name=level.name,
                sample=pack.sample,
                best_stars=stars[place],
                open=place == 0 or stars[place - 1] > 0,
            )
            for place, level in enumerate(pack.levels)
        ]

    def _stars_of(self, pack: PackHead, level: LevelHead, learnt: Learnt | None) -> int:
        if learnt is not None:
            return learnt.stars(pack.id, level.id)
        return min(3, max(0, self._stars.get(f"{pack.id}/{level.id}", 0)))

    def learnt(self, visit: Visit | None) -> Learnt | None:
        """Return what the person of a visit has learnt; None without a visit."""
        return self._progress.learnt(visit.person) if visit is not None else None

    def levels_left(self, visit: Visit | None) -> int | None:
        """Return how many levels the person of a visit can still end today; None without a visit.

        A level that the same person has begun at another kiosk counts as ended.
        """
        if visit is None:
            return None
        begun = sum(run.mode == "level" for run in self._elsewhere(visit))
        return max(0, LEVELS_A_DAY - self._progress.levels_ended_today(visit.person) - begun)

    def _elsewhere(self, visit: Visit) -> list[Run]:
        """Return the runs that the person of a visit goes through at other kiosks at the same time."""
        return [
            run
            for run in self._runs.values()
            if run.visit is not None and run.visit is not visit and run.visit.person == visit.person and not run.over
        ]

    def shown_of(self, visit: Visit, book: Iterable[Due]) -> list[Due]:
        """Return the questions of a person's wrong book that a pack here has, for whoever the person is."""
        listed = list(book)
        here = self._questions_here.among(self.packs(visit), (one.question for one in listed))
        return [one for one in listed if one.question in here]

    def due(self, visit: Visit, book: list[Due]) -> list[QuestionName]:
        """Return what a review shows now of a person's wrong book, without what another kiosk asks them already."""
        asked = {
            (one.pack.id, one.question.id)
            for run in self._elsewhere(visit)
            if run.mode == "review"
            for one in run.to_come
        }
        reviewed = self._progress.reviewed_today(visit.person) + len(asked)
        return due_now([one for one in book if one.question not in asked], self._progress.today(), reviewed=reviewed)

    def _due_of(self, visit: Visit) -> list[QuestionName]:
        return self.due(visit, self.shown_of(visit, self._progress.learnt(visit.person).book()))

    def rested(self, visit: Visit) -> bool:
        """Tell whether the person has done today's reviews."""
        return self._progress.reviewed_today(visit.person) >= REVIEWS_A_DAY

    def visit_ended(self, visit: Visit) -> None:
        """Drop the runs of a visit, and keep what its person has learnt."""
        self._runs = {name: run for name, run in self._runs.items() if run.visit is not visit}
        self._progress.keep(visit.person)

    def open_level(self, kiosk: int, asked: OpenLevel) -> None:
        """Begin a run through a level and show its first question."""
        visit = self._visits.at(kiosk)
        pack = next((one for one in self.packs(visit) if one.id == asked.pack), None)
        levels = self.levels(pack.head, self.learnt(visit)) if pack is not None else []
        chosen = next((one for one in levels if one.level == asked.level), None)
        # A kiosk may ask for a level that it was not offered.
        if pack is None or chosen is None or not chosen.open:
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        if visit is not None and self.levels_left(visit) == 0:
            self._screens.answer(kiosk, refusal(asked, "enough_today" if self._due_of(visit) else "done_today"))
            return
        try:
            level = pack.read_level(asked.level)
        except (OSError, Refused) as error:
            log.warning("pack %s can't be read: %s", pack.id, error)
            self._screens.answer(kiosk, refusal(asked, "no_such_level"))
            return
        run = self._run_of(visit, drawn(pack.head, level, random=self._random), "level")
        run.first = chosen.best_stars == 0
        self._begin(kiosk, run)

    def open_review(self, kiosk: int, asked: OpenReview) -> None:
        """Begin a review of what is due, and show its first question."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        due = self._due_of(visit)
        found = self._find(due)
        questions = [asked_of(*found[one], random=self._random) for one in due if one in found]
        if not questions:
            self._screens.answer(kiosk, refusal(asked, "nothing_due" if self.levels_left(visit) else "done_today"))
            return
        visit.note("learning")
        self._begin(kiosk, self._run_of(visit, questions, "review"))

    def _find(self, names: Iterable[QuestionName]) -> dict[QuestionName, tuple[PackHead, LevelHead, Question]]:
        """Read questions of several packs, each pack once. One that its pack no longer has is left out."""
        wanted: dict[str, set[str]] = {}
        for pack, question in names:
            wanted.setdefault(pack, set()).add(question)
        found: dict[QuestionName, tuple[PackHead, LevelHead, Question]] = {}
        for name, questions in wanted.items():
            there = self._library.find(name)
            if there is None:
                continue
            try:
                read = there.find_questions(questions)
            except (OSError, Refused) as error:
                log.warning("pack %s can't be read: %s", name, error)
                continue
            found |= {(name, one): (there.head, *of) for one, of in read.items()}
        return found

    def _run_of(self, visit: Visit | None, asked: list[Asked], mode: LearningMode) -> Run:
        now = self._clock.mono_ms()
        return Run(asked=asked, mode=mode, visit=visit, began_ms=now, shown_ms=now)

    def _begin(self, kiosk: int, run: Run) -> None:
        # A kiosk shows one run of a visit, so that an earlier one was left.
        if run.visit is not None:
            self._runs = {name: one for name, one in self._runs.items() if one.visit is not run.visit}
        # The oldest run of nobody goes, because somebody has probably walked away from it; a person's ends by itself.
        while len(self._runs) >= MAX_RUNS:
            nobodys = (name for name, one in self._runs.items() if one.visit is None)
            del self._runs[next(nobodys, next(iter(self._runs)))]
        self._runs[run.id] = run
        self._screens.answer(kiosk, run.shown())

    def answer_question(self, kiosk: int, answer: AnswerQuestion) -> None:
        """Record an answer, then grade it. If the same question is answered again, the first grading is shown again."""
        run = self._run(kiosk, answer.run)
        if run is None:
            self._screens.answer(kiosk, refusal(answer, "unknown_run"))
            return
        # An answer to an earlier question must not count for this one.
        if answer.question != run.now.question.id or max(answer.chosen) >= len(run.now.order):
            self._screens.answer(kiosk, refusal(answer, "malformed"))
            return
        if run.graded is None:
            marked = run.marked(answer.chosen)
            # Recorded before it is shown: nobody must see a grading that the record lacks.
            if not self._record(run, marked):
                self._screens.answer(kiosk, refusal(answer, "not_recorded"))
                return
            run.take(marked)
            if run.stars and run.visit is None:
                self._keep_stars(run)
        if run.graded is not None:
            self._screens.answer(kiosk, run.graded)

    def _keep_stars(self, run: Run) -> None:
        name = f"{run.now.pack.id}/{run.now.level.id}"
        if run.stars > self._stars.get(name, 0):
            self._stars[name] = run.stars
            self._slot.keep(self._stars)

    def _record(self, run: Run, marked: Marked) -> bool:
        at, mono_ms = self._clock.now(), self._clock.mono_ms()
        by = run.visit.by if run.visit is not None else None
        asked = run.now
        attempt = Attempt(
            at=at,
            run=run.id,
            pack=asked.pack.id,
            pack_version=asked.pack.version,
            level=asked.level.id,
            question=asked.question.id,
            chosen=asked.as_in_pack(marked.chosen),
            right=marked.right,
            lives_left=marked.lives,
            by=by,
            took_ms=min(mono_ms - run.shown_ms, MOST_TOOK_MS),
            mode=run.mode,
        )
        end = LevelEnded(
            at=at,
            run=run.id,
            pack=asked.pack.id,
            pack_version=asked.pack.version,
            level=asked.level.id,
            passed=marked.lives > 0,
            stars=marked.lives,
            by=by,
            took_ms=min(mono_ms - run.began_ms, MOST_TOOK_MS),
        )
        ends = run.mode == "level" and (marked.lives == 0 or run.place == len(run.asked) - 1)
        facts: list[Attempt | LevelEnded] = [attempt, end] if ends else [attempt]
        try:
            refs = self._fact_writer.commit(*facts)
        except StorageError as error:
            log.error("an answer was not recorded: %s", error)
            return False
        if run.visit is not None:
            for ref, fact in zip(refs, facts, strict=True):
                self._progress.recorded(run.visit.person, ref, fact)
        return True

    def next_question(self, kiosk: int, asked: NextQuestion) -> None:
        """Go on after a graded answer; before that, show the same question again."""
        run = self._run(kiosk, asked.run)
        if run is None:
            self._screens.answer(kiosk, refusal(asked, "unknown_run"))
        elif run.over:
            del self._runs[run.id]
            self._screens.answer(kiosk, self._over(run))
        else:
            if run.graded is not None:
                run.go_on(self._clock.mono_ms())
            self._screens.answer(kiosk, run.shown())

    def _over(self, run: Run) -> LevelOver:
        learnt = self.learnt(run.visit)
        book = learnt.book() if learnt is not None else []
        days = [one.day for one in book if one.question in run.wrong and one.day is not None]
        over = LevelOver(
            run=run.id.hex(),
            passed=run.lives > 0,
            stars=run.stars,
            right=run.right,
            of=len(run.asked),
            mode=run.mode,
            back=min(days).isoformat() if days else None,
            left=len(self.due(run.visit, self.shown_of(run.visit, book))) if run.visit is not None else 0,
            levels_left=self.levels_left(run.visit),
        )
        if run.mode == "review":
            return over
        levels = self.levels(run.now.pack, learnt)
        place = next(number for number, level in enumerate(levels) if level.level == run.now.level.id)
        following = levels[place + 1] if place + 1 < len(levels) else None
        return structs.replace(
            over,
            next=following if following is not None and following.open else None,
            complete=over.passed and run.first and all(level.best_stars for level in levels),
        )

    def questions(self, names: Iterable[QuestionName]) -> dict[QuestionName, tuple[PackHead, Question]]:
        """Return questions of packs that are here, each with its pack."""
        return {name: (pack, question) for name, (pack, _, question) in self._find(names).items()}

    def open_question(self, kiosk: int, run: str) -> OpenQuestion | None:
        """Return the question of a run that is open at a kiosk, as it is shown there; None if there is none."""
        found = self._run(kiosk, run)
        if found is None:
            return None
        asked = found.now
        options = [asked.question.options[number] for number in asked.order]
        return OpenQuestion(asked.pack.id, asked.pack.version, asked.question, options)

    def _run(self, kiosk: int, name: str) -> Run | None:
        try:
            run = self._runs.get(bytes.fromhex(name))
        except ValueError:
            return None
        # A person's run is nobody else's at another kiosk.
        return run if run is None or run.visit is None or run.visit is self._visits.at(kiosk) else None
