"""Documents to read as an Excel file: one sheet for each, and in its first column a word that says what a row is.

A row that has 明细 names the sheet that says what it is made of. What is read here knows no database, because the
process that reads files has none (`server_broker.sheets.reading`).
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from protocol.documents import (
    MAX_BLOCKS,
    MAX_COLUMNS,
    MAX_DEPTH,
    MAX_DOCUMENTS,
    MAX_ROWS,
    MAX_TEXT,
    Block,
    Column,
    ColumnKind,
    Document,
    Heading,
    Paragraph,
    Picture,
    Row,
    Table,
)
from server_broker.sheets import cells
from server_broker.sheets.cells import BadCell
from server_broker.sheets.declared import Book, SheetPlan
from server_broker.sheets.heads import EMPTY
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.spreadsheetml import Cell
from server_broker.sheets.workbook import Sheet

KINDS = {
    "财务": "finance",
    "补贴": "subsidy",
    "政策": "policy",
    "价格": "prices",
    "项目": "project",
    "土地": "land",
    "其他": "other",
}
COLUMN_KINDS: dict[str, ColumnKind] = {"文字": "text", "金额": "yuan", "数量": "number", "日期": "date"}
ITEMS = "明细"
"""The last column of a table, which names the sheet with what a row is made of."""
_MONTH = re.compile(r"(\d{4})年?(?:-|\.|/)?(?:(\d{1,2})月?|第?([1-4一二三四])季度?|Q([1-4]))?")
_DAY = re.compile(r"(\d{4})[-./年](\d{1,2})[-./月](\d{1,2})日?")
_MONEY = re.compile(r"(-?)(\d{1,13})(?:\.(\d{1,2}))?")
_QUARTERS = {"一": "1", "二": "2", "三": "3", "四": "4"}


class _Table(NamedTuple):
    """A table whose rows still name the sheets that they open."""

    columns: list[Column]
    rows: list[tuple[list[str | int], str]]
    sums: list[int | None]


@dataclass(slots=True)
class Draft:
    """A sheet as it was read."""

    sheet: str
    said: dict[str, str] = field(default_factory=dict)
    blocks: list[Heading | Paragraph | Picture | _Table] = field(default_factory=list)
    opens: dict[str, int] = field(default_factory=dict)
    """By the title of a sheet that a row opens, the row of the file."""


@dataclass(slots=True)
class DocumentsPlan(SheetPlan):
    """The documents of a file."""

    documents: list[Document] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    """While the file is read; empty afterwards."""
    pictures: dict[str, bytes] = field(default_factory=dict)
    """What the documents show, scaled, by name. It is added where the pictures are; the file has none."""


class _SheetReader:
    """Reads the rows of one sheet."""

    def __init__(self, plan: DocumentsPlan, title: str) -> None:
        self._plan = plan
        self.draft = Draft(title)
        self._titles: list[tuple[int, str]] = []
        """Places and titles of the table's columns."""
        self._items: int | None = None
        self._kinds: list[ColumnKind] = []
        self._seen: set[str] = set()
        """Which words have begun a row of the table, also a row that was wrong."""
        self._rows: list[tuple[list[str | int], str]] = []
        self._sums: list[int | None] = []
        self._at = 0
        self._does: dict[str, Callable[[dict[int, Cell]], None]] = {
            "标题": lambda row: self._say("标题", _prose(row.get(1, EMPTY), longest=64)),
            "来源": lambda row: self._say("来源", _prose(row.get(1, EMPTY), longest=64)),
            "类别": self._kind,
            "所属期": lambda row: self._say("所属期", _period(row.get(1, EMPTY))),
            "公布日期": lambda row: self._say("公布日期", day(row.get(1, EMPTY))),
            "小标题": self._heading,
            "段落": self._paragraph,
            "图片": self._picture,
            "表头": self._head,
            "列类型": self._column_kinds,
            "行": self._row,
            "合计": self._total,
        }

    def read(self, number: int, row: dict[int, Cell]) -> None:
        """Read one row of the file, or note what is wrong with it."""
        self._at = number
        try:
            word = cells.optional_text(row.get(0, EMPTY), longest=16)
            if word not in self._does:
                known = "、".join(self._does)
                raise BadCell(f"第一列写的是“{word}”，须是：{known}" if word else f"第一列是空的，须写：{known}")
            if self._titles:
                self._in_table(word)
            self._does[word](row)
        except BadCell as bad:
            self._wrong(str(bad))

    def _in_table(self, word: str) -> None:
        """End the table that is being read, or see to it that its rows are in order."""
        if word not in ("列类型", "行", "合计"):
            self.end_table()
            return
        seen, self._seen = self._seen, self._seen | {word}
        if word != "行" and word in seen:
            raise BadCell(f"“{word}”写了两次，一张表请只留一行")
        if word == "列类型" and seen:
            raise BadCell("“列类型”要写在“表头”下面，第一个“行”或“合计”之前")

    def _wrong(self, message: str) -> None:
        self._plan.errors.append(RowError(self.draft.sheet[:31], self._at, message))

    def _say(self, what: str, value: str) -> None:
        if what in self.draft.said:
            raise BadCell(f"“{what}”写了两次，请只留一行")
        self.draft.said[what] = value

    def _kind(self, row: dict[int, Cell]) -> None:
        word = cells.text(row.get(1, EMPTY), longest=16)
        if word not in KINDS:
            raise BadCell(f"类别“{word}”不认识，须是：{'、'.join(KINDS)}")
        self._say("类别", KINDS[word])

    def _heading(self, row: dict[int, Cell]) -> None:
        self._add(Heading(text=_prose(row.get(1, EMPTY), longest=80)))

    def _paragraph(self, row: dict[int, Cell]) -> None:
        self._add(Paragraph(text=_prose(row.get(1, EMPTY), longest=MAX_TEXT)))

    def _picture(self, row: dict[int, Cell]) -> None:
        name = _prose(row.get(1, EMPTY), longest=64)
        described = cells.optional_text(row.get(2, EMPTY), longest=200, as_typed=True)
        if not described:
            raise BadCell("第三列请写图片上是什么：大屏画不出来时念给人看")
        if "/" in name or "\\" in name or ".." in name:
            raise BadCell("图片只写文件名，不能有斜杠和“..”")
        self._add(Picture(item=name, words=described))

    def _add(self, block: Heading | Paragraph | Picture | _Table) -> None:
        if len(self.draft.blocks) == MAX_BLOCKS:
            raise BadCell(f"内容太多，一份最多 {MAX_BLOCKS} 段")
        self.draft.blocks.append(block)

    def _head(self, row: dict[int, Cell]) -> None:
        titles = [(place, _prose(cell, longest=24)) for place, cell in sorted(row.items()) if place]
        self._items = next((place for place, title in titles if title == ITEMS), None)
        self._titles = [(place, title) for place, title in titles if place != self._items]
        if not self._titles:
            raise BadCell("表头是空的，请从第二列起写每列的名字")
        if len(self._titles) > MAX_COLUMNS:
            self._titles = self._titles[:MAX_COLUMNS]
            raise BadCell(f"列太多，一张表最多 {MAX_COLUMNS} 列")

    def _column_kinds(self, row: dict[int, Cell]) -> None:
        self._needs_head()
        kinds: list[ColumnKind] = []
        for place, title in self._titles:
            word = cells.optional_text(row.get(place, EMPTY), longest=8) or "文字"
            if word not in COLUMN_KINDS:
                raise BadCell(f"“{title}”的列类型“{word}”不认识，须是：{'、'.join(COLUMN_KINDS)}")
            kinds.append(COLUMN_KINDS[word])
        self._kinds = kinds

    def _row(self, row: dict[int, Cell]) -> None:
        self._needs_head()
        if len(self._rows) == MAX_ROWS:
            raise BadCell(f"行太多，一张表最多 {MAX_ROWS:,} 行")
        written = [self._cell(row, place, title, kind) for (place, title), kind in self._columns()]
        opens = "" if self._items is None else cells.optional_text(row.get(self._items, EMPTY), longest=31)
        if opens and self.draft.opens.setdefault(opens, self._at) != self._at:
            raise BadCell(f"明细“{opens}”已经用在另一行，一张明细只属于一行")
        self._rows.append((written, opens))

    def _total(self, row: dict[int, Cell]) -> None:
        self._needs_head()
        sums: list[int | None] = []
        for (place, title), kind in self._columns():
            written = self._cell(row, place, title, kind) if kind in ("yuan", "number") else ""
            sums.append(written if isinstance(written, int) else None)
        self._sums = sums

    def _columns(self) -> list[tuple[tuple[int, str], ColumnKind]]:
        kinds = self._kinds or ["text"] * len(self._titles)
        return list(zip(self._titles, kinds, strict=True))

    def _needs_head(self) -> None:
        if not self._titles:
            raise BadCell("上面还没有“表头”")

    @staticmethod
    def _cell(row: dict[int, Cell], place: int, title: str, kind: ColumnKind) -> str | int:
        cell = row.get(place, EMPTY)
        try:
            if cell.value in (None, "") and not cell.is_formula:
                return ""
            return _READ[kind](cell)
        except BadCell as bad:
            raise BadCell(f"“{title}”{bad}") from bad

    def end_table(self) -> None:
        """Add the table that was being read, if there is one."""
        if self._titles:
            columns = [Column(title=title, kind=kind) for (_, title), kind in self._columns()]
            try:
                self._add(_Table(columns, self._rows, self._sums))
            except BadCell as bad:
                self._wrong(str(bad))
        self._titles, self._items, self._kinds, self._rows, self._sums = [], None, [], [], []
        self._seen = set()


def _prose(cell: Cell, *, longest: int) -> str:
    """Return what stands in a cell as it was typed."""
    written = cells.optional_text(cell, longest=longest, as_typed=True)
    if not written:
        raise BadCell("内容是空的")
    return written


def day(cell: Cell) -> str:
    """Return a date as YYYY-MM-DD of a date cell or of text such as ``2026年11月3日``."""
    value = cell.value
    if isinstance(value, dt.datetime | dt.date) and not cell.is_formula:
        return f"{value:%Y-%m-%d}"
    match = _DAY.fullmatch(cells.text(cell, longest=20))
    try:
        if match is not None:
            return dt.date(int(match[1]), int(match[2]), int(match[3])).isoformat()
    except ValueError as error:
        raise BadCell("不是一个日子，请写成 2026-11-03 的样子") from error
    raise BadCell("不是日期，请写成 2026-11-03 的样子")


def _period(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, dt.datetime | dt.date) and not cell.is_formula:
        return f"{value:%Y-%m}"  # Excel makes a date of 2026-11
    match = _MONTH.fullmatch(cells.text(cell, longest=20))
    if match is None or (match[2] and not 1 <= int(match[2]) <= 12):
        raise BadCell("所属期不认识，请写成 2026-11、2026年第4季度 或 2026")
    if match[2]:
        return f"{match[1]}-{int(match[2]):02d}"
    quarter = match[3] or match[4]
    return f"{match[1]}-Q{_QUARTERS.get(quarter, quarter)}" if quarter else match[1]


def money(cell: Cell) -> int:
    """Return 分 of a number of 元. A figure with more than two decimals is refused, because it can't be published as it
    is."""
    value = cell.value
    if cell.is_formula or cell.is_error or isinstance(value, bool) or not isinstance(value, int | float):
        written = cells.text(cell, longest=32).replace(",", "").removesuffix("元").strip()
    elif abs(value) >= 10**13:
        raise BadCell("的数太大")
    else:
        # What Excel shows as 0.1 is the nearest binary number: the shortest decimal of that number is what was typed.
        written = format(Decimal(str(value)), "f").removesuffix(".0")
    match = _MONEY.fullmatch(written)
    if match is None:
        raise BadCell("不是金额，请写成 1234.50 的样子，最多两位小数")
    fen = int(match[2]) * 100 + int((match[3] or "").ljust(2, "0"))
    return -fen if match[1] else fen


def _number(cell: Cell) -> int:
    value = cell.value
    if isinstance(value, int | float) and not isinstance(value, bool) and not cell.is_formula and value < 0:
        if value != int(value) or value < -(2**53):
            raise BadCell("不是整数")
        return int(value)
    written = cells.code(cell, longest=20).replace(",", "")
    if not re.fullmatch(r"-?[0-9]{1,15}", written):
        raise BadCell("不是整数")
    return int(written)


_READ: dict[ColumnKind, Callable[[Cell], str | int]] = {
    "text": lambda cell: cells.optional_text(cell, longest=200, as_typed=True),
    "yuan": money,
    "number": _number,
    "date": day,
}


def _read_sheet(plan: DocumentsPlan, sheet: Sheet, _choice: str) -> None:
    if len(plan.drafts) == MAX_DOCUMENTS:
        plan.errors.append(RowError(sheet.title[:31], 0, f"工作表太多，一个文件最多 {MAX_DOCUMENTS} 个"))
        return
    reader = _SheetReader(plan, sheet.title)
    for number, row in sheet.rows:
        reader.read(number, row)
    reader.end_table()
    plan.drafts.append(reader.draft)


def _assemble(plan: DocumentsPlan) -> None:
    """Make documents of the sheets, or note what keeps them from being any."""
    drafts, plan.drafts = plan.drafts, []
    ids = {draft.sheet: f"d{number}" for number, draft in enumerate(drafts, 1)}
    parents: dict[str, str] = {}
    for draft in drafts:
        for opened, at in draft.opens.items():
            if opened not in ids or opened == draft.sheet:
                plan.errors.append(RowError(draft.sheet[:31], at, f"明细“{opened}”不是这个文件里的另一个工作表"))
            elif parents.setdefault(opened, draft.sheet) != draft.sheet:
                plan.errors.append(RowError(draft.sheet[:31], at, f"明细“{opened}”已经属于“{parents[opened]}”"))
    by_sheet = {draft.sheet: draft for draft in drafts}
    for draft in drafts:
        above = _above(draft.sheet, parents)
        if above is None:
            plan.errors.append(RowError(draft.sheet[:31], 0, f"明细套得太深，最多 {MAX_DEPTH} 层，也不能互相套"))
            continue
        _complete(plan, draft, [by_sheet[sheet] for sheet in above])
    if not plan.errors:
        plan.documents = [_document(draft, ids, parents) for draft in drafts]


def _above(sheet: str, parents: dict[str, str]) -> list[str] | None:
    """Return the sheets above one, the nearest first, or None if there are too many."""
    above: list[str] = []
    while sheet in parents:
        sheet = parents[sheet]
        above.append(sheet)
        if len(above) >= MAX_DEPTH:
            return None
    return above


def _complete(plan: DocumentsPlan, draft: Draft, above: list[Draft]) -> None:
    """Take from the sheets above what a sheet of items does not say of itself, and note what is missing."""
    if above:
        draft.said.setdefault("标题", draft.sheet)
    for what in ("类别", "所属期", "公布日期", "来源"):
        for one in above:
            if what not in draft.said and what in one.said:
                draft.said[what] = one.said[what]
    for what in ("标题", "公布日期", "来源"):
        if what not in draft.said:
            plan.errors.append(RowError(draft.sheet[:31], 0, f"没有写“{what}”：第一列写{what}，第二列写内容"))
    if not draft.blocks:
        plan.errors.append(RowError(draft.sheet[:31], 0, "没有内容：至少要有一个段落或一张表"))


def _document(draft: Draft, ids: dict[str, str], parents: dict[str, str]) -> Document:
    said = draft.said
    parent = parents.get(draft.sheet, "")
    return Document(
        id=ids[draft.sheet],
        title=said["标题"],
        kind=said.get("类别", "other"),
        period=said.get("所属期", ""),
        published=said["公布日期"],
        source=said["来源"],
        # Until the county's own disclosure has its rules, everything that is published this way is marked so.
        sample=True,
        part_of=ids[parent] if parent else "",
        blocks=[_block(block, ids) for block in draft.blocks],
    )


def _block(block: Heading | Paragraph | Picture | _Table, ids: dict[str, str]) -> Block:
    if not isinstance(block, _Table):
        return block
    rows = [Row(cells=list(written), opens=ids[opens] if opens else "") for written, opens in block.rows]
    return Table(columns=block.columns, rows=rows, sums=block.sums)


BOOK = Book(place="server_broker.bundles.document_sheets:BOOK", plan=DocumentsPlan, free=_read_sheet, bound=_assemble)
