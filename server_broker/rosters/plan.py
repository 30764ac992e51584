"""The rows of a workbook as values: what an import is to do, and what is wrong."""

import unicodedata
from dataclasses import dataclass, field

from server_broker.attendance.seasons import Season
from server_broker.sheets.declared import SheetPlan


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
class UnitRow:
    """A row of 单位. ``kind`` is a value of `people.models.UnitKind`."""

    row: int
    region: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row of 人员. An empty ``identity`` or ``mobile`` changes nothing of what the county has."""

    row: int
    number: str
    name: str
    village: str
    identity: str = ""
    mobile: str = ""


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


type WindowKey = tuple[str, str]


def window_key(village: str, name: str) -> WindowKey:
    """Return by what a window is found: its village, and its name whether or not its signs are full-width."""
    return village, " ".join(unicodedata.normalize("NFKC", name).split())


def row_key(key: WindowKey) -> str:
    """Return the key of a row of 值班 as one text."""
    return " ".join(key)


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
    season: Season | None = None
    """None here and below: the file has no such column, so what the county has stays."""
    named_days: bool | None = None
    marks: str | None = None
    leaders: list[str] | None = None

    @property
    def days_unsaid(self) -> bool:
        """The file says nothing of its days: it is one of named days, or the row is wrong."""
        return self.named_days is None and not self.weekdays

    @property
    def is_named(self) -> bool:
        """It is there on named days only."""
        return self.named_days or self.days_unsaid

    @property
    def key(self) -> WindowKey:
        """By what the county finds the window again."""
        return window_key(self.village, self.name)


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """What can be read of a row that has a cell that can't be: enough to judge whom and which place it names."""

    sheet: str
    row: int
    place: str | None = None
    name: str | None = None
    """Of the window, if it is a row of 值班."""
    people: tuple[str, ...] = ()

    @property
    def key(self) -> WindowKey | None:
        """As of `WindowRow`, if that much can be read."""
        return None if self.place is None or self.name is None else window_key(self.place, self.name)


@dataclass(slots=True)
class Plan(SheetPlan):
    """Every readable row of a workbook of people and rosters."""

    regions: list[RegionRow] = field(default_factory=list)
    stations: list[StationRow] = field(default_factory=list)
    units: list[UnitRow] = field(default_factory=list)
    people: list[PersonRow] = field(default_factory=list)
    uids: list[UidRow] = field(default_factory=list)
    cards: list[CardRow] = field(default_factory=list)
    windows: list[WindowRow] = field(default_factory=list)
    broken: list[BrokenRow] = field(default_factory=list)
    """The other rows: each has an error already, and what else is wrong with it is told in the same round."""
