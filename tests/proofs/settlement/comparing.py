"""Where the engine's answer and that of the second reckoning differ, in sentences."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

type Row = Mapping[str, Any]
type Answer = Mapping[str, Any]

KEYS = {
    "windows": ("person", "date", "start"),
    "totals": ("person",),
    "resident": ("person", "month"),
    "meetings": ("meeting",),
    "months": ("month",),
    "slips": ("person", "date", "start"),
    "exceptions": ("kind", "station", "at", "person", "card"),
}
"""The tables of an answer, and what names a row of each."""


def differing(mine: Answer, theirs: Answer, tables: Collection[str] = tuple(KEYS)) -> Iterator[str]:
    """Yield a sentence for each row in which two answers differ, and for a refusal of one of them."""
    if mine["refused"] != theirs["refused"]:
        yield f"refused: {mine['refused']!r}, reckoned {theirs['refused']!r}"
        return
    for table in tables:
        ours, others = _told(mine[table], table), _told(theirs[table], table)
        for key in sorted({*ours, *others}):
            if ours.get(key) != others.get(key):
                yield f"{table} {' '.join(key)}: {_few(ours.get(key))}, reckoned {_few(others.get(key))}"


def _told(rows: Sequence[Row], table: str) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Return a table's rows without what may differ: words for people, and rows that may be left out."""
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for row in rows:
        if not _says_nothing(table, row):
            key = tuple(str(row.get(name, "")) for name in KEYS[table])
            found.setdefault(key, []).append({name: _plain(one) for name, one in row.items() if name != "reason"})
    return {key: sorted(some, key=repr) for key, some in found.items()}


def _says_nothing(table: str, row: Row) -> bool:
    """Tell whether a row says no more than one that is left out."""
    if table == "windows":
        return bool(row["result"] == "休")
    return table == "totals" and all(value in (0, True, {}) for key, value in row.items() if key != "person")


def _plain(value: Any) -> Any:
    return sorted(map(str, value)) if isinstance(value, list) else value


def _few(rows: list[dict[str, Any]] | None) -> str:
    """Return what rows say besides nothing."""
    if rows is None:
        return "none"
    return "; ".join(str({name: one for name, one in row.items() if one not in (0, "", [], {})}) for row in rows)
