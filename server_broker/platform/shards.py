"""How the stations are divided among several ingest workers.

A station's topics carry a number, its *shard*. A worker takes every n-th shard, so however many workers there are, each
shard has one of them. A change of their number moves shards and not stations: nothing that a station knows changes.

A station may speak in two shards: the one that it was enrolled in, and the one that follows from its name, which a
county with several workers gives it at its next renewal. The broker lets it speak in no other (ADR 62). So at most two
workers have messages of a station, and what each counts by itself is at most doubled.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from server_broker.platform.config_tables import Problems, table_problems

SHARDS = 64
"""Shards in all: enough that 16 workers have nearly the same number of stations each."""
MAX_WORKERS = 16


@dataclass(frozen=True, slots=True)
class Share:
    """What one worker takes: it is the worker ``place`` of ``of``, counted from 0."""

    place: int = 0
    of: int = 1

    @property
    def shards(self) -> Sequence[int]:
        """Its shards."""
        return range(self.place, SHARDS, self.of)

    def __str__(self) -> str:
        """Return it as in ``--share``."""
        return f"{self.place}/{self.of}"


def share_of(text: str) -> Share:
    """Read a share as its ``str`` is written.

    Raises:
        ValueError: It is none.
    """
    place, of = map(int, text.split("/"))
    if not 0 <= place < of <= MAX_WORKERS:
        raise ValueError(text)
    return Share(place, of)


def shard_of(station: str) -> int:
    """Return the shard of a station where several workers divide them. It follows from the name alone."""
    return zlib.crc32(station.encode()) % SHARDS


def ingest_problems(table: Any) -> Problems:
    """Return each wrong key of the table ``[ingest]`` of ``county.toml`` with its error in Chinese."""
    return table_problems("ingest", table, {"workers": int}, judge=_problem)


def _problem(_key: str, workers: Any) -> str:
    return "" if 1 <= workers <= MAX_WORKERS else f"应为 1 到 {MAX_WORKERS} 的数字：几个接收进程分担站点"
