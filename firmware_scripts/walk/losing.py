"""A keyboard that loses a key: each key of an errand is lost once, and each time the errand has to fail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from firmware_scripts.demo.cast import CastPerson
from firmware_scripts.walk.errands import Errand
from firmware_scripts.walk.village import Village
from firmware_scripts.walk.walker import Walker

_ANSWER_S = 5.0
"""How long somebody waits for what the lost key should bring."""
STATIONS = 2
"""A station takes twelve questions an hour, and more than those are asked."""


@dataclass(slots=True)
class Lost:
    """What became of an errand each time that it lost a key."""

    keys: int = 0
    """So many were lost, one at a time, and the errand failed there."""
    unnoticed: list[int] = field(default_factory=list)
    """Keys whose loss the errand did not notice."""
    failed: str = ""
    """Why it failed although nothing was lost, or before that; nothing is shown then."""


def lose_each(places: Sequence[Village], errand: Errand, people: Iterator[CastPerson]) -> Lost:
    """Play an errand again and again, each time without another key, and at last with all of them.

    Args:
        places: Villages. What needs a card is played in the first alone.
        people: Of the first village.
    """
    found = Lost()
    person, before = next(people), errand.before
    for number in count(1):
        place = places[number % len(places)] if errand.asks else places[0]
        if errand.first_touch and number > 1:
            person = next(people)
        walker = Walker(place.kiosk, place.station, people=place.people, answer_s=_ANSWER_S)
        walked = walker.walk(errand.steps, person, before=before, lose=number)
        before = None
        if walked.sent < number:
            found.failed = walked.failed
            return found
        if walked.failed:
            found.keys += 1
        else:
            found.unnoticed.append(number)
    raise AssertionError("counting never ends")
