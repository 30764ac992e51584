"""What one night's look finds, before it is written down."""

import datetime as dt
from dataclasses import dataclass, field
from typing import NamedTuple

from server_broker.dated.days import begin_of, end_of

type Touched = list[str | int]
"""``[station, epoch, seq]``: the identity of a touch, its epoch in hexadecimal digits."""


class Look(NamedTuple):
    """On which dates one looks, both included, and what is known of the time after."""

    first: dt.date
    last: dt.date
    now: dt.datetime

    @property
    def since(self) -> dt.datetime:
        """The first moment of the dates."""
        return begin_of(self.first)

    @property
    def until(self) -> dt.datetime:
        """The first moment after the dates."""
        return end_of(self.last)


@dataclass(frozen=True, slots=True)
class Found:
    """One exception."""

    key: str
    village: int
    """Identity of the region whose officers see it."""
    day: dt.date
    person: int | None = None
    detail: dict[str, str | int] = field(default_factory=dict)
    evidence: tuple[Touched, ...] = ()


def key_of(touch: Touched) -> str:
    """Return a touch's identity as a key."""
    return ":".join(str(part) for part in touch)
