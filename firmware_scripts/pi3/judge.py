"""Compare from outside the cards laid on the reader, the lamps seen at the board's pins, and the rows that psql finds.

Nothing here does I/O or asks the product how it did. A lamp does not say whose card it answers, so each light is
counted for the card that was laid last before it.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from firmware_scripts.pi3.board import LIGHTS, TYPED
from firmware_scripts.pi3.pins import Edge

DATED_WITHIN_S = 2.0
"""How far the time of a touch may be from the true time, if the station has had the county's time since."""
_VOUCHING = ("green", "amber")


@dataclass(frozen=True, slots=True)
class Laid:
    """A card that was laid on the reader. ``at_s`` is CLOCK_MONOTONIC of this machine just before."""

    person: str
    at_s: float


@dataclass(frozen=True, slots=True)
class DatedTouch:
    """A touch in the county's database, with the time that the county has for it, in Unix seconds."""

    person: str
    told_s: float


@dataclass(frozen=True, slots=True)
class BoardReckoning:
    """The result of the comparison, in touches."""

    touches: int
    green: int
    """Lit green and nothing else."""
    stored: int
    lost: int
    """Lit green or amber, but not in the database."""
    invented: int
    """In the database, but never laid on the reader; or a lamp that lit before any card was laid."""
    doubled: int
    """In the database, or lit, more than once for one card."""
    unseen: int
    """In the database, but no lamp was lit for it."""
    not_green: int
    """Laid on the reader, and answered by no lamp or by the wrong one."""
    misdated: int
    """In the database with a time that is wrong by more than `DATED_WITHIN_S`."""


def reckon(*, laid: Sequence[Laid], edges: Sequence[Edge], rows: Sequence[DatedTouch], unix_s: float) -> BoardReckoning:
    """Compare.

    Args:
        laid: In order; nobody twice.
        edges: What the pins did, in order.
        unix_s: What Unix time it was when CLOCK_MONOTONIC was 0.
    """
    answers = lights_of(laid, edges)
    stray = sum(edge.pin in LIGHTS and edge.high and edge.at_s < laid[0].at_s for edge in edges) if laid else 0
    stored = Counter(row.person for row in rows)
    vouched = {one.person: any(light in _VOUCHING for light in lit) for one, lit in zip(laid, answers, strict=True)}
    at = {one.person: one.at_s + unix_s for one in laid}
    return BoardReckoning(
        touches=len(laid),
        green=sum(lit == ["green"] for lit in answers),
        stored=len(rows),
        lost=sum(lit and not stored[person] for person, lit in vouched.items()),
        invented=sum(count for person, count in stored.items() if person not in at) + stray,
        doubled=sum(max(0, stored[person] - 1) for person in at) + sum(max(0, len(lit) - 1) for lit in answers),
        unseen=sum(bool(stored[person]) and not lit for person, lit in vouched.items()),
        not_green=sum(lit != ["green"] for lit in answers),
        misdated=sum(row.person in at and abs(row.told_s - at[row.person]) > DATED_WITHIN_S for row in rows),
    )


def leaked(laid: Sequence[Laid], rows: Sequence[DatedTouch]) -> int:
    """Return how many touches came through a link that is cut.

    Args:
        laid: While it was cut.
        rows: In the database before it was joined again.
    """
    cut_off = {one.person for one in laid}
    return sum(row.person in cut_off for row in rows)


def lights_of(laid: Sequence[Laid], edges: Sequence[Edge]) -> list[list[str]]:
    """Return the lamps that went on after each card and before the next."""
    answers: list[list[str]] = [[] for _ in laid]
    starts = [one.at_s for one in laid]
    for edge in edges:
        place = bisect_right(starts, edge.at_s) - 1
        if edge.high and edge.pin in LIGHTS and place >= 0:
            answers[place].append(edge.pin)
    return answers


def answered_ms(edges: Sequence[Edge]) -> list[float]:
    """Return how long it took from the last key of each card to a lamp, in milliseconds."""
    found: list[float] = []
    typed_s: float | None = None
    for edge in edges:
        if edge.high and edge.pin == TYPED:
            typed_s = edge.at_s
        elif edge.high and edge.pin in LIGHTS and typed_s is not None:
            found.append((edge.at_s - typed_s) * 1_000)
            typed_s = None
    return found
