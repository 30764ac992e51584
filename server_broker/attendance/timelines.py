"""Everything dated about a person or a window as lines that people can read, as known at one time."""

import datetime as dt
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import dropwhile
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from server_broker.attendance.models import DaysKind, DutyWindow, Marks, RosterDay, StationPlace, WindowRecord
from server_broker.attendance.seasons import season_words
from server_broker.attendance.times import times
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.models import Dated
from server_broker.people.models import Binding, BindingState, HoldingRecord, HoldingState, Person, PersonRecord, Post
from server_broker.regions.models import Region, RegionRecord

ELSEWHERE = "外辖区人员"


@dataclass(frozen=True, slots=True)
class Line:
    """What held from when to when, and who recorded it when."""

    kind: str
    what: str
    since: dt.datetime | None
    until: dt.datetime | None
    recorded_at: dt.datetime
    recorded_by: str
    reason: str

    @property
    def said(self) -> tuple[str, str, dt.datetime | None, dt.datetime | None]:
        """What the line says of the world. Two lines that say the same are one to a reader."""
        return self.kind, self.what, self.since, self.until


def person_lines(person: Person, *, known: dt.datetime | None = None) -> list[Line]:
    """Return a person's data, posts, cards and windows, in this order and by time."""
    own = _ordered(PersonRecord, known).filter(subject=person).select_related("village")
    posts = _ordered(HoldingRecord, known).filter(subject__person=person).exclude(state=HoldingState.ENDED)
    cards = _ordered(Binding, known).filter(person=person).select_related("subject")
    held = {row.subject_id for row in _ordered(HoldingRecord, known).filter(subject__person=person)}
    of_posts = list(Post.objects.filter(holdings__in=held).values_list("pk", flat=True))
    windows = _ordered(WindowRecord, known).filter(ended=False)
    windows = windows.filter(people__contains=[person.pk]) | windows.filter(posts__overlap=of_posts)

    def of_window(row: WindowRecord) -> object:
        # Who else is in it is not this person's affair: a colleague who leaves is no reason of theirs.
        is_in = person.pk in row.people or not set(of_posts).isdisjoint(row.posts)
        return is_in, row.ended, row.village_id, _times(row)

    return [
        *_lines("人员", _of_person, list(own), _content),
        *_lines("职务", _of_post, list(posts.select_related("subject__post__unit")), _content),
        *_lines("卡", _of_card, list(cards), _content),
        *_lines(
            "值班", lambda row: f"{row.village.name} {_times(row)}", list(windows.select_related("village")), of_window
        ),
    ]


def card_lines(person: Person, *, seen: QuerySet[Person], known: dt.datetime | None = None) -> list[Line]:
    """Return the whole history of each card that the person ever had, card by card. It names the people in ``seen``."""
    had = Binding.objects.known(known).filter(person=person).values("subject")
    found = _ordered(Binding, known).filter(subject__in=had).select_related("subject", "person")
    rows = sorted(found, key=lambda row: int(row.subject_id))  # stable, so by time within a card
    named = set(seen.filter(pk__in={row.person_id for row in rows}).values_list("pk", flat=True))

    def what(row: Binding) -> str:
        card = f"尾号 {row.subject.tail}" if row.subject.tail else f"触卡绑定 {row.subject_id}"
        if row.person is None:
            return f"{card} 没有人"
        who = f"{row.person.name} {row.person.number}" if row.person_id in named else ELSEWHERE
        return f"{card} {who} {_card_state(row)}"

    return _lines("卡", what, rows, _content)


def window_lines(window: DutyWindow, *, seen: QuerySet[Person], known: dt.datetime | None = None) -> list[Line]:
    """Return what a window is and was, by time. It names the people in ``seen`` only."""
    # Before its first day a window that was planned is not over: it was not there.
    rows = list(dropwhile(lambda row: row.ended, _ordered(WindowRecord, known).filter(subject=window)))
    names = _names(rows, seen)
    return _lines("值班", lambda row: "已结束" if row.ended else f"{_times(row)}：{_who(row, names)}", rows, _content)


def roster_day_lines(window: DutyWindow, *, seen: QuerySet[Person], since: dt.date) -> list[Line]:
    """Return who is in a window on each named day from a date on. It names the people in ``seen`` only."""
    rows = list(_ordered(RosterDay, None).filter(subject=window, valid_from__gte=begin_of(since), withdrawn=False))
    names = _names(rows, seen)
    return _lines("当日值班", lambda row: _who(row, names), rows, _content)


def planned_lines(windows: Collection[int], *, seen: QuerySet[Person], first: dt.date, last: dt.date) -> list[Line]:
    """Return who was said to be in each of these windows on each date, each under its village and window."""
    rows = (
        _ordered(RosterDay, None)
        .filter(subject__in=windows, valid_from__gte=begin_of(first), valid_from__lt=end_of(last), withdrawn=False)
        .select_related("subject__village")
    )
    return _crew_lines(list(rows), seen)


def weekly_lines(windows: Collection[int], *, seen: QuerySet[Person]) -> list[Line]:
    """Return who is in each of these windows by its week, each under its village and window."""
    rows = _ordered(WindowRecord, None).filter(subject__in=windows, days=DaysKind.WEEKLY, ended=False)
    return _crew_lines(list(rows.select_related("subject__village")), seen)


def _crew_lines(rows: Sequence[WindowRecord | RosterDay], seen: QuerySet[Person]) -> list[Line]:
    names = _names(rows, seen)
    return [
        Line(
            f"{row.subject.village.name} {row.subject.name}",
            _who(row, names),
            row.valid_from,
            row.valid_to,
            row.recorded_at,
            row.recorded_by,
            row.reason,
        )
        for row in rows
    ]


def registration_lines(people: Collection[int]) -> list[Line]:
    """Return what is on file of people (ids), by time."""
    rows = _ordered(PersonRecord, None).filter(subject__in=people).select_related("village")
    return _lines("人员", _of_person, list(rows), _content)


def region_lines(regions: list[Region], *, with_contents: bool = False) -> list[Line]:
    """Return codes and names of regions by time; with what lies in them now and later, if asked."""
    rows = _ordered(RegionRecord, None).filter(subject__in=[region.identity for region in regions])
    # Before its first day a village that was split off was not there.
    rows = rows.exclude(valid_from=None, ended=True)
    lines = _lines("区划", _of_region, list(rows.select_related("subject", "merged_into")), _content)
    for region in regions if with_contents else ():
        lines += _contents(region)
    return lines


def _of_region(row: RegionRecord) -> str:
    if row.merged_into is not None:
        return f"{row.name} {row.code} 并入 {row.merged_into.name}"
    return f"{row.name} {row.code}" + ("（没有）" if row.ended else "")


def _contents(region: Region) -> Iterator[Line]:
    """Yield how much lies in a region in each stretch of time to come, counted by when it begins."""
    for word, model, name in (
        ("人员", PersonRecord, "village"),
        ("值班", WindowRecord, "village"),
        ("站点", StationPlace, "village"),
    ):
        rows = model.objects.known().filter(**{name: region}).exclude(valid_to__lte=timezone.now())
        until: dict[dt.datetime | None, int] = {}
        for row in rows:
            until[row.valid_to] = until.get(row.valid_to, 0) + 1
        for end, count in sorted(until.items(), key=lambda one: str(one[0])):
            yield Line("区划", f"{region.name} 有{word} {count}", None, end, timezone.now(), "", "")


def _ordered[M: Dated](model: type[M], known: dt.datetime | None):  # type: ignore[no-untyped-def]
    return model.objects.known(known).order_by(F("valid_from").asc(nulls_first=True), "pk")


def lines_of(kind: str, what: Callable[[Any], str], rows: list[Any]) -> list[Line]:
    """Return the rows that stand in any table of dated rows as lines. The caller has ordered them by time."""
    return _lines(kind, what, rows, _content)


def _lines(kind: str, what: Callable[[Any], str], rows: list[Any], content: Callable[[Any], object]) -> list[Line]:
    """Return rows as lines, each with who recorded first what it says: a later change may have cut its time only."""
    lines: list[Line] = []
    for row, first in zip(rows, _first_recorded(rows, content), strict=True):
        line = Line(kind, what(row), row.valid_from, row.valid_to, first.recorded_at, first.recorded_by, first.reason)
        # A change of something else cuts a row in two. To whoever reads this it is one.
        ends = (n for n, one in enumerate(lines) if one.until is not None and one.until == line.since)
        joined = next((n for n in ends if replace(line, since=lines[n].since, until=lines[n].until) == lines[n]), None)
        if joined is None:
            lines.append(line)
        else:
            lines[joined] = replace(lines[joined], until=line.until)
    return lines


def _first_recorded(rows: list[Any], content: Callable[[Any], object]) -> list[Any]:
    """Return for each row the one that first said its content for its whole time.

    A change supersedes a row and records its rest anew, at the same moment. So the way back goes from a row to the one
    that ended when it began, as long as that says the same.
    """
    if not rows:
        return []
    subjects = {row.subject_id for row in rows}
    ended: dict[tuple[object, dt.datetime], list[Any]] = {}
    for old in type(rows[0]).objects.filter(subject__in=subjects).exclude(superseded_at=None):
        ended.setdefault((old.subject_id, old.superseded_at), []).append(old)
    firsts = []
    for row in rows:
        first = row
        while first is not None:
            found = first
            olds = ended.get((found.subject_id, found.recorded_at), [])
            first = next((old for old in olds if _contains(old, found) and content(old) == content(found)), None)
        firsts.append(found)
    return firsts


def _contains(old: Dated, row: Dated) -> bool:
    begins = old.valid_from is None or (row.valid_from is not None and old.valid_from <= row.valid_from)
    return begins and (old.valid_to is None or (row.valid_to is not None and row.valid_to <= old.valid_to))


def _content(row: Dated) -> object:
    """Return everything that a row says besides when and by whom."""
    own = {field.name for field in Dated._meta.get_fields()} | {"id"}
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if field.name not in own}


def _of_person(row: PersonRecord) -> str:
    if row.left:
        return "已离开"
    return f"{row.village.name} {row.name} {row.number} {row.get_type_display()}"


def _of_post(row: HoldingRecord) -> str:
    state = "" if row.state == HoldingState.HELD else f"（{row.get_state_display()}）"
    return f"{row.subject.post}{state}"


def _of_card(row: Binding) -> str:
    tail = f"尾号 {row.subject.tail}" if row.subject.tail else f"触卡绑定 {row.subject_id}"
    return f"{tail} {_card_state(row)}"


def _card_state(row: Binding) -> str:
    return "已挂失" if row.state == BindingState.LOST else "临时卡" if row.temporary else "在用"


def _times(row: WindowRecord) -> str:
    days = "周" + "".join("一二三四五六日"[day - 1] for day in sorted(row.weekdays))
    if row.days == DaysKind.NAMED:
        days = DaysKind.NAMED.label
    elif row.season_from:
        days += " " + season_words((row.season_from, row.season_to))
    marks = "" if row.marks == Marks.EACH else f" {Marks(row.marks).label}"
    return f"{row.name} {days} {times(row.start, row.end)}{marks}"


@dataclass(frozen=True, slots=True)
class _Names:
    people: dict[int, str]
    posts: dict[int, str]


def _names(rows: Sequence[WindowRecord | RosterDay], seen: QuerySet[Person]) -> _Names:
    people = seen.filter(pk__in={pk for row in rows for pk in row.people})
    posts = Post.objects.filter(pk__in={pk for row in rows for pk in row.posts}).select_related("unit")
    return _Names({one.pk: one.name for one in people}, {one.pk: str(one) for one in posts})


def _who(row: WindowRecord | RosterDay, names: _Names) -> str:
    return "、".join(_listed(row, names)) or "没有人"


def _listed(row: WindowRecord | RosterDay, names: _Names) -> Iterator[str]:
    for pk in row.people:
        yield names.people.get(pk, ELSEWHERE) + ("（带班）" if pk in row.leaders else "")
    for pk in row.posts:
        yield names.posts.get(pk, str(pk)) + ("（带班）" if pk in row.leader_posts else "")
