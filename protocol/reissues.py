"""Facts that are said again in a later stream, in as many layers as streams have ended before they were received.

Each layer names the place where the fact stood and keeps its bytes, so every place of every stream is accounted for;
the identity is the innermost one's (ADR 2).
"""

from typing import NamedTuple

from protocol.chain import fact_digest
from protocol.facts import Fact, Reissued, decode_fact
from protocol.refusal import Refused

MAX_LAYERS = 16
"""How many times a fact may have been re-issued; each is a lost, damaged or cloned card."""


class Layer(NamedTuple):
    """A fact inside a re-issue: where it stood, and its digest there."""

    epoch: bytes
    seq: int
    digest: bytes


def unwrap(fact: Fact) -> tuple[list[Layer], Fact]:
    """Return the layers of a fact, outermost first (none where it is said for the first time), and the innermost fact.

    Raises:
        Refused: A layer cannot be read; ``malformed`` when there are more than `MAX_LAYERS`.
    """
    layers: list[Layer] = []
    while isinstance(fact, Reissued):
        if len(layers) == MAX_LAYERS:
            raise Refused("malformed", f"re-issued more than {MAX_LAYERS} times")
        layers.append(Layer(fact.epoch, fact.seq, fact_digest(salt=fact.salt, body=fact.body)))
        fact = decode_fact(fact.body)
    return layers, fact
