"""What people have asked about villages' months and nobody has answered: corrections and objections."""

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet

from server_broker.dated.days import begin_of, end_of
from server_broker.regions.models import Region
from server_broker.requests.cases import Case, cases_here, waiting_here
from server_broker.requests.kinds import AWAY, CORRECTION, OBJECTION
from server_broker.requests.models import Answer, CountyRequest, Request
from server_broker.requests.reading import RequestRow, request_rows, taken_up
from server_broker.requests.surplus import beyond, withdrawals
from server_broker.settlement.times import first_of_month, next_month

_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Questions:
    """What waits for an answer, the oldest first."""

    in_county: list[Case]
    """Corrections and objections from telephones, or written down by officers."""
    at_stations: list[RequestRow]

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.in_county) + len(self.at_stations)


def questions_of(village: Region, month: str, *, objections: bool) -> Questions:
    """Return what was asked about a village's month and waits, by a fixed number of queries.

    Args:
        objections: Those too, and what was said at stations. They are not for the village's own.
    """
    asked = _in_county([village], month)
    if not objections:
        return Questions(cases_here(asked.exclude(kind=OBJECTION)), [])
    told = _at_stations([village], month).select_related("station__village")
    return Questions(cases_here(asked), request_rows(told.order_by("received_at", "pk")))


def waiting_counts(villages: Collection[Region], month: str) -> Counter[str]:
    """Return how much waits of each village, by its code, in two queries."""
    found = Counter(_in_county(villages, month).values_list("window__village", flat=True))
    found.update(_at_stations(villages, month).values_list("station__village", flat=True))
    return found


def _in_county(villages: Collection[Region], month: str) -> QuerySet[CountyRequest]:
    first = first_of_month(month)
    dates = (first, next_month(first) - _DAY)
    kinds = (CORRECTION, OBJECTION)
    return waiting_here().filter(kind__in=kinds, window__village__in=villages, day__range=dates)


def _at_stations(villages: Collection[Region], month: str) -> QuerySet[Request]:
    first = first_of_month(month)
    begin, end = begin_of(first), end_of(next_month(first) - _DAY)
    answered = Exists(Answer.objects.filter(request=OuterRef("pk")))
    back = Exists(withdrawals().filter(station=OuterRef("station"), request=OuterRef("request")))
    # A report of a missing touch names no touch: then it is about the time when it was made.
    about = Q(begin_at__gte=begin, begin_at__lt=end) | Q(begin_at=None, wall__gte=begin, wall__lt=end)
    found = Request.objects.filter(about, ~answered, ~back, ~taken_up(), station__village__in=villages)
    return found.exclude(kind__in=AWAY).filter(~beyond())
