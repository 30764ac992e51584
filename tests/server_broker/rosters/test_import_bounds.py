"""What a hostile workbook costs: a sentence, a few seconds of a process of its own, and no memory of the web's."""

import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from server_broker.attendance.shifts import Shift, overlapping
from server_broker.rosters import rows as rows_module
from server_broker.rosters.rows import BOOK
from server_broker.sheets import reading, spreadsheetml, workbook
from server_broker.sheets.reading import read_file, seat
from server_broker.sheets.workbook import BadWorkbook
from tests.server_broker.rosters.workbooks import (
    HEAD,
    MAIN,
    REGIONS,
    TAIL,
    VILLAGE,
    book,
    people,
    repacked,
    text_row,
    with_strings,
)

PEOPLE = "xl/worksheets/sheet2.xml"
HEADS = text_row(1, "编号", "姓名", "村代码")
WEB_MB = 60
"""What a file may cost the process that hands it over."""
_MEASURE = """
import resource, sys
from pathlib import Path
from server_broker.rosters.rows import BOOK
from server_broker.sheets import reading
from server_broker.sheets.workbook import BadWorkbook
reading.WITHIN_S = 60.0  # a busy machine gives its six seconds of processor time late
data = Path(sys.argv[1]).read_bytes()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    said = f"read {len(reading.read_file(BOOK, data).people)}"
except BadWorkbook as problem:
    said = str(problem)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, said)
"""


def small() -> bytes:
    return people([("1001", "张示例", VILLAGE)])


def sheet(body: str) -> bytes:
    return repacked(small(), {PEOPLE: (HEAD + body + TAIL).encode()})


def styles(item: str, around: str, megabytes: int) -> bytes:
    items = item * (megabytes * 2**20 // len(item))
    return repacked(
        small(), {"xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><{around}>{items}</{around}></styleSheet>'.encode()}
    )


def strings(item: str, megabytes: int) -> bytes:
    return with_strings(small(), item * (megabytes * 2**20 // len(item.encode())))


def full() -> bytes:
    """As large as a list may be: 20,000 people and 20,000 cards."""
    rows = [(f"N{number}", f"人员{number}", VILLAGE) for number in range(spreadsheetml.MAX_ROWS)]
    cards = [(f"04a{number:05x}", f"N{number}") for number in range(spreadsheetml.MAX_ROWS)]
    return book({"区划": REGIONS, "人员": rows, "卡": cards})


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "62 MB of empty cells": (lambda: sheet("<row>" + "<c/>" * 13_000_000 + "</row>"), "超过 24 MB"),
    "20 MB of empty cells": (lambda: sheet(("<row>" + "<c/>" * 90 + "</row>") * 50_000), "单元格过多"),
    "more rows than Excel has": (lambda: sheet("<row/>" * 1_100_000), "已损坏"),
    "elements without end": (lambda: repacked(small(), {PEOPLE: b"<a>" * 2_000_000}), "。"),
    "60 MB of shared strings": (lambda: strings("<si><t>abcdefgh</t></si>", 60), "文字展开后超过 16 MB"),
    "24 MB of styles": (lambda: styles("<xf/>", "cellXfs", 24), "样式展开后超过 4 MB"),
    "a gigabyte of blanks": (lambda: repacked(small(), {PEOPLE: b" " * 2**28}), "超过 24 MB"),
    "a gigabyte for a list of parts": (lambda: repacked(small(), {"xl/workbook.xml": b" " * 2**27}), "超过 1 MB"),
    "entities": (
        lambda: repacked(small(), {PEOPLE: b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>' + HEAD.encode()}),
        "已损坏",
    ),
    "one text a hundred thousand times": (
        lambda: with_strings(
            sheet(HEADS + '<row><c t="s"><v>0</v></c></row>' * 19_000), f"<si><t>{'长' * 30_000}</t></si>"
        ),
        "read 0",
    ),
    "nothing but errors": (lambda: sheet(HEADS + "<row><c><v>1.5</v></c></row>" * 19_000), "read 0"),
    "a full list": (full, "read 20000"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_costs_the_web_nothing(name: str, tmp_path: Path) -> None:
    make, said = HOSTILE[name]
    file = tmp_path / "list.xlsx"
    file.write_bytes(make())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-c", _MEASURE, str(file)], capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    grown_mb, _, answer = done.stdout.partition(" ")
    assert said in answer
    assert int(grown_mb) <= WEB_MB
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < reading.CPU_S + 2


def test_whoever_takes_too_much_time_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the clock in the web, whatever the kernel's own bound of processor time would still allow."""
    monkeypatch.setattr(reading, "WITHIN_S", 0.05)
    with pytest.raises(BadWorkbook, match="没有来得及读完"):
        read_file(BOOK, small())


def test_who_finds_no_seat_is_told_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "SEAT_WITHIN_S", 0.05)
    monkeypatch.setattr(reading, "_SEATS", threading.BoundedSemaphore(1))
    with seat(), pytest.raises(BadWorkbook, match="正有别人在导入"), seat():
        pass
    with seat():
        pass


def test_a_roster_beyond_what_any_county_needs_is_refused_by_the_reader() -> None:
    """Judging a roster costs the web by people and days. The largest county's comes to less than half of the bound."""
    numbers = ",".join(f"N{number}" for number in range(200))
    rows = [
        (VILLAGE, f"w{number}", "1-7", "08:00", "09:00", numbers) for number in range(rows_module.MOST_SHIFTS // 1_400)
    ]
    assert len(read_file(BOOK, book({"值班": rows})).windows) == len(rows)
    plan = read_file(BOOK, book({"值班": [*rows, (VILLAGE, "more", "1-7", "10:00", "11:00", numbers)]}))
    (error,) = plan.errors
    assert (error.sheet, error.row, plan.windows) == ("值班", 0, [])
    assert "分成几个文件" in error.message
    assert rows_module.MOST_SHIFTS >= 500 * 10 * 3 * 7 * 2


def test_a_window_within_another_hides_no_overlap() -> None:
    windows = {"whole day": (480, 1080), "morning": (500, 560), "noon": (600, 660), "night": (1380, 1440 + 490)}
    shifts = [Shift("a1", (VILLAGE, name), range(1, 8), *times) for name, times in windows.items()]
    found = {(first[1], second[1]) for _, first, second in overlapping(shifts)}
    assert found == {("morning", "whole day"), ("noon", "whole day"), ("night", "whole day")}
    sunday = [Shift("a1", (VILLAGE, "late"), [7], 1380, 1440 + 60), Shift("a1", (VILLAGE, "early"), [1], 0, 30)]
    assert list(overlapping(sunday)) == [("a1", (VILLAGE, "early"), (VILLAGE, "late"))]


def test_a_reader_that_ends_badly_is_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MAX_FILE_BYTES", 2**31)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(BadWorkbook, match="读不完"):
        read_file(BOOK, small())


def test_the_kernels_bounds_hold(tmp_path: Path) -> None:
    """In the reading process a loop without end ends by processor time, hunger by memory, and no file is written."""
    module = "server_broker.sheets.reading"
    for doing, by_signal in (
        ("while True: pass", True),
        ("bytearray(2**30)", False),
        ("open('kept', 'w').write('x' * 9000)", False),
    ):
        program = f"import {module} as r; r.CPU_S = 1; r._answer = lambda *_: exec({doing!r}) or b''; r.main()"
        done = subprocess.run(
            [sys.executable, "-c", program, BOOK.place, ""],
            input=b"",
            capture_output=True,
            cwd=tmp_path,
            env={"PYTHONPATH": str(Path.cwd())},
        )
        assert (done.returncode < 0, done.returncode != 0) == (by_signal, True), (doing, done)
    assert not (tmp_path / "kept").exists() or (tmp_path / "kept").stat().st_size == 0


def test_a_row_too_many_names_its_place() -> None:
    rows = [(f"N{number}", f"人{number}", VILLAGE) for number in range(spreadsheetml.MAX_ROWS + 1)]
    with pytest.raises(BadWorkbook, match=r"工作表“人员”里有内容的行超过 20000 行（第 20002 行还有）"):
        workbook.read_workbook(people(rows))
    assert len(workbook.read_workbook(people(rows[1:]))[1].rows) == spreadsheetml.MAX_ROWS + 1
