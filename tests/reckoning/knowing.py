"""What the county had at a time: the rows that were known by then (§6, ``--as-of``)."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from tests.reckoning.case import Case, Decision, Fact, Leave, Lost, Station


@lru_cache(maxsize=64)
def as_known(case: Case, moment: datetime) -> Case:
    """Return the case with nothing in it that came to the county after ``moment`` (§6).

    What came in the second of ``moment`` is known: this comparison is uncut.
    """
    return replace(
        case,
        as_of=moment,
        regions=known(case.regions, moment),
        calendar=known(case.calendar, moment),
        notices=known(case.notices, moment),
        parameters=known(case.parameters, moment),
        people=known(case.people, moment),
        posts=known(case.posts, moment),
        away=known(case.away, moment),
        cards=tuple(
            binding if binding.lost_known <= moment else replace(binding, lost=None)
            for binding in known(case.cards, moment)
        ),
        orders=known(case.orders, moment),
        rosters=known(case.rosters, moment),
        swaps=tuple(
            replace(swap, agreed=tuple(word for word in known(swap.agreed, moment) if word.at <= moment))
            for swap in known(case.swaps, moment)
        ),
        leave=tuple(leave_as_known(leave, moment) for leave in known(case.leave, moment) if leave.asked <= moment),
        corrections=tuple(
            replace(
                correction,
                decisions=taken(correction.decisions, moment),
                second=taken(correction.second, moment),
            )
            for correction in known(case.corrections, moment)
            if correction.asked <= moment
        ),
        meetings=tuple(
            replace(meeting, entries=known(meeting.entries, moment)) for meeting in known(case.meetings, moment)
        ),
        residencies=known(case.residencies, moment),
        months=tuple(
            replace(
                row,
                shown=row.shown if row.shown is not None and row.shown <= moment else None,
                closed=row.closed if row.closed is not None and row.closed <= moment else None,
            )
            for row in known(case.months, moment)
        ),
        stations=tuple(station_as_known(station, moment) for station in known(case.stations, moment)),
    )


def known(rows: Iterable[Any], moment: datetime) -> tuple[Any, ...]:
    """Return the rows that were known by then."""
    return tuple(row for row in rows if row.known <= moment)


def taken(decisions: tuple[Decision, ...], moment: datetime) -> tuple[Decision, ...]:
    """Return the decisions that had been taken by then."""
    return tuple(decision for decision in known(decisions, moment) if decision.at <= moment)


def leave_as_known(leave: Leave, moment: datetime) -> Leave:
    """Return a request with its decisions and its 销假 as they were by then."""
    back = leave.returned is not None and leave.returned_known <= moment
    return replace(leave, decisions=taken(leave.decisions, moment), returned=leave.returned if back else None)


def station_as_known(station: Station, moment: datetime) -> Station:
    """Return a station with the facts that the county had received by then."""
    return replace(
        station,
        dead=station.dead if station.dead is not None and station.dead_known <= moment else None,
        epoch_ends=known(station.epoch_ends, moment),
        lost=tuple(lost_as_known(lost, moment) for lost in known(station.lost, moment)),
        facts=tuple(fact_as_known(fact, moment) for fact in station.facts if fact.received <= moment),
    )


def lost_as_known(lost: Lost, moment: datetime) -> Lost:
    """Return lost seqs with whether they are written off by then (§2.8)."""
    return replace(lost, belongs_to_nothing=lost.written_off is not None and lost.written_off <= moment)


def fact_as_known(fact: Fact, moment: datetime) -> Fact:
    """Return a fact with whether it is held then, and whether it is written off (introduction, §2.8).

    A fact that says until when it was held is held until then. A fact that does not say so and is of kind ``held``, or
    is written off one day, is never read.
    """
    if fact.held_until is not None:
        held = moment < fact.held_until
    else:
        held = fact.kind == "held" or fact.written_off is not None
    written_off = fact.written_off is not None and fact.written_off <= moment
    if (held, held and written_off) == (fact.held, fact.belongs_to_nothing):
        return fact
    return replace(fact, held=held, belongs_to_nothing=held and written_off)
