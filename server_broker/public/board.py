"""The public board of a village, for anybody: limited, kept for a few seconds, and nothing where the county shows none.

A village that has no board, a code of no village and a county that shows nothing all answer alike.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.duty.shown import shows
from server_broker.platform.network import network_source
from server_broker.public.views import not_here
from server_broker.today.board import Board, board_of, village_of

KEPT_S = 20.0
"""A board is reckoned so often at most, however many read it."""
MOST_KEPT = 1_000
MOST_OF_A_NETWORK, MOST_OF_ALL = 60, 1_200
"""Boards that are given out in a minute: to one network, in which many telephones may be, and in all."""
_MINUTE_S = 60.0


class Readers:
    """Counts who has read boards in the present minute. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._until = 0.0
        self._read: Counter[str] = Counter()

    def may_read(self, source: str) -> bool:
        """Count one more reader of a network; return whether they get the board."""
        with self._lock:
            if self._clock() >= self._until:
                self._until = self._clock() + _MINUTE_S
                self._read.clear()
            # The second limit also keeps the table small.
            if self._read[source] >= MOST_OF_A_NETWORK or self._read.total() >= MOST_OF_ALL:
                return False
            self._read[source] += 1
            return True


class KeptBoards:
    """The boards of the last seconds, by village and by what they show. Safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._boards: dict[tuple[str, bool], tuple[float, Board]] = {}

    def board(self, key: tuple[str, bool], reckon: Callable[[], Board]) -> Board:
        """Return a board that is younger than `KEPT_S`, reckoned anew if there is none."""
        with self._lock:
            kept = self._boards.get(key)
        if kept is not None and self._clock() < kept[0] + KEPT_S:
            return kept[1]
        board = reckon()
        with self._lock:
            if len(self._boards) >= MOST_KEPT:
                self._boards.clear()
            self._boards[key] = (self._clock(), board)
        return board


readers, kept_boards = Readers(), KeptBoards()


@require_safe
def board(request: HttpRequest, code: str) -> HttpResponse:
    """Show who is on duty in a village, if the county shows that to anybody."""
    if not readers.may_read(network_source(str(request.META.get("REMOTE_ADDR", "")))):
        response = render(request, "public/said.html", {"title": "看的人太多，请一分钟后再看"}, status=429)
        response["Retry-After"] = str(int(_MINUTE_S))
        return response
    # Asked each time, so that a board is gone at once when the county turns it off.
    level = shows()
    village = village_of(code) if level != "nothing" else None
    if village is None:
        return not_here(request)
    presence = level == "presence"
    shown = kept_boards.board((village.code, presence), lambda: board_of(village, timezone.now(), presence=presence))
    return render(request, "public/board.html", {"board": shown})
