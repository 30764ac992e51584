"""Read back the last facts of the stream. From them the agent learns at its start what it did before."""

from collections.abc import Iterator
from typing import Protocol

from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS, Envelope
from protocol.facts import Fact, decode_fact
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.units import FactRef

MAX_FACTS = 2_000
"""Enough for what a start must know: a day's touches, an hour's changes of a door. It bounds how long a start takes."""


class ReadableStream(Protocol):
    """The current stream of the outbox, for those who only read."""

    @property
    def epoch(self) -> bytes:
        """Name of the current stream."""

    @property
    def through(self) -> int:
        """Last seq of the current stream."""

    @property
    def receipted(self) -> int:
        """Last seq that the county has."""

    def envelope_after(
        self, seq: int, *, max_facts: int = SENT_FACTS, max_bytes: int = SENT_FACT_BYTES
    ) -> Envelope | None:
        """Return the facts that follow ``seq``, or None if they were erased or there are none."""


class RecentFacts:
    """The last facts of the stream as it is when this is made; a fact that can't be read is left out.

    Each part of the agent looks through them once, at its start. They are read anew each time, because all of them in
    memory would be a megabyte, most of which the process keeps.
    """

    def __init__(self, outbox: ReadableStream, *, most: int = MAX_FACTS) -> None:
        self._outbox = outbox
        self._last = outbox.through
        self._first = self._first_readable(max(0, self._last - most) + 1)

    def _first_readable(self, first: int) -> int:
        """Return a seq from which on facts can be read."""
        # Bodies are erased from the oldest on. So halving the rest finds one in a few steps, if not the first.
        while first <= self._last and self._outbox.envelope_after(first - 1, max_facts=1) is None:
            first = (first + self._last) // 2 + 1
        return first

    def __iter__(self) -> Iterator[tuple[FactRef, Fact]]:
        """Yield each with its first identity, oldest first."""
        seq = self._first - 1
        while seq < self._last:
            envelope = self._outbox.envelope_after(seq)
            if envelope is None:
                # The next fact has its receipt and is damaged here.
                seq += 1
                continue
            for seq, sealed in enumerate(envelope.facts, start=envelope.first):
                fact = first_made(FactRef(epoch=self._outbox.epoch, seq=seq), sealed.body)
                if seq <= self._last and fact is not None:
                    yield fact


def first_made(ref: FactRef, body: bytes) -> tuple[FactRef, Fact] | None:
    """Return a fact with the identity under which it was first committed, or None when it can't be read."""
    try:
        layers, fact = unwrap(decode_fact(body))
    except Refused:
        return None
    return FactRef(epoch=layers[-1].epoch, seq=layers[-1].seq) if layers else ref, fact
