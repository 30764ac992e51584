"""Settle the windows of villages from the county's data, without keeping anything."""

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import msgspec
from msgspec import Struct

from server_broker.settlement.index import Index
from server_broker.settlement.parameters import Values
from server_broker.settlement.record import Ref
from server_broker.settlement.results import Result
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import Moment
from server_broker.settling.reading import Read, read
from server_broker.settling.span import Span

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
    since: int
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


def settle(villages: Collection[int], span: Span, *, closed: Mapping[str, Moment] | None = None) -> list[Settled]:
    """Return what the windows of these villages come to on the dates, by person, date and start.

    Args:
        villages: Identities of regions.
        closed: When months were closed; what was asked to be corrected later changes nothing.
    """
    wanted = frozenset(villages)
    found = read(wanted, span)
    sheet = Sheet(Index(found.world), span.settled, span.at, closed or {})
    digests: dict[Values, str] = {}
    settled = []
    for person in sorted(found.duty.people):
        for day in span.settled:
            for village, result in _placed(sheet, str(person), day):
                if village in wanted:
                    values = sheet.knowledge.parameters.on(str(village), day)
                    if values not in digests:
                        digests[values] = _digest(values)
                    settled.append(_settled(village, person, result, found, digests[values]))
    return settled


def _placed(sheet: Sheet, person: str, day: dt.date) -> Iterator[tuple[int, Result]]:
    """Yield each result of somebody's date with the village of its window."""
    schedule = sheet.lines.schedule
    villages: dict[int, list[str]] = defaultdict(list)
    # In the order in which the results are made: what notices and absences decide whole, then what is judged.
    for share in schedule.shares(person, day):
        if share.covered.line:
            villages[share.turn.window.start].append(share.turn.window.village)
    for unit in schedule.units(person, day):
        for share in unit.shares:
            villages[share.turn.window.start].append(share.turn.window.village)
    for result in sheet.lines.results(person, day):
        yield int(villages[result.start].pop(0)), result


def _digest(values: Values) -> str:
    return hashlib.sha256(msgspec.json.encode(values, order="sorted")).hexdigest()[:_DIGEST]


def _settled(village: int, person: int, result: Result, found: Read, parameters: str) -> Settled:
    awaited = (
        AwaitedThing(one.station, one.since, None if one.ref is None else _name(one.ref, found))
        for one in result.awaited
    )
    return Settled(
        village=village,
        person=person,
        result=result,
        facts=tuple(_name(ref, found) for ref in result.refs),
        awaited=tuple(awaited),
        parameters=parameters,
    )


def _name(ref: Ref, found: Read) -> FactName:
    station, epoch = found.refs.epochs[ref.station, ref.epoch]
    return FactName(station, epoch.hex(), ref.seq)
