"""What an import would change, row by row and field by field. It is shown first and then done exactly as shown."""

import hashlib
from dataclasses import dataclass, field

import msgspec


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One column's value before and after. ``before`` is empty for a new row."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Change:
    """One row that is new or differs from what the county has.

    Attributes:
        renames: The county has the key under another name. Either the person or place has a new name, or somebody
            mistyped the key. Then the import would give one person's cards, touches and windows to another person. Only
            a person can tell, so a person must confirm it.
    """

    sheet: str
    row: int
    key: str
    is_new: bool
    fields: tuple[FieldChange, ...]
    renames: bool = False

    def __str__(self) -> str:
        told = "；".join(
            f"{field.column} {field.before or '（无）'} → {field.after or '（无）'}" for field in self.fields
        )
        return f"{self.sheet} 第 {self.row} 行 {self.key}：{told}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a sheet are new, change something, or are what the county has already."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def __str__(self) -> str:
        return f"新增 {self.added}，更新 {self.changed}，未变 {self.same}"


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes of an import, in the order of the sheets and rows."""

    changed: tuple[Change, ...]
    same: dict[str, int] = field(default_factory=dict)
    """How many rows of each sheet are what the county has already."""
    sheets: tuple[str, ...] = ()
    """The titles of the sheets, in the order in which people see them."""
    warnings: tuple[str, ...] = ()
    """Possible slips, as Chinese sentences. Only a person can tell whether they are slips."""

    @property
    def renames(self) -> tuple[Change, ...]:
        """The changes that a person must confirm."""
        return tuple(change for change in self.changed if change.renames)

    def rows_of(self, sheet: str) -> set[int]:
        """Return the numbers of the rows of a sheet that are new or differ."""
        return {change.row for change in self.changed if change.sheet == sheet}

    def counts(self) -> dict[str, Count]:
        """Return the counts of each sheet that has a row."""
        found: dict[str, Count] = {}
        for sheet in self.sheets:
            added = sum(change.sheet == sheet and change.is_new for change in self.changed)
            changed = sum(change.sheet == sheet and not change.is_new for change in self.changed)
            count = Count(added, changed, self.same.get(sheet, 0))
            if count != Count():
                found[sheet] = count
        return found

    def digest(self) -> str:
        """Return 64 hex digits that name exactly these changes, with the values before and after, and the warnings."""
        shown = [self.changed, sorted(self.same.items()), self.warnings]
        return hashlib.sha256(msgspec.msgpack.encode(shown)).hexdigest()


def differing(*columns: tuple[str, str, str]) -> tuple[FieldChange, ...]:
    """Return the columns, each given as its title, the value before and the value after, whose value changes."""
    return tuple(FieldChange(*column) for column in columns if column[1] != column[2])
