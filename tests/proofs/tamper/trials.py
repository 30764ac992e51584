"""What somebody may do to a file of records: flip, drop, swap, insert, truncate or blank at each record."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

type Record = dict[str, Any]

DEEDS = ("flip", "drop", "swap", "insert", "truncate", "blank")


@dataclass(frozen=True, slots=True)
class Trial:
    """One deed at one record. ``place`` is the number of the first record that is then wrong."""

    deed: str
    place: int
    records: list[Record]


def trials(records: list[Record], fields: tuple[str, ...], rng: Random, *, every: int) -> Iterator[Trial]:
    """Yield each deed at every ``every``-th record. Records count from 1."""
    for at in range(rng.randrange(every), len(records), every):
        flipped = _flipped(records[at], fields, rng)
        yield Trial("flip", at + 1, [*records[:at], flipped, *records[at + 1 :]])
        # To drop or cut off the last record is a truncation, and there is nothing to swap it with.
        if at + 1 < len(records):
            yield Trial("drop", at + 1, [*records[:at], *records[at + 1 :]])
            yield Trial("swap", at + 1, [*records[:at], records[at + 1], records[at], *records[at + 2 :]])
        # Not in its rows: they are no part of the chain, so that the true record would be the one too many.
        forged = _flipped(records[at], tuple(name for name in fields if name != "rows"), rng)
        yield Trial("insert", at + 1, [*records[:at], forged, *records[at:]])
        yield Trial("truncate", at + 1, records[:at])
        # Of a station's fact the content may be gone, if the county said that it erased it.
        if {"salt", "body", "digest"} <= records[at].keys():
            blank = {name: value for name, value in records[at].items() if name not in ("salt", "body")}
            yield Trial("blank", at + 1, [*records[:at], blank, *records[at + 1 :]])


def _flipped(record: Record, fields: tuple[str, ...], rng: Random) -> Record:
    """Return the record with one bit, letter or number of one field changed."""
    name = rng.choice([field for field in fields if field in record])
    return record | {name: _other(record[name], rng)}


def _other(value: Any, rng: Random) -> Any:
    match value:
        case str() if _is_hex(value):
            raw = bytearray(bytes.fromhex(value))
            raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
            return raw.hex()
        case str():
            return value + "x"
        case int():
            return value + 1
        case dict():
            return value | {"x": 1}
        case list() if value:
            at = rng.randrange(len(value))
            return [*value[:at], _other(value[at], rng), *value[at + 1 :]]
        case list():
            return [["x", "1", None]]
        case _:
            return "00" * 32


def _is_hex(text: str) -> bool:
    return len(text) >= 32 and all(letter in "0123456789abcdef" for letter in text)
