"""What has no time of its own: undated touches, held facts and lost seqs, and where they lie (§2.8)."""

from dataclasses import dataclass
from datetime import datetime

from tests.reckoning.cards import chosen_way
from tests.reckoning.case import Fact, Station
from tests.reckoning.minutes import ALWAYS
from tests.reckoning.record import Bracket, bracket, dated_times, ended

ANY_WAY = ("", "in", "out")


@dataclass(frozen=True)
class Undated:
    """Something that could be a touch: of ``card``, or of anybody's where it is held or lost."""

    station: Station
    bracket: Bracket
    card: str | None
    ways: tuple[str, ...]


def undated_things(station: Station) -> list[Undated]:
    """Return the undated touches, the held facts and the lost seqs of a station that are not written off (§2.8)."""
    times = dated_times(station)
    found = []
    for fact in station.facts:
        if fact.held and not fact.belongs_to_nothing:
            found.append(Undated(station, bracket(station, fact.place, fact.received), None, ANY_WAY))
        elif fact.kind == "touch" and not fact.held and fact.place not in times:
            found.append(undated_touch(station, fact))
    arrived = {fact.place for fact in station.facts}
    for lost in station.lost:
        missing = [seq for seq in range(lost.first, lost.last + 1) if (lost.epoch, seq) not in arrived]
        if missing and not lost.belongs_to_nothing:
            receipt = receipt_of_lost(station, lost.known)
            brackets = {bracket(station, (lost.epoch, seq), receipt) for seq in missing}
            found += [Undated(station, where, None, ANY_WAY) for where in brackets]
    return found


def undated_touch(station: Station, fact: Fact) -> Undated:
    """Return an undated touch with where it lies; it has its own chosen direction (§2.8)."""
    return Undated(station, bracket(station, fact.place, fact.received), fact.card, (chosen_way(fact),))


def receipt_of_lost(station: Station, declared: datetime) -> datetime:
    """Return the county's time for a seq that never came: when it was declared lost, or the station's end (§2.8).

    Where the case says neither, it could have been at any time after the dated fact before it.
    """
    if declared != ALWAYS:
        return declared
    return ended(station)
