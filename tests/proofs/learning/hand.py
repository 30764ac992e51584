"""A scripted kiosk at a station's socket: it opens visits and answers, where many answers are wanted and no screen is
looked at.

Of several kiosks only the one in front is offered visits. So no kiosk with a screen may run meanwhile.
"""

import socket
import time
from random import Random

from firmware_scripts.demo.station import DemoStation
from protocol.kiosk import Home, Sorry, ToAgent, ToKiosk, TouchShown, decode_from_agent, encode_line
from protocol.kiosk_learning import (
    AnswerQuestion,
    LevelOver,
    Marked,
    NextQuestion,
    OpenLevel,
    OpenReview,
    QuestionShown,
)
from protocol.kiosk_visits import EndVisit, OpenVisit, VisitShown

_ANSWER_S = 30.0
WALKS_AWAY = 0.04


class Hand:
    """One connection of a scripted kiosk. A context manager."""

    def __init__(self, station: DemoStation) -> None:
        self._station = station
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER_S)
        self._socket.connect(str(station.kiosk_socket))
        self._lines = self._socket.makefile("rb")
        self._visit = ""
        # What is shown to all does not reach a kiosk that has no home screen yet.
        self._hear(Home)

    def __enter__(self) -> "Hand":
        return self

    def __exit__(self, *problem: object) -> None:
        self._lines.close()
        self._socket.close()

    def open_visit(self, uid: str) -> bool:
        """Touch a card and open its visit; False: the touch offered none.

        Raises:
            OSError: The agent is gone or silent.
        """
        if not self._station.touch(uid):
            raise ConnectionResetError
        shown = self._hear(TouchShown)
        assert isinstance(shown, TouchShown)
        if not shown.visit:
            return False
        visit = self._ask(OpenVisit(visit=shown.visit), VisitShown, Sorry)
        self._visit = visit.visit if isinstance(visit, VisitShown) else ""
        return bool(self._visit)

    def end_visit(self) -> None:
        """Leave."""
        self._ask(EndVisit(visit=self._visit), VisitShown)

    def play_level(self, random: Random, pack: str, level: str, *, at_most: int | None = None) -> int:
        """Play a level as chance has it; return how many answers were given.

        Args:
            at_most: So many answers are given; then the person stands there.

        Raises:
            OSError: The agent is gone or silent.
        """
        return self._play(random, self._ask(OpenLevel(pack=pack, level=level), QuestionShown, Sorry), at_most)

    def review(self, random: Random) -> int:
        """Answer what the wrong book asks; return how many answers were given.

        Raises:
            OSError: The agent is gone or silent.
        """
        return self._play(random, self._ask(OpenReview(visit=self._visit), QuestionShown, Sorry), None)

    def _play(self, random: Random, shown: ToKiosk, at_most: int | None) -> int:
        given = 0
        while isinstance(shown, QuestionShown) and random.random() >= WALKS_AWAY and given != at_most:
            chosen = [random.randrange(len(shown.options))]
            self._ask(AnswerQuestion(run=shown.run, question=shown.question, chosen=chosen), Marked, Sorry)
            given += 1
            shown = self._ask(NextQuestion(run=shown.run), QuestionShown, LevelOver, Sorry)
        return given

    def _ask(self, message: ToAgent, *kinds: type[ToKiosk]) -> ToKiosk:
        self._socket.sendall(encode_line(message))
        return self._hear(*kinds)

    def _hear(self, *kinds: type[ToKiosk]) -> ToKiosk:
        until = time.monotonic() + _ANSWER_S
        for line in self._lines:
            said = decode_from_agent(line)
            if isinstance(said, kinds):
                return said
            if time.monotonic() > until:
                break
        raise ConnectionResetError
