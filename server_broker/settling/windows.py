"""Settle the windows of villages from the county's data, without keeping anything."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec
from msgspec import Struct

from server_broker.settlement.awaiting import ALL_FOR
from server_broker.settlement.counting import NOT_FINAL
from server_broker.settlement.index import Index
from server_broker.settlement.parameters import Values
from server_broker.settlement.record import Ref
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import Minute, Moment, begin_of
from server_broker.settlement.units import Unit
from server_broker.settling.reading import Read, read
from server_broker.settling.span import Span
from server_broker.settling.stations import standing_pieces

_DIGEST = 16
"""Hexadecimal digits: two sets of parameters never meet by chance."""


class FactName(Struct, frozen=True, order=True):
    """The identity of a fact under which its station committed it first."""

    station: str
    epoch: str
    """32 hexadecimal digits."""
    seq: int


class AwaitedThing(Struct, frozen=True):
    """What may still change a result: a station's record since a minute, or a fact that a person must look at."""

    station: str
    since: Minute | None
    """None: the record tells of no minute yet."""
    fact: FactName | None


class Settled(Struct, frozen=True):
    """What one window of one person's date came to."""

    village: int
    """Identity of the region whose roster it is on."""
    person: int
    result: Result
    facts: tuple[FactName, ...]
    awaited: tuple[AwaitedThing, ...]
    parameters: str
    """Digest of the values of the rules' parameters that held for the village on the date."""
    due_at: Moment | None
    """When the passing of time alone may change it; None: it does not."""


class Outcome(NamedTuple):
    """What windows come to, by person, date and start, and the stations that told too much for all of it to be read."""

    settled: list[Settled]
    cut_short: frozenset[str]


def settle(villages: Collection[int], span: Span, *, closed: Mapping[str, Moment] | None = None) -> list[Settled]:
    """Return what the windows of these villages come to on the dates, by person, date and start.

    Args:
        villages: Identities of regions.
        closed: When months were closed; what was asked to be corrected later changes nothing.
    """
    return settle_and_name(villages, span, closed=closed).settled


def settle_and_name(villages: Collection[int], span: Span, *, closed: Mapping[str, Moment] | None = None) -> Outcome:
    """Return the same as `settle`, and which stations could not be read whole for it."""
    wanted = frozenset(villages)
    settled: list[Settled] = []
    cut_short: frozenset[str] = frozenset()
    for piece in standing_pieces(wanted, span):
        found = read(wanted, piece)
        cut_short |= found.refs.cut_short
        settled += _settle(wanted, found, piece, closed or {})
    # Stable: what starts at the same minute stays in the order in which it was made.
    return Outcome(sorted(settled, key=lambda one: (one.person, one.result.day, one.result.start)), cut_short)


def _settle(wanted: frozenset[int], found: Read, span: Span, closed: Mapping[str, Moment]) -> Iterator[Settled]:
    """Yield what the windows come to on dates of which no station moves from the one to the next."""
    sheet = Sheet(Index(found.world), span.settled, span.at, closed)
    digests: dict[Values, str] = {}
    for person in sorted(found.duty.people):
        for day in span.settled:
            for placed in placed_results(sheet, str(person), day):
                if int(placed.village) in wanted:
                    values = sheet.knowledge.parameters.on(str(placed.village), day)
                    if values not in digests:
                        digests[values] = _digest(values)
                    yield _settled(placed, person, found, digests[values], span.at)


class Placed(NamedTuple):
    """A result with the village of its window, and the unit by which it was judged; None: notices or leave decide."""

    village: str
    result: Result
    unit: Unit | None


def placed_results(sheet: Sheet, person: str, day: dt.date) -> Iterator[Placed]:
    """Yield each result of somebody's date with its village. Those that start at the same minute are told apart so."""
    schedule = sheet.lines.schedule
    windows: dict[int, list[tuple[str, Unit | None]]] = defaultdict(list)
    # In the order in which the results are made: what notices and absences decide whole, then what is judged.
    for share in schedule.shares(person, day):
        if share.covered.line:
            windows[share.turn.window.start].append((share.turn.window.village, None))
    for unit in schedule.units(person, day):
        for share in unit.shares:
            windows[share.turn.window.start].append((share.turn.window.village, unit))
    for result in sheet.lines.results(person, day):
        village, of_unit = windows[result.start].pop(0)
        yield Placed(village, result, of_unit)


def _due_at(placed: Placed, at: Moment) -> Moment | None:
    """Return when the passing of time alone may change a result."""
    if placed.unit is None or placed.result.result not in NOT_FINAL:
        return None
    # First the window's last minute is reached; later fewer stations are awaited.
    turns = (begin_of(placed.unit.last_minute), begin_of(placed.unit.whole_end + ALL_FOR))
    return next((turn for turn in turns if turn > at), None)


def _digest(values: Values) -> str:
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:_DIGEST]


def _settled(placed: Placed, person: int, found: Read, parameters: str, at: Moment) -> Settled:
    result = placed.result
    awaited = (
        AwaitedThing(one.station, one.since, None if one.ref is None else _name(one.ref, found))
        for one in result.awaited
    )
    return Settled(
        village=int(placed.village),
        person=person,
        result=result,
        facts=tuple(_name(ref, found) for ref in result.refs),
        awaited=tuple(awaited),
        parameters=parameters,
        due_at=_due_at(placed, at),
    )


def _name(ref: Ref, found: Read) -> FactName:
    station, epoch = found.refs.epochs[ref.station, ref.epoch]
    return FactName(station, epoch.hex(), ref.seq)
