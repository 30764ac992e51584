"""Have what people take back at kiosks hold for what was approved already: it ends whole, as if on a telephone.

Whether a withdrawal counts, `reading.counting` says. What waited for somebody needs nothing more. Of what was approved
the absence is ended here, once, and those who are due again are due.
"""

import datetime as dt
from collections.abc import Iterator

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat

from protocol.decisions import Decided
from server_broker.audit.log import record
from server_broker.dated.locking import among_writers
from server_broker.decisions.stream import decide
from server_broker.duty.models import AbsenceRecord
from server_broker.fleet.day_measure import Measuring
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.people.models import Person
from server_broker.requests.cases import Case, case_of, cases_here, of_county, of_stations
from server_broker.requests.models import CountyRequest, Request, StationCase
from server_broker.requests.reading import WITHDRAWN
from server_broker.requests.setting_aside import each_case, set_aside, tried
from server_broker.requests.surplus import may_go_on, measuring, withdrawals
from server_broker.requests.withdrawing import WITHDREW, end_absence

HEARD_LATELY = dt.timedelta(days=40)
"""For so long after it came a withdrawal is looked at: the card that it was made with may be bound by then."""


def take_back(now: dt.datetime, measured: Measuring | None = None) -> int:
    """End what was approved and taken back at a kiosk before it began. Returns how much there was.

    Args:
        measured: As `server_broker.requests.taking_up.take_up` has it.
    """
    measured = measured or measuring()
    measured.go_on(now)
    return sum(_ended(case, now) for case in _approved_and_taken_back(now, measured) if case.state == WITHDRAWN)


def _approved_and_taken_back(now: dt.datetime, measured: Measuring) -> Iterator[Case]:
    said = withdrawals().filter(may_go_on(measured), received_at__gt=now - HEARD_LATELY).values("request")
    yield from each_case(of_stations().filter(~set_aside(Request, now), _is_away("s"), request__in=said), now)
    yield from cases_here(of_county().filter(_is_away("c"), request__in=said))


def _is_away(origin: str) -> Exists:
    """Return the condition that the absence that came of a request has not ended."""
    source = Concat(Value(f"request:{origin}"), Cast(OuterRef("pk"), CharField()))
    return Exists(AbsenceRecord.objects.known().filter(subject__source=source, ended=False))


def _ended(case: Case, now: dt.datetime) -> bool:
    if not isinstance(case.asked, Request):
        return _end(case.key, now)
    ended: list[bool] = []
    tried(case.asked, lambda: ended.append(_end(case.key, now)), now)
    return any(ended)


def _end(key: str, now: dt.datetime) -> bool:
    with transaction.atomic():
        case = _locked(key)
        if case is None or case.person is None or case.state != WITHDRAWN:
            return False
        actor, here = f"person:{case.person.number}", case.here
        if here is not None:
            here.withdrawn_at, here.withdrawn_by = here.withdrawn_at or now, actor
            here.is_over = True
            here.save(update_fields=["withdrawn_at", "withdrawn_by", "is_over"])
        else:
            StationCase.objects.filter(request=case.asked.pk).update(taken_back=True)
        end_absence(case, actor=actor)
        subject = str(here.pk) if here is not None else key
        entry = record(actor, WITHDREW, subject, {"kind": case.asked.kind, "number": case.asked.number})
        decide(entry, Decided(action=WITHDREW, subject=subject), [here] if here is not None else [])
        shelf_changed_under(case.person.village_id, at=now)
    return True


def _locked(key: str) -> Case | None:
    # In the order in which a decision locks them.
    case = case_of(key)
    if case is None or case.person is None:
        return None
    among_writers()
    Person.objects.select_for_update(no_key=True).get(pk=case.person.pk)
    table = CountyRequest if case.here is not None else Request
    table._default_manager.select_for_update(no_key=True).get(pk=case.asked.pk)
    return case_of(key)
