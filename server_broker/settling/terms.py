"""Places, the calendar, notices and the parameters of the rules, as the county knew them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from django.db.models import F
from django.utils import timezone

from server_broker.dated.days import begin_of, end_of
from server_broker.duty.values import Rosters
from server_broker.regions.models import RegionRecord
from server_broker.settlement import values
from server_broker.settlement.parameters import Values
from server_broker.settling.models import ParameterRecord
from server_broker.settling.moments import minute_of_duty, moment
from server_broker.settling.span import Span
from server_broker.workdays.days import LIBRARIES, Source
from server_broker.workdays.models import CountyDay, LibraryTable

_SATURDAY = 6
_SOURCES: Mapping[str, values.Source] = {
    LIBRARIES[Source.ANNOUNCED]: "chinesecalendar",
    LIBRARIES[Source.COMPUTED]: "holidays",
}


def regions(span: Span) -> tuple[values.Region, ...]:
    """Return the tree of regions, in one query."""
    rows = RegionRecord.objects.known(span.known).order_by("subject", F("valid_from").asc(nulls_first=True))
    return tuple(
        values.Region(id=str(subject), parent=None if parent is None else str(parent), first=_date(since))
        for subject, parent, since in rows.values_list("subject", "parent", "valid_from")
    )


def _date(since: dt.datetime | None) -> dt.date:
    return dt.date.min if since is None else timezone.localdate(since)


def calendar(span: Span) -> tuple[values.Table, ...]:
    """Return what each source said of the dates, with the time from which the county had it; two queries."""
    first, last = span.around[0], span.around[-1]
    tables = [_library(row, first, last) for row in LibraryTable.objects.filter(recorded_at__lte=span.known)]
    said = CountyDay.objects.filter(
        recorded_at__lte=span.known, valid_from__gte=begin_of(first), valid_from__lt=end_of(last)
    )
    of_date: dict[dt.date, list[CountyDay]] = defaultdict(list)
    for day in said.order_by("recorded_at"):
        of_date[day.date].append(day)
    for date, rows in of_date.items():
        # What the county took back is no word of it, whatever it said before.
        if rows[-1].working is not None:
            tables += [_of_county(date, row) for row in rows if row.working is not None]
    return tuple(tables)


def _library(row: LibraryTable, first: dt.date, last: dt.date) -> values.Table:
    days = {dt.date.fromisoformat(text): working for text, (working, _) in row.days.items()}
    near = {day: working for day, working in days.items() if first <= day <= last}
    return values.Table(
        known=moment(row.recorded_at),
        source=_SOURCES[row.subject_id],
        first=row.first,
        last=row.last,
        holidays=frozenset(day for day, working in near.items() if not working and day.isoweekday() < _SATURDAY),
        workdays=frozenset(day for day, working in near.items() if working and day.isoweekday() >= _SATURDAY),
    )


def _of_county(date: dt.date, row: CountyDay) -> values.Table:
    return values.Table(
        known=moment(row.recorded_at),
        source="county",
        first=date,
        last=date,
        holidays=frozenset() if row.working else frozenset({date}),
        workdays=frozenset({date}) if row.working else frozenset(),
    )


def notices(rosters: Rosters) -> tuple[values.Notice, ...]:
    """Return the notices that stop work, village by village."""
    return tuple(
        values.Notice(scope=str(village), begin=minute_of_duty(one.begin), end=minute_of_duty(one.end))
        for village, some in sorted(rosters.notices.items())
        for one in some
    )


def parameters(villages: Collection[int], tree: Iterable[values.Region], span: Span) -> tuple[values.ParameterRow, ...]:
    """Return the parameters in force in each village: of the nearest region that sets them, unless the county locks.

    They are told date by date where they change. One query.
    """
    rows = ParameterRecord.objects.known(span.known).during(begin_of(span.around[0]), end_of(span.around[-1]))
    found: dict[tuple[str, str], list[ParameterRecord]] = defaultdict(list)
    for row in rows.select_related("subject"):
        if row.value is not None:
            found[str(row.subject.region_id), row.subject.name].append(row)
    above = _chains(villages, tree, span)
    told = []
    for village in sorted(villages):
        last: dict[str, object] = {}
        for day in span.around:
            now = _in_force(above[village, day], found, day)
            if now != last:
                told.append(_row(village, day, now))
                last = now
    return tuple(told)


def _chains(
    villages: Collection[int], tree: Iterable[values.Region], span: Span
) -> dict[tuple[int, dt.date], list[str]]:
    parents: dict[str, list[values.Region]] = defaultdict(list)
    for region in tree:
        parents[region.id].append(region)
    found = {}
    for village in villages:
        for day in span.around:
            chain = [str(village)]
            while (row := next((one for one in reversed(parents[chain[-1]]) if one.first <= day), None)) is not None:
                if row.parent is None or row.parent in chain:
                    break
                chain.append(row.parent)
            found[village, day] = chain
    return found


def _in_force(
    chain: list[str], rows: Mapping[tuple[str, str], list[ParameterRecord]], day: dt.date
) -> dict[str, object]:
    """Return what holds on a date by its first moment."""
    found = {name: decides(chain, rows, name, begin_of(day)) for name in Values.__struct_fields__}
    return {name: row.value for name, row in found.items() if row is not None}


def decides(
    chain: Sequence[str], rows: Mapping[tuple[str, str], Sequence[ParameterRecord]], name: str, at: dt.datetime
) -> ParameterRecord | None:
    """Return the row whose value of a parameter holds at a moment; None: no region sets one.

    Args:
        chain: A region and all above it, up to the county.
        rows: Rows with a value, by region and name.
    """
    set_here = [one for place in chain for one in rows.get((place, name), ()) if holds(one, at)]
    if not set_here:
        return None
    of_county = set_here[-1]
    locks = of_county.locked and str(of_county.subject.region_id) == chain[-1]
    return of_county if locks else set_here[0]


def holds(row: ParameterRecord, at: dt.datetime) -> bool:
    """Tell whether a row is about a moment."""
    return (row.valid_from is None or row.valid_from <= at) and (row.valid_to is None or at < row.valid_to)


def _row(village: int, day: dt.date, now: Mapping[str, object]) -> values.ParameterRow:
    # What nobody sets is told too, because a value that was set before holds no more.
    whole = {name: getattr(Values(), name) for name in Values.__struct_fields__} | dict(now)
    listed = tuple((name, value) for name, value in sorted(whole.items()) if isinstance(value, int | str))
    return values.ParameterRow(region=str(village), first=day, locked=False, values=listed)
