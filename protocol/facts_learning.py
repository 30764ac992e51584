"""Facts of answer to advance: attempts, runs, packs that people chose."""

from typing import Annotated, Literal

from msgspec import Meta

from protocol.fact_base import StationFact
from protocol.units import FactRef, ShortText

type LearningMode = Literal["level", "review", "exam"]
"""level: a run through a level. review: wrong answers come back. exam: a test that somebody set."""

type RunId = Annotated[bytes, Meta(min_length=8, max_length=8)]


class Attempt(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="attempt"):
    """A question was answered. ``chosen`` are the option numbers of the pack (from 0), in the order given."""

    run: RunId
    pack: ShortText
    pack_version: int
    level: ShortText
    question: ShortText
    chosen: Annotated[list[Annotated[int, Meta(ge=0, le=5)]], Meta(max_length=6)]
    right: bool
    lives_left: Annotated[int, Meta(ge=0, le=3)]
    by: FactRef | None = None
    """The touch or number with which the person showed who they are; absent: anonymous."""
    took_ms: Annotated[int, Meta(ge=0, le=86_400_000)] | None = None
    """From the first showing of the question to the answer that counted, by the monotonic clock; a day at most."""
    mode: LearningMode = "level"


class LevelEnded(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="level_ended"):
    """A run through a level came to its end."""

    run: RunId
    pack: ShortText
    pack_version: int
    level: ShortText
    passed: bool
    stars: Annotated[int, Meta(ge=0, le=3)]
    by: FactRef | None = None
    """The touch or number with which the person showed who they are; absent: anonymous."""
    took_ms: Annotated[int, Meta(ge=0, le=86_400_000)] | None = None
    """From the first showing of the first question to the last answer, measured likewise."""
    mode: LearningMode = "level"


class PackChosen(StationFact, frozen=True, kw_only=True, omit_defaults=True, tag="pack_chosen"):
    """A person chose a pack of the menu (选学), or gave it up."""

    by: FactRef
    pack: ShortText
    chosen: bool = True
