"""Read a fact that was re-issued: sent again in a later stream, because its own stream ended before the county had it.

If that later stream ends too soon as well, the re-issue is re-issued, and so on. Each layer names one place where the
fact stood and keeps its bytes there, so that the county can account for every place of every stream. The fact keeps the
identity of the innermost layer (ADR 2).
"""

from typing import NamedTuple

from protocol.chain import fact_digest
from protocol.facts import Fact, Reissued, decode_fact
from protocol.refusal import Refused
from protocol.units import LAST_WALL_MS

MAX_LAYERS = 16
"""How many times a fact may be re-issued. Each time stands for an SD card that was damaged, copied or taken back."""


class Layer(NamedTuple):
    """A fact inside a re-issue: where it stood, and its digest there."""

    epoch: bytes
    seq: int
    digest: bytes


def unwrap(fact: Fact) -> tuple[list[Layer], Fact]:
    """Return the layers of a fact, outermost first, and the innermost fact.

    A fact that is sent for the first time has no layers.

    Raises:
        Refused: A layer cannot be read; ``malformed`` when there are more than `MAX_LAYERS`, or when one was made after
            `LAST_WALL_MS`.
    """
    layers: list[Layer] = []
    while isinstance(fact, Reissued):
        if len(layers) == MAX_LAYERS:
            raise Refused("malformed", f"re-issued more than {MAX_LAYERS} times")
        if fact.at.wall > LAST_WALL_MS:
            raise Refused("malformed", "re-issued after the year 2199")
        layers.append(Layer(fact.epoch, fact.seq, fact_digest(salt=fact.salt, body=fact.body)))
        fact = decode_fact(fact.body)
    return layers, fact
