"""A sheet as canonical CSV (RFC 4180, UTF-8): the same sheet asked for as of the same moment gives the same bytes."""

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Collection

from django.db.models import F
from django.utils import timezone

from server_broker.dated.timeline import row_at
from server_broker.people.models import PersonRecord
from server_broker.regions.models import RegionRecord
from server_broker.settlement.times import iso
from server_broker.settling.moments import noon
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.windows import AwaitedThing, FactName, Settled
from server_broker.sheets.writing import escaped

COLUMNS = (
    *("number", "name", "date", "start", "result", "kind", "beside", "late", "early", "flags", "line", "share"),
    *("leave_minutes", "facts", "awaited", "parameters", "reason"),
)


def sheet_csv(sheet: VillageSheet) -> bytes:
    """Return a sheet as CSV: what it is, an empty line, and a row for each window."""
    text = io.StringIO()
    rows = csv.writer(text)
    code, name = _village(sheet)
    rows.writerow(["rules", sheet.rules])
    rows.writerow(["village", code, escaped(name)])
    rows.writerow(["month", sheet.month])
    rows.writerow(["as_of", timezone.localtime(sheet.known).isoformat(timespec="microseconds")])
    rows.writerow(["state", sheet.state])
    rows.writerow([])
    rows.writerow(COLUMNS)
    people = people_of(sheet)
    listed = [_row(one, *people[one.person]) for one in sheet.windows]
    number, date, start = (COLUMNS.index(name) for name in ("number", "date", "start"))
    ordered: list[list[str]] = sorted(listed, key=lambda row: (row[number], row[date], row[start], row))
    rows.writerows(ordered)
    return text.getvalue().encode()


def _village(sheet: VillageSheet) -> tuple[str, str]:
    """Return code and name of the village on the last date of the month."""
    rows = RegionRecord.objects.known(sheet.known).filter(subject__identity=sheet.village)
    row = rows.at(noon(sheet.last)).first()
    return ("", "") if row is None else (row.code, row.name)


def people_of(sheet: VillageSheet) -> dict[int, tuple[str, str]]:
    """Return the number and the name of each person on the last date of the month."""
    return names_on(sheet.last, {one.person for one in sheet.windows}, known=sheet.known)


def names_on(day: dt.date, people: Collection[int], *, known: dt.datetime | None = None) -> dict[int, tuple[str, str]]:
    """Return number and name of people on a date, in one query. Of who was entered later they are the first."""
    rows: dict[int, list[PersonRecord]] = defaultdict(list)
    found = PersonRecord.objects.known(known).filter(subject__in=people)
    for row in found.order_by("subject", F("valid_from").asc(nulls_first=True)):
        rows[row.subject_id].append(row)
    held = {person: row_at(some, noon(day)) for person, some in rows.items()}
    return {person: (row.number, row.name) for person, row in held.items() if row is not None}


def _row(one: Settled, number: str, name: str) -> list[str]:
    result = one.result
    return [
        escaped(number),
        escaped(name),
        result.day.isoformat(),
        f"{result.start // 60:02}:{result.start % 60:02}",
        result.result,
        result.kind,
        "".join(result.beside),
        str(result.late),
        str(result.early),
        "".join(result.flags),
        result.line,
        f"{result.share.numerator}/{result.share.denominator}",
        str(result.leave_minutes),
        " ".join(map(_fact, one.facts)),
        " ".join(map(_awaited, one.awaited)),
        one.parameters,
        result.reason,
    ]


def _fact(one: FactName) -> str:
    return f"{one.station}:{one.epoch}:{one.seq}"


def _awaited(one: AwaitedThing) -> str:
    # Of a station that has told of no minute yet there is none to name.
    since = "" if one.since is None else iso(one.since)
    return f"{one.station if one.fact is None else _fact(one.fact)}@{since}"
