"""The tab of what changed of months that were signed before (更正单)."""

from django.utils import timezone

from server_broker.attendance.times import clock
from server_broker.closing.changes import Said
from server_broker.closing.month import VillageMonth
from server_broker.settlement.states import CLOSED
from server_broker.timesheets.heads import put_title
from server_broker.timesheets.paper import Book, Look
from server_broker.timesheets.words import SIGNATURES, month_words

_COLUMNS = (
    *(("原月份", 18.0), ("编号", 18.0), ("姓名", 20.0), ("日期", 22.0), ("开始", 13.0), ("原来", 34.0), ("现在", 34.0)),
    *(("何时变的", 30.0), ("依据的申请", 30.0)),
)
_HEAD, _CELL = Look(bold=True), Look(fits=True)
_NOTE, _SIGNED = Look(boxed=False, across="left"), Look(size=11, boxed=False, across="left")
_HEAD_ROWS, _ROW_PT, _SIGN_PT = 3, 16.0, 28.0


def add_slip(book: Book, month: VillageMonth, township: str) -> None:
    """Add the tab, if anything changed."""
    if not month.slip:
        return
    page = book.page("更正单", [width for _, width in _COLUMNS])
    put_title(page, f"{township}{month.name} {month_words(month.month)} 考勤更正单", is_closed=month.state == CLOSED)
    page.put_over(
        (2, 2), (1, page.columns), "以前月份定稿以后，补到的数据和批准的申请改变了这些结果；原表不动。", _NOTE
    )
    for column, (head, _) in enumerate(_COLUMNS, start=1):
        page.put(_HEAD_ROWS, column, head, _HEAD)
    row = _HEAD_ROWS + 1
    for one in month.slip:
        came = timezone.localtime(one.came_at).strftime("%Y-%m-%d %H:%M")
        cells = (
            *(one.month, one.number, one.name, one.day.isoformat(), clock(one.start), _words(one.was)),
            *(_words(one.now), came, " ".join(one.decisions)),
        )
        for column, text in enumerate(cells, start=1):
            page.put(row, column, text, _CELL)
        page.high(row, _ROW_PT)
        row += 1
    page.put_over((row, row), (1, page.columns), SIGNATURES, _SIGNED)
    page.high(row, _SIGN_PT)
    page.finish(
        head_rows=_HEAD_ROWS, frozen_columns=3, last_row=row, foot=f"村慧 {month.name} 更正单", on_one_page=False
    )


def _words(said: Said) -> str:
    """Return what a window came to: its sign and what is beside it, with kind and minutes."""
    kind = f"（{said.kind}）" if said.kind else ""
    counted = (("迟", said.late), ("早", said.early), ("部分请假", said.leave_minutes))
    minutes = "".join(f" {word} {count} 分" for word, count in counted if count)
    return f"{said.result}{said.beside}{kind}{minutes}"
