"""Turn the sheets of a file into the plan of a book, and say of every row and column that is left out that it is.

Each row is read on its own here. Whether the rows fit one another and the county is checked later.
"""

from server_broker.sheets.declared import DUE_SHEET, NOTES_SHEET, WHOLE, Book, SheetKind, SheetPlan
from server_broker.sheets.heads import EMPTY, Row, head_of, places_of, plain_title
from server_broker.sheets.row_errors import MOST_ERRORS, RowError
from server_broker.sheets.workbook import Sheet

_UNTYPED = "CSV 文件里看不出前面的 0 是否丢了：用 Excel 存过的，请核对编号和号码"


def read_plan[P: SheetPlan](book: Book[P], sheets: list[Sheet], *, choice: str = "") -> P:
    """Read every known sheet. Empty sheets and those for reading alone are passed over; an unknown one is an error.

    Args:
        choice: What the person chose for the whole file; one of the book's choices, or empty.
    """
    plan = book.plan()
    filled = [sheet for sheet in sheets if sheet.rows and plain_title(sheet.title) not in (NOTES_SHEET, DUE_SHEET)]
    for sheet in filled:
        title = plain_title(sheet.title)
        if book.free is not None:
            book.free(plan, sheet, choice)
        elif sheet.untitled or (len(filled) == 1 and book.titled(title) is None):
            # A clerk's only sheet is called Sheet1 or 花名册.
            _read_untitled(book, plan, sheet, choice)
        elif (kind := book.titled(title)) is not None:
            _read_sheet(kind, plan, sheet, choice)
        else:
            hidden = "（隐藏的工作表）" if sheet.hidden else ""
            words = f"{hidden}不认识这个工作表；工作表只能是 {'、'.join(book.titles())}"
            plan.errors.append(RowError(sheet.title[:31], 0, words))
    book.bound(plan)
    if not plan.errors and plan.is_empty():
        plan.errors.append(RowError("", 0, "文件里没有可以导入的内容"))
    if (more := len(plan.errors) - MOST_ERRORS) > 0:
        plan.errors[MOST_ERRORS:] = [RowError("", 0, f"另有 {more} 处错误没有列出，改好列出的再上传")]
    return plan


def _read_untitled[P: SheetPlan](book: Book[P], plan: P, sheet: Sheet, choice: str) -> None:
    """Read the only sheet of a file that is not called as one of the book's: its columns tell which one it is."""
    heads = [(kind, head_of(sheet.rows, kind.known)) for kind in book.sheets]
    whole = [(kind, head) for kind, head in heads if head.found(kind.columns) == len(kind.columns)]
    # The columns of one sheet may be among another's; the one that explains most of the file is meant.
    most = max((head.found(kind.known) for kind, head in whole), default=0)
    fitting = [kind for kind, head in whole if head.found(kind.known) == most]
    if len(fitting) == 1:
        plan.notes.append(f"按表头认作“{fitting[0].title}”。{_UNTYPED if sheet.untitled else ''}")
        _read_sheet(fitting[0], plan, sheet, choice)
        return
    wanted = "；".join(f"{kind.title}（{'、'.join(kind.columns)}）" for kind in fitting or book.sheets)
    said = "认不出是哪一种表" if not fitting else "可以是几种表"
    if sheet.untitled:
        words = f"CSV 文件{said}。表头要有这些列：{wanted}。或者存成 .xlsx，工作表写上名字"
        plan.errors.append(RowError("", 0, words))
    else:
        words = (
            f"看不出这个工作表是哪一种表。表头要有这些列：{wanted}。或者把工作表的名字改成 {'、'.join(book.titles())}"
        )
        plan.errors.append(RowError(sheet.title[:31], 0, words))


def _read_sheet[P: SheetPlan](kind: SheetKind[P], plan: P, sheet: Sheet, choice: str) -> None:
    head = head_of(sheet.rows, kind.known)
    places = places_of(kind.title, head, kind.columns, kind.optional, plan.errors)
    if places is None:
        plan.leave_out(kind.title, WHOLE)
        return
    if sheet.hidden:
        plan.notes.append(f"工作表“{kind.title}”是隐藏的，也一并读取")
    above = [number for number, _ in sheet.rows if number < head.first]
    aside = []
    rows = []
    for number, row_cells in sheet.rows:
        by_column = {column: row_cells.get(place, EMPTY) for column, place in places.items()}
        if number > head.last and all(cell is EMPTY for cell in by_column.values()):
            aside.append(number)
        elif number > head.last:
            rows.append(Row(kind.title, number, by_column, plan.errors))
    _note(plan, kind.title, above, "在表头上面，不导入")
    _note(plan, kind.title, aside, "只在不导入的列里有内容，不导入")
    if others := [written[:16] for place, written in head.written.items() if place not in places.values()]:
        plan.notes.append(f"{kind.title} 这些列不导入：{'、'.join(others)}")
    kind.read(plan, rows, choice)


def _note(plan: SheetPlan, title: str, rows: list[int], what: str) -> None:
    if rows:
        shown = "、".join(map(str, rows[:20]))
        plan.notes.append(f"{title} 第 {shown} 行{f'等 {len(rows)} 行' if len(rows) > 20 else ''}{what}")
