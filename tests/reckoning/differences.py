"""Where an answer differs from what a case expects, in sentences."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from tests.reckoning.case import Case

Rows = list[dict[str, Any]]
IN_ANY_ORDER = ("beside", "flags", "came", "excused", "absent", "late", "expected", "incomplete")
ABSENT: dict[str, Any] = {"kind": "", "beside": [], "late": 0, "early": 0, "flags": [], "line": "0"}
OFF = {"result": "休", "line": "1", **{key: ABSENT[key] for key in ("kind", "beside", "late", "early", "flags")}}


def as_text(value: Any) -> Any:
    """Return a value as the answer writes it: dates and times as ISO text, numbers with four decimals."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bool):
        return value
    if isinstance(value, float | int):
        return round(float(value), 4)
    if isinstance(value, list):
        return [as_text(element) for element in value]
    if isinstance(value, dict):
        return {key: as_text(element) for key, element in value.items()}
    return value


def same(key: str, expected: Any, found: Any) -> bool:
    """Return whether a value is as expected; lists of names in any order, a number in place of a list is its length."""
    expected, found = as_text(expected), as_text(found)
    if isinstance(found, list) and isinstance(expected, float):
        return expected == len(found)
    if key in IN_ANY_ORDER and isinstance(found, list) and isinstance(expected, list):
        return sorted(expected) == sorted(found)
    return bool(expected == found)


def differences(case: Case, answer: dict[str, Any]) -> list[str]:
    """Return a sentence for each difference; none if all is as expected."""
    if case.refused != answer["refused"]:
        return [f"refused is {answer['refused']!r}, not {case.refused!r}"]
    expected = case.expectations
    found = of_windows(expected.get("expect", []), answer["windows"]) if "expect" in expected else []
    for table, rows, names in (
        ("expect_totals", "totals", ("person",)),
        ("expect_resident", "resident", ("person", "month")),
        ("expect_meeting", "meetings", ("meeting",)),
        ("expect_month", "months", ("month",)),
    ):
        found += of_given_keys(expected.get(table, []), answer[rows], names)
    for table, rows in (("expect_slips", "slips"), ("expect_exceptions", "exceptions")):
        if table in expected:
            found += of_all(expected[table], answer[rows], rows)
    return found


def name_of(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["person"], as_text(row["date"]), row["start"]


def of_windows(expected: Rows, found: Rows) -> list[str]:
    """Compare all windows; one that is 休 may be left out on either side."""
    ours = {name_of(row): row for row in found}
    theirs = {name_of(row): row for row in expected}
    sentences = []
    for name in sorted({*ours, *theirs}):
        our = ours.get(name, OFF)
        if name not in theirs:
            if our["result"] != "休":
                sentences.append(f"{' '.join(name)}: {our['result']!r} by line {our['line']} is not expected at all")
            continue
        their = {**ABSENT, "line": our["line"], **theirs[name]}
        if their["result"] == our["result"] == "休":
            continue
        for key in ("result", "kind", "beside", "late", "early", "flags", "line"):
            if not same(key, their[key], our[key]):
                sentences.append(
                    f"{' '.join(name)}: {key} is {our[key]!r}, not {their[key]!r} (result {our['result']!r} by line "
                    f"{our['line']})"
                )
    return sentences


def nothing_of(key: str, value: Any) -> Any:
    """Return what a row that is not there says: nothing, and a sheet without windows is final."""
    return True if key == "final" else type(value)()


def of_given_keys(expected: Rows, found: Rows, names: tuple[str, ...]) -> list[str]:
    """Compare only the keys that are given."""
    sentences = []
    for their in expected:
        named = " ".join(str(their[name]) for name in names)
        matching = [row for row in found if all(row[name] == their[name] for name in names)]
        our = matching[0] if matching else {name: their[name] for name in names}
        for key, value in their.items():
            if not same(key, value, our.get(key, nothing_of(key, value))):
                sentences.append(f"{named}: {key} is {our.get(key)!r}, not {as_text(value)!r}")
    return sentences


def of_all(expected: Rows, found: Rows, what: str) -> list[str]:
    """Compare lists that are complete where they are given, in any order; a row that is there twice counts twice."""
    sort: Callable[[dict[str, Any]], str] = lambda row: str(sorted(row.items()))  # noqa: E731
    missing = sorted((as_text({"was": "", "now": "", **row} if what == "slips" else row) for row in expected), key=sort)
    more = []
    for row in sorted((as_text(row) for row in found), key=sort):
        if row in missing:
            missing.remove(row)
        else:
            more.append(row)
    return [f"{what}: {row} is missing" for row in missing] + [f"{what}: {row} is not expected" for row in more]
