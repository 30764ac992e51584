"""Take a request back, or agree to a swap: what a person does with a request that exists."""

import datetime as dt

from django.db import transaction
from django.db.models import Model

from protocol.decisions import Decided
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import record
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.people.models import Person
from server_broker.requests.cases import PARTNER, Case, cases_here, of_county
from server_broker.requests.effects import away_in, swap
from server_broker.requests.kinds import AWAY
from server_broker.requests.models import CountyRequest
from server_broker.requests.refused import RequestRefused

WITHDREW, AGREED = "request.withdrawn", "request.agreed"


def withdraw(asked: CountyRequest, *, now: dt.datetime, officer: str = "") -> None:
    """Take a request back for its person: before somebody has decided, or what was approved before it begins.

    Raises:
        RequestRefused: It has begun, was refused, or is taken back already.
    """
    with transaction.atomic():
        case = _locked(asked)
        locked = case.here
        assert locked is not None
        if not may_withdraw(case, now):
            raise RequestRefused("这一条不能再撤回：已经定了或已经开始，提前回来请办销假")
        actor = officer or f"person:{locked.person.number}"
        locked.withdrawn_at, locked.withdrawn_by = now, actor
        locked.save(update_fields=["withdrawn_at", "withdrawn_by"])
        for absence in Absence.objects.filter(source=f"request:{case.key}"):
            for begin, end in away_in(absence):
                put(AbsenceRecord, [absence.pk], Period(begin, end), {"ended": True}, actor=actor)
        _say(locked, actor, WITHDREW, [], now)


def may_withdraw(case: Case, now: dt.datetime) -> bool:
    """Tell whether the person may still take a request back."""
    begin = case.asked.begin_at
    approved = case.state == "accepted" and case.asked.kind in AWAY and begin is not None and now < begin
    return case.here is not None and (case.is_waiting or approved)


def agree(
    asked: CountyRequest, agrees: bool, *, now: dt.datetime, officer: str = "", said_at: dt.datetime | None = None
) -> None:
    """Have the other person of a swap agree, or not. If they do, the window is theirs.

    Args:
        said_at: When they said so at a station; None: now.

    Raises:
        RequestRefused: It is no longer to be agreed to, or the window can't be theirs.
        OwnAffair: The officer who writes it down is one of the two.
    """
    with transaction.atomic():
        case = _locked(asked)
        locked = case.here
        assert locked is not None
        if case.state != PARTNER or locked.substitute is None:
            raise RequestRefused("这一条不用再答应")
        said_at = said_at or now
        if locked.begin_at is None or said_at >= locked.begin_at:
            raise RequestRefused("这个班已经开始，不能再换")
        if officer:
            refuse_own_affair(officer, [locked.person_id, locked.substitute.pk])
        actor = officer or f"person:{locked.substitute.number}"
        locked.agrees, locked.agreed_at = agrees, said_at
        locked.save(update_fields=["agrees", "agreed_at"])
        _say(locked, actor, AGREED, swap(locked, actor=actor, at=said_at) if agrees else [], now)
        if agrees and locked.window is not None:
            # Its station may be another than the person's own.
            shelf_changed_under(locked.window.village_id, at=now)


def _locked(asked: CountyRequest) -> Case:
    # In the order in which a decision locks them.
    Person.objects.select_for_update(no_key=True).get(pk=asked.person_id)
    CountyRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=asked.pk)
    (case,) = cases_here(of_county().filter(pk=asked.pk))
    return case


def _say(locked: CountyRequest, actor: str, action: str, rows: list[Model], now: dt.datetime) -> None:
    entry = record(actor, action, str(locked.pk), {"kind": locked.kind, "number": locked.number})
    decide(entry, Decided(action=action, subject=str(locked.pk)), [locked, *rows])
    shelf_changed_under(locked.person.village_id, at=now)
