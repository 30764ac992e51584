"""A station's record: which facts are dated, where the others lie, and how far it is gap-free (introduction, §3)."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from tests.reckoning.case import Fact, Station
from tests.reckoning.minutes import NEVER, cut

DATED = ("synced", "holdover")


@dataclass(frozen=True)
class Bracket:
    """Where something undated lies: from minute to minute, both included (§2.8)."""

    first: datetime
    last: datetime


def in_order(station: Station) -> list[Fact]:
    """Return the facts in the order of their epochs and seqs (§3, Complete)."""
    return sorted(station.facts, key=lambda fact: fact.place)


@lru_cache(maxsize=64)
def dated_times(station: Station) -> dict[tuple[int, int], datetime]:
    """Return the uncut time of each dated fact by its place (introduction).

    Dated are those of quality ``synced`` or ``holdover``, and those that a fact corrected: by several, the last in seq.
    What is held is unread, so it is neither dated nor corrects; the time of a fact of kind ``held`` means nothing.
    """
    corrected = {}
    for fact in in_order(station):
        if fact.kind == "time_fix" and not fact.held and fact.time is not None:
            corrected[fact.epoch, fact.of] = fact.time
    times = {}
    for fact in station.facts:
        if fact.held:
            continue
        if fact.place in corrected:
            times[fact.place] = corrected[fact.place]
        elif fact.quality in DATED and fact.kind != "held":
            times[fact.place] = fact.at
    return times


def bracket(station: Station, place: tuple[int, int], received: datetime) -> Bracket:
    """Return between which minutes something undated lies (§2.8).

    Between the nearest dated facts before and after it in seq; none before: the station's enrolment; none after: the
    county's receipt time. Where the two run backwards, between the earlier and the later.
    """
    times = dated_times(station)
    before = [where for where in times if where < place]
    after = [where for where in times if where > place]
    one = times[max(before)] if before else station.enrolled
    other = times[min(after)] if after else received
    return Bracket(cut(min(one, other)), cut(max(one, other)))


@lru_cache(maxsize=64)
def gap_free(station: Station) -> list[Fact]:
    """Return the facts up to the first gap (§3, Complete).

    A lost seq or a held fact fills the gap. An epoch goes on until the last seq that the next one states for it; then
    the next one is walked.
    """
    facts = {fact.place: fact for fact in station.facts}
    lost = {(row.epoch, seq) for row in station.lost for seq in range(row.first, row.last + 1)}
    ends = {end.epoch: end.last for end in station.epoch_ends}
    record = []
    epoch, seq = 1, 1
    while True:
        if epoch in ends and seq > ends[epoch]:
            epoch, seq = epoch + 1, 1
            continue
        if (epoch, seq) in facts:
            record.append(facts[epoch, seq])
        elif (epoch, seq) not in lost:
            return record
        seq += 1


def withdrawn(station: Station, dead: datetime) -> bool:
    """Return whether a dated fact from after the declared time withdraws that a station is dead (§3, Complete)."""
    return any(cut(at) > cut(dead) for at in dated_times(station).values())


@lru_cache(maxsize=64)
def ended(station: Station) -> datetime:
    """Return from when a station is retired, or dead as declared: from then it is not up, its record complete (§3)."""
    ends = [] if station.retired is None else [station.retired]
    if station.dead is not None and not withdrawn(station, station.dead):
        ends.append(station.dead)
    return min(ends, default=NEVER)


def complete_through(station: Station, minute: datetime) -> bool:
    """Return whether a station has told everything through a minute (§3, Complete).

    Its gap-free facts go through a dated fact at or after that minute; or it had ended by then.
    """
    if cut(ended(station)) <= minute:
        return True
    times = dated_times(station)
    return any(fact.place in times and cut(times[fact.place]) >= minute for fact in gap_free(station))
