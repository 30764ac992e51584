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


def recent_facts(outbox: ReadableStream, *, most: int = MAX_FACTS) -> Iterator[tuple[FactRef, Fact]]:
    """Yield the last facts with their first identity, oldest first. A fact that can't be read is left out."""
    seq = max(0, outbox.through - most)
    # Bodies are erased from the oldest on. So halving the rest finds a readable fact in a few steps, if not the first.
    while seq < outbox.through and outbox.envelope_after(seq, max_facts=1) is None:
        seq = (seq + outbox.through + 1) // 2
    while seq < outbox.through:
        envelope = outbox.envelope_after(seq)
        if envelope is None:
            # The next fact has its receipt and is damaged here.
            seq += 1
            continue
        for seq, sealed in enumerate(envelope.facts, start=envelope.first):
            fact = first_made(FactRef(epoch=outbox.epoch, seq=seq), sealed.body)
            if fact is not None:
                yield fact


def first_made(ref: FactRef, body: bytes) -> tuple[FactRef, Fact] | None:
    """Return a fact with the identity under which it was first committed, or None when it can't be read."""
    try:
        layers, fact = unwrap(decode_fact(body))
    except Refused:
        return None
    return FactRef(epoch=layers[-1].epoch, seq=layers[-1].seq) if layers else ref, fact
