"""Write a named case: the values from which a settlement is reckoned as a TOML text of docs/cases.md."""

import datetime as dt
import json
from collections.abc import Collection, Iterable, Mapping, Sequence

from server_broker.settlement.named_cases.answer import of_day
from server_broker.settlement.named_cases.reading import CHOSEN_WITHIN_S
from server_broker.settlement.parameters import OFF, Values
from server_broker.settlement.results import Result
from server_broker.settlement.times import (
    ALWAYS,
    END_OF_TIME,
    FIRST_MINUTE,
    LAST_MINUTE,
    MINUTES_A_DAY,
    NEVER,
    Minute,
    Moment,
    begin_of,
    datetime_of,
)
from server_broker.settlement.values import (
    Binding,
    Correction,
    Decision,
    Fact,
    Leave,
    ParameterRow,
    RosterWindow,
    Station,
    World,
)
from server_broker.settlement.version import RULES

type Value = str | int | float | bool | dt.date | dt.datetime | Sequence[Value] | Mapping[str, Value]
type _Row = dict[str, Value]

_LONG_AGO = dt.datetime(1970, 1, 1)  # noqa: DTZ001 - local time, as everything here
"""Stands for a time before all that is known, where a case must name one."""
_WEEK = frozenset(range(1, 6))


def case_text(
    world: World, days: Collection[dt.date], *, at: Moment, name: str, why: str, expect: Iterable[Result]
) -> str:
    """Return a case as TOML.

    Args:
        world: Without meetings and residencies, which a case about windows does not need.
        at: T.
        expect: What its windows must come to.
    """
    head: _Row = {"format": 1, "rules": RULES, "name": name, "why": why, "days": sorted(days)}
    if at != END_OF_TIME:
        head["as_of"] = datetime_of(at)
    tables: dict[str, list[_Row]] = {
        "regions": [_row(one.known, id=one.id, parent=one.parent, **_since(one.first)) for one in world.regions],
        "calendar": [
            _row(
                one.known,
                source=one.source,
                **{"from": one.first, "to": one.last},
                holidays=sorted(one.holidays),
                workdays=sorted(one.workdays),
            )
            for one in world.calendar
        ],
        "notices": [_row(one.known, scope=one.scope, start=_at(one.begin), end=_at(one.end)) for one in world.notices],
        "parameters": [_parameters(one) for one in world.parameters],
        "people": [_row(one.known, id=one.id, village=one.home, rank=one.rank) for one in world.people],
        "posts": [
            _row(one.known, post=one.post, person=one.person, **_from(one.first), **_until(one.last))
            for one in world.holdings
        ],
        "away": [
            _row(one.known, person=one.person, kind=one.kind, **_from(one.first), **_until(one.last))
            for one in world.away
        ],
        "cards": [_binding(one) for one in world.bindings],
        "orders": [_row(one.known, card=one.card, person=one.person) for one in world.orders],
        "rosters": [_roster(one) for one in world.windows],
        "swaps": [
            _row(
                one.known,
                date=one.date,
                window=of_day(one.start),
                giver=one.giver,
                taker=one.taker,
                agreed=[_row(word.known, by=word.by, at=datetime_of(word.at)) for word in one.agreed],
            )
            for one in world.swaps
        ],
        "leave": [_leave(one) for one in world.leave],
        "corrections": [_correction(one) for one in world.corrections],
    }
    lines = [f"{key} = {_text(value)}" for key, value in head.items()]
    for table, rows in tables.items():
        if rows:
            lines += [f"{table} = [", *(f"    {_text(row)}," for row in rows), "]"]
    lines += ["expect = [", *(f"    {_text(_expected(one))}," for one in expect), "]"]
    for station in world.stations:
        lines += ["", "[[stations]]", *(f"{key} = {_text(value)}" for key, value in _station(station).items())]
        lines += ["facts = [", *(f"    {_text(_fact(fact))}," for fact in station.facts), "]"]
    return "\n".join(lines) + "\n"


def _text(value: Value) -> str:
    """Return a value as TOML writes it; a table stands inline."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_text(one)}' for key, one in value.items())} }}"
    return f"[{', '.join(map(_text, value))}]"


def _row(known: Moment, **values: Value | None) -> _Row:
    """Return a row without what is absent."""
    row: _Row = {key: value for key, value in values.items() if value is not None}
    return row if known == ALWAYS else row | {"known": datetime_of(known)}


def _since(day: dt.date) -> dict[str, Value]:
    return {} if day == dt.date.min else {"from": day}


def _from(day: dt.date) -> dict[str, Value]:
    """Return the first date where a case must name one."""
    return {"from": max(day, _LONG_AGO.date())}


def _until(day: dt.date) -> dict[str, Value]:
    return {} if day == dt.date.max else {"to": day}


def _at(minute: Minute) -> dt.datetime:
    return datetime_of(begin_of(minute))


def _moment(at: Moment, absent: Moment) -> dt.datetime | None:
    """Return a moment; None for the one by which it is absent, and long ago for one before all time."""
    if at == absent:
        return None
    return _LONG_AGO if at == ALWAYS else datetime_of(at)


def _minute(at: Minute, absent: Minute) -> dt.datetime | None:
    if at == absent:
        return None
    return _LONG_AGO if at == FIRST_MINUTE else _at(at)


def _parameters(one: ParameterRow) -> _Row:
    names = set(Values.__struct_fields__)
    # Nobody is a whole day late, so that is as good as never.
    values = {name: MINUTES_A_DAY if value == OFF else value for name, value in one.values if name in names}
    return _row(one.known, region=one.region, **{"from": one.first}, locked=one.locked or None, **values)


def _binding(one: Binding) -> _Row:
    begin, end = _minute(one.begin, LAST_MINUTE), _minute(one.end, LAST_MINUTE)
    times = {"from": begin, "to": end, "lost": _minute(one.lost, LAST_MINUTE)}
    known = None if one.lost == LAST_MINUTE else _moment(one.lost_known, NEVER)
    return _row(one.known, card=one.card, person=one.person, **times, lost_known=known)


def _roster(one: RosterWindow) -> _Row:
    return _row(
        one.known,
        roster=one.roster,
        village=one.village,
        windows=[f"{of_day(one.start)}-{of_day(one.end % MINUTES_A_DAY)}"],
        persons=sorted(one.persons) if one.post is None else None,
        post=one.post,
        days=sorted(one.dates) if one.named_days else "working",
        weekdays=None if one.named_days or one.weekdays == _WEEK else sorted(one.weekdays),
        marks=one.marks or None,
        **_since(one.first),
        **_until(one.last),
    )


def _decisions(some: Iterable[Decision]) -> list[Value]:
    return [_row(one.known, by=one.by, at=datetime_of(one.at), yes=one.yes, commit=one.commit or None) for one in some]


def _leave(one: Leave) -> _Row:
    return _row(
        one.known,
        person=one.person,
        cover=one.cover,
        kind=one.kind or None,
        start=datetime_of(one.begin),
        end=datetime_of(one.end),
        asked=_moment(one.asked, NEVER),
        asked_by=one.asked_by,
        returned=_moment(one.returned, NEVER),
        returned_known=_moment(one.returned_known, NEVER),
        decisions=_decisions(one.decisions),
    )


def _correction(one: Correction) -> _Row:
    return _row(
        one.known,
        person=one.person,
        date=one.date,
        window=of_day(one.start),
        mark=one.mark,
        time="none" if one.minute is None else _at(one.minute),
        asked=_moment(one.asked, NEVER),
        asked_by=one.asked_by,
        decisions=_decisions(one.decisions),
        second=_decisions(one.second),
    )


def _station(one: Station) -> _Row:
    return _row(
        one.known,
        id=one.id,
        village=one.village,
        enrolled=_minute(one.enrolled, FIRST_MINUTE),
        retired=_minute(one.retired, LAST_MINUTE),
        dead=_minute(one.dead, LAST_MINUTE),
        dead_known=None if one.dead == LAST_MINUTE else _moment(one.dead_known, NEVER),
        stands_in_for=sorted(one.stands_in_for) or None,
        epoch_ends=[_row(end.known, epoch=end.epoch, last=end.last) for end in one.epoch_ends] or None,
        lost=[
            _row(
                lost.known,
                epoch=lost.epoch,
                first=lost.first,
                last=lost.last,
                written_off=_moment(lost.written_off, NEVER),
            )
            for lost in one.lost
        ]
        or None,
    )


def _fact(one: Fact) -> _Row:
    is_fix, is_touch = one.kind == "time_fix", bool(one.card)
    return _row(
        ALWAYS,
        seq=one.seq,
        epoch=one.epoch if one.epoch > 1 else None,
        at=datetime_of(one.at),
        kind=one.kind,
        quality=None if one.dated else "unknown",
        received=_moment(one.received, NEVER),
        held_until=_moment(one.held_until, ALWAYS),
        written_off=_moment(one.written_off, NEVER),
        card=one.card or None,
        way=one.way if is_touch else None,
        # One that was chosen in time may have been told later than a case allows.
        way_after_s=min(one.way_after / 1_000_000, CHOSEN_WITHIN_S) if is_touch and one.way else None,
        last_alive=_moment(one.last_alive, ALWAYS) if one.kind == "boot" else None,
        of=one.of if is_fix else None,
        time=datetime_of(one.time) if is_fix else None,
    )


def _expected(one: Result) -> _Row:
    return _row(
        ALWAYS,
        person=one.person,
        date=one.day,
        start=of_day(one.start),
        result=one.result,
        kind=one.kind or None,
        beside=list(one.beside) or None,
        late=one.late or None,
        early=one.early or None,
        flags=list(one.flags) or None,
        line=one.line,
        reason=one.reason,
    )
