"""Whose touch it is, which touches count, and runs (§2.1, §2.2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import groupby

from tests.reckoning.case import Binding, Case, Fact, Station
from tests.reckoning.minutes import ALWAYS, NEVER, cut
from tests.reckoning.record import dated_times

RUN_S = 120
CHOICE_S = 10
UNBOUND = "unbound"
LOST = "lost"
COUNTS = "counts"


@dataclass(frozen=True)
class Run:
    """Touches of one card at one station that are one: it lies and arrives at ``first``, departs at ``last`` (§2.2).

    Times are cut to minutes. ``way`` is "in", "out" or "" where none was chosen.
    """

    station: Station
    card: str
    first: datetime
    last: datetime
    way: str
    supposed: bool = False


@dataclass(frozen=True)
class DatedTouch:
    """A dated touch with its uncut time."""

    station: Station
    card: str
    at: datetime
    way: str
    chosen_at: datetime


def binding_of(case: Case, card: str, minute: datetime) -> Binding | None:
    """Return to whom a card was bound at a minute; its first binding counts back to its first touch (§2.1)."""
    bindings = sorted((row for row in case.cards if row.card == card), key=lambda row: (row.start, row.known))
    for number, binding in enumerate(bindings):
        start = ALWAYS if number == 0 else binding.start
        if cut(start) <= minute < cut(binding.end):
            return binding
    return None


def standing_of(case: Case, card: str, minute: datetime) -> tuple[str, str | None]:
    """Return whether a touch of a card at a minute counts, and for whom (§2.1).

    It does not if the card is bound to nobody then, or from the time of loss that a report states.
    """
    binding = binding_of(case, card, minute)
    if binding is None:
        return UNBOUND, None
    if binding.lost is not None and minute >= cut(binding.lost):
        return LOST, None
    return COUNTS, binding.person


def on_order_for(case: Case, card: str, minute: datetime) -> set[str]:
    """Return for whom a card that is bound to nobody at a minute is on order (§2.1)."""
    if binding_of(case, card, minute) is not None:
        return set()
    return {order.person for order in case.orders if order.card == card}


def chosen_way(fact: Fact) -> str:
    """Return the direction that was chosen within 10 s of a touch; "" where none was (§2.4)."""
    return fact.way if fact.way_after_s <= CHOICE_S else ""


@lru_cache(maxsize=64)
def dated_touches(case: Case) -> list[DatedTouch]:
    """Return every dated touch that the county has, by its uncut time."""
    touches = []
    for station in case.stations:
        times = dated_times(station)
        for fact in station.facts:
            if fact.kind == "touch" and fact.place in times:
                at = times[fact.place]
                touches.append(
                    DatedTouch(
                        station, fact.card, at, chosen_way(fact), at + timedelta(seconds=float(fact.way_after_s))
                    )
                )
    return sorted(touches, key=lambda touch: (touch.at, touch.station.id, touch.card))


def runs_by_standing(case: Case) -> dict[tuple[str, str | None], list[Run]]:
    """Return the runs of all dated touches by what they are and whose: counts for somebody, unbound, or lost (§2.2)."""
    found: dict[tuple[str, str | None], list[Run]] = {}
    kinds = {}
    for number, touch in enumerate(dated_touches(case)):
        standing = standing_of(case, touch.card, cut(touch.at))
        kinds[number] = ((touch.station.id, touch.card, *map(str, standing)), standing, touch)
    in_groups = sorted(kinds.values(), key=lambda entry: (entry[0], entry[2].at))
    for _, group in groupby(in_groups, key=lambda entry: entry[0]):
        entries = list(group)
        found.setdefault(entries[0][1], []).extend(runs([touch for _, _, touch in entries]))
    return {standing: sorted(held, key=lambda run: (run.first, run.station.id)) for standing, held in found.items()}


def touches_of_cards_on_order(case: Case) -> list[Run]:
    """Return each dated touch of an unbound card on order by itself: what does not count joins no run (§2.1)."""
    on_order = {order.card for order in case.orders}
    return [
        run_of([touch])
        for touch in dated_touches(case)
        if touch.card in on_order and standing_of(case, touch.card, cut(touch.at))[0] == UNBOUND
    ]


def runs(touches: list[DatedTouch]) -> list[Run]:
    """Return the runs of one card's touches at one station, which stand by time (§2.2)."""
    groups: list[list[DatedTouch]] = []
    for touch in touches:
        if groups and touch.at - groups[-1][0].at <= timedelta(seconds=RUN_S):
            groups[-1].append(touch)
        else:
            groups.append([touch])
    return [run_of(group) for group in groups]


def run_of(group: list[DatedTouch]) -> Run:
    """Return the run that some touches form; it has the direction that was chosen last (§2.2)."""
    chosen = [touch for touch in group if touch.way]
    return Run(
        station=group[0].station,
        card=group[0].card,
        first=cut(group[0].at),
        last=cut(group[-1].at),
        way=max(chosen, key=lambda touch: touch.chosen_at).way if chosen else "",
    )


def could_be_theirs(case: Case, card: str, person: str, first: datetime, last: datetime) -> bool:
    """Return whether at some minute from ``first`` to ``last``, both included, a card's touch counts for somebody."""
    bindings = sorted((row for row in case.cards if row.card == card), key=lambda row: (row.start, row.known))
    for number, binding in enumerate(bindings):
        begin = max(first, ALWAYS if number == 0 else cut(binding.start))
        stretch_end = min(cut(binding.end), NEVER if binding.lost is None else cut(binding.lost))
        if binding.person == person and begin <= last and begin < stretch_end:
            return True
    return False
