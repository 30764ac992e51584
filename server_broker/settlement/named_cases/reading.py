"""Read a named case: a TOML text of docs/cases.md as the values from which a settlement is reckoned."""

import datetime as dt
import re
import tomllib
from collections.abc import Iterator
from fractions import Fraction

from msgspec import Struct, ValidationError, convert

from server_broker.settlement import values
from server_broker.settlement.calendar import FRIDAY
from server_broker.settlement.named_cases import rows
from server_broker.settlement.named_cases.checks import problems
from server_broker.settlement.named_cases.places_in_text import Path, lines_of
from server_broker.settlement.named_cases.refused import NotACase
from server_broker.settlement.times import (
    ALWAYS,
    END_OF_TIME,
    FIRST_MINUTE,
    LAST_MINUTE,
    NEVER,
    Minute,
    Moment,
    cut,
    moment_of,
)
from server_broker.settlement.version import RULES

YEARS = range(1970, 2200)
"""The years of the dates and times that are taken."""
CHOSEN_WITHIN_S = 10
"""So long after a touch its direction may be chosen."""
_A_MINUTE = dt.timedelta(minutes=1)
_WEEK = frozenset(range(1, FRIDAY + 1))


class Case(Struct, frozen=True):
    """A named case: what is in its file, and what it is reckoned from."""

    file: rows.CaseFile
    world: values.World

    @property
    def at(self) -> Moment:
        """T; the end of time if the case names none."""
        return _moment(self.file.as_of, END_OF_TIME)


def read_case(text: str) -> Case:
    """Return the case that a text is.

    Raises:
        NotACase: It is none. The error says why, and on which line.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise NotACase(_toml_line(error, text), f"不是 TOML（{error}）") from error
    lines = lines_of(text)
    for path, year in _years(document, ()):
        if year not in YEARS:
            raise NotACase(_line(lines, path), f"{year} 年不在 {YEARS[0]} 到 {YEARS[-1]} 年之间")
    try:
        file = convert(document, rows.CaseFile)
    except ValidationError as error:
        path, why = _explained(str(error))
        raise NotACase(_line(lines, path), why) from error
    if _version(file.rules) > _version(RULES):
        raise NotACase(_line(lines, ("rules",)), f"规则 {file.rules} 比这里的 {RULES} 新")
    first = min(((_line(lines, one.path), one.why) for one in problems(file)), default=None)
    if first is not None:
        raise NotACase(*first)
    return Case(file, world_of(file))


def _years(value: object, path: Path) -> Iterator[tuple[Path, int]]:
    """Yield the year of every date and time in a document."""
    if isinstance(value, dt.date):
        yield path, value.year
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _years(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _years(one, (*path, number))


def _toml_line(error: tomllib.TOMLDecodeError, text: str) -> int:
    found = re.search(r"at line (\d+)", str(error))
    return int(found[1]) if found else text.rstrip().count("\n") + 1


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _explained(message: str) -> tuple[Path, str]:
    """Return the place and a Chinese sentence for what msgspec says."""
    said, _, where = message.partition(" - at `$")
    path: Path = tuple(int(number) if number else key for key, number in re.findall(r"\.(\w+)|\[(\d+)\]", where))
    name = re.search(r"`(\w+)`", said)
    if name and "unknown field" in said:
        return (*path, name[1]), f"不认识 {name[1]}"
    if name and "missing required field" in said:
        return path, f"缺少 {name[1]}"
    keys = [key for key in path if isinstance(key, str)]
    return path, f"{keys[-1] if keys else '这里'} 写得不对（{said}）"


def _line(lines: dict[Path, int], path: Path) -> int:
    """Return the line of a place; of one that is not in the text, that of what it stands in."""
    while path not in lines:
        path = path[:-1]
    return lines[path]


def _moment(at: dt.datetime | None, otherwise: Moment) -> Moment:
    return otherwise if at is None else moment_of(at)


def _known(row: rows.Row) -> Moment:
    return _moment(row.known, ALWAYS)


def _minute(at: dt.datetime | None, otherwise: Minute) -> Minute:
    return otherwise if at is None else cut(moment_of(at))


def _of_day(clock: str) -> int:
    hour, minute = clock.split(":")
    return int(hour) * 60 + int(minute)


def world_of(file: rows.CaseFile) -> values.World:
    """Return what a case is reckoned from."""
    return values.World(
        regions=tuple(
            values.Region(known=_known(row), id=row.id, parent=row.parent, first=row.first) for row in file.regions
        ),
        calendar=tuple(_table(row) for row in file.calendar),
        notices=tuple(
            values.Notice(known=_known(row), scope=row.scope, begin=_minute(row.start, 0), end=_minute(row.end, 0))
            for row in file.notices
        ),
        parameters=tuple(_parameters(row) for row in file.parameters),
        people=tuple(
            values.Person(known=_known(row), id=row.id, home=row.village, rank=row.rank) for row in file.people
        ),
        holdings=tuple(
            values.Holding(known=_known(row), post=row.post, person=row.person, first=row.first, last=row.last)
            for row in file.posts
        ),
        away=tuple(
            values.Away(known=_known(row), person=row.person, kind=row.kind, first=row.first, last=row.last)
            for row in file.away
        ),
        bindings=tuple(_binding(row) for row in file.cards),
        orders=tuple(values.CardOrder(known=_known(row), card=row.card, person=row.person) for row in file.orders),
        windows=tuple(window for number, row in enumerate(file.rosters) for window in _windows(number, row)),
        swaps=tuple(_swap(row) for row in file.swaps),
        leave=tuple(_leave(row) for row in file.leave),
        corrections=tuple(_correction(row) for row in file.corrections),
        meetings=tuple(_meeting(row) for row in file.meetings),
        residencies=tuple(
            values.Residency(known=_known(row), person=row.person, village=row.village) for row in file.residencies
        ),
        months=tuple(
            values.Month(
                known=_known(row), month=row.month, shown=_moment(row.shown, NEVER), closed=_moment(row.closed, NEVER)
            )
            for row in file.months
        ),
        stations=tuple(_station(row) for row in file.stations),
    )


def _table(row: rows.TableRow) -> values.Table:
    return values.Table(
        known=_known(row),
        source=row.source,
        first=row.first,
        last=row.last,
        holidays=row.holidays,
        workdays=row.workdays,
    )


def _parameters(row: rows.ParametersRow) -> values.ParameterRow:
    named = ((name, getattr(row, name)) for name in sorted(row.__struct_fields__))
    beside = {"region", "first", "locked", "known"}
    set_here = tuple((name, value) for name, value in named if value is not None and name not in beside)
    return values.ParameterRow(
        known=_known(row), region=row.region, first=row.first, locked=row.locked, values=set_here
    )


def _binding(row: rows.CardRow) -> values.Binding:
    lost = _minute(row.lost, LAST_MINUTE)
    return values.Binding(
        known=_known(row),
        card=row.card,
        person=row.person,
        begin=_minute(row.first, FIRST_MINUTE),
        end=_minute(row.last, LAST_MINUTE),
        lost=lost,
        lost_known=_moment(row.lost_known, _moment(row.lost, NEVER)),
    )


def _windows(number: int, row: rows.RosterRow) -> list[values.RosterWindow]:
    found = []
    for span in row.windows:
        start, end = (_of_day(clock) for clock in span.split("-"))
        working = row.days == "working"
        found.append(
            values.RosterWindow(
                known=_known(row),
                # A name is never a number, so that rows without one are rosters of their own.
                roster=str(number) if row.roster is None else f"roster {row.roster}",
                village=row.village,
                start=start,
                end=end if end > start else end + 24 * 60,
                persons=frozenset(row.persons or ()),
                post=row.post,
                weekdays=(row.weekdays or _WEEK) if working else frozenset(),
                dates=frozenset() if isinstance(row.days, str) else row.days,
                first=row.first,
                last=row.last,
                marks=row.marks or "",
            )
        )
    return found


def _swap(row: rows.SwapRow) -> values.Swap:
    return values.Swap(
        known=_known(row),
        date=row.date,
        start=_of_day(row.window),
        giver=row.giver,
        taker=row.taker,
        agreed=tuple(values.Agreement(known=_known(one), by=one.by, at=moment_of(one.at)) for one in row.agreed),
    )


def _decisions(listed: tuple[rows.DecisionRow, ...]) -> tuple[values.Decision, ...]:
    return tuple(
        values.Decision(known=_known(row), by=row.by, at=moment_of(row.at), yes=row.yes, commit=row.commit)
        for row in listed
    )


def _leave(row: rows.LeaveRow) -> values.Leave:
    return values.Leave(
        known=_known(row),
        person=row.person,
        cover=row.cover,
        kind=row.kind,
        begin=moment_of(row.start),
        end=moment_of(row.end),
        asked=moment_of(row.asked),
        asked_by=row.asked_by or row.person,
        returned=_moment(row.returned, NEVER),
        returned_known=_moment(row.returned_known, _moment(row.returned, NEVER)),
        decisions=_decisions(row.decisions),
    )


def _correction(row: rows.CorrectionRow) -> values.Correction:
    return values.Correction(
        known=_known(row),
        person=row.person,
        date=row.date,
        start=_of_day(row.window),
        mark=row.mark,
        minute=_corrected(row.time),
        asked=moment_of(row.asked),
        asked_by=row.asked_by or row.person,
        decisions=_decisions(row.decisions),
        second=_decisions(row.second),
    )


def _corrected(time: object) -> Minute | None:
    return cut(moment_of(time)) if isinstance(time, dt.datetime) else None


def _meeting(row: rows.MeetingRow) -> values.Meeting:
    return values.Meeting(
        known=_known(row),
        id=row.id,
        station=row.station,
        begin=_minute(row.start, 0),
        end=_minute(row.end, 0),
        votes=tuple(_minute(at, 0) for at in row.votes),
        expected=tuple(dict.fromkeys(row.expected)),
        voters=frozenset(row.expected if row.voters is None else row.voters),
        at_least=row.quorum.rule == "at_least",
        share=Fraction(row.quorum.share),
        entries=tuple(
            values.Entry(
                known=_known(one), person=one.person, by=one.by, at=moment_of(one.at), confirmed_by=one.confirmed_by
            )
            for one in row.manual
        ),
    )


def _station(row: rows.StationRow) -> values.Station:
    return values.Station(
        known=_known(row),
        id=row.id,
        village=row.village,
        enrolled=_minute(row.enrolled, FIRST_MINUTE),
        retired=_minute(row.retired, LAST_MINUTE),
        dead=_minute(row.dead, LAST_MINUTE),
        dead_known=_moment(row.dead_known, _moment(row.dead, NEVER)),
        stands_in_for=row.stands_in_for,
        epoch_ends=tuple(values.EpochEnd(known=_known(one), epoch=one.epoch, last=one.last) for one in row.epoch_ends),
        lost=tuple(
            values.Lost(
                known=_known(one),
                epoch=one.epoch,
                first=one.first,
                last=one.last,
                written_off=_moment(one.written_off, NEVER),
            )
            for one in row.lost
        ),
        facts=tuple(_fact(one) for one in row.facts),
    )


def _fact(row: rows.FactRow) -> values.Fact:
    in_time = row.way_after_s is None or row.way_after_s <= CHOSEN_WITHIN_S
    return values.Fact(
        epoch=row.epoch,
        seq=row.seq,
        at=moment_of(row.at),
        kind=row.kind,
        dated=row.quality in {"synced", "holdover"},
        received=_moment(row.received, moment_of(row.at + _A_MINUTE)),
        held_until=_moment(row.held_until, ALWAYS),
        written_off=_moment(row.written_off, NEVER),
        card=row.card or "",
        way=row.way if in_time else None,
        way_after=round((row.way_after_s or 0) * 1_000_000),
        last_alive=_moment(row.last_alive, ALWAYS),
        of=row.of or 0,
        time=_moment(row.time, 0),
    )
