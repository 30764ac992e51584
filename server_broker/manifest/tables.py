"""What a manifest says of the dated tables: the rows that each day recorded, and those that it superseded.

A row of a dated table (`server_broker.dated`) never changes, except that a later row supersedes it, and that it may be
erased when its time is over. So a manifest has a digest of each row without ``superseded_at``, and that moment counts
on the day of the superseding.

The digests of single rows lie beside the manifest (`DailyTable`), and the signed leaf covers them all. So a row may be
erased later by a decision, and the others can still be checked. The names of the columns are kept too, because a later
version of the program may add one.
"""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model, Q

from protocol.manifest import Leaf
from server_broker.dated.models import Dated
from server_broker.decisions.rows import encode_content, table_of

_LATER = "superseded_at"
_ID_BYTES, _HASH_BYTES, _MOMENT_BYTES = 8, 32, 8
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_AT_A_TIME = 2_000


@dataclass(slots=True)
class TableDay:
    """What one manifest says of one dated table. ``ended`` has the microsecond at which each row was superseded."""

    table: str
    columns: list[str]
    rows: dict[int, bytes] = field(default_factory=dict)
    ended: dict[int, int] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, bytes]:
        """Return the rows and the superseded rows as they are kept, in the order of their ids."""
        rows = b"".join(_id(key) + digest for key, digest in sorted(self.rows.items()))
        return rows, b"".join(_id(key) + _id(moment) for key, moment in sorted(self.ended.items()))

    def leaf(self) -> Leaf:
        """Return the leaf that covers all of it."""
        columns = json.dumps(self.columns, separators=(",", ":")).encode()
        hashed = hashlib.sha256()
        for part in (columns, *self.encoded()):
            hashed.update(_id(len(part)) + part)
        count = len(self.rows) + len(self.ended)
        return Leaf(kind="table", name=self.table, epoch=b"", count=count, digest=hashed.digest())


def _id(number: int) -> bytes:
    return number.to_bytes(_ID_BYTES, "big")


def decoded(table: str, columns: Sequence[str], rows: bytes, ended: bytes) -> TableDay:
    """Return what `TableDay.encoded` wrote. Bytes that are not of its making give another leaf."""
    found = TableDay(table, list(columns))
    size = _ID_BYTES + _HASH_BYTES
    for at in range(0, len(rows), size):
        found.rows[int.from_bytes(rows[at : at + _ID_BYTES], "big")] = rows[at + _ID_BYTES : at + size]
    size = _ID_BYTES + _MOMENT_BYTES
    for at in range(0, len(ended), size):
        found.ended[int.from_bytes(ended[at : at + _ID_BYTES], "big")] = int.from_bytes(
            ended[at + _ID_BYTES : at + size], "big"
        )
    return found


def dated_models() -> list[type[Model]]:
    """Return the dated tables, in the order of their names."""
    return sorted((model for model in apps.get_models() if issubclass(model, Dated)), key=table_of)


def columns_of(model: type[Model]) -> list[str]:
    """Return the columns that never change, in order."""
    return sorted(column.attname for column in model._meta.concrete_fields if column.attname != _LATER)


def table_day(model: type[Model], *, after: dt.datetime | None, until: dt.datetime) -> TableDay:
    """Return what a dated table got in ``[after, until)``; without ``after`` from its beginning."""
    found = TableDay(table_of(model), columns_of(model))
    for row in _rows(model, found.columns, _within("recorded_at", after, until)):
        found.rows[row["id"]] = _digest(row, found.columns)
    for row in _rows(model, ["id"], _within(_LATER, after, until)):
        found.ended[row["id"]] = _micros(row[_LATER])
    return found


def _within(moment: str, after: dt.datetime | None, until: dt.datetime) -> Q:
    bound = Q(**{f"{moment}__lt": until})
    return bound if after is None else bound & Q(**{f"{moment}__gte": after})


def _rows(model: type[Model], columns: Iterable[str], wanted: Q) -> Iterator[dict[str, Any]]:
    names = dict.fromkeys([*columns, "id", _LATER])
    return model._base_manager.filter(wanted).order_by("pk").values(*names).iterator(_AT_A_TIME)


def _digest(row: dict[str, Any], columns: Sequence[str]) -> bytes:
    return hashlib.sha256(encode_content({name: row[name] for name in columns})).digest()


def _micros(moment: dt.datetime) -> int:
    return (moment - _EPOCH) // dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class CoveredDay:
    """A manifest's number, the moment at which its day ends, and what it says of one table."""

    number: int
    until: dt.datetime
    said: TableDay


def first_difference(model: type[Model], days: Sequence[CoveredDay], erased: frozenset[str]) -> tuple[int, str] | None:
    """Compare a dated table with all that manifests say of it, in one pass over its rows.

    Args:
        days: Rising in time; the first one covers everything before.
        erased: Ids of rows that a decision has erased.

    Returns:
        The number of the first manifest that no longer fits, and why in Chinese.
    """
    problems: list[tuple[int, str]] = []
    unseen = {(day.number, key) for day in days for key in day.said.rows}
    unended = {(day.number, key) for day in days for key in day.said.ended}
    known = set(columns_of(model))
    for row in _rows(model, known, Q(recorded_at__lt=days[-1].until) if days else Q(pk=None)):
        key = row["id"]
        day = next(day for day in days if row["recorded_at"] < day.until)
        unseen.discard((day.number, key))
        columns = [name for name in day.said.columns if name in known]
        if key not in day.said.rows:
            problems.append((day.number, f"第 {key} 行是后来补进去的"))
        elif len(columns) == len(day.said.columns) and _digest(row, columns) != day.said.rows[key]:
            problems.append((day.number, f"第 {key} 行被改过"))
        if row[_LATER] is None or row[_LATER] >= days[-1].until:
            continue
        day = next(day for day in days if row[_LATER] < day.until)
        unended.discard((day.number, key))
        if day.said.ended.get(key) != _micros(row[_LATER]):
            problems.append((day.number, f"第 {key} 行的作废时间被改过"))
    gone = [(number, f"第 {key} 行不见了") for number, key in unseen | unended if str(key) not in erased]
    return min(problems + gone, default=None)
