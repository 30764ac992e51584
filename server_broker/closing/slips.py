"""The slip (更正单) of a month: what late data and decisions changed of months that are closed.

A change goes on the slip of the first month after its own that is open when it comes, with what was signed last as what
it was. So each change is signed once: with that month. Nothing is ever written into a sheet that is signed.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping

import msgspec
from django.db.models import Q

from server_broker.closing.changes import Between, Change, Place, Said, changes, listed, said_of
from server_broker.closing.content import Signed
from server_broker.closing.models import ClosedMonth, SlipLine
from server_broker.platform.sql import query
from server_broker.settlement.times import first_of_month, month_of, next_month, previous_month
from server_broker.settling.windows import FactName

_DAY = dt.timedelta(days=1)


def open_slip(village: int, month: str, *, known: dt.datetime | None = None) -> list[Change]:
    """Return what goes on the slip of a village's month that is open, by month, number and date.

    Args:
        known: By the results that stood at this moment; None: by those that stand.
    """
    signed = _signed_until(village, month, known)
    if not signed:
        return []
    first, last = first_of_month(min(signed)), next_month(first_of_month(max(signed))) - _DAY
    between = Between(village, first, last, min(signed.values()), known)
    places = {place for place in between.touched() if month_of(place.day) in signed}
    if not places:
        return []
    return listed(changes(between, places, _as_signed(village, places, month, known)))


_CHANGED = """
SELECT c.village_id FROM (
    SELECT village_id, max(closed_at) AS at, max(month) AS month FROM closing_closedmonth
    WHERE village_id = ANY(%s) AND month < %s GROUP BY village_id
) c
WHERE EXISTS (SELECT 1 FROM settling_settledwindow s WHERE s.village_id = c.village_id
                AND s.settled_at > c.at AND to_char(s.day, 'YYYY-MM') <= c.month)
   OR EXISTS (SELECT 1 FROM settling_settledwindow s WHERE s.village_id = c.village_id
                AND s.superseded_at > c.at AND to_char(s.day, 'YYYY-MM') <= c.month)
"""


def changed_after_closing(villages: Collection[int], month: str) -> set[int]:
    """Return the villages of which something may be on the slip of a month, in one query."""
    return {village for (village,) in query(_CHANGED, [list(villages), month])}


def signed_slip(closed: ClosedMonth) -> list[Change]:
    """Return the slip that was signed with a month."""
    names = Signed(bytes(closed.content), closed.village_id, closed.people).slip_names()
    found = []
    for row, (number, name) in zip(closed.slip.order_by("pk"), names, strict=True):
        found.append(
            Change(
                *(row.person_id, number, name, row.day, row.start),
                was=msgspec.convert(row.was, Said),
                now=msgspec.convert(row.now, Said),
                came_at=row.came_at,
                why=row.why,
                facts=tuple(FactName(*fact) for fact in row.facts),
                decisions=tuple(row.decisions),
            )
        )
    return found


def sign(changed: Collection[Change], closed: ClosedMonth) -> None:
    """Keep the slip that is signed with a month."""
    SlipLine.objects.bulk_create(
        SlipLine(
            signed_with=closed,
            person_id=one.person,
            day=one.day,
            start=one.start,
            was=msgspec.to_builtins(one.was),
            now=msgspec.to_builtins(one.now),
            came_at=one.came_at,
            why=one.why,
            facts=[[fact.station, fact.epoch, fact.seq] for fact in one.facts],
            decisions=list(one.decisions),
        )
        for one in changed
    )


def _closed_by(known: dt.datetime | None, column: str = "closed_at") -> Q:
    return Q() if known is None else Q(**{f"{column}__lte": known})


def _signed_until(village: int, month: str, known: dt.datetime | None) -> dict[str, dt.datetime]:
    """Return of which closed months the changes go on a month's slip, and up to when each was signed so far.

    They are those from which no open month lies before it. A month without windows is nobody's to close.
    """
    rows = ClosedMonth.objects.filter(_closed_by(known), village__identity=village, month__lt=month)
    closed = dict(rows.values_list("month", "closed_at"))
    if not closed:
        return {}
    found: dict[str, dt.datetime] = {}
    between = [one for one in _back_from(month, min(closed)) if one not in closed]
    with_windows = _with_windows(village, between, known)
    for one in _back_from(month, min(closed)):
        if one in with_windows:
            break
        if one in closed:
            found[one] = _signed_last(one, closed)
    return found


def _back_from(month: str, first: str) -> Iterator[str]:
    """Yield the months before one, the last first, down to ``first``."""
    one = previous_month(first_of_month(month))
    while one >= first_of_month(first):
        yield month_of(one)
        one = previous_month(one)


def _with_windows(village: int, months: Collection[str], known: dt.datetime | None) -> set[str]:
    """Return which of the months have windows, in one query."""
    if not months:
        return set()
    firsts = [first_of_month(one) for one in months]
    rows = query(
        """SELECT m.first FROM unnest(%s::date[], %s::date[]) AS m (first, next)
        WHERE EXISTS (SELECT 1 FROM settling_settledwindow w
                      WHERE (w.superseded_at IS NULL OR w.superseded_at > %s)
                        AND w.settled_at <= coalesce(%s, w.settled_at)
                        AND w.village_id = %s AND w.day >= m.first AND w.day < m.next)""",
        [firsts, [next_month(first) for first in firsts], known, known, village],
    )
    return {month_of(first) for (first,) in rows}


def _signed_last(month: str, closed: Mapping[str, dt.datetime]) -> dt.datetime:
    """Return when a closed month's changes were signed last: at its closing, or with the month open after it."""
    signed, open_after = closed[month], closed[month]
    for other in sorted(one for one in closed if one > month):
        if closed[other] >= open_after:
            # At that moment all months between were closed.
            signed = open_after = closed[other]
        else:
            open_after = max(open_after, closed[other])
    return signed


def _as_signed(
    village: int, places: Collection[Place], month: str, known: dt.datetime | None
) -> dict[Place, list[Said]]:
    """Return what was signed last of these places before a month: by a later slip, or else by their month's sheet."""
    months = {month_of(place.day) for place in places}
    stood: dict[Place, list[Said]] = defaultdict(list)
    for closed in ClosedMonth.objects.filter(village__identity=village, month__in=months):
        for one in Signed(bytes(closed.content), village, closed.people).windows():
            place = Place(one.person, one.result.day, one.result.start)
            if place in places:
                stood[place].append(said_of(one.result))
    later = SlipLine.objects.filter(
        _closed_by(known, "signed_with__closed_at"),
        signed_with__village__identity=village,
        person__in={place.person for place in places},
        day__in={p.day for p in places},
    )
    for line in later.exclude(signed_with__month=month).order_by("pk"):
        place = Place(line.person_id, line.day, line.start)
        said = stood[place]
        was = msgspec.convert(line.was, Said)
        if was in said:
            said.remove(was)
        said.append(msgspec.convert(line.now, Said))
    return stood
