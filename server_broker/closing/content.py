"""What is signed when a month is closed: the sheet, the slip of earlier months, and the totals, as one CSV (RFC 4180).

Empty lines divide the parts: what the sheet is; a row for each window; a row for each change of an earlier month; a row
for each person's totals; a row for each who is sent to live in the village. The same month gives the same bytes.
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from django.utils import timezone

from server_broker.closing.changes import Change, Said
from server_broker.closing.residents import ResidentLine
from server_broker.settlement.counting import Totals
from server_broker.settlement.results import BESIDE, FLAGS, Result
from server_broker.settling.sheet import VillageSheet
from server_broker.settling.sheet_csv import COLUMNS, sheet_csv
from server_broker.settling.windows import FactName, Settled
from server_broker.sheets.writing import escaped

_SAID = ("result", "kind", "beside", "late", "early", "leave_minutes")
SLIP_COLUMNS = (
    *("slip_of", "number", "name", "date", "start"),
    *(f"was_{name}" for name in _SAID),
    *(f"now_{name}" for name in _SAID),
    *("came_at", "why", "facts", "decisions"),
)
WORDS = ("√", "迟", "早", "缺", "旷", "假", "出", "会", "停", "暂")
"""The words that a signed sheet can have, 休 apart."""
RESIDENT_COLUMNS = ("number", "name", "days", "nights", "needed", "incomplete")
TOTALS_COLUMNS = (
    *("number", "name", "due", "present", *WORDS, "leave"),
    *("late_times", "late_minutes", "early_times", "early_minutes", "missing_times", "part_leave_minutes"),
)


def content_of(
    sheet: VillageSheet,
    slip: Iterable[Change],
    totals: Iterable[tuple[str, str, Totals]],
    residents: Iterable[ResidentLine],
) -> bytes:
    """Return the bytes that are signed.

    Args:
        slip: What changed of earlier months, in order.
        totals: Number, name and totals of each person, in order.
        residents: In order.
    """
    totals_rows = [_totals_row(*one) for one in totals]
    lived = [_resident_row(one) for one in residents]
    parts = ((SLIP_COLUMNS, slip_rows(slip)), (TOTALS_COLUMNS, totals_rows), (RESIDENT_COLUMNS, lived))
    return sheet_csv(sheet) + b"".join(_table(columns, rows) for columns, rows in parts)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([])
    writer.writerow(columns)
    writer.writerows(rows)
    return text.getvalue().encode()


def slip_rows(slip: Iterable[Change]) -> list[list[str]]:
    """Return the rows of a slip."""
    return [_slip_row(one) for one in slip]


def _slip_row(one: Change) -> list[str]:
    return [
        one.month,
        escaped(one.number),
        escaped(one.name),
        one.day.isoformat(),
        _clock(one.start),
        *_said_row(one.was),
        *_said_row(one.now),
        timezone.localtime(one.came_at).isoformat(timespec="microseconds"),
        one.why,
        " ".join(f"{fact.station}:{fact.epoch}:{fact.seq}" for fact in one.facts),
        " ".join(one.decisions),
    ]


def _said_row(said: Said) -> list[str]:
    return [said.result, said.kind, said.beside, str(said.late), str(said.early), str(said.leave_minutes)]


def _totals_row(number: str, name: str, counted: Totals) -> list[str]:
    return [
        escaped(number),
        escaped(name),
        str(counted.due),
        str(counted.present),
        *(str(counted.of(word)) for word in WORDS),
        " ".join(f"{kind}:{days}" for kind, days in sorted(counted.leave.items())),
        *map(str, (counted.late_times, counted.late_minutes, counted.early_times, counted.early_minutes)),
        *map(str, (counted.missing_times, counted.part_leave_minutes)),
    ]


def _resident_row(one: ResidentLine) -> list[str]:
    open_dates = " ".join(map(str, one.incomplete))
    return [escaped(one.number), escaped(one.name), str(one.days), str(one.nights), str(one.needed), open_dates]


def _clock(start: int) -> str:
    return f"{start // 60:02}:{start % 60:02}"


class Signed:
    """Reads what was signed.

    Args:
        people: Key of the person by the number as the content has it.
    """

    def __init__(self, content: bytes, village: int, people: Mapping[str, int]) -> None:
        self._parts = list(_parts(content))
        self._village = village
        self._people = people

    @property
    def head(self) -> dict[str, list[str]]:
        """What the sheet says of itself: code and name under ``village``."""
        return {row[0]: list(map(plain, row[1:])) for row in self._parts[0]}

    @property
    def names(self) -> dict[int, tuple[str, str]]:
        """Number and name of each person."""
        return {self._person(row): (plain(row["number"]), plain(row["name"])) for row in self._rows()}

    def slip_names(self) -> list[tuple[str, str]]:
        """Return number and name of whom each line of the slip is about."""
        number, name = (SLIP_COLUMNS.index(column) for column in ("number", "name"))
        return [(plain(row[number]), plain(row[name])) for row in self.slip_rows()]

    def slip_rows(self) -> list[list[str]]:
        """Return the rows of the slip."""
        return self._parts[2][1:]

    def residents(self) -> Iterator[ResidentLine]:
        """Yield who was sent to live in the village."""
        for number, name, days, nights, needed, incomplete in self._parts[4][1:]:
            yield ResidentLine(
                self._people[number],
                plain(number),
                plain(name),
                days=int(days),
                nights=int(nights),
                needed=int(needed),
                incomplete=tuple(map(dt.date.fromisoformat, incomplete.split())),
            )

    def windows(self) -> list[Settled]:
        """Return what each window came to, by number, date and start."""
        return [self._settled(row) for row in self._rows()]

    def totals(self) -> list[Totals]:
        """Return what each person's windows add up to, by number."""
        return [_totals(dict(zip(TOTALS_COLUMNS, row, strict=True))) for row in self._parts[3][1:]]

    def _rows(self) -> Iterator[dict[str, str]]:
        for row in self._parts[1][1:]:
            yield dict(zip(COLUMNS, row, strict=True))

    def _person(self, row: Mapping[str, str]) -> int:
        return self._people[row["number"]]

    def _settled(self, row: Mapping[str, str]) -> Settled:
        hour, minute = row["start"].split(":")
        person = self._person(row)
        return Settled(
            village=self._village,
            person=person,
            result=Result(
                person=str(person),
                day=dt.date.fromisoformat(row["date"]),
                start=int(hour) * 60 + int(minute),
                share=Fraction(row["share"]),
                result=row["result"],
                line=row["line"],
                reason=row["reason"],
                kind=row["kind"],
                beside=tuple(word for word in BESIDE if word in row["beside"]),
                late=int(row["late"]),
                early=int(row["early"]),
                flags=tuple(flag for flag in FLAGS if flag in row["flags"]),
                leave_minutes=int(row["leave_minutes"]),
            ),
            facts=tuple(map(_fact, row["facts"].split())),
            awaited=(),
            parameters=row["parameters"],
            due_at=None,
        )


def _totals(row: Mapping[str, str]) -> Totals:
    return Totals(
        person=row["number"],
        days={word: Fraction(row[word]) for word in WORDS if Fraction(row[word])},
        leave={kind: Fraction(days) for kind, days in (one.split(":") for one in row["leave"].split())},
        late_times=int(row["late_times"]),
        late_minutes=int(row["late_minutes"]),
        early_times=int(row["early_times"]),
        early_minutes=int(row["early_minutes"]),
        missing_times=int(row["missing_times"]),
        part_leave_minutes=int(row["part_leave_minutes"]),
    )


def _parts(content: bytes) -> Iterator[list[list[str]]]:
    """Yield the parts between the empty lines."""
    part: list[list[str]] = []
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        if row:
            part.append(row)
        else:
            yield part
            part = []
    yield part


def plain(text: str) -> str:
    """Return a text as it was before `escaped`."""
    return text[1:] if text.startswith("'") and escaped(text[1:]) == text else text


def _fact(text: str) -> FactName:
    station, epoch, seq = text.split(":")
    return FactName(station, epoch, int(seq))
