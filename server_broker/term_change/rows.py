"""The sheet of a term change: a post, who is to hold it, and from when. Each row is read on its own here."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date as Day

from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.names import plain_name
from server_broker.sheets import cells
from server_broker.sheets.cells import BadCell
from server_broker.sheets.dates import date
from server_broker.sheets.declared import Book, SheetKind, SheetPlan
from server_broker.sheets.heads import Row
from server_broker.sheets.spreadsheetml import Cell

SHEET = "换届"
NOBODY = "空缺"
"""What a row says of a post that nobody is to hold."""
_YES = {"是", "1", "√", "✓", "对"}
_NO = {"", "否", "0", "×"}


@dataclass(frozen=True, slots=True)
class PostRow:
    """A row: one person and one post. Neither ``number`` nor ``name``: the post is left empty."""

    row: int
    unit: str
    title: str
    number: str
    name: str
    region: str
    """Code of the unit's region, where two units have one name; or empty."""
    since: Day | None
    """None: the day of the whole sheet."""
    one_holder: bool

    @property
    def is_empty(self) -> bool:
        """Whether the post is to be nobody's."""
        return not (self.number or self.name)


@dataclass(slots=True)
class TermPlan(SheetPlan):
    """Every readable row of a sheet, and what its sender chose for all of it."""

    posts: list[PostRow] = field(default_factory=list)
    day: Day | None = None
    """From when rows hold that name no day."""
    scope: str = ""
    """The region in whose subtree units and people are looked up by name."""


def _post(plan: TermPlan, row: Row) -> None:
    unit, title = row.read("单位", _text(64)), row.read("职务", _text(32))
    number, name = row.read("编号", _optional(32)), row.read("姓名", _name)
    region, since = row.read("区划代码", _optional(12)), row.read("就任日期", _since)
    one_holder = row.read("限一人", _yes)
    if unit is None or title is None or number is None or name is None or region is None:
        return
    if since is not None and one_holder is not None:
        day = since if isinstance(since, Day) else None
        plan.posts.append(PostRow(row.number, unit, title, number, name, region, day, one_holder))


def _text(longest: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        return _plain(cells.text(cell, longest=longest))

    return read


def _optional(longest: int) -> Callable[[Cell], str]:
    def read(cell: Cell) -> str:
        return _plain(cells.code(cell, longest=longest)) if cells.optional_text(cell, longest=longest) else ""

    return read


def _plain(text: str) -> str:
    if identity_number_in(text):
        raise BadCell(REMEDY)
    return " ".join(text.split())


def _name(cell: Cell) -> str:
    name = plain_name(_plain(cells.optional_text(cell, longest=32)))
    return "" if name == NOBODY else name


def _since(cell: Cell) -> Day | str:
    """Return the day, or an empty text for an empty cell."""
    return "" if cell.value is None or (isinstance(cell.value, str) and not cell.value.strip()) else date(cell)


def _yes(cell: Cell) -> bool:
    written = re.sub(r"\s", "", cells.optional_text(cell, longest=8))
    if written not in _YES | _NO:
        raise BadCell("只能填 是 或 否")
    return written in _YES


def _read(plan: TermPlan, rows: list[Row], choice: str) -> None:
    for row in rows:
        _post(plan, row)


BOOK = Book(
    place=f"{__name__}:BOOK",
    plan=TermPlan,
    sheets=(SheetKind(SHEET, ("单位", "职务", "姓名"), _read, optional=("编号", "就任日期", "区划代码", "限一人")),),
)
