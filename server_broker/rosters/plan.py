"""What an import is to do: the rows of a workbook as values."""

from dataclasses import dataclass, field

from server_broker.rosters.result import RowError


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
