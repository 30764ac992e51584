"""Answer what the county itself finds not possible, as 系统核对, so that the person reads why."""

import datetime as dt

from django.db import transaction

from protocol.decisions import Decided, RequestAnswered
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.people.models import Person
from server_broker.requests.cases import PARTNER, cases_here, of_county
from server_broker.requests.models import Answer, CountyRequest, Outcome, Request, StationCase

SERVICE, OFFICE = "service", "系统核对"
REFUSED = "request.not_possible"


def refuse_at_station(one: Request, person: Person, text: str, now: dt.datetime) -> None:
    """Answer a station's request."""
    with transaction.atomic():
        Request.objects.select_for_update(no_key=True).get(pk=one.pk)
        made = Answer.objects.create(
            request=one, outcome=Outcome.REFUSED, text=text, at=now, actor=SERVICE, office=OFFICE
        )
        StationCase.objects.filter(request=one.pk).update(is_over=True)
        entry = record(SERVICE, REFUSED, f"s{one.pk}", _detail(one, text))
        decide(entry, RequestAnswered(request=one.pk, outcome=made.outcome), [made])
        shelf_changed_under(person.village_id, at=now)


def refuse_here(asked: CountyRequest, text: str, now: dt.datetime) -> None:
    """Answer a request of the county to which its other person can't agree."""
    with transaction.atomic():
        CountyRequest.objects.select_for_update(no_key=True).get(pk=asked.pk)
        (case,) = cases_here(of_county().filter(pk=asked.pk))
        if case.state != PARTNER:
            # Somebody was faster, on a telephone or in the console: that stands.
            return
        made = Answer.objects.create(
            asked=asked, outcome=Outcome.REFUSED, text=text, at=now, actor=SERVICE, office=OFFICE
        )
        CountyRequest.objects.filter(pk=asked.pk).update(is_over=True)
        entry = record(SERVICE, REFUSED, f"c{asked.pk}", _detail(asked, text))
        decide(entry, Decided(action=REFUSED, subject=f"c{asked.pk}"), [made])
        shelf_changed_under(asked.person.village_id, at=now)
        if asked.substitute is not None:
            shelf_changed_under(asked.substitute.village_id, at=now)


def _detail(one: Request | CountyRequest, text: str) -> Detail:
    return {"kind": one.kind, "number": one.number, "outcome": Outcome.REFUSED.value, "reason": text}
