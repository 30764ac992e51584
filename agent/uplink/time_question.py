"""Which question of this connection a welcome answers, and when the time is asked for again.

The first birth of a connection asks in the connection's own name, as counties of every version understand. Each birth
after it asks a question of its own, so that no late answer to an earlier one can pass for prompt. While the time is
wanted (it is not known, or the county's words contradict each other) the question is put again on the connection.
"""

import secrets
from collections import deque
from collections.abc import Callable

AGAIN_FIRST_MS = 30_000
AGAIN_MOST_MS = 600_000
"""The waits double from the first to this one: a county that has no time to tell is asked little."""
QUESTIONS_KEPT = 16
"""So many of a connection's questions are known again in their answers, which still say where the county stands."""


class TimeQuestion:
    """The questions of one connection after the other."""

    def __init__(self, *, mono_ms: Callable[[], int], wanted: Callable[[], bool]) -> None:
        self._mono_ms = mono_ms
        self._wanted = wanted
        self._connection = bytes(16)
        self._first_ms: int | None = None
        self._first_counts = False
        self._newest: tuple[bytes, int] | None = None
        self._asked: deque[bytes] = deque(maxlen=QUESTIONS_KEPT)
        self._wait_ms = AGAIN_FIRST_MS
        self.due_ms: int | None = None
        """When to ask again; None where the time is not wanted."""

    def open(self, connection: bytes) -> None:
        """Begin on a new connection of this name."""
        self._connection = connection
        self._first_ms, self._first_counts, self._newest = None, True, None
        self._asked.clear()
        self._wait_ms, self.due_ms = AGAIN_FIRST_MS, None

    @property
    def settled(self) -> bool:
        """Whether the first question is over: it told the time, or its answer told none."""
        return not self._first_counts

    def ask(self) -> bytes | None:
        """Count a birth that is said now; return the nonce of its question, None for the connection's own."""
        now = self._mono_ms()
        if self._first_ms is None:
            self._first_ms = now
            return None
        question = secrets.token_bytes(16)
        self._newest = question, now
        self._asked.append(question)
        return question

    def unheard(self, question: bytes | None) -> None:
        """The broker did not take the birth that asked this: no answer can be meant for it."""
        if question is None:
            self._first_ms = None

    def is_ours(self, nonce: bytes) -> bool:
        """Tell whether a welcome with this nonce answers a birth of this connection."""
        return nonce == self._connection or nonce in self._asked

    def answered(self, nonce: bytes) -> int | None:
        """Return when the question was put that this first answer to it belongs to; None where it tells no time."""
        if self._newest is not None and nonce == self._newest[0]:
            asked_ms, self._newest, self._first_counts = self._newest[1], None, False
            return asked_ms
        if nonce != self._connection or not self._first_counts:
            return None
        self._first_counts = False
        return self._first_ms

    def plan(self) -> None:
        """Have the question put again after a while where the time is wanted."""
        if not self._wanted():
            self._wait_ms, self.due_ms = AGAIN_FIRST_MS, None
        elif self.due_ms is None or self.due_ms <= self._mono_ms():
            self.due_ms = self._mono_ms() + self._wait_ms
            self._wait_ms = min(self._wait_ms * 2, AGAIN_MOST_MS)
