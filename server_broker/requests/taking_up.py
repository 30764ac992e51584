"""Take up what holds by people's own word and was said at a station: a swap, coming back early, a lost card.

A station's fact says what somebody asked for. The county goes on with it as a request of its own under the same id, by
the checks of those that are made on a telephone. What does not fit is answered, so that the person reads why.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from django.db.models import Q, QuerySet
from django.utils import timezone

from server_broker.duty.models import Absence
from server_broker.duty.reading import Asked, turns_of
from server_broker.fleet.day_measure import Measuring
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import TOWNSHIP_DIGITS
from server_broker.requests.asking import Wish, ask
from server_broker.requests.cases import PARTNER, Case, cases_here, of_county
from server_broker.requests.effects import away_in
from server_broker.requests.kinds import AWAY, BACK, LOST, SWAP
from server_broker.requests.looked_at import LookedAt
from server_broker.requests.models import Agreement, CountyRequest, Request
from server_broker.requests.reading import OPEN, said_at, taken_up, who_agreed
from server_broker.requests.refused import RequestRefused
from server_broker.requests.refusing import refuse_at_station, refuse_here
from server_broker.requests.setting_aside import each_case, each_read, set_aside, tried
from server_broker.requests.surplus import beyond, may_go_on, measuring
from server_broker.requests.turns import moment_of
from server_broker.requests.withdrawing import agree, may_deny

LOST_BEFORE = dt.timedelta(days=3)
"""A station may report a card lost since so long before its word came. It may be in the wrong hands, and the touches of
the time before would be undone by nobody's word."""
WHOSE_UNKNOWN = dt.timedelta(days=40)
"""For so long after it came a request of a card that is nobody's is looked at again: the card may be bound by then."""
LOOKED_AGAIN = dt.timedelta(minutes=1)
"""So long after a look at what could not be taken up it is looked at again: whose it is may be known by then."""
MOST_AT_ONCE = 100
"""Of requests, and of words of those who agree, that are looked at in one turn."""


def _in_turn() -> LookedAt:
    return LookedAt(most=MOST_AT_ONCE, again=LOOKED_AGAIN)


@dataclass(frozen=True, slots=True)
class Turns:
    """What one turn of the chore after the other has looked at."""

    requests: LookedAt = field(default_factory=_in_turn)
    agreements: LookedAt = field(default_factory=_in_turn)


def take_up(now: dt.datetime, turns: Turns | None = None, measured: Measuring | None = None) -> int:
    """Take up what has come, the oldest first, and then the words of those who agree. Returns how much there was.

    Args:
        turns: What earlier turns looked at; None: this one looks at whatever waits.
        measured: What earlier turns measured; None: nothing yet.
    """
    turns, measured = turns or Turns(), measured or measuring()
    measured.go_on(now)
    new = Request.objects.filter(kind__in=(SWAP, BACK, LOST), received_at__gt=now - WHOSE_UNKNOWN)
    new = new.exclude(taken_up()).filter(~set_aside(Request, now), ~beyond(), may_go_on(measured), answers=None)
    new = new.order_by("received_at", "pk")
    chosen = new.filter(pk__in=turns.requests.choose(list(new.values_list("pk", flat=True)), now))
    count = 0
    for case in each_case(chosen.select_related("station__village"), now):
        assert isinstance(case.asked, Request)
        # Of somebody whom nobody knows yet, or taken back: nothing is to be done.
        if case.person is not None and case.state == OPEN:
            count += tried(case.asked, partial(_take_up, case, now), now)
    return count + _hear(now, turns.agreements, measured)


def _take_up(case: Case, now: dt.datetime) -> None:
    one, person = case.asked, case.person
    assert isinstance(one, Request)
    assert person is not None
    try:
        wish = _wish(one, person, case)
        ask(person, wish, now=now, asked_at=case.asked_at, request=bytes(one.request))
    except RequestRefused as refused:
        refuse_at_station(one, person, str(refused), now)


def _wish(one: Request, person: Person, case: Case) -> Wish:
    if not _speaks_for(one.station, person):
        raise RequestRefused("这台终端不是本镇的，请到本镇的村里办，或请镇村代办")
    if one.kind == LOST:
        return _loss(one, case)
    if one.kind == BACK:
        at = one.begin_at or (case.asked_at.replace(second=0, microsecond=0) if case.is_dated else None)
        if at is None:
            raise RequestRefused("站点当时不知道准确时间，请镇村代办销假")
        return Wish(kind=BACK, absence=_absence_at(person, at), begin=at, note=one.note)
    near = Person.objects.filter(left=False, village__code__startswith=person.village_id[:TOWNSHIP_DIGITS])
    other = near.filter(number=one.substitute).first() if one.substitute else None
    if other is None:
        raise RequestRefused("本镇没有要换给的那个人")
    window, day = _window_at(person, one.begin_at)
    return Wish(kind=SWAP, window=window, day=day, substitute=other, note=one.note)


def _speaks_for(station: Station, person: Person) -> bool:
    """Tell whether a person is of the station's township. A stolen station speaks for nobody of other townships."""
    return person.village_id[:TOWNSHIP_DIGITS] == station.village_id[:TOWNSHIP_DIGITS]


def _loss(one: Request, case: Case) -> Wish:
    """Return a lost card's wish: lost from the minute in which it was reported, and at most `LOST_BEFORE` ago."""
    if one.begin_at is None:
        return Wish(kind=LOST, note=one.note)
    said = max(one.begin_at, case.asked_at.replace(second=0, microsecond=0)) if case.is_dated else one.begin_at
    earliest = (one.received_at - LOST_BEFORE).replace(second=0, microsecond=0)
    if said >= earliest:
        return Wish(kind=LOST, begin=said, note=one.note)
    asked = timezone.localtime(said)
    note = f"{asked:%Y-%m-%d %H:%M} 报的，过了三天以上才收到：更早的打卡请镇村核对"
    return Wish(kind=LOST, begin=earliest, note=note)


def _absence_at(person: Person, at: dt.datetime) -> Absence:
    """Return from what somebody comes back: what they are away for then, else what comes next."""
    spans = [
        (begin, end, absence)
        for absence in Absence.objects.filter(person=person, kind__in=AWAY.values()).order_by("-pk")[:50]
        for begin, end in away_in(absence)
        if at < end
    ]
    if not spans:
        raise RequestRefused("那时没有批过的假，不用销")
    return min(spans, key=lambda span: (span[0] > at, span[0]))[2]


def _window_at(person: Person, begin: dt.datetime | None) -> tuple[int, dt.date]:
    if begin is None:
        raise RequestRefused("请选哪天哪个班")
    day = timezone.localdate(begin)
    turns = turns_of([person.pk], Asked(day, day))
    found = next((turn for turn in turns if turn.due and moment_of(turn.begin) == begin), None)
    if found is None:
        raise RequestRefused("那天的这个班不是本人的")
    return found.window.id, found.day


def _hear(now: dt.datetime, looked: LookedAt, measured: Measuring) -> int:
    """Have the words of those who were asked to take a window over count, the first of each."""
    # What an officer wrote down of them they may deny here too.
    unsaid = Q(agrees=None) | Q(agrees=True, begin_at__gt=now) & ~Q(agreed_by="")
    swaps = of_county().filter(unsaid, kind=SWAP, withdrawn_at=None, answers=None)
    rows = Agreement.objects.filter(~set_aside(Agreement, now), ~beyond(), may_go_on(measured))
    rows = rows.filter(request__in=swaps.values("request"))
    rows = rows.order_by("received_at", "seq")
    chosen = looked.choose(list(rows.values_list("pk", flat=True)), now)
    said = list(Agreement.objects.filter(pk__in=chosen).select_related("station").order_by("received_at", "seq"))
    heard: set[bytes] = set()
    count = 0
    for row, person, case in each_read(said, partial(_with_their_swaps, swaps), now):
        asked = case.here if case is not None and _is_heard(case, row) else None
        if asked is None or bytes(asked.request) in heard or person is None or person.pk != asked.substitute_id:
            continue
        if not _speaks_for(row.station, person):
            continue
        heard.add(bytes(asked.request))
        count += tried(row, partial(_agree, asked, row, now), now)
    return count


def _with_their_swaps(
    swaps: QuerySet[CountyRequest], said: Sequence[Agreement]
) -> list[tuple[Agreement, Person | None, Case | None]]:
    people = who_agreed(said)
    cases = cases_here(swaps.filter(request__in=[row.request for row in said]))
    of_swap = {bytes(case.asked.request): case for case in cases}
    return [(row, people.get(row.pk), of_swap.get(bytes(row.request))) for row in said]


def _is_heard(case: Case, row: Agreement) -> bool:
    return case.state == PARTNER or (not row.agrees and may_deny(case, said_at(row)))


def _agree(asked: CountyRequest, row: Agreement, now: dt.datetime) -> None:
    try:
        agree(asked, row.agrees, now=now, said_at=said_at(row))
    except RequestRefused as refused:
        refuse_here(asked, str(refused), now)
