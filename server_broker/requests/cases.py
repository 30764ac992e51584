"""Read requests that somebody decides, wherever they were made, as one kind of value.

A request of a station and one that was made in the county lie in two tables, because a station's are made anew from its
facts. Whoever decides, asks or is told reads a `Case`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from server_broker.dated.days import end_of
from server_broker.people.models import Person
from server_broker.requests.kinds import APPROVED, AWAY, CORRECTION, OWN_WORD, SWAP, TAKEN_UP, kind_words
from server_broker.requests.models import Answer, CountyRequest, Request
from server_broker.requests.reading import (
    OPEN,
    WITHDRAWN,
    TakenBack,
    counting,
    decided_at,
    may_end_before,
    request_rows,
    taken_back_at_kiosks,
    times_said,
)
from server_broker.requests.surplus import withdrawals

SECOND, PARTNER = "second", "partner"
"""States: one approver has agreed and another has to; the other person of a swap has to agree."""
WAITING = (OPEN, SECOND, PARTNER)
LATE_DAYS = 3
_LEAST = dt.timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Case:
    """A request with its person, and how far it is."""

    asked: Request | CountyRequest
    person: Person | None
    asked_at: dt.datetime
    is_dated: bool
    state: str
    answers: Sequence[Answer]
    taken_back_at: dt.datetime | None = None
    """When its person took it back, if that counts."""

    @property
    def key(self) -> str:
        """How an address names it: ``c`` and its number here, or ``s`` and its number among stations' requests."""
        return f"{'c' if isinstance(self.asked, CountyRequest) else 's'}{self.asked.pk}"

    @property
    def here(self) -> CountyRequest | None:
        """The request, if it was made in the county."""
        return self.asked if isinstance(self.asked, CountyRequest) else None

    @property
    def asked_by(self) -> str:
        """The account that wrote it down for the person; empty: nobody did."""
        return self.here.asked_by if self.here is not None else ""

    @property
    def what(self) -> str:
        """What is asked for, in words."""
        return kind_words(self.asked.kind, self.asked.code)

    @property
    def answer(self) -> Answer | None:
        """What was said last."""
        return self.answers[-1] if self.answers else None

    @property
    def is_waiting(self) -> bool:
        """Whether somebody still has to say something."""
        return self.state in WAITING

    @property
    def is_late(self) -> bool:
        """Whether it was asked after its start, and is marked 补."""
        begin = self.asked.begin_at
        return self.asked.kind in AWAY and begin is not None and self.asked_at >= begin

    @property
    def last_chance(self) -> dt.datetime | None:
        """Until when it could be asked for; None: no such limit."""
        end = self.asked.end_at
        return last_chance(end) if self.asked.kind in AWAY and end is not None else None

    @property
    def decide_by(self) -> dt.datetime:
        """Until when whoever waits should be told: before it begins, else within three days."""
        begin = self.asked.begin_at
        if begin is not None and begin > self.asked_at and self.asked.kind != CORRECTION:
            return begin
        return end_of(timezone.localdate(self.asked_at) + dt.timedelta(days=LATE_DAYS))


def last_chance(end: dt.datetime) -> dt.datetime:
    """Return the first moment at which a time that ends at ``end`` can no longer be asked for."""
    return end_of(timezone.localdate(end - _LEAST) + dt.timedelta(days=LATE_DAYS))


def cases_here(asked: Iterable[CountyRequest]) -> list[Case]:
    """Return requests that were made in the county, in their order, by a fixed number of queries more."""
    listed = list(asked)
    back = taken_back_at_kiosks(
        [bytes(one.request) for one in listed], {bytes(one.request): one.person_id for one in listed}
    )
    answers: dict[int, list[Answer]] = defaultdict(list)
    for answer in Answer.objects.filter(asked__in=[one.pk for one in listed]).order_by("at", "pk"):
        assert answer.asked_id is not None
        answers[answer.asked_id].append(answer)
    return [_case_here(one, answers[one.pk], back.get(bytes(one.request), ())) for one in listed]


def _case_here(one: CountyRequest, answers: Sequence[Answer], said: Sequence[TakenBack]) -> Case:
    """Return a request that was made in the county. ``said``: how its person took it back at kiosks."""
    # What holds by the person's own word held at once.
    decided = decided_at(answers) or one.agreed_at or (one.asked_at if one.kind in OWN_WORD else None)
    counts = counting(said, decided, may_end_before(one, answers))
    taken_back_at = counts.at if counts is not None else one.withdrawn_at
    state = WITHDRAWN if taken_back_at is not None else _state(one, answers)
    return Case(one, one.person, one.asked_at, True, state, answers, taken_back_at)


def _state(one: CountyRequest, answers: Sequence[Answer]) -> str:
    """Return how far a request is that nobody has taken back."""
    if one.kind in OWN_WORD:
        return "accepted"
    if one.kind == SWAP and not answers:
        return PARTNER if one.agrees is None else "accepted" if one.agrees else "refused"
    if not answers:
        return OPEN
    return answers[-1].outcome if answers[-1].is_last else SECOND


def cases_of_stations(asked: Iterable[Request], asked_at: Mapping[int, dt.datetime] | None = None) -> list[Case]:
    """Return requests of stations, in their order, by a fixed number of queries.

    Args:
        asked_at: When each was asked, by its key, as far as the caller knows it.
    """
    known = asked_at or {}
    rows = request_rows(asked)
    unknown = [row.request for row in rows if row.request.pk not in known]
    said = {pk: at for (_, pk), at in times_said(unknown).items()} | dict(known)
    return [
        Case(
            row.request,
            row.person,
            said[row.request.pk],
            row.is_dated,
            row.state,
            row.answers,
            row.taken_back_at,
        )
        for row in rows
    ]


def case_of(key: str) -> Case | None:
    """Return the request that an address names, if it is one that somebody decides or agrees to; else None."""
    origin, number = key[:1], key[1:]
    if not number.isdecimal() or len(number) > 18:
        return None
    if origin == "c":
        found = cases_here(of_county().filter(pk=int(number)))
    else:
        found = cases_of_stations(shown_of_stations().filter(pk=int(number)))
    return found[0] if found else None


def of_county() -> QuerySet[CountyRequest]:
    """Return the requests that were made in the county, with what a page shows of each."""
    return CountyRequest.objects.select_related("person__village", "substitute", "window")


def of_stations() -> QuerySet[Request]:
    """Return the requests of stations that somebody decides. What is missing or wrong there is only answered."""
    return Request.objects.filter(kind__in=AWAY).select_related("station__village")


def shown_of_stations() -> QuerySet[Request]:
    """Return those requests, and those with which the county would go on by itself and that did not fit."""
    answered = Exists(Answer.objects.filter(request=OuterRef("pk")))
    found = Request.objects.filter(Q(kind__in=AWAY) | Q(answered, kind__in=TAKEN_UP))
    return found.select_related("station__village")


def waiting_here() -> QuerySet[CountyRequest]:
    """Return the requests of the county that wait for somebody's decision, the oldest first."""
    return of_county().filter(waits_here()).order_by("asked_at", "pk")


def waits_here() -> Q:
    """Return the condition that a request of the county waits for somebody's decision."""
    decided = Exists(Answer.objects.filter(asked=OuterRef("pk"), is_last=True))
    # What is over is most of all, and an index leaves it out; the rest is asked of the few that are left.
    return Q(~decided, ~back_at_kiosk(), is_over=False, kind__in=APPROVED, withdrawn_at=None)


def back_at_kiosk() -> Exists:
    """Return the condition that somebody took a request back at a kiosk. Whether it was its person, each case tells."""
    return Exists(withdrawals().filter(request=OuterRef("request")))
