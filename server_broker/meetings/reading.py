"""Meetings with all that is on record about each, in a constant number of queries."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from protocol.meetings import taking_back, vouching_for
from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import Touch
from server_broker.attendance.tables import TOUCHES
from server_broker.attendance.touches import TouchRow, touch_rows
from server_broker.duty.models import AbsenceKind, AbsenceRecord
from server_broker.fleet.models import UNDATED, Stamped, StationEvent
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.meetings.kinds import quorum_of
from server_broker.meetings.models import Meeting, MeetingRecord, MeetingStep, Minutes, VoteCount, VoteEntry, Vouch
from server_broker.meetings.signing import (
    EARLY,
    Away,
    Facts,
    Judged,
    Plan,
    Standing,
    Touched,
    Vouched,
    cut,
    excused_by,
    quorum_after_start,
    standings,
)
from server_broker.people.models import Person
from server_broker.people.numbers import numbers_of
from server_broker.platform.sql import query
from server_broker.requests.reading import touches_at

EXCUSING = (AbsenceKind.LEAVE, AbsenceKind.FIELD_DUTY, AbsenceKind.MEETING)
"""Living in a village (驻村) excuses nobody from a meeting there."""
_MINUTE = dt.timedelta(minutes=1)
_DATED = Q(quality__in=DATED_QUALITIES) | Q(corrected_wall__isnull=False)


@dataclass(frozen=True, slots=True)
class Look:
    """A meeting as it stands now."""

    meeting: Meeting
    row: MeetingRecord
    announced_at: dt.datetime
    """When it was first announced."""
    plan: Plan
    standings: list[Standing]
    quorum: Judged | None
    """As of ten minutes after its start; None: it needs none."""
    vouched: list[Vouched]


@dataclass(frozen=True, slots=True)
class Said:
    """A fact of a station with the person behind it. ``person`` None: the card is nobody's, or nobody is named."""

    row: MeetingStep | VoteCount | Vouch
    person: int | None
    at: dt.datetime | None
    """None: nothing dates it."""
    touched_at: dt.datetime | None
    """When that person touched the station for it, if a touch that counts is named and dated."""


def looks(rows: Iterable[MeetingRecord], now: dt.datetime) -> list[Look]:
    """Return meetings as they stand now, in the order of their rows.

    Args:
        rows: What is announced of each, with ``subject``, its region and its unit.
    """
    listed = list(rows)
    plans = {row.subject_id: plan_of(row) for row in listed}
    touched, vouched, away = _touched(list(plans.values())), _vouched(plans), _away(list(plans.values()))
    told, first = _told_until(one for plan in plans.values() for one in plan.stations), _announced(plans)
    found = []
    for row in listed:
        plan = plans[row.subject_id]
        said = vouched.get(row.subject_id, [])
        until = [told[station] for station in plan.stations if station in told]
        facts = Facts(
            [touch for station in plan.stations for touch in touched[station]],
            said,
            [absence for person in plan.expected for absence in away[person]],
            min(until) if len(until) == len(plan.stations) else None,
        )
        own = standings(plan, facts, now)
        found.append(Look(row.subject, row, first[row.subject_id], plan, own, quorum_after_start(plan, own), said))
    return found


def excuses(rows: Iterable[MeetingRecord]) -> dict[int, dict[int, str]]:
    """Return who is excused from each meeting and why, by the keys of meeting and person, in one query."""
    plans = {row.subject_id: plan_of(row) for row in rows}
    away = _away(list(plans.values()))
    return {
        meeting: excused_by(plan, [absence for person in plan.expected for absence in away[person]])
        for meeting, plan in plans.items()
    }


def plan_of(row: MeetingRecord) -> Plan:
    """Return what a row announces, as the reckoning wants it."""
    return Plan(
        begin=row.begin,
        end=row.end,
        stations=frozenset(row.stations),
        chair=row.chair,
        expected=row.expected,
        voters=frozenset(row.voters),
        quorum=quorum_of(row.rule, row.numerator, row.denominator),
    )


def votes_entered(meeting: Meeting) -> list[VoteEntry]:
    """Return the votes that were entered in the county, the oldest first."""
    return list(VoteEntry.objects.filter(meeting=meeting))


def minutes_of(meeting: Meeting) -> list[Minutes]:
    """Return all versions of a meeting's minutes, the oldest first."""
    return list(Minutes.objects.filter(meeting=meeting))


def history_of(meeting: Meeting) -> list[MeetingRecord]:
    """Return all that was ever announced of a meeting, the oldest first."""
    return list(MeetingRecord.objects.filter(subject=meeting).order_by("recorded_at"))


def stated[S: (MeetingStep, VoteCount, Vouch)](rows: QuerySet[S]) -> list[Said]:
    """Return facts with the people behind them, in the order in which they happened."""
    listed = list(rows.select_related("station"))
    refs = {(row.station_id, bytes(row.by_epoch), row.by_seq) for row in listed if row.by_epoch and row.by_seq}
    touches = touches_at(refs)
    numbers = numbers_of({row.person_number for row in listed} - {""})
    found = []
    for row in listed:
        touch = touches.get((row.station_id, bytes(row.by_epoch or b""), row.by_seq or 0))
        at = _dated(row)
        if touch is not None:
            person = None if touch.outcome == "lost" else touch.person
        else:
            person = numbers.person(row.person_number, at or row.received_at) if row.person_number else None
        counts = touch is not None and person is not None and touch.dated
        key = None if person is None else person.pk
        found.append(Said(row, key, at, touch.at if touch is not None and counts else None))
    return sorted(found, key=lambda one: (one.at or one.row.received_at, one.row.received_at, one.row.seq))


def _dated(row: Stamped) -> dt.datetime | None:
    return row.corrected_wall or (row.wall if row.quality in DATED_QUALITIES else None)


def _announced(plans: Mapping[int, Plan]) -> dict[int, dt.datetime]:
    rows = MeetingRecord.objects.filter(subject__in=plans).order_by("subject", "recorded_at")
    return dict(rows.distinct("subject").values_list("subject", "recorded_at"))


def _vouched(plans: Mapping[int, Plan]) -> dict[int, list[Vouched]]:
    """Return the vouching for each meeting, and what was taken back of it, in the order in which the county got it."""
    meeting_of = {vouching_for(f"m{pk}"): pk for pk in plans}
    taken_back = {taking_back(f"m{pk}"): pk for pk in plans}
    said = stated(Vouch.objects.filter(purpose__in=[*meeting_of, *taken_back]))
    # A station's facts come in its own order, also those that nothing dates.
    said.sort(key=lambda one: (one.row.received_at, one.row.pk))
    numbers = numbers_of({one.row.person for one in said if isinstance(one.row, Vouch)})
    found: dict[int, list[Vouched]] = defaultdict(list)
    for one in said:
        assert isinstance(one.row, Vouch)
        person = numbers.person(one.row.person, one.at or one.row.received_at)
        if person is not None and one.person is not None:
            purpose, back = one.row.purpose, one.row.purpose in taken_back
            word = Vouched(person.pk, one.person, one.row.station_id, one.at, one.touched_at, back)
            found[taken_back[purpose] if back else meeting_of[purpose]].append(word)
    return found


def _away(plans: Sequence[Plan]) -> dict[int, list[Away]]:
    """Return what could excuse each person."""
    away: dict[int, list[Away]] = defaultdict(list)
    if not plans:
        return away
    since, until = min(plan.begin for plan in plans), max(plan.end for plan in plans)
    people = {person for plan in plans for person in plan.expected}
    rows = AbsenceRecord.objects.known().during(since, until).filter(ended=False, subject__kind__in=EXCUSING)
    found = rows.filter(subject__person__in=people).values_list(
        "subject__person", "subject__kind", "valid_from", "valid_to"
    )
    for person, kind, begin, end in found:
        # An absence has both ends.
        if begin is not None and end is not None:
            away[person].append(Away(person, kind, begin, end))
    return away


def _touched(plans: Sequence[Plan]) -> dict[str, list[Touched]]:
    """Return, by station, the touches that lie in a span of the meetings there, and those that could."""
    found: dict[str, list[Touched]] = defaultdict(list)
    rows = touch_rows([*_in_spans(plans), *_undated(plans)])
    for row in rows:
        # What joins a run is a touch of the same person, and signs in too.
        if row.outcome in ("recorded", "repeat") and row.person is not None:
            found[row.touch.station_id].append(_as_touched(row, row.person))
    return found


def _as_touched(row: TouchRow, person: Person) -> Touched:
    touch = row.touch
    if row.dated:
        return Touched(person.pk, touch.station_id, row.at)
    earliest = _latest_of(touch.earliest_touch, touch.earliest_event)  # type: ignore[attr-defined]
    latest = [one for one in (touch.latest_touch, touch.latest_event) if one is not None]  # type: ignore[attr-defined]
    return Touched(person.pk, touch.station_id, None, earliest, min(latest, default=touch.reached_at))


def _latest_of(*moments: dt.datetime | None) -> dt.datetime | None:
    return max((one for one in moments if one is not None), default=None)


def _in_spans(plans: Sequence[Plan]) -> list[Touch]:
    """Return the touches that lie in a span by their time, looked up by station and time."""
    spans = [(station, plan.begin - EARLY, plan.end + _MINUTE) for plan in plans for station in plan.stations]
    if not spans:
        return []
    keys = query(
        f"""SELECT DISTINCT t.id FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[]) w (station, since, until)
        JOIN {TOUCHES} t ON t.station_id = w.station
        AND (t.wall >= w.since AND t.wall < w.until AND t.corrected_wall IS NULL AND t.quality = ANY(%s)
             OR t.corrected_wall >= w.since AND t.corrected_wall < w.until)""",  # noqa: S608 - our own constant
        [*(list(column) for column in zip(*spans, strict=True)), sorted(DATED_QUALITIES)],
    )
    return list(Touch.objects.filter(pk__in=[key for (key,) in keys]).select_related("station__village"))


def _undated(plans: Sequence[Plan]) -> list[Touch]:
    """Return the touches there that nothing dates and that came since, each with the dated facts about it."""
    if not plans:
        return []
    since = min(plan.begin for plan in plans) - EARLY
    stations = {station for plan in plans for station in plan.stations}
    rows = Touch.objects.filter(UNDATED, corrected_wall=None, station__in=stations, received_at__gte=since)
    return list(
        rows.select_related("station__village").annotate(
            earliest_touch=_beside(Touch, before=True),
            earliest_event=_beside(StationEvent, before=True),
            latest_touch=_beside(Touch, before=False),
            latest_event=_beside(StationEvent, before=False),
        )
    )


def _beside(model: type[Touch] | type[StationEvent], *, before: bool) -> Subquery:
    """Return the time of the nearest dated row before, or after, an undated one in its stream."""
    rows = model.objects.filter(_DATED, station=OuterRef("station"), epoch=OuterRef("epoch"))
    rows = rows.filter(seq__lt=OuterRef("seq")) if before else rows.filter(seq__gt=OuterRef("seq"))
    nearest = rows.order_by("-seq" if before else "seq")
    return Subquery(nearest.values(at=Coalesce(F("corrected_wall"), F("wall")))[:1], output_field=DateTimeField())


def _told_until(stations: Iterable[str]) -> dict[str, dt.datetime]:
    """Return up to when each station has told of everything: the latest of its dated facts that came.

    A station's facts come in order and without a gap, so what it tells of a time has all before it too.
    """
    wanted = sorted(set(stations))
    rows = query(
        f"""SELECT s.id, greatest(
            (SELECT coalesce(t.corrected_wall, t.wall) FROM {TOUCHES} t
             WHERE t.station_id = s.id AND (t.quality = ANY(%s) OR t.corrected_wall IS NOT NULL)
             ORDER BY t.wall DESC LIMIT 1),
            (SELECT coalesce(e.corrected_wall, e.wall) FROM {STATION_EVENTS} e
             WHERE e.station_id = s.id AND (e.quality = ANY(%s) OR e.corrected_wall IS NOT NULL)
             ORDER BY e.received_at DESC, e.seq DESC LIMIT 1))
        FROM unnest(%s::text[]) s (id)""",  # noqa: S608 - our own constants
        [sorted(DATED_QUALITIES), sorted(DATED_QUALITIES), wanted],
    )
    return {station: cut(at) for station, at in rows if at is not None}
