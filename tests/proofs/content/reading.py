"""Read one file in a child process that the kernel limits, and say what became of each question."""

import os
import resource
from pathlib import Path
from typing import NamedTuple

import msgspec

from protocol.packs import Question
from server_broker.content.files import open_bank
from server_broker.content.text_files import FileRefused

MOST_S, MOST_MB = 20, 200
_ADDRESS_SPACE = 2 * 2**30
"""Far above what is allowed, so that a child that takes too much says so and is not stopped at random."""


class Row(NamedTuple):
    """What became of one question."""

    line: int
    codes: list[str]
    question: Question | None


class Said(msgspec.Struct):
    """What a child answered. ``refused`` has code and line of a file that was refused whole."""

    rows: list[Row]
    refused: tuple[str, int] | None = None


class Read(NamedTuple):
    """What a child answered, or None if it ended otherwise, and what it took."""

    said: Said | None
    peak_mb: float
    seconds: float


def read_apart(path: Path) -> Read:
    """Read a file as `cunhui-server questions import` does."""
    answer, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(answer)
            resource.setrlimit(resource.RLIMIT_CPU, (MOST_S + 5, MOST_S + 5))
            resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
            with os.fdopen(write, "wb") as file:
                file.write(msgspec.msgpack.encode(_read(path)))
            os._exit(0)
        finally:
            os._exit(1)
    os.close(write)
    with os.fdopen(answer, "rb") as file:
        told = file.read()
    _, status, used = os.wait4(child, 0)
    said = msgspec.msgpack.decode(told, type=Said) if status == 0 else None
    return Read(said, used.ru_maxrss / 1024, used.ru_utime + used.ru_stime)


def _read(path: Path) -> Said:
    try:
        file = open_bank(path)
    except FileRefused as refused:
        return Said([], (refused.code, refused.line))
    rows = [Row(each.line, [refusal.code for refusal in each.refusals], each.question) for each in file.outcomes]
    return Said(rows)
