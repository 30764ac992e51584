"""Somebody who learns at a real agent: a kiosk without a screen that stays connected, and measures each answer."""

import random
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from protocol.kiosk import ToAgent, ToKiosk, TouchShown, decode_from_agent, encode_line
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelOver,
    MapShown,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenMap,
    OpenPack,
    PackShown,
    QuestionShown,
)
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown
from protocol.packs import Pack
from tests.benchmarks.stage.touching import Touching

_ANSWER_S = 20
_RIGHT = 0.8
"""The share of right answers, so that most levels are passed and some end early."""


class Player:
    """One kiosk. Times are in milliseconds, from writing a message until its answer was read."""

    def __init__(self, agent: Path, *, right: dict[str, list[str]], chance: random.Random) -> None:
        """Connect.

        Args:
            right: The right options of each question by its stem; of other questions the first one is tried.
        """
        self._right = right
        self._chance = chance
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_S)
        self._socket.connect(str(agent))
        self._file = self._socket.makefile("rb")
        self.map_ms: list[float] = []
        self.opened_ms: list[float] = []
        self.graded_ms: list[float] = []

    def close(self) -> None:
        """Leave."""
        self._file.close()
        self._socket.close()

    def wait_for[T: ToKiosk](self, *kinds: type[T]) -> T:
        """Return the next message of one of some kinds.

        Raises:
            ConnectionResetError: The agent is gone.
            TimeoutError: None came.
        """
        for line in self._file:
            if isinstance(said := decode_from_agent(line), kinds):
                return said
        raise ConnectionResetError("the agent is gone")

    def ask[T: ToKiosk](self, asked: ToAgent, *kinds: type[T]) -> tuple[T, float]:
        """Say something, and return its answer and how long that took."""
        begun = time.monotonic_ns()
        self._socket.sendall(encode_line(asked))
        answer = self.wait_for(*kinds)
        return answer, (time.monotonic_ns() - begun) / 1e6

    @contextmanager
    def visit(self, hand: Touching, uid: str) -> Iterator[str]:
        """Touch a card and be its person for as long as the context lasts."""
        hand.touch(uid)
        touched = self.wait_for(TouchShown)
        visit, _ = self.ask(OpenVisit(visit=touched.visit), VisitShown)
        yield visit.visit
        self.ask(EndVisit(visit=visit.visit), VisitShown)

    def map(self, visit: str = "") -> list[str]:
        """Look at every page of the map, and return the packs."""
        found: list[str] = []
        page, pages = 0, 1
        while page < pages:
            shown, took = self.ask(OpenMap(visit=visit, page=page), MapShown)
            self.map_ms.append(took)
            found += [line.pack for line in shown.packs]
            page, pages = page + 1, shown.pages
        return found

    def play(self, pack: str, visit: str = "") -> int:
        """Go through a random level of a pack that is open; return how many questions were answered."""
        shown, _ = self.ask(OpenPack(visit=visit, pack=pack), PackShown)
        level = self._chance.choice([one.level for one in shown.levels if one.open])
        opened, took = self.ask(OpenLevel(pack=pack, level=level), QuestionShown)
        self.opened_ms.append(took)
        shown_now: QuestionShown | LevelOver = opened
        answered = 0
        while isinstance(shown_now, QuestionShown):
            answer = AnswerQuestion(run=shown_now.run, question=shown_now.question, chosen=self._chosen(shown_now))
            _, took = self.ask(answer, Marked)
            self.graded_ms.append(took)
            answered += 1
            shown_now, _ = self.ask(NextQuestion(run=shown_now.run), QuestionShown, LevelOver)
        return answered

    def _chosen(self, question: QuestionShown) -> list[int]:
        right = [question.options.index(text) for text in self._right.get(question.stem, question.options[:1])]
        if self._chance.random() < _RIGHT:
            return right
        return right[::-1] if question.kind == "ordering" else [(right[0] + 1) % len(question.options)]


def right_answers(packs: Iterable[Pack]) -> dict[str, list[str]]:
    """Return the right options of all questions, by stem."""
    return {
        question.stem: [question.options[place] for place in question.answer]
        for pack in packs
        for level in pack.levels
        for question in level.questions
    }
