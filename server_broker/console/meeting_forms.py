"""What somebody fills in about a meeting: shown again as it was typed if it is refused."""

import datetime as dt
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from django.http import QueryDict
from django.utils import timezone

from server_broker.console.parameters import as_typed, plain
from server_broker.dated.days import moment_written
from server_broker.meetings.announced import Item, Terms
from server_broker.meetings.announcing import MOST_LETTERS
from server_broker.meetings.fixed import Fixed
from server_broker.meetings.kinds import MOST_PARTS, Asked, quorum_words
from server_broker.meetings.models import MeetingRecord
from server_broker.meetings.refused import MeetingRefused

type PaperKey = str
"""``bundle|document``."""
ABSTAINED = "弃权"
EMPTY_ROWS = 4
"""Of the agenda, to be filled in beside what is there."""
_MOST_ROWS = 60
_LONGEST_KEY = 18
_BETWEEN = re.compile(r"[、,，;；/]+")


@dataclass(slots=True)
class Filled:
    """The fields of the form, as text where one types."""

    kind: str
    title: str = ""
    place: str = ""
    begin: str = ""
    end: str = ""
    stations: set[str] = field(default_factory=set)
    chair: str = ""
    expected: set[int] = field(default_factory=set)
    voters: set[int] = field(default_factory=set)
    rule: str = ""
    numerator: str = "0"
    denominator: str = "1"
    agenda: list[tuple[str, str, str]] = field(default_factory=list)
    """Id, title, options with 、 between them."""
    papers: set[PaperKey] = field(default_factory=set)

    @property
    def rows(self) -> list[tuple[str, str, str]]:
        """The agenda with rows to be filled in."""
        return [*self.agenda, *[("", "", "")] * EMPTY_ROWS]


def empty_form(kind: str, asked: Asked, people: Sequence[int], stations: Sequence[str]) -> Filled:
    """Return a form for a new meeting: everybody who is meant, with the county's quorum."""
    everybody = set(people)
    return Filled(
        kind=kind,
        rule=asked.rule,
        numerator=str(asked.numerator),
        denominator=str(asked.denominator),
        expected=everybody,
        voters=set(everybody),
        stations=set(stations),
    )


def form_of(row: MeetingRecord) -> Filled:
    """Return a form with what is announced now."""
    return Filled(
        kind=row.kind,
        title=row.title,
        place=row.place,
        begin=_local(row.begin),
        end=_local(row.end),
        stations=set(row.stations),
        chair=str(row.chair or ""),
        expected=set(row.expected),
        voters=set(row.voters),
        rule=row.rule,
        numerator=str(row.numerator),
        denominator=str(row.denominator),
        agenda=[(item, title, "、".join(options)) for item, title, options in row.agenda],
        papers={f"{bundle}|{document}" for bundle, document, _ in row.papers},
    )


def typed(values: QueryDict) -> Filled:
    """Return what was typed."""
    rows = zip(
        values.getlist("item")[:_MOST_ROWS],
        values.getlist("item_title")[:_MOST_ROWS],
        values.getlist("item_options")[:_MOST_ROWS],
        strict=False,
    )
    agenda = [
        (plain(item, longest=40), as_typed(title, longest=MOST_LETTERS), as_typed(options, longest=400))
        for item, title, options in rows
    ]
    texts = {
        name: plain(values.get(name, ""), longest=MOST_LETTERS)
        for name in ("kind", "begin", "end", "chair", "rule", "numerator", "denominator")
    } | {name: as_typed(values.get(name, ""), longest=MOST_LETTERS) for name in ("title", "place")}
    return Filled(
        **texts,
        stations=set(values.getlist("stations")),
        expected=_keys(values.getlist("expected")),
        voters=_keys(values.getlist("voters")),
        agenda=[row for row in agenda if row[1] or row[2]],
        papers=set(values.getlist("papers")),
    )


@dataclass(frozen=True, slots=True)
class Stays:
    """What the form of a meeting shows and offers no field for, because a change of it would be refused."""

    begun: bool = False
    rule: str = ""
    chair: int | None = None
    chair_name: str = ""
    expected: frozenset[int] = frozenset()
    voters: frozenset[int] = frozenset()
    items: frozenset[str] = frozenset()
    when: bool = False
    """Its times and stations: the viewer is expected, and it has begun."""
    oneself: int | None = None
    """The viewer, who can't be added by their own hand."""


def stays_of(fixed: Fixed, row: MeetingRecord, viewer: int | None, chair_name: str) -> Stays:
    """Return what stays of a meeting for a viewer (key of a person; None: the account is nobody's)."""
    begun = fixed.has_begun
    return Stays(
        begun=begun,
        rule=quorum_words(row.rule, row.numerator, row.denominator),
        chair=fixed.chair,
        chair_name=chair_name,
        expected=frozenset(row.expected if begun else ()),
        voters=frozenset(row.voters if begun else ()),
        items=fixed.items,
        when=begun and viewer in row.expected,
        oneself=viewer if begun else None,
    )


def put_back(filled: Filled, stays: Stays, row: MeetingRecord) -> None:
    """Have a form show what stays as it stands, whatever was sent."""
    stood = form_of(row)
    if stays.begun:
        filled.rule, filled.numerator, filled.denominator = stood.rule, stood.numerator, stood.denominator
    if stays.chair is not None:
        filled.chair = stood.chair
    if stays.when:
        filled.begin, filled.end, filled.stations = stood.begin, stood.end, stood.stations
    kept = {line[0]: line for line in stood.agenda if line[0] in stays.items}
    sent = {line[0] for line in filled.agenda}
    missing = [line for item, line in kept.items() if item not in sent]
    filled.agenda = [*missing, *(kept.get(line[0], line) for line in filled.agenda)]


def terms_of(
    filled: Filled,
    order: Sequence[int],
    papers: Mapping[PaperKey, str],
    used: Collection[str] = (),
    stood: Mapping[str, tuple[str, ...]] | None = None,
) -> Terms:
    """Return what a form says.

    Args:
        order: Keys of the people in the order in which they are listed.
        papers: The titles of the documents that may be named.
        used: Ids of items that were on the agenda at some time. A new item gets another one, because a count on its
            way from a station names its item by the id alone.
        stood: The options of each item as they are announced: they stay as they are if nobody changes them.

    Raises:
        MeetingRefused: A field says nothing.
    """
    begin, end = moment_written(filled.begin), moment_written(filled.end)
    if begin is None or end is None:
        raise MeetingRefused("请填从几点开到几点")
    if not filled.title or not filled.place:
        raise MeetingRefused("请填会议名称和地点")
    return Terms(
        kind=filled.kind,
        title=filled.title,
        place=filled.place,
        stations=sorted(filled.stations),
        begin=_minute(begin),
        end=_minute(end),
        chair=int(filled.chair) if _is_key(filled.chair) else None,
        expected=[key for key in order if key in filled.expected],
        voters=frozenset(filled.voters & filled.expected),
        rule=filled.rule,
        numerator=_number(filled.numerator),
        denominator=_number(filled.denominator),
        agenda=_agenda(filled.agenda, used, stood or {}),
        papers=[(*key.split("|", 1), papers[key]) for key in sorted(filled.papers) if key in papers],  # type: ignore[misc]
    )


def _agenda(
    rows: Sequence[tuple[str, str, str]], ever: Collection[str], stood: Mapping[str, tuple[str, ...]]
) -> tuple[Item, ...]:
    used = {int(item) for item in (*ever, *(item for item, _, _ in rows)) if _is_key(item)}
    free = iter(number for number in range(1, len(rows) + len(used) + 1) if number not in used)
    return tuple(
        Item(item or str(next(free)), title, _options(options, stood.get(item, ()))) for item, title, options in rows
    )


def _options(written: str, stood: tuple[str, ...]) -> tuple[str, ...]:
    """Return each option once. Who abstains is always asked for, so 弃权 is none."""
    parts = tuple(part.strip() for part in _BETWEEN.split(written) if part.strip())
    return parts if parts == stood else tuple(part for part in dict.fromkeys(parts) if part != ABSTAINED)


def _keys(values: Sequence[str]) -> set[int]:
    return {int(value) for value in values if _is_key(value)}


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _LONGEST_KEY


def _number(value: str) -> int:
    if not _is_key(value) or int(value) > MOST_PARTS:
        raise MeetingRefused("人数的要求写成几分之几，例如 1/2")
    return int(value)


def _minute(at: dt.datetime) -> dt.datetime:
    return at.replace(second=0, microsecond=0)


def _local(at: dt.datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%dT%H:%M}"
