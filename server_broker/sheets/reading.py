"""Read an uploaded file in a process of its own, for which the kernel limits memory and processor time.

So a hostile file can only harm that process. The web passes the bytes on and gets back the rows, or one sentence that
says why there are none. ``python -m server_broker.sheets.reading MODULE:NAME [CHOICE]`` reads the bytes from its
standard input by the `Book` that stands there, and writes the answer to its standard output in MessagePack. It knows no
secret and can write no file.
"""

import importlib
import logging
import resource
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from server_broker.platform.apart import run_apart
from server_broker.sheets.declared import Book, SheetPlan
from server_broker.sheets.formats import read_sheets
from server_broker.sheets.reading_rows import read_plan
from server_broker.sheets.workbook import BadWorkbook

MAX_FILE_BYTES = 8 * 2**20
MAX_ANSWER_BYTES = 12 * 2**20
"""The answer is held in the web process, which the limits of the reading process don't bound."""
CPU_S = 6
MEMORY_BYTES = 512 * 2**20
WITHIN_S = 9.0
"""Wall time, longer than `CPU_S` because a busy machine grants six seconds of processor time late."""
SEAT_WITHIN_S = 3.0
"""How long an import waits for a seat. Meanwhile it occupies a thread of the web."""
_SEATS = threading.BoundedSemaphore(2)
"""Most files that are read, checked or imported at the same time."""
_TOO_HARD = "文件过大或过于复杂，读不完。请把内容复制到空模板里，分成几个文件上传。"
_SLOW = "县服务器很忙，没有来得及读完。请过一会儿再试一次；总是这样，就把内容分成几个文件上传。"
_BUSY = "正有别人在导入，或者县服务器很忙，请过一会儿再试一次。"

_log = logging.getLogger(__name__)


class _Refusal(msgspec.Struct, tag="refusal"):
    """There are no rows. ``cause`` is for the log and holds nothing of the file's content."""

    message: str
    cause: str = ""


class _Read(msgspec.Struct, tag="read"):
    plan: msgspec.Raw
    """Of the type that the book names; the web knows it, and this module does not."""


@contextmanager
def seat() -> Iterator[None]:
    """Hold one of two seats in the block. The web holds one while it reads, checks or imports a file.

    A seat is held for more than the reading, because the rows are checked in the web process itself. Otherwise any
    number of files could be checked there at once.

    Raises:
        BadWorkbook: No seat came free in time. The message is Chinese and asks the person to try again.
    """
    if not _SEATS.acquire(timeout=SEAT_WITHIN_S):
        raise BadWorkbook(_BUSY)
    try:
        yield
    finally:
        _SEATS.release()


def read_file[P: SheetPlan](book: Book[P], source: Path | bytes, *, choice: str = "") -> P:
    """Return the rows of a file, or fail within ten seconds. The web calls this in a `seat`.

    Args:
        book: What the file may hold.
        source: A path, or the file's bytes.
        choice: What the person chose for the whole file: one of the book's choices, or empty.

    Raises:
        BadWorkbook: The file can't be read. The message is Chinese and names the remedy.
    """
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_FILE_BYTES + 1)  # no more, because a file may have any size
        except OSError as error:
            raise BadWorkbook(f"打不开文件：{source.name}") from error
    if len(data) > MAX_FILE_BYTES:
        raise BadWorkbook(f"文件超过 {MAX_FILE_BYTES // 2**20} MB，请分成几个文件上传。")
    answer = _ask(data, book.place, choice)
    if isinstance(answer, _Refusal):
        if answer.cause:
            _log.warning("a workbook of %d bytes could not be read: %s", len(data), answer.cause)
        raise BadWorkbook(answer.message)
    return msgspec.msgpack.decode(answer.plan, type=book.plan)


def _ask(data: bytes, place: str, choice: str) -> _Refusal | _Read:
    command = [sys.executable, "-P", "-m", __name__, place, choice]
    try:
        done = run_apart(command, data, within_s=WITHIN_S)
    except subprocess.TimeoutExpired:
        # The kernel ends a reader that works too long before; one that is still there has waited for a processor.
        return _Refusal(_SLOW, f"not within {WITHIN_S:.1f} s")
    if done.returncode != 0:
        return _Refusal(_TOO_HARD, f"its reader ended with status {done.returncode}")
    return msgspec.msgpack.decode(done.stdout, type=_Refusal | _Read)


def main() -> None:
    """Read one file from standard input and answer on standard output."""
    # Before a byte of the file is read. The limits are hard, so an account without privileges can't raise them again.
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # no file on disk; pipes have no size
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold card numbers
    place, choice = sys.argv[1:]
    sys.stdout.buffer.write(_answer(sys.stdin.buffer.read(), _declared(place), choice))


def _declared(place: str) -> Book[Any]:
    """Return the book that a module of ours declares. The web names it; nothing of a file does."""
    module, _, name = place.partition(":")
    book = getattr(importlib.import_module(module), name)
    if not isinstance(book, Book):
        raise TypeError(f"{place} is no book")
    return book


def _answer(data: bytes, book: Book[Any], choice: str) -> bytes:
    try:
        plan = read_plan(book, read_sheets(data), choice=choice if choice in book.choices else "")
        answer = msgspec.msgpack.encode(_Read(msgspec.Raw(msgspec.msgpack.encode(plan))))
        if len(answer) <= MAX_ANSWER_BYTES:
            return answer
        refusal = _Refusal(_TOO_HARD, f"{len(answer)} bytes of rows")
    except BadWorkbook as problem:
        refusal = _Refusal(str(problem))
    except MemoryError:
        refusal = _Refusal(_TOO_HARD, "out of memory")
    except Exception as error:  # noqa: BLE001 - the top of a process: nothing of a file may become an error page
        at = traceback.extract_tb(error.__traceback__)[-1]
        cause = f"{type(error).__name__} in {Path(at.filename).name}:{at.lineno}"
        refusal = _Refusal("文件读不出来。请用 Excel 另存为 .xlsx 再上传；还是不行，请把内容复制到空模板里。", cause)
    return msgspec.msgpack.encode(refusal)


if __name__ == "__main__":
    main()
