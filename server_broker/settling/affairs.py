"""Approved absences and corrections, which the county judged when it approved them, and nobody judges again."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from django.db.models import F

from server_broker.duty.models import AbsenceKind, AbsenceRecord
from server_broker.duty.reading import these
from server_broker.people.models import PersonRecord, PersonType
from server_broker.requests.kinds import LEAVES
from server_broker.requests.models import Correction, CountyRequest, Mark, StationCase
from server_broker.settlement import values
from server_broker.settlement.requests import last_chance
from server_broker.settlement.times import ALWAYS, NEVER, Moment, cut
from server_broker.settling.moments import moment
from server_broker.settling.span import Span

APPROVER, SECOND = "approver", "second approver"
"""Stand for whoever approved: the county saw to their power when they did."""
_COVERS: Mapping[str, values.Cover] = {
    AbsenceKind.LEAVE: "假",
    AbsenceKind.FIELD_DUTY: "出",
    AbsenceKind.MEETING: "会",
}
_HERE, _AT_STATION = "request:c", "request:s"
_LEAVE = "假"


class _Stretch(NamedTuple):
    """An absence as it was approved first, and when somebody was back."""

    begin: dt.datetime
    end: dt.datetime
    back: dt.datetime | None
    row: AbsenceRecord


def absences(people: Collection[int], span: Span) -> tuple[values.Leave, ...]:
    """Return who is away in the days around, in four queries."""
    rows = AbsenceRecord.objects.filter(recorded_at__lte=span.known, subject__kind__in=list(_COVERS))
    near = rows.during(span.since, span.until).filter(subject__person=these(people))
    ids = set(near.values_list("subject", flat=True))
    of_subject: dict[int, list[AbsenceRecord]] = defaultdict(list)
    for row in rows.filter(subject=these(ids)).select_related("subject").order_by("recorded_at", "valid_from"):
        of_subject[row.subject_id].append(row)
    sources = {some[0].subject.source for some in of_subject.values()}
    here = _asked(sources, _HERE)
    at_stations = _asked(sources, _AT_STATION)
    asked = {
        _HERE + str(key): at for key, at in CountyRequest.objects.filter(pk__in=here).values_list("pk", "asked_at")
    } | {
        _AT_STATION + str(key): at
        for key, at in StationCase.objects.filter(pk__in=at_stations).values_list("pk", "asked_at")
    }
    found = [_leave(some, asked, span) for _, some in sorted(of_subject.items())]
    return tuple(one for one in found if one is not None)


def _asked(sources: Iterable[str], prefix: str) -> list[int]:
    return [int(one.removeprefix(prefix)) for one in sources if one.startswith(prefix)]


def _leave(rows: list[AbsenceRecord], asked: Mapping[str, dt.datetime], span: Span) -> values.Leave | None:
    stretch = _stretch(rows, span)
    if stretch is None:
        return None
    subject = stretch.row.subject
    entered = rows[0].recorded_at
    asked_at = moment(asked.get(subject.source, entered))
    # Whether it was asked in time was seen to when it was approved, by what was known of the asking then.
    in_time = last_chance(cut(moment(stretch.end))) - 1
    back = NEVER if stretch.back is None else moment(stretch.back)
    cover = _COVERS[subject.kind]
    return values.Leave(
        person=str(subject.person_id),
        cover=cover,
        kind=_kind(stretch.row.code) if cover == _LEAVE else "",
        begin=moment(stretch.begin),
        end=moment(stretch.end),
        asked=min(asked_at, in_time),
        asked_by=str(subject.person_id),
        returned=back,
        # The county saw to it that they were back then (docs/rules.md, 8.18).
        returned_known=back,
        decisions=(values.Decision(by=APPROVER, at=moment(entered), yes=True),),
    )


def _stretch(rows: list[AbsenceRecord], span: Span) -> _Stretch | None:
    """Return what stands of an absence; None: nothing of it."""
    first = [row for row in rows if row.recorded_at == rows[0].recorded_at]
    standing = [row for row in rows if row.superseded_at is None or row.superseded_at > span.known]
    away = [row for row in standing if not row.ended and row.valid_from is not None and row.valid_to is not None]
    begins = [row.valid_from for row in first if row.valid_from is not None]
    ends = [row.valid_to for row in first if row.valid_to is not None]
    if not away or not begins or not ends:
        return None
    end, until = max(ends), max(row.valid_to for row in away if row.valid_to is not None)
    begin = min(row.valid_from for row in away if row.valid_from is not None)
    return _Stretch(begin, max(end, until), until if until < end else None, away[0])


def _kind(code: str) -> str:
    """Return the kind of leave as the rules call it, such as 病."""
    word = LEAVES.get(code, code)
    return word if word == "补休" else word.removesuffix("假")


def corrections(
    people: Collection[int], starts: Mapping[tuple[int, dt.date], int], span: Span
) -> tuple[values.Correction, ...]:
    """Return the approved corrections of these people's windows of the dates, in one query."""
    rows = Correction.objects.filter(
        person=these(people), day__range=(span.first, span.last), approved_at__lte=span.known
    ).select_related("answer__asked")
    found = []
    for row in rows.order_by("approved_at", "pk"):
        start = starts.get((row.window_id, row.day))
        if start is None:
            continue
        approved = values.Decision(by=APPROVER, at=moment(row.approved_at), yes=True, commit=row.answer_id)
        found.append(
            values.Correction(
                person=str(row.person_id),
                date=row.day,
                start=start,
                mark="in" if row.mark == Mark.ARRIVAL else "out",
                minute=None if row.mark_at is None else cut(moment(row.mark_at)),
                asked=_asked_at(row),
                asked_by=str(row.person_id),
                decisions=(approved,),
                # Whether a second approver was needed was seen to then.
                second=(values.Decision(by=SECOND, at=approved.at, yes=True, commit=approved.commit),),
            )
        )
    return tuple(found)


def _asked_at(row: Correction) -> Moment:
    asked = row.answer.asked
    return ALWAYS if asked is None else moment(asked.asked_at)


def residencies(people: Collection[int], span: Span) -> tuple[values.Residency, ...]:
    """Return who of these people is sent to live in a village, in one query."""
    rows = PersonRecord.objects.known(span.known).during(span.since, span.until)
    rows = rows.filter(subject=these(people), type=PersonType.RESIDENT, left=False)
    pairs = (
        rows.order_by("subject", F("valid_from").asc(nulls_first=True))
        .values_list("subject", "village__identity")
        .distinct()
    )
    return tuple(values.Residency(person=str(person), village=str(village)) for person, village in pairs)
