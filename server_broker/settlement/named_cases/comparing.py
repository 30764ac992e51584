"""Where an answer differs from what its case expects, in sentences."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import to_builtins

from server_broker.settlement.named_cases.rows import CaseFile

type Row = Mapping[str, object]

_LISTS = ("beside", "flags", "expected", "came", "excused", "absent", "late", "incomplete")
"""Lists in any order."""
_ZEROS: Row = {"leave": {}, "final": True, "incomplete": []}
"""What a row that is not there says; every other key says 0."""


def differences(file: CaseFile, answer: Mapping[str, object]) -> list[str]:
    """Return where an answer differs from the expectation; nothing if all is as expected."""
    if file.refused != answer["refused"]:
        return [f"refused：应为 {file.refused}，是 {answer['refused']}"]
    found: list[str] = []
    if file.expect is not None:
        found += _windows(_rows(file.expect), _given(answer, "windows"))
    tables: tuple[tuple[str, Sequence[object], tuple[str, ...]], ...] = (
        ("totals", file.expect_totals, ("person",)),
        ("resident", file.expect_resident, ("person", "month")),
        ("meetings", file.expect_meeting, ("meeting",)),
        ("months", file.expect_month, ("month",)),
    )
    for table, expected, keys in tables:
        found += _by_key(table, _rows(expected), _given(answer, table), keys)
    if file.expect_slips is not None:
        found += _complete("slips", _rows(file.expect_slips), _given(answer, "slips"))
    if file.expect_exceptions is not None:
        found += _complete("exceptions", _rows(file.expect_exceptions), _given(answer, "exceptions"))
    return found


def _rows(expected: Iterable[object]) -> list[Row]:
    return [to_builtins(row) for row in expected]


def _given(answer: Mapping[str, object], table: str) -> list[Row]:
    rows = answer[table]
    return list(rows) if isinstance(rows, list) else []


def _windows(expected: Sequence[Row], given: Sequence[Row]) -> Iterator[str]:
    """Yield how windows differ. 休 may be left out on either side."""
    keys = ("person", "date", "start")
    mine = {_key(row, keys): row for row in given}
    theirs = {_key(row, keys): row for row in expected}
    for key in sorted({*mine, *theirs}):
        row, wanted = mine.get(key), theirs.get(key)
        off = [one for one in (row, wanted) if one is None or one["result"] == "休"]
        if row is None or wanted is None:
            if len(off) < 2:
                yield f"{_name(key)}：{'没有这个班' if row is None else '多出这个班，是 ' + str(row['result'])}"
            continue
        for name in ("result", "kind", "beside", "late", "early", "flags", "line"):
            yield from _value(_name(key), name, wanted[name], row[name])


def _by_key(table: str, expected: Sequence[Row], given: Sequence[Row], keys: tuple[str, ...]) -> Iterator[str]:
    """Yield how rows differ in the keys that the expected ones name."""
    mine = {_key(row, keys): row for row in given}
    for wanted in expected:
        key = _key(wanted, keys)
        row = mine.get(key, _ZEROS)
        for name, value in wanted.items():
            if name not in keys:
                yield from _value(f"{table} {_name(key)}", name, value, row.get(name, 0))


def _complete(table: str, expected: Sequence[Row], given: Sequence[Row]) -> Iterator[str]:
    """Yield which rows are missing and which are too many."""
    mine, theirs = sorted(map(_text, given)), sorted(map(_text, expected))
    for row in dict.fromkeys(theirs):
        if theirs.count(row) > mine.count(row):
            yield f"{table}：缺少 {row}"
    for row in dict.fromkeys(mine):
        if mine.count(row) > theirs.count(row):
            yield f"{table}：多出 {row}"


def _value(where: str, name: str, wanted: object, value: object) -> Iterator[str]:
    if isinstance(wanted, tuple) and isinstance(value, list):
        in_order = sorted if name in _LISTS else list
        wanted, value = in_order(wanted), in_order(value)
    same = abs(wanted - value) < 0.00005 if isinstance(wanted, float) and isinstance(value, float) else wanted == value
    if not same:
        yield f"{where} {name}：应为 {wanted}，是 {value}"


def _key(row: Row, keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(str(row[key]) for key in keys)


def _name(key: Iterable[str]) -> str:
    return " ".join(key)


def _text(row: Row) -> str:
    return " ".join(f"{name}={row[name]}" for name in sorted(row))
