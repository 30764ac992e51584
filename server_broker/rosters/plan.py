"""The rows of a workbook as values: what an import is to do, and what is wrong."""

from dataclasses import dataclass, field

MOST_ERRORS = 2_000
"""Most errors that are listed one by one. Nobody works through more, and each takes memory."""


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
    """A row of 卡 as it was read. ``uid`` is in its normal form (`protocol.cards`) and is never stored."""

    row: int
    uid: str
    person: str


@dataclass(frozen=True, slots=True)
class CardRow:
    """A row of 卡 as the county knows the card: by its token and the last four digits of its number."""

    row: int
    token: bytes
    tail: str
    person: str


@dataclass(frozen=True, slots=True)
class WindowRow:
    """A row of 值班. Times are minutes after midnight. ``end`` is after ``start``: past midnight it is above 1440."""

    row: int
    village: str
    name: str
    weekdays: list[int]
    start: int
    end: int
    people: list[str]


@dataclass(frozen=True, slots=True, order=True)
class RowError:
    """What is wrong in one row.

    ``row`` is Excel's row number, or 0 for the whole sheet. ``sheet`` is empty for the whole file.
    """

    sheet: str
    row: int
    message: str
    lacks_card_form: bool = False
    """The row can be read if the person who imports chooses the form of the card numbers."""

    def __str__(self) -> str:
        place = f"{self.sheet} " if self.sheet else ""
        return f"{place}第 {self.row} 行：{self.message}" if self.row else f"{place}{self.message}"


@dataclass(slots=True)
class Plan:
    """Every readable row of a workbook.

    ``errors`` says what is wrong with the other rows. ``notes`` names the ignored rows and columns, in Chinese.
    """

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
