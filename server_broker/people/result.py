"""What came of an import, as a person reads it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """What is wrong in one row. ``row`` is Excel's row number, 0 for the sheet as a whole; ``sheet`` may be empty."""

    sheet: str
    row: int
    message: str

    def __str__(self) -> str:
        place = f"{self.sheet} " if self.sheet else ""
        return f"{place}第 {self.row} 行：{self.message}" if self.row else f"{place}{self.message}"


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of a sheet were new, changed something, or said what the county has already."""

    added: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Either every row went in or none did: with an error in it nothing was changed."""

    errors: tuple[RowError, ...] = ()
    counts: dict[str, Count] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the file was taken."""
        return not self.errors

    def lines(self) -> list[str]:
        """Return the outcome in Chinese, a line for each error or for each sheet."""
        if self.errors:
            return [f"没有导入任何内容，共 {len(self.errors)} 处错误：", *map(str, self.errors)]
        return [
            f"{sheet}：新增 {count.added}，更新 {count.changed}，未变 {count.same}"
            for sheet, count in self.counts.items()
        ]
