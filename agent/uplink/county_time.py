"""The county's signed time: when the station asks for it, and by which time it judges certificates."""

import secrets
from collections import deque
from collections.abc import Callable

from agent.ports import JudgeAt

ASK_AGAIN_FIRST_MS = 30_000
ASK_AGAIN_MOST_MS = 600_000
"""The waits double from the first to this one, so that a county which has no time to tell is not asked often."""
QUESTIONS_KEPT = 16
"""How many questions of a connection are remembered. An answer to one of them still says where the county stands."""


class TimeQuestion:
    """The questions for the time on one connection, and which welcome answers which of them.

    The first birth of a connection asks under the connection's own nonce: counties of every version understand that.
    Each later birth has a question with a nonce of its own, so that a late answer to an earlier question can't pass
    for a prompt one. While the station wants the time (it is not known, or the county contradicted itself), the
    question is put again on the same connection.
    """

    def __init__(self, *, mono_ms: Callable[[], int], wanted: Callable[[], bool]) -> None:
        self._mono_ms = mono_ms
        self._wanted = wanted
        self._connection = bytes(16)
        self._first_ms: int | None = None
        self._first_open = False
        self._newest: tuple[bytes, int] | None = None
        self._asked: deque[bytes] = deque(maxlen=QUESTIONS_KEPT)
        self._wait_ms = ASK_AGAIN_FIRST_MS
        self.due_ms: int | None = None
        """When to ask again. None while the time is not wanted."""

    def open(self, connection: bytes) -> None:
        """Begin on a new connection with this nonce."""
        self._connection = connection
        self._first_ms, self._first_open, self._newest = None, True, None
        self._asked.clear()
        self._wait_ms, self.due_ms = ASK_AGAIN_FIRST_MS, None

    @property
    def first_answered(self) -> bool:
        """Whether this connection's first question is answered, with the time or without."""
        return not self._first_open

    def ask(self) -> bytes | None:
        """Note that a birth goes out now. Return the nonce of its question, or None for the connection's own nonce."""
        now = self._mono_ms()
        if self._first_ms is None:
            self._first_ms = now
            return None
        question = secrets.token_bytes(16)
        self._newest = question, now
        self._asked.append(question)
        return question

    def undelivered(self, question: bytes | None) -> None:
        """Note that the broker did not take the birth with this question, so that no answer can belong to it."""
        if question is None:
            # The next birth asks under the connection's nonce again, and its answer is measured from then on.
            self._first_ms = None

    def is_ours(self, nonce: bytes) -> bool:
        """Return whether a welcome with this nonce answers a birth of this connection."""
        return nonce == self._connection or nonce in self._asked

    def answered(self, nonce: bytes) -> int | None:
        """Return when the question was put that this welcome answers.

        None if the welcome must tell no time: it was answered before, or a newer question has been put since.
        """
        if self._newest is not None and nonce == self._newest[0]:
            asked_ms, self._newest, self._first_open = self._newest[1], None, False
            return asked_ms
        if nonce != self._connection or not self._first_open:
            return None
        self._first_open = False
        return self._first_ms

    def plan(self) -> None:
        """Plan to put the question again if the time is wanted."""
        if not self._wanted():
            self._wait_ms, self.due_ms = ASK_AGAIN_FIRST_MS, None
        elif self.due_ms is None or self.due_ms <= self._mono_ms():
            self.due_ms = self._mono_ms() + self._wait_ms
            self._wait_ms = min(self._wait_ms * 2, ASK_AGAIN_MOST_MS)


class CertificateClock:
    """Says by which time the next attempt judges the broker's certificate.

    If the machine's clock is far in the future (a bad RTC), every certificate looks expired. Then the station makes
    one connection that checks everything about the broker except the dates, and uses it only to get the county's
    signed time. From then on this boot judges dates by that time. So no wrong date can shut a station out for ever,
    and an expired certificate alone still opens nothing.
    """

    def __init__(self, mono_ms: Callable[[], int]) -> None:
        self._mono_ms = mono_ms
        self._system_doubted = False
        self._wall_minus_mono: int | None = None

    @property
    def judge_at(self) -> JudgeAt:
        """The system's clock. If it is in doubt: the county's time of this boot, or no time while that is unknown."""
        if not self._system_doubted:
            return "system"
        return "never" if self._wall_minus_mono is None else self._wall_minus_mono + self._mono_ms()

    @property
    def time_only(self) -> bool:
        """Whether a connection made now may be used for nothing but the county's signed time."""
        return self.judge_at == "never"

    def learn(self, wall_ms: int, *, at_mono_ms: int) -> None:
        """Take the county's time, which was signed and came promptly."""
        self._wall_minus_mono = wall_ms - at_mono_ms

    def dates_refused(self) -> None:
        """Note that an attempt failed only because of the dates of the broker's certificate."""
        # If the county's time judged the dates already, then the certificate is wrong, not the system's clock.
        self._system_doubted = not self._system_doubted or self._wall_minus_mono is None
