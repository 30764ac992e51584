"""Open a file of questions, whichever kind it is: our Excel template (also as CSV), GIFT, or a pack as JSON."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from protocol.packs import MAX_PACK_BYTES, Pack, read_pack
from protocol.refusal import Refused
from protocol.system_errors import os_cause
from server_broker.content.bank import Bank, bank_of
from server_broker.content.gathering import GatheredLevel, Gathering, Head, Outcome
from server_broker.content.gift_reading import read_gift
from server_broker.content.gift_writing import gift_of
from server_broker.content.sheet import BOOK, gather
from server_broker.content.sheet_writing import workbook
from server_broker.content.text_files import FileRefused, text_lines
from server_broker.sheets.reading import read_file
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.workbook import BadWorkbook

SHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".csv")
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
GIFT, EXCEL, PACK = "gift", "excel", "pack"


@dataclass(slots=True)
class BankFile:
    """A file of questions that can be read. `outcomes` must be gone through before `bank` is asked for."""

    form: str
    outcomes: Iterator[Outcome]
    bank: Callable[[], Bank]
    head: Head
    """What it says of the bank as a whole, as far as the outcomes were gone through."""
    problems: list[RowError] = field(default_factory=list)
    """What is wrong beside the questions: a sheet, a column, the row of the bank."""
    notes: list[str] = field(default_factory=list)


def open_bank(path: Path) -> BankFile:
    """Open a file. GIFT is read while one goes through the outcomes, so a large file takes little memory.

    Raises:
        FileRefused: Nothing of it can be read.
    """
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise FileRefused("unreadable", f"打不开文件：{os_cause(error)}") from error
    suffix = path.suffix.lower()
    if suffix in SHEETS or start in _ARCHIVES:
        return _sheets(path)
    return _pack(path) if suffix == ".json" else _gift(path)


def _sheets(path: Path) -> BankFile:
    into = Gathering()
    try:
        plan = read_file(BOOK, path)
    except BadWorkbook as error:
        raise FileRefused("bad_workbook", str(error)) from error
    return BankFile(EXCEL, gather(plan, into), lambda: into.bank(title=path.stem), into.head, plan.errors, plan.notes)


def _gift(path: Path) -> BankFile:
    into = Gathering()
    return BankFile(GIFT, read_gift(text_lines(path), into), lambda: into.bank(title=path.stem), into.head)


def _pack(path: Path) -> BankFile:
    bank = bank_of(read_pack_file(path))
    levels = [(GatheredLevel(level.id, level.name, level.draw), level.questions) for level in bank.levels]
    outcomes = (Outcome(0, question.id, level, question) for level, questions in levels for question in questions)
    return BankFile(PACK, outcomes, lambda: bank, Head(id=bank.id, title=bank.title, sample=bank.sample))


def read_pack_file(path: Path) -> Pack:
    """Read a pack that was written as JSON.

    Raises:
        FileRefused: It is none.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_PACK_BYTES + 1)
        if len(raw) > MAX_PACK_BYTES:
            raise FileRefused("too_large", f"学习包超过 {MAX_PACK_BYTES // 2**20} MB")
        return read_pack(msgspec.msgpack.encode(msgspec.json.decode(raw)))
    except OSError as error:
        raise FileRefused("unreadable", f"打不开文件：{os_cause(error)}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as error:
        raise FileRefused("bad_pack", f"不是学习包：{error}") from error
    except Refused as error:
        raise FileRefused("bad_pack", f"不是学习包，或内容不合格式：{error.detail}") from error


def write_bank(bank: Bank, path: Path) -> bytes:
    """Return the bank as the content of a file of that name: Excel for ``.xlsx``, GIFT for ``.txt`` or ``.gift``.

    Raises:
        FileRefused: The name says no format.
    """
    match path.suffix.lower():
        case ".xlsx":
            return workbook(bank)
        case ".txt" | ".gift":
            return gift_of(bank).encode()
        case _:
            raise FileRefused("no_format", "文件名要以 .xlsx（Excel）或 .gift、.txt（GIFT）结尾")
