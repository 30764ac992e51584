"""What of a world one person's windows of a date rest on. All else is left out, and what is left comes to the same.

Touches of others are facts that only count as being there. Of a stretch of such facts those are left that say between
which minutes a neighbour of the stretch lies, and how far the record goes.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from server_broker.settlement.times import ALWAYS, MINUTES_A_DAY, Minute, cut, midnight
from server_broker.settlement.values import Fact, Leave, Lost, Person, Region, RosterWindow, Station, Swap, World

NEUTRAL = "事"
"""The kind of leave that says least, instead of one that is nobody's business."""
OTHER = "other"
"""Kind of a fact that only counts as being there."""
_BEARS = frozenset({"boot", "shutdown", "reader_lost", "reader_back", "held", "time_fix"})
"""Kinds that say more than that, besides touches."""


def of_one_person(world: World, person: str) -> World:
    """Return what of a world the windows of one person rest on."""
    people = _with_partners(person, world.swaps)
    windows = tuple(window for one in world.windows if (window := _of(one, people, world)) is not None)
    leave = tuple(one for one in world.leave if one.person in people)
    corrections = tuple(one for one in world.corrections if one.person in people)
    cards = {one.card for one in world.bindings if one.person in people}
    cards |= {one.card for one in world.orders if one.person in people}
    # When others had a card it was not these people's.
    bindings = tuple(one for one in world.bindings if one.card in cards)
    decisions = [one for row in leave for one in row.decisions]
    decisions += [one for row in corrections for one in (*row.decisions, *row.second)]
    named = {*people, *(one.by for one in decisions), *(one.person for one in bindings)}
    named |= {one.asked_by for one in leave} | {one.asked_by for one in corrections}
    kept = replace(
        world,
        people=tuple(_people(world, named)),
        holdings=tuple(one for one in world.holdings if one.person in people),
        away=tuple(one for one in world.away if one.person in people),
        bindings=bindings,
        orders=tuple(one for one in world.orders if one.person in people),
        windows=windows,
        swaps=tuple(one for one in world.swaps if one.giver in people),
        leave=leave,
        corrections=corrections,
        meetings=(),
        residencies=(),
        stations=tuple(_station(one, cards) for one in world.stations),
    )
    regions = tuple(_regions(kept))
    there = {one.id for one in regions}
    return replace(
        kept,
        regions=regions,
        notices=tuple(one for one in world.notices if one.scope in there),
        parameters=tuple(one for one in world.parameters if one.region in there),
    )


def with_little_of_others(world: World, person: str, day: dt.date, seen: Collection[str]) -> World:
    """Return a world in which others have no absence or correction that is not of one date, and some no kind of leave.

    Args:
        seen: Whose kind of leave stays besides the person's own. Of others only that it is leave is left.
    """
    begin = midnight(day)
    leave = [one for one in world.leave if one.person == person or _meets(one, begin, begin + MINUTES_A_DAY)]
    dates = {day, *(one.date for one in world.swaps)}
    return replace(
        world,
        leave=tuple(
            one if one.person in {person, *seen} or not one.kind else replace(one, kind=NEUTRAL) for one in leave
        ),
        corrections=tuple(one for one in world.corrections if one.person == person or one.date == day),
        away=tuple(
            one for one in world.away if one.person == person or any(one.first <= date <= one.last for date in dates)
        ),
    )


def _meets(one: Leave, begin: Minute, end: Minute) -> bool:
    return cut(one.begin) < end and cut(one.end) > begin


def _with_partners(person: str, swaps: Iterable[Swap]) -> frozenset[str]:
    """Return a person, those with whom they swapped, those with whom these did, and so on."""
    people: set[str] = {person}
    pairs = [{one.giver, one.taker} for one in swaps]
    while more := {who for pair in pairs if pair & people for who in pair} - people:
        people |= more
    return frozenset(people)


def _of(window: RosterWindow, people: Collection[str], world: World) -> RosterWindow | None:
    """Return a window for these people alone; None: it is none of theirs."""
    if window.post is not None:
        held = any(one.post == window.post and one.person in people for one in world.holdings)
        return window if held else None
    mine = window.persons & frozenset(people)
    return replace(window, persons=mine) if mine else None


def _people(world: World, named: Collection[str]) -> Iterator[Person]:
    known = {one.id: one for one in world.people}
    for who in sorted(named):
        one = known.get(who) or Person(id=who, home="", rank="cadre")
        yield one if one.home else replace(one, home=_county(world.regions))


def _county(regions: Iterable[Region]) -> str:
    return next(one.id for one in regions if one.parent is None)


def _regions(world: World) -> Iterator[Region]:
    """Yield the regions that are named, and those above them, each with where it moved."""
    wanted = {
        *(one.village for one in world.windows),
        *(one.village for one in world.stations),
        *(village for one in world.stations for village in one.stands_in_for),
        *(one.home for one in world.people),
    }
    while more := {one.parent for one in world.regions if one.id in wanted and one.parent} - wanted:
        wanted |= more
    above: dict[str, str | None] = {}
    for one in sorted(world.regions, key=lambda one: (one.id, one.first)):
        if one.id in wanted and (one.id not in above or above[one.id] != one.parent):
            above[one.id] = one.parent
            yield one


def _station(station: Station, cards: Collection[str]) -> Station:
    fixed = {(one.epoch, one.of) for one in station.facts if one.kind == "time_fix"}
    declared = [one for one in station.lost if one.written_off != ALWAYS]
    facts: list[Fact] = []
    lost: list[Lost] = list(station.lost)
    plain: list[Fact] = []
    for one in sorted(station.facts, key=_place):
        if _is_plain(one, cards) and _place(one) not in fixed and not _in_one_of(declared, one):
            if plain and _place(one) != (plain[-1].epoch, plain[-1].seq + 1):
                _take(plain, facts, lost)
                plain = []
            plain.append(one)
            continue
        _take(plain, facts, lost)
        plain = []
        facts.append(one if one.card in cards or not one.card else replace(_without_card(one), kind=OTHER))
    _take(plain, facts, lost)
    return replace(station, facts=tuple(facts), lost=tuple(lost))


def _place(fact: Fact) -> tuple[int, int]:
    return fact.epoch, fact.seq


def _is_plain(fact: Fact, cards: Collection[str]) -> bool:
    bears = fact.kind in _BEARS or (fact.kind == "touch" and fact.card in cards)
    return not bears and fact.held_until == ALWAYS


def _in_one_of(lost: Iterable[Lost], fact: Fact) -> bool:
    return any(one.epoch == fact.epoch and one.first <= fact.seq <= one.last for one in lost)


def _without_card(fact: Fact) -> Fact:
    return replace(fact, card="", way=None, way_after=0)


def _take(plain: Sequence[Fact], facts: list[Fact], lost: list[Lost]) -> None:
    """Take of a stretch the first and the last fact with a time and the latest one; the others count as told."""
    dated = [one for one in plain if one.dated]
    kept = {_place(one) for one in (*dated[:1], *dated[-1:], *sorted(dated, key=lambda one: one.at)[-1:])}
    for one in plain:
        if _place(one) in kept:
            facts.append(replace(_without_card(one), kind=OTHER))
        elif lost and lost[-1].written_off == ALWAYS and (lost[-1].epoch, lost[-1].last + 1) == _place(one):
            lost[-1] = replace(lost[-1], last=one.seq)
        else:
            lost.append(Lost(epoch=one.epoch, first=one.seq, last=one.seq, written_off=ALWAYS))
