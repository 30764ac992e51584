"""The tab of all windows of a village's month: the rows of the sheet's CSV, under heads that clerks read."""

import csv
import io
from collections.abc import Collection

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.settling.sheet_csv import COLUMNS
from server_broker.sheets.writing import escaped
from server_broker.timesheets.paper import Book, Look

TITLE = "明细"
HEADS = {
    "number": ("编号", 18),
    "name": ("姓名", 18),
    "date": ("日期", 22),
    "start": ("开始", 13),
    "result": ("结果", 10),
    "kind": ("假别", 12),
    "beside": ("并有", 12),
    "late": ("迟到分", 12),
    "early": ("早退分", 12),
    "flags": ("标记", 14),
    "line": ("规则行", 12),
    "share": ("折算", 12),
    "leave_minutes": ("部分请假分", 18),
    "facts": ("所据记录", 40),
    "awaited": ("在等", 40),
    "parameters": ("参数摘要", 32),
    "reason": ("说明", 90),
}
"""By the column of the CSV: its head, and how wide it is in mm."""
_SAID = {"rules": "考勤规则", "village": "村", "month": "月份", "as_of": "县里所知到", "state": "状态"}
_HEAD, _CELL = Look(bold=True), Look(across="left", fits=True)


def add_details(book: Book, content: bytes, hidden: Collection[str]) -> None:
    """Add the tab.

    Args:
        content: The CSV, whose texts are escaped already, or what was signed, which begins with it.
        hidden: Numbers of those who have neither number nor name here.
    """
    nameless = {escaped(number) for number in hidden}
    said, windows, *_ = _parts(content)
    page = book.page(TITLE, [HEADS[name][1] for name in COLUMNS])
    for number, (what, *values) in enumerate(said, start=1):
        page.put(number, 1, _SAID[what], _HEAD)
        for column, text in enumerate(values, start=2):
            page.put_escaped(number, column, text, _CELL)
    head = len(said) + 1
    for column, name in enumerate(COLUMNS, start=1):
        page.put(head, column, HEADS[name][0], _HEAD)
    for number, row in enumerate(windows[1:], start=head + 1):
        shown = ["", ELSEWHERE, *row[2:]] if row[0] in nameless else row
        for column, text in enumerate(shown, start=1):
            page.put_escaped(number, column, text, _CELL)
    last = head + len(windows) - 1
    page.finish(head_rows=head, frozen_columns=2, last_row=last, foot="明细：每个班一行", on_one_page=False)


def _parts(content: bytes) -> list[list[list[str]]]:
    """Return the rows between the empty lines."""
    parts: list[list[list[str]]] = [[]]
    for row in csv.reader(io.StringIO(content.decode(), newline="")):
        if row:
            parts[-1].append(row)
        else:
            parts.append([])
    return parts
