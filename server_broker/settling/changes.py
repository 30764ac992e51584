"""Mark what is due because rows were written on which results rest: rosters, cards, absences, calendars, stations.

PostgreSQL notes each row (`settling.models.Change`), so nobody who writes one has to know what it concerns. Rows that
are recorded anew and say the same are told from those that say something else.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from itertools import batched, chain, pairwise
from typing import Any, NamedTuple

from django.utils import timezone

from protocol.units import LAST_WALL_MS
from server_broker.attendance.models import RosterDay, StationPlace, SwapRecord, WindowRecord
from server_broker.attendance.tables import TOUCHES
from server_broker.dated.days import begin_of
from server_broker.dated.models import Dated
from server_broker.duty.marks import villages_of, villages_of_windows
from server_broker.duty.models import AbsenceRecord
from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.models import Station, StationEvent
from server_broker.fleet.tables import DATING_QUALITIES, STATION_EVENTS
from server_broker.ingest.dating.anchors import anchors_of
from server_broker.ingest.dating.due import waits
from server_broker.ingest.models import Fact
from server_broker.people.models import Binding, Card, Holding, HoldingRecord, HoldingState, PersonRecord
from server_broker.platform.set_aside import do_apart, note_failed, note_worked, to_try_again
from server_broker.platform.sql import LOCAL_ZONE, query
from server_broker.regions.models import RegionRecord
from server_broker.requests.models import Correction
from server_broker.settling import due
from server_broker.settling.dates_before import Place, dates_before
from server_broker.settling.due import Marks
from server_broker.settling.models import Change, DeadStation, ParameterRecord, StandIn
from server_broker.settling.whereabouts import Whereabouts
from server_broker.workdays.models import CountyDay, LibraryTable, StopRecord

AT_A_TIME = 5_000
"""Notes that are taken in one transaction."""
_MOST_PERIODS = 40
"""So many different periods of one kind are asked for one by one; more are taken together."""
_KEPT_APART = frozenset({"id", "valid_from", "valid_to", "recorded_at", "superseded_at", "recorded_by", "reason"})
"""Columns that say nothing of what holds."""
_MODELS: Mapping[str, type[Dated]] = {
    "window": WindowRecord,
    "day": RosterDay,
    "swap": SwapRecord,
    "place": StationPlace,
    "holding": HoldingRecord,
    "person": PersonRecord,
    "card": Binding,
    "absence": AbsenceRecord,
    "region": RegionRecord,
    "calendar": CountyDay,
    "library": LibraryTable,
    "notice": StopRecord,
    "parameter": ParameterRecord,
    "dead": DeadStation,
    "stand_in": StandIn,
}
_IN_DUTY = {"window": "window", "day": "window", "swap": "swap", "holding": "holding", "person": "person"}
"""What `server_broker.duty.marks` calls the subjects of these rows."""
_IN_A_REGION = {"notice": due.NOTICE, "parameter": due.PARAMETER}
"""What holds in a whole region, and why its villages are due then."""

_WITHOUT_POSTS = f"""
SELECT w.person, w.day, w.beside FROM (
    SELECT person_id AS person, day, person_id AS beside FROM settling_settledwindow
    WHERE superseded_at IS NULL AND person_id = ANY(%(people)s) AND day BETWEEN %(first)s AND %(last)s
    UNION SELECT giver_id, day, taker_id FROM attendance_swap
    WHERE giver_id = ANY(%(people)s) AND day BETWEEN %(first)s AND %(last)s
) AS w
WHERE NOT EXISTS (
    SELECT FROM people_holding h JOIN people_holdingrecord r ON r.subject_id = h.id
    WHERE h.person_id = w.person AND r.superseded_at IS NULL AND r.state <> '{HoldingState.ENDED}'
      AND tstzrange(r.valid_from, r.valid_to) @> (w.day::timestamp AT TIME ZONE {LOCAL_ZONE})
)
"""  # noqa: S608 - our own constants
"""The dates on which people have windows, or gave them away, and no post, with whoever then has the window."""

_BOOTS_A_QUERY = 1_000
"""A station may have named a run of the county's clock in very many boots."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MS = dt.timedelta(milliseconds=1)
_OF_BOOT = "SELECT wall, corrected_wall, quality, mono_ms FROM {} WHERE station_id = w.station_id AND boot = w.boot"
_TOLD_OF_BOOTS = f"""
SELECT w.station_id, w.boot, told.first, told.last, told.low, told.high, w.waits
FROM (SELECT *, {waits("b")} AS waits FROM unnest(%s::text[], %s::bytea[]) AS b (station_id, boot)) AS w
CROSS JOIN LATERAL (
    SELECT min(least(wall, coalesce(corrected_wall, wall))) AS first,
           max(greatest(wall, coalesce(corrected_wall, wall))) AS last, min(mono_ms) AS low, max(mono_ms) AS high
    FROM ({_OF_BOOT.format(TOUCHES)} UNION ALL {_OF_BOOT.format(STATION_EVENTS)}) AS t
    WHERE w.waits OR corrected_wall IS NOT NULL OR NOT quality IN {DATING_QUALITIES}
) AS told
"""  # noqa: S608 - our own constants

type _Dates = tuple[dt.date, dt.date]


def take_changes(marks: Marks, where: Whereabouts, now: dt.datetime) -> int:
    """Take the notes that are there, mark what they concern, and return how many there were. In a transaction.

    Notes over which the program fails are set aside (`settling.set_aside`), and the others are taken. Of a row that was
    recorded anew there are two notes. If only one of them is taken, more dates are marked than changed, and none less.
    """
    notes = list(Change.objects.filter(failed_at=None).order_by("pk").select_for_update(skip_locked=True)[:AT_A_TIME])
    again = to_try_again(Change.objects.all(), now)

    def take(some: Collection[Change]) -> None:
        Change.objects.filter(pk__in=[one.pk for one in some]).delete()
        _read(some, marks, where)

    failed = do_apart(notes, take).failed
    note_failed(Change, [(int(note.pk), error) for note, error in failed], now)
    outcomes = [do_apart([note], take) for note in again]
    failed = [*chain.from_iterable(one.failed for one in outcomes)]
    note_failed(Change, [(int(note.pk), error) for note, error in failed], now, again=True)
    if any(one.done for one in outcomes):
        note_worked(Change)
    return len(notes)


def _read(notes: Iterable[Change], marks: Marks, where: Whereabouts) -> None:
    by_kind: dict[str, set[str]] = defaultdict(set)
    for note in notes:
        by_kind[note.what].add(note.subject)
    own = marks.apart()
    reader = _Reader(own, where)
    for what, subjects in by_kind.items():
        reader.read(what, subjects)
    marks.merge(own)


class _Reader:
    """Turns noted rows into marks."""

    def __init__(self, marks: Marks, where: Whereabouts) -> None:
        self._marks = marks
        self._where = where
        self._others: Mapping[str, Callable[[Collection[str]], None]] = {
            "correction": self._corrections,
            "held": self._held,
            "run": self._runs,
            "retired": self._retired,
        }

    def read(self, what: str, subjects: Collection[str]) -> None:
        """Mark what rows of one kind concern."""
        if what in self._others:
            self._others[what](subjects)
            return
        rows: list[Any] = list(_MODELS[what]._default_manager.filter(pk__in=[int(one) for one in subjects]))
        periods: dict[_Dates, list[Any]] = defaultdict(list)
        of_subject: dict[Any, list[Any]] = defaultdict(list)
        for row in rows:
            of_subject[row.subject_id].append(row)
        for some in of_subject.values():
            for dates in self._changed(some):
                periods[dates] += some
        if len(periods) > _MOST_PERIODS:
            whole = min(first for first, _ in periods), max(last for _, last in periods)
            periods = {whole: rows}
        for dates, some in periods.items():
            self._dated(what, some, dates)
        if what == "holding":
            self._without_posts({row.subject_id for row in rows})

    def _changed(self, rows: Iterable[Dated]) -> Iterable[_Dates]:
        """Yield the dates on which rows of one subject say something else than those that they supersede."""
        stood = [row for row in rows if row.superseded_at is not None]
        stand = [row for row in rows if row.superseded_at is None]
        bounds = {self._marks.first, self._marks.last + dt.timedelta(days=1)}
        for row in (*stood, *stand):
            bounds |= {_date(row.valid_from, self._marks.first), _date(row.valid_to, self._marks.last, after=True)}
        ordered = sorted(bounds)
        for first, until in pairwise(ordered):
            last = until - dt.timedelta(days=1)
            if first > self._marks.last or last < self._marks.first:
                continue
            if _said(stood, first, until) != _said(stand, first, until):
                yield first, last

    def _dated(self, what: str, rows: Collection[Any], dates: _Dates) -> None:
        add = self._marks.add
        if what in _IN_DUTY:
            changes = {(_IN_DUTY[what], row.subject_id) for row in rows}
            add(villages_of(changes, since=begin_of(dates[0] - dt.timedelta(days=2))), *dates, due.ROSTER)
            if what == "person":
                self._cards((), [row.number for row in rows], dates, {row.subject_id for row in rows})
        elif what == "absence":
            changes = {("absence", row.subject_id) for row in rows}
            add(villages_of(changes, since=begin_of(dates[0] - dt.timedelta(days=2))), *dates, due.ABSENCE)
        elif what == "card":
            self._of_cards(rows, dates)
        elif what in {"calendar", "library"}:
            self._calendar(what, rows, dates)
        elif what in _IN_A_REGION:
            self._regions({row.subject.region_id for row in rows}, dates, _IN_A_REGION[what])
        elif what == "stand_in":
            add({row.subject_id for row in rows}, *dates, due.STATION)
        elif what in {"dead", "place"}:
            stations = {row.subject_id for row in rows}
            add({village for one in stations for village in self._where.around(one)}, *dates, due.STATION)
            if what == "place":
                villages = {row.village_id for row in rows}
                add({one for village in villages for one in self._where.under(village)}, *dates, due.STATION)
        else:
            self._regions({row.subject_id for row in rows}, dates, due.REGION)

    def _without_posts(self, holdings: Collection[int]) -> None:
        """Mark the dates on which the holders of these posts have windows and no post.

        Whoever has no posts at all is due there, and whoever has some, be it at another time, is not (docs/rules.md,
        1.2). So a first post, or the last one that is taken back, changes dates on which it is not held.
        """
        people = set(Holding.objects.filter(pk__in=holdings).values_list("person", flat=True))
        days = {"people": list(people), "first": self._marks.first, "last": self._marks.last}
        found = query(_WITHOUT_POSTS, days)
        # For all of them at once: the look-ups below ask nothing more.
        self._where.of_people({one for person, _, beside in found for one in (person, beside)})
        for person, day, beside in found:
            self._marks.add(self._where.of_people({person, beside}), day, day, due.ROSTER)

    def _regions(self, regions: Collection[int], dates: _Dates, why: str) -> None:
        """Mark what holds in whole regions, and what windows there bound elsewhere."""
        within = {village for region in regions for village in self._where.under(region)}
        if within != self._where.everybody:
            within |= self._where.of_people(self._where.people_in(within))
        self._marks.add(within, *dates, why)

    def _calendar(self, what: str, rows: Collection[Any], dates: _Dates) -> None:
        days = set()
        if what == "calendar":
            days = {row.date for row in rows}
        else:
            said = [row.days for row in rows]
            texts = {text for one in said for text in one}
            differ = {text for text in texts if len({str(one.get(text)) for one in said}) > 1}
            days = {dt.date.fromisoformat(text) for text in differ} if len(said) > 1 else set()
            if (not days and len({(row.first, row.last) for row in rows}) > 1) or len(said) == 1:
                self._marks.add(self._where.everybody, *dates, due.CALENDAR)
        for day in days:
            if dates[0] <= day <= dates[1]:
                self._marks.add(self._where.everybody, day, day, due.CALENDAR)

    def _of_cards(self, rows: Collection[Binding], dates: _Dates) -> None:
        cards = {row.subject_id for row in rows}
        tokens = [bytes(token) for token in Card.objects.filter(pk__in=cards).values_list("token", flat=True)]
        people = {row.person_id for row in rows if row.person_id is not None}
        self._cards(tokens, (), dates, people)

    def _cards(
        self, tokens: Collection[bytes], numbers: Collection[str], dates: _Dates, people: Collection[int] = ()
    ) -> None:
        """Mark the dates of touches by these cards and numbers."""
        found = query(
            f"""SELECT DISTINCT (coalesce(corrected_wall, wall) AT TIME ZONE {LOCAL_ZONE})::date
            FROM {TOUCHES}
            WHERE (card_token = ANY(%s) OR (person_number <> '' AND person_number = ANY(%s)))
              AND coalesce(corrected_wall, wall) >= %s""",  # noqa: S608 - our own constant
            [list(tokens), list(numbers), begin_of(self._marks.first)],
        )
        if not found:
            return
        villages = self._where.of_people(people) if people else set()
        for (day,) in found:
            self._marks.add(villages, day, day, due.CARD)

    def _corrections(self, subjects: Collection[str]) -> None:
        for row in Correction.objects.filter(pk__in=[int(one) for one in subjects]):
            villages = villages_of_windows([row.window_id]) | self._where.of_people([row.person_id])
            self._marks.add(villages, row.day, row.day, due.CORRECTION)

    def _held(self, subjects: Collection[str]) -> None:
        """Mark the dates between which a fact lies, that of its receipt included."""
        facts = Fact.objects.filter(pk__in=[int(one) for one in subjects]).select_related("stream")
        places = {
            Place(fact.stream.station_id, bytes(fact.stream.epoch), fact.seq): timezone.localdate(fact.received_at)
            for fact in facts
        }
        before = dates_before(places)
        for place, last in places.items():
            first = min(before.get(place, last), last)
            self._marks.add(self._where.around(place.station), first, last, due.HELD)

    def _runs(self, subjects: Collection[str]) -> None:
        """Mark the dates of facts that hang on what the county's own clock told."""
        told = StationEvent.objects.filter(kind="clock_corrected", detail__run__in=list(subjects))
        boots = {(station, bytes(boot)) for station, boot in told.values_list("station", "boot")}
        mark_boots(self._marks, self._where, sorted(boots))

    def _retired(self, subjects: Collection[str]) -> None:
        for station, revoked_at in Station.objects.filter(pk__in=subjects).values_list("pk", "revoked_at"):
            if revoked_at is not None:
                first = timezone.localdate(revoked_at)
                self._marks.add(self._where.around(station), first, self._marks.last, due.STATION)


def mark_boots(marks: Marks, where: Whereabouts, boots: Collection[Boot]) -> None:
    """Mark the dates of facts of boots that have, had, or will have another time than their station stated."""
    for some in batched(boots, _BOOTS_A_QUERY, strict=False):
        found = query(_TOLD_OF_BOOTS, [list(column) for column in zip(*some, strict=True)])
        of_boot = {(station, bytes(boot)): _Told(*told) for station, boot, *told in found if told[0] is not None}
        anchors = anchors_of([boot for boot, told in of_boot.items() if told.waits])
        for boot, told in of_boot.items():
            # Any of them may date the rows when it is the boot's turn.
            dates = [
                _EPOCH + wall * _MS
                for anchor in anchors.get(boot, ())
                for mono in (told.from_mono, told.to_mono)
                if 0 <= (wall := anchor.wall + mono - anchor.mono) <= LAST_WALL_MS
            ]
            first, last = min([told.first, *dates]), max([told.last, *dates])
            marks.add(where.around(boot[0]), timezone.localdate(first), timezone.localdate(last), due.CLOCK)


class _Told(NamedTuple):
    """When a boot's facts were, by the county's rows of them and by the station itself."""

    first: dt.datetime
    last: dt.datetime
    from_mono: int
    to_mono: int
    waits: bool
    """Whether the county has not dated them yet by all that it knows (`server_broker.ingest.dating.due`)."""


def _date(at: dt.datetime | None, otherwise: dt.date, *, after: bool = False) -> dt.date:
    """Return the date of a bound. One within a day, as absences have, counts for the whole of it."""
    if at is None:
        return otherwise + dt.timedelta(days=after)
    day = timezone.localdate(at)
    return day + dt.timedelta(days=1) if after and begin_of(day) != at else day


def _said(rows: Iterable[Any], first: dt.date, until: dt.date) -> list[str]:
    """Return what rows say of some dates, in a form that can be compared."""
    begin, end = begin_of(first), begin_of(until)
    found = []
    for row in rows:
        if (row.valid_from is None or row.valid_from < end) and (row.valid_to is None or begin < row.valid_to):
            said = {
                field.attname: getattr(row, field.attname)
                for field in row._meta.concrete_fields
                if field.name not in _KEPT_APART
            }
            # Within a day a bound is part of what is said.
            bounds = [at for at in (row.valid_from, row.valid_to) if at is not None and begin < at < end]
            found.append(repr((sorted(said.items(), key=lambda item: item[0]), bounds)))
    return sorted(set(found))
