"""The months of a village's people as bundles for its station: what the county has of each touch, and the answers.

A month must not cost the line more than it is worth. Ordinary touches at the station itself are brought in twice a
month, because the station knows them and their receipts. What it can't know is brought in once a night: touches
elsewhere, a touch that a person must look at, a corrected time, an answer, and a window that came to something bad or
waits for something (`months.own_results`). One thing can't wait for the night: a window
that somebody at another station, or on a telephone, wants a person to take over before it begins.
"""

import datetime as dt
import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone
from msgspec import UNSET, structs

from protocol.bundle_contents import MAX_OTHERS, MAX_SWAPS, Month
from protocol.china_time import milliseconds
from protocol.months import MonthRequest, MonthResults, MonthSwap, MonthTouch, OfStream
from protocol.units import Direction
from server_broker.attendance.touches import TouchRow
from server_broker.bundles.computed import draft_for, withdraw_others
from server_broker.bundles.drafts import Draft
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.ingest.held import to_review
from server_broker.months.own_results import own_results
from server_broker.months.own_touches import own_touches, state_of
from server_broker.people.models import Person
from server_broker.requests.cases import PARTNER, Case, cases_here, of_county
from server_broker.requests.kinds import AWAY, SWAP, done_words
from server_broker.requests.models import Answer, Request
from server_broker.requests.reading import OPEN, RequestRow, request_rows, requests_of

log = logging.getLogger(__name__)

MOST_BUNDLES = 100
"""Of months at one station: half of what an index holds (`protocol.shelf_index.MAX_ENTRIES`). Where more people have a
month, several lie in one bundle."""
PEOPLE_A_TIME = 200
"""People whose rows are read together: some ten villages, so that a process holds few thousand touches at once."""
MOST_TOUCHES, MOST_REQUESTS, MOST_HELD, MOST_STREAMS = 400, 40, 100, 16
REQUESTS_SHOWN = dt.timedelta(days=100)
"""For so long after it was received a request stands in the month."""
KEPT_AFTER = dt.timedelta(days=45)
"""A month ends by itself so long after the half of a month with which it was made."""
_SECOND_HALF = 16
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}


def month_drafts(stations: Sequence[Station], now: dt.datetime) -> dict[str, list[Draft]]:
    """Return by station the month of each person of its village of whom the county has anything.

    Months of others, such as people who have moved away, are withdrawn. The number of queries grows by a few with each
    `PEOPLE_A_TIME` people.
    """
    found: dict[str, list[Draft]] = {}
    for group, people in _few_at_a_time(stations):
        rows = _Rows.read(group, people, _Cut.at(now))
        drafts = {station.pk: _drafts(station, people[station.village_id], rows) for station in group}
        # A station has no reason to keep the months of people who have moved away or left.
        withdraw_others("month", drafts, reason="县里没有可给本人看的了", at=now)
        found |= drafts
    return found


def _few_at_a_time(stations: Sequence[Station]) -> Iterable[tuple[list[Station], dict[str, list[Person]]]]:
    """Return the stations in groups, each with the people of their villages by the village's code."""
    here = Person.objects.filter(village__in={station.village_id for station in stations}, left=False)
    people: dict[str, list[Person]] = {station.village_id: [] for station in stations}
    for person in here.order_by("number"):
        people[person.village_id].append(person)
    group: list[Station] = []
    number = 0
    for station in stations:
        if group and number + len(people[station.village_id]) > PEOPLE_A_TIME:
            yield group, people
            group, number = [], 0
        group.append(station)
        number += len(people[station.village_id])
    if group:
        yield group, people


def _drafts(station: Station, people: Sequence[Person], rows: "_Rows") -> list[Draft]:
    drafts = []
    for name, group in _shared_out(station, [person for person in people if rows.know(person)]).items():
        month, *others = (_month(station, person, rows) for person in group)
        if others:
            month = structs.replace(month, others=others)
        drafts.append(
            draft_for(
                station,
                "month",
                "本月",
                month,
                not_after=rows.cut.half + KEPT_AFTER,
                name=name,
                night=not any(person.pk in rows.pressing for person in group),
            )
        )
    return drafts


def _shared_out(station: Station, people: Sequence[Person]) -> dict[str, list[Person]]:
    """Return whose months lie in which bundle: one each, as long as there is room for that."""
    if len(people) <= MOST_BUNDLES:
        return {f"month-{station.pk}-{person.pk}": [person] for person in people}
    bundles: dict[str, list[Person]] = {}
    for person in people:
        # By the key and not in turn: whoever comes or goes changes one bundle and not all that follow.
        bundles.setdefault(f"months-{station.pk}-{person.pk % MOST_BUNDLES}", []).append(person)
    most = MAX_OTHERS + 1
    if left_out := sum(max(0, len(group) - most) for group in bundles.values()):
        log.warning("station %s: %d months are left out", station.pk, left_out, extra={"station": station.pk})
    return {name: group[:most] for name, group in bundles.items()}


@dataclass(frozen=True, slots=True)
class _Cut:
    """Up to when what was received is in the months of today, and from when on touches are."""

    half: dt.datetime
    """Ordinary touches at the station itself: until midnight of the 1st or the 16th, whichever was last."""
    night: dt.datetime
    """All others: until this night's midnight."""
    first: dt.datetime
    """The first of the month that ``half`` ends or halves: in the first half of a month the one before is there too."""

    @classmethod
    def at(cls, now: dt.datetime) -> "_Cut":
        """Return the cut of a moment: the same all day."""
        today = timezone.localtime(now).date()
        half = today.replace(day=1 if today.day < _SECOND_HALF else _SECOND_HALF)
        first = (half - dt.timedelta(days=1)).replace(day=1)
        return cls(begin_of(half), begin_of(today), begin_of(first))

    def has(self, row: TouchRow, station: Station) -> bool:
        """Tell whether a touch is in the month."""
        # If the station took the card for lost or for nobody's, it can't know that the touch counts now.
        as_there = row.touch.station_id == station.pk and row.touch.answer == row.outcome
        ordinary = as_there and state_of(row) == "counted"
        return row.touch.received_at < (self.half if ordinary else self.night)


@dataclass(slots=True)
class _Streams:
    """The epochs that a month names, each once."""

    epochs: list[bytes] = field(default_factory=list)

    def place(self, epoch: bytes, seq: int) -> OfStream | None:
        """Return a fact of the station by the place of its epoch; None if there are too many epochs."""
        if epoch not in self.epochs:
            if len(self.epochs) == MOST_STREAMS:
                return None
            self.epochs.append(epoch)
        return OfStream(stream=self.epochs.index(epoch), seq=seq)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What the months of some people are made of: by the person's key, and what is held by the station's."""

    cut: _Cut
    touches: dict[int, list[TouchRow]]
    requests: dict[int, list[RequestRow | Case]]
    swaps: dict[int, list[MonthSwap]]
    pressing: set[int]
    """Who is asked to take a window over, and whose station can't know it by itself."""
    held: dict[str, list[tuple[bytes, int]]]
    results: dict[int, MonthResults]

    @classmethod
    def read(cls, stations: Sequence[Station], people: Mapping[str, Sequence[Person]], cut: _Cut) -> "_Rows":
        """Return the rows of the people in these stations' villages."""
        own = [person for village in {station.village_id for station in stations} for person in people[village]]
        swaps, pressing = _swaps(own, cut)
        return cls(
            cut=cut,
            touches=own_touches(own, cut.first),
            requests=_requests(own, cut),
            swaps=swaps,
            pressing=pressing,
            held=_held(stations, cut),
            results=own_results([person.pk for person in own], timezone.localdate(cut.first), cut.half, cut.night),
        )

    def know(self, person: Person) -> bool:
        """Tell whether the county has anything to say to a person."""
        return any(person.pk in some for some in (self.touches, self.requests, self.swaps, self.results))


def _month(station: Station, person: Person, rows: _Rows) -> Month:
    streams, cut = _Streams(), rows.cut
    shown = [row for row in rows.touches.get(person.pk, ()) if cut.has(row, station)][:MOST_TOUCHES]
    return Month(
        person=person.number,
        month=timezone.localtime(cut.first).strftime("%Y-%m"),
        as_of=milliseconds(cut.half),
        touches=[_touch(row, station, streams) for row in shown],
        requests=[_request(row, station, streams) for row in rows.requests.get(person.pk, ())[:MOST_REQUESTS]],
        held=[place for one in rows.held[station.pk] if (place := streams.place(*one)) is not None],
        swaps=rows.swaps.get(person.pk) or UNSET,
        settled=rows.results.get(person.pk, UNSET),
        # Last: the others have named them.
        streams=streams.epochs,
    )


def _touch(row: TouchRow, station: Station, streams: _Streams) -> MonthTouch:
    touch, state = row.touch, state_of(row)
    here = touch.station_id == station.pk
    return MonthTouch(
        at=milliseconds(row.at),
        state=None if state == "counted" else state,
        direction=_DIRECTIONS.get(row.direction),
        by_number=bool(touch.person_number),
        touch=streams.place(bytes(touch.epoch), touch.seq) if here else None,
        where="" if touch.station.village_id == station.village_id else touch.station.village.name[:64],
    )


def _request(row: RequestRow | Case, station: Station, streams: _Streams) -> MonthRequest:
    if isinstance(row, Case):
        return _request_here(row)
    one, answer = row.request, row.answer
    about = None
    if one.station_id == station.pk and one.about_epoch is not None and one.about_seq is not None:
        about = streams.place(bytes(one.about_epoch), one.about_seq)
    return MonthRequest(
        request=bytes(one.request),
        kind=one.kind,
        code=one.code or None,
        made=milliseconds(row.made_at) if row.is_dated else 0,
        begin=milliseconds(one.begin_at),
        about=about,
        state=row.state,
        answer=_said(answer) if answer is not None and row.state == answer.outcome else "",
        answered=milliseconds(answer.at) if answer is not None and row.state == answer.outcome else 0,
        end=milliseconds(one.end_at) if one.kind in AWAY else 0,
    )


def _said(answer: Answer) -> str:
    """Return what was said, with the office that decided. An answer to an objection is the township's own words."""
    return f"{answer.office}：{answer.text or answer.get_outcome_display()}" if answer.office else answer.text


def _request_here(case: Case) -> MonthRequest:
    """Return a request that was made in the county, without its note, with the office that decided."""
    one, answer = case.asked, case.answer
    said = answer if answer is not None and answer.outcome == case.state else None
    return MonthRequest(
        request=bytes(one.request),
        kind=one.kind,
        code=one.code or None,
        made=milliseconds(case.asked_at),
        begin=milliseconds(one.begin_at),
        state=OPEN if case.is_waiting else case.state,
        answer=_said(said) if said is not None else _done(case),
        answered=milliseconds(said.at) if said is not None else 0,
        end=milliseconds(one.end_at) if one.kind in AWAY else 0,
        whom=case.here.substitute.name[:64] if case.here is not None and case.here.substitute is not None else "",
    )


def _done(case: Case) -> str:
    return done_words(case.asked.kind, case.state) if case.state in ("accepted", "refused") else ""


def _requests(people: Sequence[Person], cut: _Cut) -> dict[int, list[RequestRow | Case]]:
    """Return the requests of each person, the newest first. A station knows those that were made there today."""
    shown = (cut.night - REQUESTS_SHOWN, cut.night)
    lately = requests_of(people).filter(received_at__gte=shown[0], received_at__lt=shown[1])
    found: dict[int, list[RequestRow | Case]] = {}
    for row in request_rows(lately.select_related("station__village").order_by("-received_at", "-seq")):
        if row.person is not None:
            found.setdefault(row.person.pk, []).append(row)
    here = of_county().filter(person__in=people, asked_at__gte=shown[0], asked_at__lt=shown[1])
    for case in cases_here(here.order_by("-asked_at", "-pk")):
        assert case.person is not None
        found.setdefault(case.person.pk, []).append(case)
    for rows in found.values():
        rows.sort(key=_came, reverse=True)
    return found


def _swaps(people: Sequence[Person], cut: _Cut) -> tuple[dict[int, list[MonthSwap]], set[int]]:
    """Return the windows that others want each person to take over and to which nobody has said anything, and for whom
    one of them can't wait for the night."""
    asked = of_county().filter(kind=SWAP, substitute__in=people, agrees=None, answers=None, withdrawn_at=None)
    cases = cases_here(asked.filter(begin_at__gt=cut.night).order_by("begin_at", "pk"))
    village_of = {person.pk: person.village_id for person in people}
    asked_at = _where_asked([bytes(case.asked.request) for case in cases], {*village_of.values()})
    found: dict[int, list[MonthSwap]] = {}
    pressing = set()
    for case in cases:
        one = case.here
        assert one is not None
        assert one.substitute_id is not None
        own = found.setdefault(one.substitute_id, [])
        # Their own station shows at once what was asked there.
        known_there = asked_at.get(bytes(one.request)) == village_of[one.substitute_id]
        if known_there and case.asked_at >= cut.night:
            continue
        if case.state == PARTNER and len(own) < MAX_SWAPS:
            if not known_there:
                pressing.add(one.substitute_id)
            own.append(
                MonthSwap(
                    request=bytes(one.request),
                    name=one.person.name[:64],
                    begin=milliseconds(one.begin_at),
                    end=milliseconds(one.end_at),
                    window=one.window.name[:64] if one.window is not None else "",
                )
            )
    return {person: swaps for person, swaps in found.items() if swaps}, pressing


def _where_asked(requests: Sequence[bytes], villages: Collection[str]) -> dict[bytes, str]:
    """Return in which of the villages a station was asked for each of these. Of one by telephone there is none."""
    if not requests:
        return {}
    rows = Request.objects.filter(station__village__in=villages, request__in=requests)
    return {bytes(request): village for request, village in rows.values_list("request", "station__village")}


def _came(row: RequestRow | Case) -> dt.datetime:
    return row.asked_at if isinstance(row, Case) else row.request.received_at


def _held(stations: Sequence[Station], cut: _Cut) -> dict[str, list[tuple[bytes, int]]]:
    """Return by station the facts of its streams that somebody must look at, the newest first."""
    waiting = to_review().filter(stream__station__in=stations, received_at__lt=cut.night, received_at__gte=cut.first)
    found: dict[str, list[tuple[bytes, int]]] = {station.pk: [] for station in stations}
    rows = waiting.annotate(at=F("stream__station"), epoch=F("stream__epoch")).order_by("-stream", "-seq")
    for station, epoch, seq in rows.values_list("at", "epoch", "seq").iterator():
        if len(found[station]) < MOST_HELD:
            found[station].append((bytes(epoch), seq))
    return found
