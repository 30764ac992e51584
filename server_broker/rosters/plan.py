"""What an import is to do: the rows of a workbook as values."""

from dataclasses import dataclass, field

MOST_ERRORS = 2_000
"""Told one by one. Nobody works through more, and each is an object in memory."""


@dataclass(frozen=True, slots=True)
class RegionRow:
    """A row of 区划."""

    row: int
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class StationRow:
    """A row of 站点."""

    row: int
    id: str
    name: str
    village: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of 人员."""

    row: int
    number: str
    name: str
    village: str


@dataclass(frozen=True, slots=True)
class UidRow:
    """A row of 卡 as it was read. ``uid`` is in its normal form (`protocol.cards`) and is kept nowhere."""

    row: int
    uid: str
    person: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row of 卡 as the county knows the card: by its token and the last four digits."""

    row: int
    token: bytes
    tail: str
    person: str


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A row of 值班. ``end`` is after ``start``: over midnight it is more than 1440."""

    row: int
    village: str
    name: str
    weekdays: list[int]
    start: int
    end: int
    people: list[str]


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """What is wrong in one row. ``row`` is Excel's row number, 0 for the sheet as a whole; ``sheet`` may be empty."""

    sheet: str
    row: int
    message: str
    lacks_card_form: bool = False
    """Whoever imports can choose the form of the card numbers, and the row is then read."""

    def __str__(self) -> str:
        place = f"{self.sheet} " if self.sheet else ""
        return f"{place}第 {self.row} 行：{self.message}" if self.row else f"{place}{self.message}"


@dataclass(slots=True)
class Plan:
    """Every readable row of a workbook, what was wrong with the others, and what is not taken at all."""

    regions: list[RegionRow] = field(default_factory=list)
    stations: list[StationRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    uids: list[UidRow] = field(default_factory=list)
    cards: list[CardRow] = field(default_factory=list)
    windows: list[WindowRow] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether no row was read."""
        return not any((self.regions, self.stations, self.people, self.uids, self.cards, self.windows))
