"""What a room declares about a file of rows: its sheets, and how each row is read.

How an import of them is done is declared by `sheets.importing.Import`. It stands apart because the process that reads
files has no database.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields

from server_broker.sheets.heads import Row
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.workbook import Sheet

NOTES_SHEET, DUE_SHEET = "说明", "谁该到岗"
"""Sheets that are never read: one explains how to fill in the others, one says what follows from them."""

WHOLE = "*"
"""In the place of a key: every row of a sheet."""


@dataclass(slots=True)
class SheetPlan:
    """Every readable row of a file. A room adds one list for each kind of row, with a default.

    ``errors`` says what is wrong with the other rows. ``notes`` names the ignored rows and columns, in Chinese.
    ``unread`` names by sheet the keys of rows that can't be read, or `WHOLE` if none can. Nothing may be concluded from
    such a row's not being there.
    """

    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unread: dict[str, list[str]] = field(default_factory=dict)

    def leave_out(self, sheet: str, key: str) -> None:
        """Note the key of a row that can't be read."""
        self.unread.setdefault(sheet, []).append(key)

    def may_hold(self, sheet: str, key: str) -> bool:
        """Tell whether a row that can't be read may be the one of a key."""
        left_out = self.unread.get(sheet, ())
        return key in left_out or WHOLE in left_out

    def is_empty(self) -> bool:
        """Whether no row was read."""
        return not any(getattr(self, of.name) for of in fields(self) if of.name not in ("errors", "notes", "unread"))


@dataclass(frozen=True, slots=True)
class SheetKind[P: SheetPlan]:
    """One sheet that a file may have."""

    title: str
    columns: tuple[str, ...]
    read: Callable[[P, list[Row], str], None]
    """Puts the rows into the plan, or an error for each that is wrong. The text is the choice of the person."""
    optional: tuple[str, ...] = ()
    """Columns that a file need not have."""
    written: tuple[str, ...] = ()
    """The columns in the order in which we write them; empty: the optional ones last."""
    group: str = ""
    """A word under which the columns that begin with it stand together, in a head of two rows."""

    @property
    def known(self) -> tuple[str, ...]:
        """Every column that is read if it is there."""
        return (*self.columns, *self.optional)


@dataclass(frozen=True, slots=True)
class Book[P: SheetPlan]:
    """What a file of one purpose may hold."""

    place: str
    """Where this declaration stands, ``module:NAME``. The process that reads the file finds it there."""
    plan: type[P]
    sheets: tuple[SheetKind[P], ...] = ()
    choices: tuple[str, ...] = ()
    """What the person may choose for the whole file; the empty text is always allowed."""
    free: Callable[[P, Sheet, str], None] | None = None
    """Reads a sheet of any title, where each has a form of its own; then there are no ``sheets``. The text is the
    choice of the person."""
    bound: Callable[[P], None] = lambda plan: None
    """Takes out what would cost too much to check, and adds an error instead."""

    def titled(self, title: str) -> SheetKind[P] | None:
        """Return the kind of a sheet by its title."""
        return next((kind for kind in self.sheets if kind.title == title), None)

    def titles(self) -> tuple[str, ...]:
        """Return the titles of all sheets, in order."""
        return tuple(kind.title for kind in self.sheets)
