"""The months of a village's people as bundles for its station: what the county has of each touch, and the answers.

A month must not cost the line more than it is worth. Ordinary touches at the station itself are brought in twice a
month, because the station knows them and their receipts. What it can't know is brought in once a night: touches
elsewhere, a touch that a person must look at, a corrected time, an answer.
"""

import datetime as dt
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.db.models import F
from django.utils import timezone
from msgspec import UNSET, structs

from protocol.bundle_contents import MAX_OTHERS, MAX_SWAPS, Month
from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.months import MonthRequest, MonthSwap, MonthTouch, OfStream
from protocol.units import Direction
from server_broker.attendance.touches import TouchRow
from server_broker.bundles.drafts import Draft
from server_broker.bundles.models import Bundle
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.ingest.held import to_review
from server_broker.months.own_touches import own_touches, state_of
from server_broker.people.models import Person
from server_broker.requests.cases import PARTNER, Case, cases_here, of_county
from server_broker.requests.kinds import AWAY, SWAP, done_words
from server_broker.requests.models import Answer
from server_broker.requests.reading import OPEN, RequestRow, request_rows, requests_of

log = logging.getLogger(__name__)

MOST_BUNDLES = 100
"""Of months at one station: half of what an index holds (`protocol.shelf_index.MAX_ENTRIES`). Where more people have a
month, several lie in one bundle."""
MOST_TOUCHES, MOST_REQUESTS, MOST_HELD, MOST_STREAMS = 400, 40, 100, 16
REQUESTS_SHOWN = dt.timedelta(days=100)
"""For so long after it was received a request stands in the month."""
KEPT_AFTER = dt.timedelta(days=45)
"""A month ends by itself so long after the half of a month with which it was made."""
_SECOND_HALF = 16
_DIRECTIONS: dict[str, Direction] = {"in": "in", "out": "out"}


def month_drafts(station: Station, now: dt.datetime) -> Iterable[Draft]:
    """Return the month of each person of the station's village of whom the county has anything.

    Months of others, such as people who have moved away, are withdrawn.
    """
    people = list(Person.objects.filter(village=station.village_id, left=False).order_by("number"))
    cut = _Cut.at(now)
    touches, requests, held = own_touches(people, cut.first), _requests(people, cut), _held(station, cut)
    swaps = _swaps(people, cut)
    known = [person for person in people if person.pk in touches or person.pk in requests or person.pk in swaps]
    bundles = _shared_out(station, known)
    _withdraw_others(station, bundles, now)
    for name, group in bundles.items():
        month, *others = (
            _month(
                station,
                person,
                cut,
                touches.get(person.pk, ()),
                requests.get(person.pk, ()),
                held,
                swaps.get(person.pk, ()),
            )
            for person in group
        )
        if others:
            month = structs.replace(month, others=others)
        yield Draft(
            id=name,
            kind="month",
            title="本月",
            regions=[station.village_id],
            station=station.pk,
            not_after=cut.half + KEPT_AFTER,
            content=encode(month),
            access="station",
            night=True,
        )


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
        log.warning("station %s: %d months are left out", station.pk, left_out)
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


def _month(
    station: Station,
    person: Person,
    cut: _Cut,
    touches: Sequence[TouchRow],
    requests: Sequence[RequestRow | Case],
    held: Sequence[tuple[bytes, int]],
    swaps: Sequence[MonthSwap],
) -> Month:
    streams = _Streams()
    shown = [row for row in touches if cut.has(row, station)][:MOST_TOUCHES]
    return Month(
        person=person.number,
        month=timezone.localtime(cut.first).strftime("%Y-%m"),
        as_of=milliseconds(cut.half),
        touches=[_touch(row, station, streams) for row in shown],
        requests=[_request(row, station, streams) for row in requests[:MOST_REQUESTS]],
        held=[place for one in held if (place := streams.place(*one)) is not None],
        swaps=list(swaps) or UNSET,
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


def _swaps(people: Sequence[Person], cut: _Cut) -> dict[int, list[MonthSwap]]:
    """Return the windows that others want each person to take over and to which nobody has said anything."""
    # A station knows those that were asked there today. Later ones come with the next night.
    asked = of_county().filter(kind=SWAP, substitute__in=people, agrees=None, answers=None, withdrawn_at=None)
    asked = asked.filter(asked_at__lt=cut.night, begin_at__gt=cut.night).order_by("begin_at", "pk")
    found: dict[int, list[MonthSwap]] = {}
    for case in cases_here(asked):
        one = case.here
        assert one is not None
        assert one.substitute_id is not None
        own = found.setdefault(one.substitute_id, [])
        if case.state == PARTNER and len(own) < MAX_SWAPS:
            own.append(
                MonthSwap(
                    request=bytes(one.request),
                    name=one.person.name[:64],
                    begin=milliseconds(one.begin_at),
                    end=milliseconds(one.end_at),
                    window=one.window.name[:64] if one.window is not None else "",
                )
            )
    return {person: swaps for person, swaps in found.items() if swaps}


def _came(row: RequestRow | Case) -> dt.datetime:
    return row.asked_at if isinstance(row, Case) else row.request.received_at


def _held(station: Station, cut: _Cut) -> list[tuple[bytes, int]]:
    waiting = to_review().filter(stream__station=station, received_at__lt=cut.night, received_at__gte=cut.first)
    rows = waiting.annotate(epoch=F("stream__epoch")).order_by("-stream", "-seq").values_list("epoch", "seq")
    return [(bytes(epoch), seq) for epoch, seq in rows[:MOST_HELD]]


def _withdraw_others(station: Station, ids: Iterable[str], now: dt.datetime) -> None:
    """Withdraw the months of people who have moved away or left: their station has no reason to keep them."""
    gone = Bundle.objects.filter(kind="month", station=station, author="", withdrawn_at=None).exclude(
        bundle__in=list(ids)
    )
    gone.update(withdrawn_at=now, withdrawn_by="service", withdrawn_reason="县里没有可给本人看的了")
