"""What stands in the file of a named case, by the names and defaults of docs/cases.md."""

import datetime as dt
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

type At = Annotated[dt.datetime, Meta(tz=False)]
type Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
type Span = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$")]
type Name = Annotated[str, Meta(min_length=1)]
type MonthName = Annotated[str, Meta(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
type Minutes = Annotated[int, Meta(ge=0, le=1440)]
type Weekday = Annotated[int, Meta(ge=1, le=7)]
type Number = Annotated[int, Meta(ge=1)]
type Way = Literal["in", "out"]


class Row(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Any row of the input."""

    known: At | None = None


class RegionRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from"}):
    """A region, or where it moves."""

    id: Name
    parent: Name | None = None
    first: dt.date = dt.date.min


class TableRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """One source's calendar."""

    source: Literal["county", "chinesecalendar", "holidays"]
    first: dt.date
    last: dt.date
    holidays: frozenset[dt.date] = frozenset()
    workdays: frozenset[dt.date] = frozenset()


class NoticeRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work stops."""

    scope: Name
    start: At
    end: At


class ParametersRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from"}):
    """What a region sets."""

    region: Name
    first: dt.date
    locked: bool = False
    open_before: Minutes | None = None
    open_after: Minutes | None = None
    grace_in: Minutes | None = None
    grace_out: Minutes | None = None
    place: Literal["village", "township", "county"] | None = None
    marks: Literal["each", "ends", "arrival"] | None = None
    late_absence: Minutes | None = None
    early_absence: Minutes | None = None
    min_rest: Minutes | None = None
    corrections_per_month: Annotated[int, Meta(ge=0)] | None = None
    resident_days: Annotated[int, Meta(ge=0, le=31)] | None = None


class PersonRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person."""

    id: Name
    village: Name
    rank: Literal["cadre", "secretary", "township", "county"] = "cadre"


class PostRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """Somebody holds a post."""

    post: Name
    person: Name
    first: dt.date
    last: dt.date = dt.date.max


class AwayRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """Somebody is seconded, suspended or off post."""

    person: Name
    kind: Literal["借调", "停职", "离岗", "已离开"]
    first: dt.date
    last: dt.date = dt.date.max


class CardRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """The binding of a card."""

    card: Name
    person: Name
    first: At
    last: At | None = None
    lost: At | None = None
    lost_known: At | None = None


class OrderRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A card on order."""

    card: Name
    person: Name


class RosterRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"first": "from", "last": "to"}):
    """A village's roster, or some windows of it."""

    roster: Name | None = None
    village: Name
    windows: Annotated[tuple[Span, ...], Meta(min_length=1)]
    persons: tuple[Name, ...] | None = None
    post: Name | None = None
    days: Literal["working"] | frozenset[dt.date]
    weekdays: Annotated[frozenset[Weekday], Meta(min_length=1)] | None = None
    marks: Literal["each", "ends", "arrival"] | None = None
    first: dt.date = dt.date.min
    last: dt.date = dt.date.max


class AgreementRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody's word to a swap."""

    by: Name
    at: At


class SwapRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A swap."""

    date: dt.date
    window: Clock
    giver: Name
    taker: Name
    agreed: tuple[AgreementRow, ...] = ()


class DecisionRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A decision."""

    by: Name
    at: At
    yes: bool
    commit: int = 0


class LeaveRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Leave, field duty or a meeting elsewhere."""

    person: Name
    cover: Literal["假", "出", "会"]
    kind: str = ""
    start: At
    end: At
    asked: At
    asked_by: Name | None = None
    returned: At | None = None
    returned_known: At | None = None
    decisions: tuple[DecisionRow, ...] = ()


class CorrectionRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A corrected mark."""

    person: Name
    date: dt.date
    window: Clock
    mark: Way
    time: object
    """A time, or the text none."""
    asked: At
    asked_by: Name | None = None
    decisions: tuple[DecisionRow, ...] = ()
    second: tuple[DecisionRow, ...] = ()


class QuorumRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many are enough."""

    rule: Literal["at_least", "more_than"]
    share: Annotated[str, Meta(pattern=r"^\d+/[1-9]\d*$")]


class EntryRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The chair enters somebody without a card."""

    person: Name
    by: Name
    at: At
    confirmed_by: Name


class MeetingRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A meeting."""

    id: Name
    station: Name
    start: At
    end: At
    votes: tuple[At, ...] = ()
    expected: tuple[Name, ...]
    voters: tuple[Name, ...] | None = None
    quorum: QuorumRow
    manual: tuple[EntryRow, ...] = ()


class ResidencyRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who lives where."""

    person: Name
    village: Name


class MonthRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a month's sheet was shown and closed."""

    month: MonthName
    shown: At | None = None
    closed: At | None = None


class FactRow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One fact; which keys it has depends on its kind."""

    seq: Number
    epoch: Number = 1
    at: At
    kind: Name
    quality: Literal["synced", "holdover", "restored", "unknown"] = "synced"
    received: At | None = None
    held_until: At | None = None
    written_off: At | None = None
    card: Name | None = None
    way: Way | None = None
    way_after_s: Annotated[float, Meta(ge=0)] | None = None
    last_alive: At | None = None
    of: Number | None = None
    time: At | None = None


class LostRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Seqs that were declared lost."""

    epoch: Number = 1
    first: Number
    last: Number
    written_off: At | None = None


class EpochEndRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last seq of an epoch."""

    epoch: Number
    last: Annotated[int, Meta(ge=0)]


class StationRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station and its facts."""

    id: Name
    village: Name
    enrolled: At | None = None
    retired: At | None = None
    dead: At | None = None
    dead_known: At | None = None
    stands_in_for: frozenset[Name] = frozenset()
    epoch_ends: tuple[EpochEndRow, ...] = ()
    lost: tuple[LostRow, ...] = ()
    facts: tuple[FactRow, ...] = ()


class ExpectedWindow(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a window must come to."""

    person: Name
    date: dt.date
    start: Clock
    result: Literal["√", "迟", "早", "缺", "旷", "假", "出", "会", "停", "暂", "未", "待", "休", ""]
    kind: str = ""
    beside: tuple[str, ...] = ()
    late: int = 0
    early: int = 0
    flags: tuple[str, ...] = ()
    line: str
    reason: str = ""


class ExpectedTotals(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody's windows must add up to."""

    person: Name
    due: float | UnsetType = UNSET
    present: float | UnsetType = UNSET
    on_time: float | UnsetType = UNSET
    leave_days: float | UnsetType = UNSET
    field: float | UnsetType = UNSET
    meeting: float | UnsetType = UNSET
    missing: float | UnsetType = UNSET
    down: float | UnsetType = UNSET
    absent: float | UnsetType = UNSET
    provisional: float | UnsetType = UNSET
    awaiting: float | UnsetType = UNSET
    to_review: float | UnsetType = UNSET
    late_days: float | UnsetType = UNSET
    early_days: float | UnsetType = UNSET
    blank: float | UnsetType = UNSET
    late_times: int | UnsetType = UNSET
    late_minutes: int | UnsetType = UNSET
    early_times: int | UnsetType = UNSET
    early_minutes: int | UnsetType = UNSET
    missing_times: int | UnsetType = UNSET
    part_leave_minutes: int | UnsetType = UNSET
    leave: dict[str, float] | UnsetType = UNSET
    final: bool | UnsetType = UNSET


class ExpectedResident(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a residency must come to."""

    person: Name
    month: MonthName
    days: int | UnsetType = UNSET
    nights: int | UnsetType = UNSET
    incomplete: tuple[dt.date, ...] | UnsetType = UNSET


class ExpectedMeeting(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a meeting must come to."""

    meeting: Name
    expected: tuple[str, ...] | UnsetType = UNSET
    came: tuple[str, ...] | UnsetType = UNSET
    excused: tuple[str, ...] | UnsetType = UNSET
    absent: tuple[str, ...] | UnsetType = UNSET
    late: tuple[str, ...] | UnsetType = UNSET
    quorum_at_start: bool | UnsetType = UNSET
    quorum_at_votes: tuple[bool, ...] | UnsetType = UNSET


class ExpectedMonth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The state that a month must have."""

    month: MonthName
    state: Literal["进行中", "未定稿", "可公示", "公示", "定稿"]


class ExpectedSlip(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A slip that must be there."""

    person: Name
    date: dt.date
    start: Clock
    was: str
    now: str


class ExpectedException(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An exception that must be there."""

    kind: Literal["off_place", "unknown_card", "lost_card"]
    person: Name | UnsetType = UNSET
    card: Name | UnsetType = UNSET
    station: Name
    at: At


class CaseFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A whole file."""

    format: Literal[1]
    rules: Annotated[str, Meta(pattern=r"^\d+\.\d+$")]
    name: Name
    why: str = ""
    depends: tuple[str, ...] = ()
    days: tuple[dt.date, ...]
    as_of: At | None = None
    refused: Literal["overlap"] | None = None

    regions: Annotated[tuple[RegionRow, ...], Meta(min_length=1)]
    calendar: tuple[TableRow, ...] = ()
    notices: tuple[NoticeRow, ...] = ()
    parameters: tuple[ParametersRow, ...] = ()
    people: tuple[PersonRow, ...] = ()
    posts: tuple[PostRow, ...] = ()
    away: tuple[AwayRow, ...] = ()
    cards: tuple[CardRow, ...] = ()
    orders: tuple[OrderRow, ...] = ()
    rosters: tuple[RosterRow, ...] = ()
    swaps: tuple[SwapRow, ...] = ()
    leave: tuple[LeaveRow, ...] = ()
    corrections: tuple[CorrectionRow, ...] = ()
    meetings: tuple[MeetingRow, ...] = ()
    residencies: tuple[ResidencyRow, ...] = ()
    months: tuple[MonthRow, ...] = ()
    stations: tuple[StationRow, ...] = ()

    expect: tuple[ExpectedWindow, ...] | None = None
    expect_totals: tuple[ExpectedTotals, ...] = ()
    expect_resident: tuple[ExpectedResident, ...] = ()
    expect_meeting: tuple[ExpectedMeeting, ...] = ()
    expect_month: tuple[ExpectedMonth, ...] = ()
    expect_slips: tuple[ExpectedSlip, ...] | None = None
    expect_exceptions: tuple[ExpectedException, ...] | None = None
